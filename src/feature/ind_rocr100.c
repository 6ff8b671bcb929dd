static inline double form(double ratio) { return ratio * 100.0; }
#include "feature/roc.h"

const pln_ind_desc pln_ind_rocr100 = {
    .info = {.name = "rocr100",
             .group = "momentum",
             .help = "Rate of change, as a ratio of 100",
             .formula = "x[i] / x[i - period] * 100 (TA-Lib ROCR100); 0 where the old value is 0, as TA-Lib",
             .inputs = "source",
             .outputs = "rocr100",
             .example = "rocr100(close, 10)",
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
