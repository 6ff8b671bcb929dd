#include "feature/ma.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows of the longest average", 20, 1, PLN_IND_MAX_PERIOD),
};

PLN_MA_KERNEL(PLN_MA_HMA)

const pln_ind_desc pln_ind_hma = {
    .info = {.name = "hma",
             .group = "trend",
             .help = "Hull moving average",
             .formula = "wma(2 wma(x, period / 2) - wma(x, period), √period), the halves and the root "
                        "rounded down (A. Hull, 2005; Tulip and Stock.Indicators agree)",
             .inputs = "source",
             .outputs = "hma",
             .example = "hma(close, 20)",
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
