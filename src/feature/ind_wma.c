#include "feature/ma.h"
#include "feature/window_family.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows in the window", 20, 1, PLN_IND_MAX_PERIOD),
};

PLN_MA_KERNEL(PLN_MA_WMA)

PLN_INLINE void flat(const double *in, double *out) {
  out[0] = in[0];
  out[1] = 0.0;
}
PLN_INLINE void finish(const pln_ma *s, const double *in, const double *both, double *out) {
  (void)in;
  out[0] = pln_weighted_mean(both[0], both[1], (double)s->n);
}
PLN_WINDOW_MAPPED_FAMILY(pln_ma, 2, 1, 1, pln_merge_tilt, flat, finish)

const pln_ind_desc pln_ind_wma = {
    .info = {.name = "wma",
             .group = "trend",
             .help = "Linearly weighted moving average",
             .formula = "mean of the last `period` values with weights period, period - 1, … 1, the newest "
                        "heaviest (TA-Lib WMA)",
             .inputs = "source",
             .outputs = "wma",
             .example = "wma(close, 20)",
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
    .family = &family,
};
