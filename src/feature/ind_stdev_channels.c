#include "feature/regression.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows in the window", 20, 2, PLN_IND_MAX_PERIOD),
    PLN_PARAM("k", "width of the channel on each side, in standard deviations", 2, 0, 1000),
};

static int64_t lookback(const double *p) { return (int64_t)p[0] - 1; }
static int64_t size(const double *p) {
  return PLN_IND_SIZE(pln_regression, pln_window_doubles((int64_t)p[0], PLN_REGRESSION_FIT_WIDTH));
}
static void init(void *state, const double *p) {
  pln_regression *s = state;
  pln_regression_init(s, (int64_t)p[0]);
  s->k = p[1];
}

PLN_INLINE void finish(const pln_regression *s, const double *in, const double *fit, double *out) {
  (void)in;
  const double line = pln_regression_line(s, fit, 0.0), width = s->k * sqrt(fit[2] / s->n);
  out[0] = line;
  out[1] = line + width;
  out[2] = line - width;
}
PLN_WINDOW_DIRECT(pln_regression, PLN_REGRESSION_FIT_WIDTH, 1, 3, pln_merge_regression_fit, finish)

const pln_ind_desc pln_ind_stdev_channels = {
    .info = {.name = "stdev_channels",
             .group = "volatility",
             .help = "Channel around the least squares line",
             .formula = "center = end of the least squares line through the last `period` values, upper and "
                        "lower = center ± k population standard deviations of the values (Stock.Indicators' "
                        "stdev channels in their causal form: theirs are drawn back over the last `period` "
                        "rows, and only their newest row is what is given here)",
             .inputs = "source",
             .outputs = "center upper lower",
             .example = "stdev_channels(close, 20, 2).upper",
             .params = params,
             .n_params = 2,
             .input_kind = PLN_INPUT_SOURCE},
    .n_inputs = 1,
    .n_outputs = 3,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
};
