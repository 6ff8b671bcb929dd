static inline double form(double ratio) { return ratio - 1.0; }
#include "feature/roc.h"

const pln_ind_desc pln_ind_rocp = {
    .info = {.name = "rocp",
             .group = "momentum",
             .help = "Rate of change, as a fraction",
             .formula = "x[i] / x[i - period] - 1 (TA-Lib ROCP, Tulip's roc); 0 where the old value is 0",
             .inputs = "source",
             .outputs = "rocp",
             .example = "rocp(close, 10)",
             .params = params,
             .n_params = 1,
             .input_kind = PLN_INPUT_SOURCE,
             .has_valid = 1},
    .n_inputs = 1,
    .n_outputs = 1,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
};
