#include "feature/macd.h"

enum { FAST = 12, SLOW = 26 };

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("signal", "period of the average of the difference; 1: none", 9, 1, PLN_IND_MAX_PERIOD),
};

static int64_t lookback(const double *p) { return SLOW - 1 + (int64_t)p[0] - 1; }
static void init(void *state, const double *p) {
  init_macd(state, FAST, 0.15, SLOW, 0.075, (int64_t)p[0], MACD_SEED_LATE);
}

const pln_ind_desc pln_ind_macdfix = {
    .info = {.name = "macdfix",
             .group = "momentum",
             .help = "MACD of 12 and 26 rows with Appel's weights",
             .formula = "macd(12, 26, signal) whose fast and slow averages weigh a new value with 0.15 and "
                        "0.075 instead of "
                        "2 / 13 and 2 / 27 (TA-Lib MACDFIX)",
             .inputs = "source",
             .outputs = "macd signal histogram",
             .example = "macdfix(close, 9).signal",
             .params = params,
             .n_params = 1,
             .input_kind = PLN_INPUT_SOURCE},
    .n_inputs = 1,
    .n_outputs = 3,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
};
