enum { PLUS = 0, MINUS = 1, VALID = 2 };
#include "feature/di_kernel.h"

const pln_ind_desc pln_ind_di = {
    .info = {.name = "di",
             .aliases = "plus_di plusdi",
             .group = "trend",
             .help = "Directional indicators, plus and minus",
             .formula = "100 times the smoothed directional movement over the smoothed true range, both "
                        "smoothed by 1 / period (TA-Lib PLUS_DI and MINUS_DI, from row `period` on; with "
                        "period 1 TA-Lib leaves out the 100); start=tulip gives row period - 1 too and "
                        "counts both movements where they are equal (Tulip di), start=wilder starts with the "
                        "first `period` movements (Stock.Indicators, StockCharts); 0 where the range is 0",
             .inputs = "high low close",
             .outputs = "plus minus",
             .example = "di(14).minus",
             .params = params,
             .n_params = 2,
             .input_kind = PLN_INPUT_COLUMNS,
             .has_valid = 1},
    .n_inputs = 3,
    .n_outputs = 2,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
};
