#include "feature/moments.h"
#include "feature/lag.h"
static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows in the window", 60, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_INT("lag", "rows between the two", 1, 1, PLN_IND_MAX_PERIOD),
};

typedef struct autocorrelation {
  pln_window window;
  pln_lag lag;
} autocorrelation;

static int64_t lookback(const double *p) { return (int64_t)p[0] - 1 + (int64_t)p[1]; }
static int64_t size(const double *p) {
  return PLN_IND_SIZE(autocorrelation, (int64_t)p[1] + pln_window_doubles((int64_t)p[0], PLN_MOMENTS_PAIR));
}
static void init(void *state, const double *p) {
  autocorrelation *s = state;
  pln_window_init(&s->window, (int64_t)p[0]);
  s->lag.n = (int32_t)p[1];
}

static inline void step(autocorrelation *s, double *memory, const double *in, double *out) {
  const double both[2] = {in[0], pln_lag_step(&s->lag, memory, in[0])};
  double leaf[PLN_MOMENTS_PAIR], pair[PLN_MOMENTS_PAIR] = {0};
  pln_leaf_pair(both, leaf);
  pln_window_step(&s->window, memory + s->lag.n, PLN_MOMENTS_PAIR, 0, pln_merge_pair, leaf, pair);
  out[0] = pln_moments_correlation(pair);
  out[1] = pair[3] > 0.0 && pair[4] > 0.0;
}
PLN_IND_STEP(autocorrelation, step)

PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n) {
  autocorrelation *s = state;
  double *memory = (double *)(s + 1);
  _Alignas(64) double lagged[PLN_WINDOW_BLOCK], pair[PLN_MOMENTS_PAIR][PLN_WINDOW_STRIDE];
  for (int64_t i = 0; i < n; i += PLN_WINDOW_BLOCK) {
    const int64_t m = n - i < PLN_WINDOW_BLOCK ? n - i : PLN_WINDOW_BLOCK;
    double *y = out[0] + i, *const aggregates[] = {pair[0], pair[1], pair[2], pair[3], pair[4]};
    pln_lag_rows(&s->lag, memory, in[0] + i, lagged, m);
    const double *const leaf[] = {in[0] + i, lagged, pln_window_zeros, pln_window_zeros, pln_window_zeros};
    pln_window_block(&s->window, memory + s->lag.n, PLN_MOMENTS_PAIR, 0, pln_merge_pair, leaf, aggregates, m);
    PLN_IVDEP
    for (int64_t j = 0; j < m; j++) {
      const double of_row[] = {0.0, 0.0, pair[2][j], pair[3][j], pair[4][j]}; /* NOLINT: m were written */
      y[j] = pln_moments_correlation(of_row);
    }
  }
}
PLN_IND_SIMD(batch, rows)

const pln_ind_desc pln_ind_autocorrelation = {
    .info = {.name = "autocorrelation",
             .aliases = "autocorr",
             .group = "statistics",
             .help = "Correlation of a series with its own past",
             .formula = "correlation of the last `period` values with those `lag` rows before them (Pearson: "
                        "each with its own mean), -1 … 1; 0 where one of them does not move",
             .inputs = "source",
             .outputs = "autocorrelation",
             .example = "autocorrelation(returns(1), 60, 1)",
             .params = params,
             .n_params = 2,
             .input_kind = PLN_INPUT_SOURCE,
             .has_valid = 1},
    .n_inputs = 1,
    .n_outputs = 1,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
};
