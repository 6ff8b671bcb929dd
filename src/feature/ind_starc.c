#include "feature/range_channel.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows of the average in the middle", 5, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM("k", "width of the band on each side, in average true ranges", 2, 0, 1000),
    PLN_PARAM_INT("range_period", "rows of the average true range", 10, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_WORD("average", "the average in the middle", PLN_MA_SMA, PLN_MA_LAST, PLN_MA_WORDS),
    PLN_RANGE_PARAMS,
};

const pln_ind_desc pln_ind_starc = {
    .info = {.name = "starc",
             .aliases = "starc_bands",
             .group = "volatility",
             .help = "Stoller average range channel",
             .formula = "as keltner, around a simple average: middle ± k average true ranges (Stoller)",
             .inputs = "source high low close",
             .outputs = "upper middle lower width",
             .example = "starc(5, 2, 10).upper",
             .params = params,
             .n_params = 6,
             .input_kind = PLN_INPUT_SOURCE,
             .has_valid = 1},
    .n_inputs = 4,
    .n_outputs = 4,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
};
