#define SWING_SIDE PLN_LOWEST_LAST
#include "feature/swing_side.h"

const pln_ind_desc pln_ind_swing_low = {
    .info = {.name = "swing_low",
             .group = "structure",
             .help = "Last swing low",
             .formula =
                 "level: the last low that is below all of the `left` lows before and the `right` lows after "
                 "it, from the row on in which the last of them is known; age: rows since it; confirmed: 1 "
                 "in the row in which it became known. Before the first: this row's low, age 0 (valid 0)",
             .inputs = "low",
             .outputs = "level age confirmed",
             .example = "swing_low(5, 5).age",
             .params = params,
             .n_params = 2,
             .input_kind = PLN_INPUT_COLUMNS,
             .has_valid = 1},
    .n_inputs = 1,
    .n_outputs = 3,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
};
