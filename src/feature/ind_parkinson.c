#include "feature/volatility.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows in the window", 20, 1, PLN_IND_MAX_PERIOD),
    PLN_ANNUAL_PARAM(1),
};

PLN_VOLATILITY_STATE(1)

PLN_INLINE void term(const double *in, double *own) {
  const double range = pln_log_ratio(in[0], in[1]);
  own[0] = range * range;
}
PLN_INLINE void finish(const volatility *s, const double *in, const double *mean, double *out) {
  (void)in;
  out[0] = s->scale * sqrt(mean[0] / (4.0 * PLN_LN2));
}
PLN_WINDOW_MAPPED(volatility, 1, 2, 1, pln_merge_mean, term, finish)

const pln_ind_desc pln_ind_parkinson = {
    .info = {.name = "parkinson",
             .aliases = "parkinson_volatility",
             .group = "volatility",
             .help = "Volatility from highs and lows (Parkinson)",
             .formula = "sqrt(annual * mean of ln(high / low)^2 / (4 ln 2)) over the last `period` rows "
                        "(Parkinson, 1980), a fraction; a row whose prices are not positive counts as 0",
             .inputs = "high low",
             .outputs = "parkinson",
             .example = "parkinson(20)",
             .params = params,
             .n_params = 2,
             .input_kind = PLN_INPUT_COLUMNS},
    .n_inputs = 2,
    .n_outputs = 1,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
};
