static inline double form(double ratio) { return ratio; }
#include "feature/roc.h"

const pln_ind_desc pln_ind_rocr = {
    .info = {.name = "rocr",
             .group = "momentum",
             .help = "Rate of change, as a ratio",
             .formula = "x[i] / x[i - period] (TA-Lib ROCR); 0 where the old value is 0, as TA-Lib",
             .inputs = "source",
             .outputs = "rocr",
             .example = "rocr(close, 10)",
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
