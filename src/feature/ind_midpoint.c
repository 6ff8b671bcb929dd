enum { N_INPUTS = 1 };
#include "feature/middle.h"

const pln_ind_desc pln_ind_midpoint = {
    .info = {.name = "midpoint",
             .group = "trend",
             .help = "Middle of the range of a window",
             .formula = "(highest + lowest) / 2 of the last `period` values (TA-Lib MIDPOINT)",
             .inputs = "source",
             .outputs = "midpoint",
             .example = "midpoint(close, 14)",
             .params = params,
             .n_params = 1,
             .input_kind = PLN_INPUT_SOURCE},
    .n_inputs = N_INPUTS,
    .n_outputs = 1,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
};
