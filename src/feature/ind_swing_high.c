#define SWING_SIDE PLN_HIGHEST_LAST
#include "feature/swing_side.h"

const pln_ind_desc pln_ind_swing_high = {
    .info =
        {.name = "swing_high",
         .group = "structure",
         .help = "Last swing high",
         .formula =
             "level: the last high that is above all of the `left` highs before and the `right` highs after "
             "it, from the row on in which the last of them is known; age: rows since it; confirmed: 1 in "
             "the row in which it became known. Before the first: this row's high, age 0 (valid 0)",
         .inputs = "high",
         .outputs = "level age confirmed",
         .example = "swing_high(5, 5).age",
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
