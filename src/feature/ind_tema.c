#include "feature/ma.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows of each average", 20, 1, PLN_IND_MAX_PERIOD),
};

PLN_MA_KERNEL(PLN_MA_TEMA)

const pln_ind_desc pln_ind_tema = {
    .info = {.name = "tema",
             .group = "trend",
             .help = "Triple exponential moving average",
             .formula = "e1 = ema(x), e2 = ema(e1), e3 = ema(e2); 3 e1 - 3 e2 + e3 (P. Mulloy, 1994). "
                        "Each ema is seeded with the mean of its first `period` values, so that the first "
                        "value is in row 3 (period - 1) (TA-Lib TEMA)",
             .inputs = "source",
             .outputs = "tema",
             .example = "tema(close, 20)",
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
