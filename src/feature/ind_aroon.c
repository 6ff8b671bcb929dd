enum { UP = 0, DOWN = 1, OSCILLATOR = 2 };
#include "feature/aroon_kernel.h"

const pln_ind_desc pln_ind_aroon = {
    .info = {.name = "aroon",
             .group = "trend",
             .help = "Aroon: how recent the highest high and the lowest low are",
             .formula =
                 "up: 100 (period - rows since the highest high) / period over the last period + 1 rows; "
                 "down: likewise of the lowest low; oscillator: up - down (TA-Lib AROON, Tulip). Of equal "
                 "extremes the last counts, with ties=first the first (Stock.Indicators)",
             .inputs = "high low",
             .outputs = "up down oscillator",
             .example = "aroon(14).down",
             .params = params,
             .n_params = 2,
             .input_kind = PLN_INPUT_COLUMNS},
    .n_inputs = 2,
    .n_outputs = 3,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
};
