enum { PLUS = 0, MINUS = 1 };
#include "feature/dm_kernel.h"

const pln_ind_desc pln_ind_dm = {
    .info = {.name = "dm",
             .aliases = "plus_dm plusdm",
             .group = "trend",
             .help = "Directional movement, plus and minus",
             .formula =
                 "plus: rise of the high where it is positive and larger than the fall of the low, "
                 "else 0; minus: likewise of the low (Wilder, 1978); each as Wilder's sum S += x - S "
                 "/ period, which starts with the sum of the first period - 1 movements (TA-Lib "
                 "PLUS_DM and MINUS_DM), with start=wilder with that of the first `period`; start=tulip "
                 "is as TA-Lib, but where both are equal both count (Tulip dm)",
             .inputs = "high low",
             .outputs = "plus minus",
             .example = "dm(14).minus",
             .params = params,
             .n_params = 2,
             .input_kind = PLN_INPUT_COLUMNS},
    .n_inputs = 2,
    .n_outputs = 2,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
};
