#include "feature/smooth.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("slow", "period of the first average", 25, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_INT("fast", "period of the average of that", 13, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_INT("signal", "period of the average of tsi; 1: none", 7, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_WORD("seed", "of the averages: the mean of the first `period` values, or the first value", 0, 1,
                   "sma first"),
};

typedef struct tsi {
  pln_smooth change[2];
  pln_smooth size[2];
  pln_smooth signal;
  double previous;
} tsi;

static int64_t seed_rows(const double *p, int32_t i) { return p[3] == 0.0 ? (int64_t)p[i] : 1; }
static int64_t lookback(const double *p) { return (int64_t)(p[0] + p[1] + p[2]) - 2; }
static int64_t size(const double *p) {
  (void)p;
  return PLN_IND_SIZE(tsi, 0);
}
static void init(void *state, const double *p) {
  tsi *s = state;
  for (int32_t k = 0; k < 2; k++) {
    const int64_t skip = k ? (int64_t)p[0] : 1; /* the first row has no change */
    pln_smooth_init(&s->change[k], 2.0 / (p[k] + 1.0), seed_rows(p, k), skip);
    pln_smooth_init(&s->size[k], 2.0 / (p[k] + 1.0), seed_rows(p, k), skip);
  }
  pln_smooth_init(&s->signal, 2.0 / (p[2] + 1.0), seed_rows(p, 2), (int64_t)(p[0] + p[1]) - 1);
}

PLN_INLINE double ratio(double change, double size) { return size == 0.0 ? 0.0 : 100.0 * (change / size); }

static inline void step(tsi *s, double *memory, const double *in, double *out) {
  (void)memory;
  double change = in[0] - s->previous, size = fabs(change);
  s->previous = in[0];
  for (int32_t k = 0; k < 2; k++) {
    change = pln_smooth_step(&s->change[k], change);
    size = pln_smooth_step(&s->size[k], size);
  }
  out[0] = ratio(change, size);
  out[1] = pln_smooth_step(&s->signal, out[0]);
  out[2] = size != 0.0;
}
PLN_IND_STEP(tsi, step)

enum { BLOCK = 512 };

PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n) {
  tsi *s = state;
  double change[2][BLOCK], size[2][BLOCK];
  for (int64_t i = 0; i < n; i += BLOCK) {
    const int64_t m = n - i < BLOCK ? n - i : BLOCK;
    const double *x = in[0] + i;
    double *y = out[0] + i;
    change[0][0] = x[0] - s->previous;
    size[0][0] = fabs(change[0][0]);
    PLN_IVDEP
    for (int64_t j = 1; j < m; j++) {
      change[0][j] = x[j] - x[j - 1];
      size[0][j] = fabs(change[0][j]);
    }
    s->previous = x[m - 1];
    for (int32_t k = 0; k < 2; k++) {
      pln_smooth_rows(&s->change[k], change[k], change[!k], m);
      pln_smooth_rows(&s->size[k], size[k], size[!k], m);
    }
    PLN_IVDEP
    for (int64_t j = 0; j < m; j++) y[j] = ratio(change[0][j], size[0][j]);
    pln_smooth_rows(&s->signal, y, out[1] + i, m);
  }
}
PLN_IND_SIMD(batch, rows)

const pln_ind_desc pln_ind_tsi = {
    .info = {.name = "tsi",
             .aliases = "true_strength_index",
             .group = "momentum",
             .help = "True strength index (Blau)",
             .formula =
                 "100 ema(ema(x[i] - x[i-1], slow), fast) / ema(ema(|x[i] - x[i-1]|, slow), fast), signal "
                 "= ema(tsi, signal); each average seeded with the mean of its first values "
                 "(Stock.Indicators, StockCharts) or with the first (seed=first); 0 where nothing has "
                 "moved",
             .inputs = "source",
             .outputs = "tsi signal",
             .example = "tsi(close, 25, 13, 7).signal",
             .params = params,
             .n_params = 4,
             .input_kind = PLN_INPUT_SOURCE,
             .has_valid = 1},
    .n_inputs = 1,
    .n_outputs = 2,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
};
