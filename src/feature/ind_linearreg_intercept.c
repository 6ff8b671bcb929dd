#include "feature/regression.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows in the window", 14, 2, PLN_IND_MAX_PERIOD),
};

PLN_INLINE void finish(const pln_regression *s, const double *in, const double *aggregate, double *out) {
  (void)in;
  out[0] = aggregate[0] - pln_regression_slope(s, aggregate) * s->half;
}

PLN_REGRESSION_KERNEL(PLN_REGRESSION_WIDTH, 1, pln_merge_regression, finish)

const pln_ind_desc pln_ind_linearreg_intercept = {
    .info = {.name = "linearreg_intercept",
             .aliases = "linregintercept",
             .group = "trend",
             .help = "Beginning of the least squares line",
             .formula = "value at its oldest row of the least squares line through the last `period` values "
                        "(TA-Lib LINEARREG_INTERCEPT, Tulip linregintercept)",
             .inputs = "source",
             .outputs = "linearreg_intercept",
             .example = "linearreg_intercept(close, 14)",
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
