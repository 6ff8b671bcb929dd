#include "feature/ma.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows in the window", 20, 1, PLN_IND_MAX_PERIOD),
};

PLN_MA_KERNEL(PLN_MA_TRIMA)

const pln_ind_desc pln_ind_trima = {
    .info = {.name = "trima",
             .aliases = "swma",
             .group = "trend",
             .help = "Triangular moving average",
             .formula = "mean with weights 1, 2, … that rise to the middle of the window and fall again: "
                        "for an odd period the sma((period + 1) / 2) of itself, else sma(period / 2) of "
                        "sma(period / 2 + 1) (TA-Lib TRIMA)",
             .inputs = "source",
             .outputs = "trima",
             .example = "trima(close, 20)",
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
