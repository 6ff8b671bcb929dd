#include "feature/ma.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows of the longest average", 55, 6, PLN_IND_MAX_PERIOD),
    PLN_PARAM_WORD("mode", "which averages", 0, 2, "hma ehma thma"),
};

/* The averages of x (the third only for thma) and that of their difference. */
static void parts(const double *p, int32_t *type, int64_t n[4]) {
  const int64_t period = (int64_t)p[0], half = period / 2;
  *type = p[1] == 1.0 ? PLN_MA_EMA : PLN_MA_WMA;
  const int64_t thma[4] = {period / 4, half, period / 6, half},
                others[4] = {half, period, 1, (int64_t)floor(sqrt(p[0]) + 0.5)};
  for (int32_t i = 0; i < 4; i++) n[i] = p[1] == 2.0 ? thma[i] : others[i];
}
static int64_t first_row(const double *p) {
  int32_t type;
  int64_t n[4];
  parts(p, &type, n);
  return n[1] - 1 + n[3] - 1 + 2;
}
static int64_t memory_of(const double *p) {
  int32_t type;
  int64_t n[4], sum = 0;
  parts(p, &type, n);
  for (int32_t i = 0; i < 4; i++) sum += pln_ma_doubles(type, n[i]);
  return sum;
}

typedef struct hull_suit {
  pln_ma average[4];
  double hull[2];
  double triple;
} hull_suit;

static int64_t lookback(const double *p) { return first_row(p); }
static int64_t size(const double *p) { return PLN_IND_SIZE(hull_suit, memory_of(p)); }
static void init(void *state, const double *p) {
  hull_suit *s = state;
  int32_t type;
  int64_t n[4];
  parts(p, &type, n);
  for (int32_t i = 0; i < 4; i++) pln_ma_init(&s->average[i], type, n[i]);
  s->triple = p[1] == 2.0;
  if (p[1] == 1.0) pln_smooth_init(&s->average[3].smooth[0], 2.0 / ((double)n[3] + 1.0), n[3], n[1] - 1);
}

static inline void step(hull_suit *s, double *memory, const double *in, double *out) {
  double y[3];
  for (int32_t i = 0; i < 3; i++) {
    y[i] = pln_ma_step(&s->average[i], memory, in[0]);
    memory += pln_ma_doubles(s->average[i].type, s->average[i].n);
  }
  const double raw = s->triple != 0.0 ? y[2] + ((y[2] - y[0]) + (y[2] - y[1])) : y[0] + (y[0] - y[1]);
  const double hull = pln_ma_step(&s->average[3], memory, raw), old = s->hull[1];
  s->hull[1] = s->hull[0];
  s->hull[0] = hull;
  out[0] = hull;
  out[1] = old;
  out[2] = (hull > old ? 1.0 : 0.0) - (hull < old ? 1.0 : 0.0);
}
PLN_IND_STEP(hull_suit, step)
PLN_IND_BATCH(hull_suit, 1, 3, step)

const pln_ind_desc pln_ind_hull_suit = {
    .info = {.name = "hull_suit",
             .group = "trend",
             .help = "Hull suite",
             .formula = "hull: wma(2 wma(x, period / 2) - wma(x, period), √period, rounded) for mode=hma, "
                        "the same with exponential averages for ehma, and wma(3 wma(x, period / 6) - "
                        "wma(x, period / 4) - wma(x, period / 2), period / 2) for thma; lagged: hull of "
                        "two rows before; signal: 1 where hull > lagged, -1 where it is below (InSilico, "
                        "TradingView)",
             .inputs = "source",
             .outputs = "hull lagged signal",
             .example = "hull_suit(close, 55)",
             .params = params,
             .n_params = 2,
             .input_kind = PLN_INPUT_SOURCE},
    .n_inputs = 1,
    .n_outputs = 3,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = step_rows,
};
