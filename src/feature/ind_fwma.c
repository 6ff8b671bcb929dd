#include "feature/fir.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows in the window", 5, 1, PLN_IND_MAX_PERIOD),
};

static int64_t taps_of(const double *p) { return (int64_t)p[0]; }
static void weights(const double *p, double *w, int64_t taps) {
  (void)p;
  /* Ratios of neighbours instead of the numbers, which grow beyond any double. */
  w[0] = 1.0;
  double ratio = 1.0;
  for (int64_t k = 1; k < taps; k++) {
    w[k] = ratio;
    ratio = 1.0 / (1.0 + ratio);
  }
  for (int64_t k = 1, j = taps - 1; k < j; k++, j--) {
    const double swap = w[k];
    w[k] = w[j];
    w[j] = swap;
  }
  for (int64_t k = 1; k < taps; k++) w[k] *= w[k - 1];
}
PLN_FIR_KERNEL(taps_of, weights)

const pln_ind_desc pln_ind_fwma = {
    .info = {.name = "fwma",
             .group = "trend",
             .help = "Fibonacci weighted moving average",
             .formula = "mean with the Fibonacci numbers 1, 1, 2, 3, 5 … as weights, the newest heaviest",
             .inputs = "source",
             .outputs = "fwma",
             .example = "fwma(close, 5)",
             .params = params,
             .n_params = 1,
             .input_kind = PLN_INPUT_SOURCE},
    .n_inputs = 1,
    .n_outputs = 1,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
};
