static inline double form(double ratio) { return (ratio - 1.0) * 100.0; }
#include "feature/roc.h"

const pln_ind_desc pln_ind_roc = {
    .info =
        {.name = "roc",
         .group = "momentum",
         .help = "Rate of change, in percent",
         .formula =
             "(x[i] / x[i - period] - 1) * 100 (TA-Lib ROC; Tulip's roc is rocp); 0 where the old value is 0",
         .inputs = "source",
         .outputs = "roc",
         .example = "roc(close, 10)",
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
