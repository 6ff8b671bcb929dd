enum { PLUS = -1, MINUS = 0, VALID = 1 };
#include "feature/di_kernel.h"

const pln_ind_desc pln_ind_minus_di = {
    .info = {.name = "minus_di",
             .aliases = "minusdi",
             .group = "trend",
             .help = "Directional indicator, minus",
             .formula = "di(…).minus: 100 times the smoothed minus movement over the smoothed true range "
                        "(TA-Lib MINUS_DI); `start` and neutral value as di",
             .inputs = "high low close",
             .outputs = "minus_di",
             .example = "minus_di(14)",
             .params = params,
             .n_params = 2,
             .input_kind = PLN_INPUT_COLUMNS,
             .has_valid = 1},
    .n_inputs = 3,
    .n_outputs = 1,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
};
