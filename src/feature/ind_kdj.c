#include "feature/slow_stoch.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows in the window", 9, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_INT("k", "period of the average of the raw %K; 1: none", 3, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_INT("d", "period of the average of k; 1: none", 3, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_WORD("k_ma", "kind of the average of the raw %K", PLN_MA_SMMA, PLN_MA_LAST, PLN_MA_WORDS),
    PLN_PARAM_WORD("d_ma", "kind of the average of k", PLN_MA_SMMA, PLN_MA_LAST, PLN_MA_WORDS),
};

const pln_ind_desc pln_ind_kdj = {
    .info = {.name = "kdj",
             .group = "momentum",
             .help = "KDJ: a stochastic oscillator with Wilder averages",
             .formula = "raw %K as in stoch, k = smma of that, d = smma of k, j = 3 k - 2 d; averages seeded "
                        "with the means of their first values (TA-Lib's newer KDJ; jesse has simple "
                        "averages); valid is 0 in a row without a range",
             .inputs = "high low close",
             .outputs = "k d j",
             .example = "kdj(9, 3, 3).j",
             .params = params,
             .n_params = 5,
             .input_kind = PLN_INPUT_COLUMNS,
             .has_valid = 1},
    .n_inputs = 3,
    .n_outputs = 3,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
};
