#include "feature/regression.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows in the window", 14, 2, PLN_IND_MAX_PERIOD),
};

PLN_INLINE void finish(const pln_regression *s, const double *in, const double *aggregate, double *out) {
  (void)in;
  out[0] = atan(pln_regression_slope(s, aggregate)) * (180.0 / 3.14159265358979323846);
}

PLN_REGRESSION_KERNEL(PLN_REGRESSION_WIDTH, 1, pln_merge_regression, finish)

const pln_ind_desc pln_ind_linearreg_angle = {
    .info = {.name = "linearreg_angle",
             .aliases = "linregangle",
             .group = "trend",
             .help = "Angle of the least squares line",
             .formula = "atan of the slope per row of the least squares line through the last `period` "
                        "values, in degrees (TA-Lib LINEARREG_ANGLE)",
             .inputs = "source",
             .outputs = "linearreg_angle",
             .example = "linearreg_angle(close, 14)",
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
