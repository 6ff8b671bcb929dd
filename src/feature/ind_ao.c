#include "feature/ma_pair.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("fast", "rows of the fast average", 5, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_INT("slow", "rows of the slow average", 34, 1, PLN_IND_MAX_PERIOD),
};

static int64_t lookback(const double *p) { return (int64_t)(p[0] > p[1] ? p[0] : p[1]) - 1; }
static int64_t size(const double *p) {
  return PLN_IND_SIZE(pln_ma_pair, pln_ma_pair_doubles(PLN_MA_SMA, (int64_t)p[0], PLN_MA_SMA, (int64_t)p[1]));
}
static void init(void *state, const double *p) {
  pln_ma_pair_init(state, PLN_MA_SMA, (int64_t)p[0], PLN_MA_SMA, (int64_t)p[1], 0);
}

PLN_INLINE double normal(double y, double x) { return x == 0.0 ? 0.0 : 100.0 * (y / x); }

static inline void step(pln_ma_pair *s, double *memory, const double *in, double *out) {
  double fast, slow;
  pln_ma_pair_step(s, memory, in[0], &fast, &slow);
  out[0] = fast - slow;
  out[1] = normal(out[0], in[0]);
  out[2] = in[0] != 0.0;
}
PLN_IND_STEP(pln_ma_pair, step)

PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n) {
  pln_ma_pair *s = state;
  double slow[PLN_WINDOW_BLOCK];
  for (int64_t i = 0; i < n; i += PLN_WINDOW_BLOCK) {
    const int64_t m = n - i < PLN_WINDOW_BLOCK ? n - i : PLN_WINDOW_BLOCK;
    const double *x = in[0] + i;
    double *y = out[0] + i, *z = out[1] + i;
    pln_ma_pair_rows(s, (double *)(s + 1), x, y, slow, m);
    PLN_IVDEP
    for (int64_t j = 0; j < m; j++) {
      y[j] -= slow[j];
      z[j] = normal(y[j], x[j]);
    }
  }
}
PLN_IND_SIMD(batch, rows)

const pln_ind_desc pln_ind_ao = {
    .info = {.name = "ao",
             .aliases = "awesome",
             .group = "momentum",
             .help = "Awesome oscillator (Williams)",
             .formula = "ao = sma(fast) - sma(slow) of hl2, normalized = 100 ao / hl2, 0 where hl2 is 0 "
                        "(Stock.Indicators)",
             .inputs = "hl2",
             .outputs = "ao normalized",
             .example = "ao(5, 34)",
             .params = params,
             .n_params = 2,
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
