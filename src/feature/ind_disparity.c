#include "feature/ma.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "of the average", 14, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_WORD("ma", "kind of the average", PLN_MA_SMA, PLN_MA_LAST, PLN_MA_WORDS),
};

static int64_t lookback(const double *p) { return pln_ma_lookback((int32_t)p[1], (int64_t)p[0]); }
static int64_t size(const double *p) {
  return PLN_IND_SIZE(pln_ma, pln_ma_doubles((int32_t)p[1], (int64_t)p[0]));
}
static void init(void *state, const double *p) { pln_ma_init(state, (int32_t)p[1], (int64_t)p[0]); }

PLN_INLINE double percent(double x, double average) {
  return average == 0.0 ? 0.0 : (x - average) / average * 100.0;
}

static inline void step(pln_ma *s, double *memory, const double *in, double *out) {
  const double average = pln_ma_step(s, memory, in[0]);
  out[0] = percent(in[0], average);
  out[1] = average != 0.0;
}
PLN_IND_STEP(pln_ma, step)

PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n) {
  const double *x = in[0];
  double *y = out[0];
  pln_ma_rows(state, (double *)((pln_ma *)state + 1), x, y, n);
  PLN_IVDEP
  for (int64_t i = 0; i < n; i++) y[i] = percent(x[i], y[i]);
}
PLN_IND_SIMD(batch, rows)

const pln_ind_desc pln_ind_disparity = {
    .info = {.name = "disparity",
             .aliases = "bias",
             .group = "momentum",
             .help = "Disparity index: how far a series is from its average, in percent",
             .formula = "100 (x - ma) / ma (Nison; also called bias); 0 where the average is 0",
             .inputs = "source",
             .outputs = "disparity",
             .example = "disparity(close, 14)",
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
