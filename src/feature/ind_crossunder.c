/* `b` rises above `a`. */
enum { RISING = 1, FALLING = 0 };
#include "feature/cross.h"

const pln_ind_desc pln_ind_crossunder = {
    .info = {.name = "crossunder",
             .group = "operators",
             .help = "1 in the row in which a comes to be below b, else 0",
             .formula = "a[i-1] > b[i-1] and a[i] < b[i], both strict (backtesting.py's crossover)",
             .inputs = "a b",
             .outputs = "value",
             .example = "crossunder(sma(10), sma(30))",
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
