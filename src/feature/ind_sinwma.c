#include "feature/fir.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows in the window", 14, 1, PLN_IND_MAX_PERIOD),
};

static int64_t taps_of(const double *p) { return (int64_t)p[0]; }
static void weights(const double *p, double *w, int64_t taps) {
  (void)p;
  for (int64_t k = 0; k < taps; k++) w[k] = sin(3.141592653589793 * (double)(k + 1) / (double)(taps + 1));
}
PLN_FIR_KERNEL(taps_of, weights)

const pln_ind_desc pln_ind_sinwma = {
    .info = {.name = "sinwma",
             .group = "trend",
             .help = "Sine weighted moving average",
             .formula = "mean with the weights sin(π i / (period + 1)), i = 1 … period",
             .inputs = "source",
             .outputs = "sinwma",
             .example = "sinwma(close, 14)",
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
