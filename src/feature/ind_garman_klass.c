#include "feature/volatility.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows in the window", 20, 1, PLN_IND_MAX_PERIOD),
    PLN_ANNUAL_PARAM(1),
};

PLN_VOLATILITY_STATE(1)

PLN_INLINE void term(const double *in, double *own) {
  const double range = pln_log_ratio(in[1], in[2]), change = pln_log_ratio(in[3], in[0]);
  own[0] = range * range / 2.0 - (2.0 * PLN_LN2 - 1.0) * (change * change);
}
PLN_INLINE void finish(const volatility *s, const double *in, const double *mean, double *out) {
  (void)in;
  out[0] = s->scale * sqrt(mean[0] > 0.0 ? mean[0] : 0.0);
}
PLN_WINDOW_MAPPED(volatility, 1, 4, 1, pln_merge_mean, term, finish)

const pln_ind_desc pln_ind_garman_klass = {
    .info = {.name = "garman_klass",
             .aliases = "garman_klass_volatility",
             .group = "volatility",
             .help = "Volatility from open, high, low and close (Garman and Klass)",
             .formula = "sqrt(annual * mean of (ln(high / low)^2 / 2 - (2 ln 2 - 1) ln(close / open)^2)) "
                        "over the last `period` rows (Garman and Klass, 1980), a fraction; 0 where the mean "
                        "is negative (only bars whose close lies outside of their range make it so); a row "
                        "whose prices are not positive counts as 0",
             .inputs = "open high low close",
             .outputs = "garman_klass",
             .example = "garman_klass(20)",
             .params = params,
             .n_params = 2,
             .input_kind = PLN_INPUT_COLUMNS},
    .n_inputs = 4,
    .n_outputs = 1,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
};
