enum { PLUS = -1, MINUS = 0 };
#include "feature/dm_kernel.h"

const pln_ind_desc pln_ind_minus_dm = {
    .info = {.name = "minus_dm",
             .aliases = "minusdm",
             .group = "trend",
             .help = "Directional movement, minus",
             .formula = "dm(…).minus: fall of the low where it is positive and larger than the rise of the "
                        "high, else 0, as Wilder's sum (TA-Lib MINUS_DM); `start` as dm",
             .inputs = "high low",
             .outputs = "minus_dm",
             .example = "minus_dm(14)",
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
