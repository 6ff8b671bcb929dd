#include "feature/volatility.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows in the window", 20, 1, PLN_IND_MAX_PERIOD),
    PLN_ANNUAL_PARAM(1),
};

PLN_VOLATILITY_STATE(1)

PLN_INLINE void term(const double *in, double *own) {
  own[0] = pln_rogers_satchell(in[0], in[1], in[2], in[3]);
}
PLN_INLINE void finish(const volatility *s, const double *in, const double *mean, double *out) {
  (void)in;
  out[0] = s->scale * sqrt(mean[0] > 0.0 ? mean[0] : 0.0);
}
PLN_WINDOW_MAPPED(volatility, 1, 4, 1, pln_merge_mean, term, finish)

const pln_ind_desc pln_ind_rogers_satchell = {
    .info = {.name = "rogers_satchell",
             .aliases = "rogers_satchell_volatility",
             .group = "volatility",
             .help = "Volatility from open, high, low and close, free of drift (Rogers and Satchell)",
             .formula = "sqrt(annual * mean of (ln(high / close) ln(high / open) + ln(low / close) ln(low / "
                        "open))) over the last `period` rows (Rogers and Satchell, 1991), a fraction; 0 "
                        "where the mean is negative (only bars whose open or close lies outside of their "
                        "range make it so); a row whose prices are not positive counts as 0",
             .inputs = "open high low close",
             .outputs = "rogers_satchell",
             .example = "rogers_satchell(20)",
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
