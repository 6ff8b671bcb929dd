#include "feature/regression.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows in the window", 20, 2, PLN_IND_MAX_PERIOD),
};

static int64_t lookback(const double *p) { return (int64_t)p[0] - 1; }
static int64_t size(const double *p) {
  return PLN_IND_SIZE(pln_regression, pln_window_doubles((int64_t)p[0], PLN_REGRESSION_FIT_WIDTH));
}
static void init(void *state, const double *p) { pln_regression_init(state, (int64_t)p[0]); }

static inline void step(pln_regression *s, double *memory, const double *in, double *out) {
  const double leaf[PLN_REGRESSION_FIT_WIDTH] = {in[0], 0.0, 0.0};
  double fit[PLN_REGRESSION_FIT_WIDTH] = {0};
  pln_window_step(&s->window, memory, PLN_REGRESSION_FIT_WIDTH, 0, pln_merge_regression_fit, leaf, fit);
  s->row += 1.0;
  out[0] = pln_regression_slope(s, fit);
  out[5] = pln_regression_line(s, fit, 0.0);
  out[1] = out[5] - out[0] * s->row;
  out[2] = sqrt(fit[2] / s->n);
  out[3] = pln_regression_r_squared(s, fit);
  out[4] = sqrt(pln_regression_residual(s, fit) / s->n);
  out[6] = fit[2] > 0.0;
}
PLN_IND_STEP(pln_regression, step)
PLN_IND_BATCH(pln_regression, 1, 6, step)

const pln_ind_desc pln_ind_slope = {
    .info = {.name = "slope",
             .group = "statistics",
             .help = "Least squares line and how well it fits",
             .formula =
                 "least squares of the last `period` values on their row numbers: slope; intercept (the "
                 "line's value at the row before the first of the data, rows counted from 1, as "
                 "Stock.Indicators), std_dev (population deviation of the values), r_squared, std_error "
                 "(sqrt of the mean squared residual, residuals / period), line (the line's value at this "
                 "row). r_squared is 0 where the values are all the same. Stock.Indicators redraws its "
                 "`line` back over the last rows; here it is never redrawn",
             .inputs = "source",
             .outputs = "slope intercept std_dev r_squared std_error line",
             .example = "slope(close, 20)",
             .params = params,
             .n_params = 1,
             .input_kind = PLN_INPUT_SOURCE,
             .has_valid = 1},
    .n_inputs = 1,
    .n_outputs = 6,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = step_rows,
};
