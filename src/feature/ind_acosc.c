#include "feature/ma_pair.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("fast", "rows of the fast average", 5, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_INT("slow", "rows of the slow average", 34, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_INT("smooth", "rows of the average of the awesome oscillator", 5, 1, PLN_IND_MAX_PERIOD),
};

typedef struct acosc {
  pln_ma_pair pair;
  pln_late_ma average;
} acosc;

static int64_t first_row(const double *p) { return (int64_t)(p[0] > p[1] ? p[0] : p[1]) - 1; }
static int64_t lookback(const double *p) { return first_row(p) + (int64_t)p[2] - 1; }
static int64_t pair_doubles(const double *p) {
  return pln_ma_pair_doubles(PLN_MA_SMA, (int64_t)p[0], PLN_MA_SMA, (int64_t)p[1]);
}
static int64_t size(const double *p) {
  return PLN_IND_SIZE(acosc, pair_doubles(p) + pln_ma_doubles(PLN_MA_SMA, (int64_t)p[2]));
}
static void init(void *state, const double *p) {
  acosc *s = state;
  pln_ma_pair_init(&s->pair, PLN_MA_SMA, (int64_t)p[0], PLN_MA_SMA, (int64_t)p[1], 0);
  pln_late_ma_init(&s->average, PLN_MA_SMA, (int64_t)p[2], first_row(p), pair_doubles(p));
}

static inline void step(acosc *s, double *memory, const double *in, double *out) {
  double fast, slow;
  pln_ma_pair_step(&s->pair, memory, in[0], &fast, &slow);
  const double y = fast - slow;
  out[0] = y - pln_late_ma_step(&s->average, memory, y);
}
PLN_IND_STEP(acosc, step)

enum { BLOCK = 512 };

PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n) {
  acosc *s = state;
  double *memory = (double *)(s + 1);
  double fast[BLOCK], slow[BLOCK];
  for (int64_t i = 0; i < n; i += BLOCK) {
    const int64_t m = n - i < BLOCK ? n - i : BLOCK;
    double *y = out[0] + i;
    pln_ma_pair_rows(&s->pair, memory, in[0] + i, fast, slow, m);
    PLN_IVDEP
    for (int64_t j = 0; j < m; j++) fast[j] -= slow[j];
    pln_late_ma_rows(&s->average, memory, fast, y, m);
    PLN_IVDEP
    for (int64_t j = 0; j < m; j++) y[j] = fast[j] - y[j];
  }
}
PLN_IND_SIMD(batch, rows)

const pln_ind_desc pln_ind_acosc = {
    .info = {.name = "acosc",
             .aliases = "ac",
             .group = "momentum",
             .help = "Acceleration and deceleration oscillator (Williams)",
             .formula = "ao - sma(ao, smooth), ao = sma(fast) - sma(slow) of hl2",
             .inputs = "hl2",
             .outputs = "acosc",
             .example = "acosc()",
             .params = params,
             .n_params = 3,
             .input_kind = PLN_INPUT_SOURCE},
    .n_inputs = 1,
    .n_outputs = 1,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
};
