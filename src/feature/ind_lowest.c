#include "feature/extrema.h"
#include "feature/window_family.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows in the window", 20, 1, PLN_IND_MAX_PERIOD),
};

PLN_WINDOW_KERNEL(1, pln_merge_lowest_last)
PLN_WINDOW_FAMILY(1, pln_merge_lowest_last)

const pln_ind_desc pln_ind_lowest = {
    .info = {.name = "lowest",
             .aliases = "rolling_min",
             .group = "trend",
             .help = "Lowest value of a window",
             .formula = "smallest of the last `period` values, this row's included (TA-Lib MIN)",
             .inputs = "source",
             .outputs = "lowest",
             .example = "lowest(low, 20)",
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
