#include "feature/window_family.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows in the window", 20, 1, PLN_IND_MAX_PERIOD),
};

PLN_WINDOW_KERNEL(0, pln_merge_mean)
PLN_WINDOW_FAMILY(0, pln_merge_mean)

const pln_ind_desc pln_ind_sma = {
    .info = {.name = "sma",
             .group = "trend",
             .help = "Simple moving average",
             .formula = "mean of the last `period` values (TA-Lib SMA)",
             .inputs = "source",
             .outputs = "sma",
             .example = "sma(close, 20)",
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
