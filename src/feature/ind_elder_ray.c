#include "feature/smooth.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "of the exponential average", 13, 1, PLN_IND_MAX_PERIOD),
};

static int64_t lookback(const double *p) { return (int64_t)p[0] - 1; }
static int64_t size(const double *p) {
  (void)p;
  return PLN_IND_SIZE(pln_smooth, 0);
}
static void init(void *state, const double *p) {
  pln_smooth_init(state, 2.0 / (p[0] + 1.0), (int64_t)p[0], 0);
}

static inline void step(pln_smooth *s, double *memory, const double *in, double *out) {
  (void)memory;
  const double average = pln_smooth_step(s, in[2]);
  out[0] = in[0] - average;
  out[1] = in[1] - average;
  out[2] = average;
}
PLN_IND_STEP(pln_smooth, step)

PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n) {
  const double *high = in[0], *low = in[1];
  double *bull = out[0], *bear = out[1], *average = out[2];
  pln_smooth_rows(state, in[2], average, n);
  PLN_IVDEP
  for (int64_t i = 0; i < n; i++) {
    bull[i] = high[i] - average[i];
    bear[i] = low[i] - average[i];
  }
}
PLN_IND_SIMD(batch, rows)

const pln_ind_desc pln_ind_elder_ray = {
    .info = {.name = "elder_ray",
             .aliases = "eri",
             .group = "momentum",
             .help = "Elder ray: bull and bear power",
             .formula = "bull_power = high - ema(close), bear_power = low - ema(close), ema as in ema "
                        "(Elder; Stock.Indicators)",
             .inputs = "high low close",
             .outputs = "bull_power bear_power ema",
             .example = "elder_ray(13).bear_power",
             .params = params,
             .n_params = 1,
             .input_kind = PLN_INPUT_COLUMNS},
    .n_inputs = 3,
    .n_outputs = 3,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
};
