#include "feature/regression.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows in the window", 14, 2, PLN_IND_MAX_PERIOD),
};

PLN_INLINE void finish(const pln_regression *s, const double *in, const double *aggregate, double *out) {
  (void)in;
  out[0] = pln_regression_r_squared(s, aggregate);
  out[1] = aggregate[2] > 0.0;
}

PLN_REGRESSION_KERNEL(PLN_REGRESSION_FIT_WIDTH, 1, pln_merge_regression_fit, finish)

const pln_ind_desc pln_ind_r_squared = {
    .info = {.name = "r_squared",
             .group = "statistics",
             .help = "Share of variance that a straight line explains",
             .formula = "squared correlation of the last `period` values with time, 0 … 1; 0 where the "
                        "values are all the same",
             .inputs = "source",
             .outputs = "r_squared",
             .example = "r_squared(close, 14)",
             .params = params,
             .n_params = 1,
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
