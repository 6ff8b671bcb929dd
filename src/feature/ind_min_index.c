#include "feature/extrema.h"

enum { EXTREME_LAST = PLN_LOWEST_LAST, EXTREME_FIRST = PLN_LOWEST_FIRST };
#define EXTREME_WINS(NEW, OLD) ((NEW) < (OLD))
#include "feature/extreme_index.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows in the window", 30, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_WORD("ties", "which of several equal lowest values counts", 0, 2, "last first talib"),
};

const pln_ind_desc pln_ind_min_index = {
    .info = {.name = "min_index",
             .aliases = "minindex",
             .group = "math",
             .help = "Row of the lowest value of a window",
             .formula =
                 "index: row of the lowest of the last `period` values, this row's included, counted "
                 "from the first row of the source (TA-Lib MININDEX); age: how many rows ago it was; "
                 "value: the lowest itself. Of equal values the last counts, with ties=first the first; "
                 "ties=talib: as TA-Lib has it, a new one wins, but the first does in the search when the "
                 "old one has left the window (which depends on where the data begins)",
             .inputs = "source",
             .outputs = "index age value",
             .example = "min_index(low, 30).age",
             .params = params,
             .n_params = 2,
             .input_kind = PLN_INPUT_SOURCE},
    .n_inputs = 1,
    .n_outputs = 3,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
};
