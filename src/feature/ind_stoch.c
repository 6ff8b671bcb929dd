#include "feature/slow_stoch.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("fastk", "rows in the window", 5, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_INT("slowk", "period of the average of the raw %K; 1: none", 3, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_INT("slowd", "period of the average of slowk; 1: none", 3, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_WORD("slowk_ma", "kind of the average of the raw %K", PLN_MA_SMA, PLN_MA_LAST, PLN_MA_WORDS),
    PLN_PARAM_WORD("slowd_ma", "kind of the average of slowk", PLN_MA_SMA, PLN_MA_LAST, PLN_MA_WORDS),
};

const pln_ind_desc pln_ind_stoch = {
    .info = {.name = "stoch",
             .group = "momentum",
             .help = "Stochastic oscillator, slow",
             .formula =
                 "raw %K = 100 (close - L) / (H - L), H and L the highest high and the lowest low of the "
                 "last `fastk` rows, "
                 "0 where H = L; slowk = ma of that, slowd = ma of slowk, j = 3 slowk - 2 slowd (TA-Lib "
                 "STOCH; its "
                 "parameters are fastk, slowk, slowk_ma, slowd, slowd_ma); valid is 0 in a row where H = L",
             .inputs = "high low close",
             .outputs = "slowk slowd j",
             .example = "stoch(14, 3, 3).slowd",
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
