#include "feature/regression.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows of the regression", 14, 2, PLN_IND_MAX_PERIOD),
};

PLN_INLINE void finish(const pln_regression *s, const double *in, const double *aggregate, double *out) {
  const double gap = in[0] - pln_regression_line(s, aggregate, 0.0);
  out[0] = in[0] == 0.0 ? 0.0 : 100.0 * (gap / in[0]);
  out[1] = in[0] != 0.0;
}

/* NOLINTNEXTLINE: m entries are written */
PLN_REGRESSION_KERNEL(PLN_REGRESSION_WIDTH, 1, pln_merge_regression, finish)

const pln_ind_desc pln_ind_cfo = {
    .info =
        {.name = "cfo",
         .group = "momentum",
         .help = "Chande forecast oscillator",
         .formula =
             "100 (x - f) / x, f the value in this row of the least squares line through the last `period` "
             "values (jesse; Tulip's fosc takes the forecast that was made one row earlier); 0 where x is 0",
         .inputs = "source",
         .outputs = "cfo",
         .example = "cfo(close, 14)",
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
