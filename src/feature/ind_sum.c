#include "feature/window.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows in the window", 30, 1, PLN_IND_MAX_PERIOD),
};

PLN_WINDOW_KERNEL(0, pln_merge_sum)

const pln_ind_desc pln_ind_sum = {
    .info = {.name = "sum",
             .group = "math",
             .help = "Sum of a window",
             .formula = "sum of the last `period` values (TA-Lib SUM), by halves: no running sum that "
                        "could rot, and whole numbers stay exact",
             .inputs = "source",
             .outputs = "sum",
             .example = "sum(volume, 30)",
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
};
