#include "feature/ma.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows of the efficiency ratio", 10, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_INT("fast", "rows of the fastest average", 2, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_INT("slow", "rows of the slowest average", 30, 1, PLN_IND_MAX_PERIOD),
};

static int64_t lookback(const double *p) { return (int64_t)p[0]; }
static int64_t size(const double *p) {
  return PLN_IND_SIZE(pln_ma, pln_ma_doubles(PLN_MA_KAMA, (int64_t)p[0]));
}
static void init(void *state, const double *p) {
  pln_ma_init_kama(state, (int64_t)p[0], (int64_t)p[1], (int64_t)p[2]);
}
PLN_MA_FORMS_TWO

const pln_ind_desc pln_ind_kama = {
    .info = {.name = "kama",
             .group = "trend",
             .help = "Kaufman adaptive moving average",
             .formula = "k += a (x - k), a = (er (f - s) + s)^2 with f = 2 / (fast + 1), s = 2 / (slow + "
                        "1) and the efficiency ratio er = |x - x[period rows ago]| / sum of the |changes| "
                        "in between, 1 where nothing moved. It starts from the value in row period - 1; "
                        "the first output is in row `period` (TA-Lib KAMA; P. Kaufman, Smarter Trading, "
                        "1995). Output er is that ratio",
             .inputs = "source",
             .outputs = "kama er",
             .example = "kama(close, 10, 2, 30)",
             .params = params,
             .n_params = 3,
             .input_kind = PLN_INPUT_SOURCE},
    .n_inputs = 1,
    .n_outputs = 2,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
};
