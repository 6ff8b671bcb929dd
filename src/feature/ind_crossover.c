/* `a` rises above `b`. */
enum { RISING = 0, FALLING = 1 };
#include "feature/cross.h"

const pln_ind_desc pln_ind_crossover = {
    .info = {.name = "crossover",
             .group = "operators",
             .help = "1 in the row in which a comes to be above b, else 0",
             .formula = "a[i-1] < b[i-1] and a[i] > b[i], both strict (backtesting.py's crossover)",
             .inputs = "a b",
             .outputs = "value",
             .example = "crossover(sma(10), sma(30))",
             .params = NULL,
             .n_params = 0,
             .input_kind = PLN_INPUT_SERIES},
    .n_inputs = 2,
    .n_outputs = 1,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
};
