enum { UP = -1, DOWN = -1, OSCILLATOR = 0 };
#include "feature/aroon_kernel.h"

const pln_ind_desc pln_ind_aroon_oscillator = {
    .info = {.name = "aroon_oscillator",
             .aliases = "aroonosc aroon_osc",
             .group = "trend",
             .help = "Aroon oscillator",
             .formula = "aroon(period, ties).oscillator: aroon up - aroon down (TA-Lib AROONOSC)",
             .inputs = "high low",
             .outputs = "aroon_oscillator",
             .example = "aroon_oscillator(14)",
             .params = params,
             .n_params = 2,
             .input_kind = PLN_INPUT_COLUMNS},
    .n_inputs = 2,
    .n_outputs = 1,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
};
