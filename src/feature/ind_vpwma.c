#include "feature/fir.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows in the window, the oldest included", 14, 2, PLN_IND_MAX_PERIOD),
    PLN_PARAM("power", "0: a plain mean", 0.382, 0, 10),
    PLN_PARAM_WORD("oldest", "whether the oldest row counts", 0, 1, "in out"),
};

static int64_t taps_of(const double *p) { return (int64_t)p[0] - (p[2] != 0.0); }
static void weights(const double *p, double *w, int64_t taps) {
  for (int64_t k = 0; k < taps; k++) w[k] = pow(p[0] - (double)k, p[1]);
}
PLN_FIR_KERNEL(taps_of, weights)

const pln_ind_desc pln_ind_vpwma = {
    .info = {.name = "vpwma",
             .group = "trend",
             .help = "Variable power weighted moving average",
             .formula = "mean with period^power, (period - 1)^power, … 1 as weights, the newest heaviest; "
                        "with oldest=out the oldest row is left out (jesse)",
             .inputs = "source",
             .outputs = "vpwma",
             .example = "vpwma(close, 14)",
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
