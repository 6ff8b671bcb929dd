enum { N_INPUTS = 2 };
#include "feature/middle.h"

const pln_ind_desc pln_ind_midprice = {
    .info = {.name = "midprice",
             .group = "trend",
             .help = "Middle of the price range of a window",
             .formula = "(highest high + lowest low) / 2 of the last `period` rows (TA-Lib MIDPRICE)",
             .inputs = "high low",
             .outputs = "midprice",
             .example = "midprice(14)",
             .params = params,
             .n_params = 1,
             .input_kind = PLN_INPUT_COLUMNS},
    .n_inputs = N_INPUTS,
    .n_outputs = 1,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
};
