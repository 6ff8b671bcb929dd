#include "feature/fir.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows in the window, the oldest included", 14, 2, PLN_IND_MAX_PERIOD),
    PLN_PARAM_WORD("oldest", "whether the oldest row counts", 0, 1, "in out"),
};

static int64_t taps_of(const double *p) { return (int64_t)p[0] - (p[1] != 0.0); }
static void weights(const double *p, double *w, int64_t taps) {
  for (int64_t k = 0; k < taps; k++) {
    const int64_t j = (int64_t)p[0] - k;
    w[k] = (double)j * (double)j;
  }
}
PLN_FIR_KERNEL(taps_of, weights)

const pln_ind_desc pln_ind_sqwma = {
    .info = {.name = "sqwma",
             .group = "trend",
             .help = "Squared weighted moving average",
             .formula = "mean with the squares of period, period - 1, … 1 as weights, the newest "
                        "heaviest; with oldest=out the oldest row, of weight 1, is left out (jesse)",
             .inputs = "source",
             .outputs = "sqwma",
             .example = "sqwma(close, 14)",
             .params = params,
             .n_params = 2,
             .input_kind = PLN_INPUT_SOURCE},
    .n_inputs = 1,
    .n_outputs = 1,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
};
