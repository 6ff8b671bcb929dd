/* Its sum. */
enum { OSCILLATOR = 0, SUMMATION = 1, WHICH = SUMMATION };
#include "feature/mcclellan.h"

const pln_ind_desc pln_ind_mcclellan_summation = {
    .info = {.name = "mcclellan_summation",
             .group = "momentum",
             .help = "McClellan summation index",
             .formula = "sum of mcclellan from its first row on: of ema(net, fast) - ema(net, slow), net = "
                        "advances - declines, or with net=ratio 1000 (advances - declines) / (advances + "
                        "declines), 0 where both are 0; averages seeded with the means of their first "
                        "values, or with the first value (seed=first)",
             .inputs = "advances declines",
             .outputs = "mcclellan_summation",
             .example = "mcclellan_summation(close, open, 19, 39)",
             .params = params,
             .n_params = 4,
             .input_kind = PLN_INPUT_SERIES,
             .has_valid = 1},
    .n_inputs = 2,
    .n_outputs = 1,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
};
