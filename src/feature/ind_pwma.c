#include "feature/fir.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows in the window", 5, 1, PLN_IND_MAX_PERIOD),
};

static int64_t taps_of(const double *p) { return (int64_t)p[0]; }
static void weights(const double *p, double *w, int64_t taps) {
  (void)p;
  const int64_t last = taps - 1, middle = last / 2;
  w[middle] = 1.0;
  for (int64_t k = middle; k < last; k++) w[k + 1] = w[k] * (double)(last - k) / (double)(k + 1);
  for (int64_t k = middle; k > 0; k--) w[k - 1] = w[k] * (double)k / (double)(last - k + 1);
}
PLN_FIR_KERNEL(taps_of, weights)

const pln_ind_desc pln_ind_pwma = {
    .info = {.name = "pwma",
             .group = "trend",
             .help = "Pascal weighted moving average",
             .formula = "mean with the row of Pascal's triangle that has `period` numbers as weights (1 4 "
                        "6 4 1 for 5)",
             .inputs = "source",
             .outputs = "pwma",
             .example = "pwma(close, 5)",
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
