/* The oscillator itself. */
enum { OSCILLATOR = 0, SUMMATION = 1, WHICH = OSCILLATOR };
#include "feature/mcclellan.h"

const pln_ind_desc pln_ind_mcclellan = {
    .info = {.name = "mcclellan",
             .group = "momentum",
             .help = "McClellan oscillator",
             .formula = "ema(net, fast) - ema(net, slow), net = advances - declines, or with net=ratio 1000 "
                        "(advances - declines) / (advances + declines), 0 where both are 0; averages seeded "
                        "with the means of their first values, or with the first value (seed=first)",
             .inputs = "advances declines",
             .outputs = "mcclellan",
             .example = "mcclellan(close, open, 19, 39)",
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
