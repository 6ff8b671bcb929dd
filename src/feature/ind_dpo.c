#include "feature/lag.h"
#include "feature/window.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows in the average", 20, 1, PLN_IND_MAX_PERIOD),
};

typedef struct dpo {
  pln_window mean;
  pln_lag lag;
  int64_t lag_memory;
} dpo;

static int64_t rows_back(const double *p) { return (int64_t)p[0] / 2 + 1; }
static int64_t lookback(const double *p) {
  return rows_back(p) > (int64_t)p[0] - 1 ? rows_back(p) : (int64_t)p[0] - 1;
}
static int64_t size(const double *p) {
  return PLN_IND_SIZE(dpo, pln_window_doubles((int64_t)p[0], 1) + rows_back(p));
}
static void init(void *state, const double *p) {
  dpo *s = state;
  pln_window_init(&s->mean, (int64_t)p[0]);
  s->lag.n = (int32_t)rows_back(p);
  s->lag_memory = pln_window_doubles((int64_t)p[0], 1);
}

static inline void step(dpo *s, double *memory, const double *in, double *out) {
  double mean = 0.0;
  pln_window_step(&s->mean, memory, 1, 0, pln_merge_mean, in, &mean);
  out[0] = pln_lag_step(&s->lag, memory + s->lag_memory, in[0]) - mean;
  out[1] = mean;
}
PLN_IND_STEP(dpo, step)

PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n) {
  dpo *s = state;
  double *memory = (double *)(s + 1);
  for (int64_t i = 0; i < n; i += PLN_WINDOW_BLOCK) {
    const int64_t m = n - i < PLN_WINDOW_BLOCK ? n - i : PLN_WINDOW_BLOCK;
    const double *const x[] = {in[0] + i};
    double *y = out[0] + i, *mean = out[1] + i;
    double *const means[] = {mean};
    pln_window_block(&s->mean, memory, 1, 0, pln_merge_mean, x, means, m);
    pln_lag_rows(&s->lag, memory + s->lag_memory, x[0], y, m);
    PLN_IVDEP
    for (int64_t j = 0; j < m; j++) y[j] -= mean[j];
  }
}
PLN_IND_SIMD(batch, rows)

const pln_ind_desc pln_ind_dpo = {
    .info = {.name = "dpo",
             .group = "momentum",
             .help = "Detrended price oscillator",
             .formula = "x[i - (period / 2 + 1)] - sma(x, period)[i], with whole division: causal (Tulip, "
                        "Lean); Stock.Indicators writes the same number period / 2 + 1 rows earlier, where "
                        "it was not known yet",
             .inputs = "source",
             .outputs = "dpo sma",
             .example = "dpo(close, 20)",
             .params = params,
             .n_params = 1,
             .input_kind = PLN_INPUT_SOURCE},
    .n_inputs = 1,
    .n_outputs = 2,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
};
