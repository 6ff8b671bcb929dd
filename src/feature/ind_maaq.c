#include "feature/ma.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows of the efficiency ratio", 11, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_INT("fast", "rows of the fastest average", 2, 2, PLN_IND_MAX_PERIOD),
    PLN_PARAM_INT("slow", "rows of the slowest average", 30, 5, PLN_IND_MAX_PERIOD),
};

static int64_t lookback(const double *p) { return (int64_t)p[0]; }
static int64_t size(const double *p) {
  return PLN_IND_SIZE(pln_ma, pln_ma_doubles(PLN_MA_KAMA, (int64_t)p[0]));
}
static void init(void *state, const double *p) {
  pln_ma *s = state;
  pln_ma_init_kama(s, (int64_t)p[0], (int64_t)p[1], (int64_t)p[2]);
  s->kama.fast += s->kama.slow; /* kama's weight is (er (f - s) + s)^2 */
}
PLN_MA_FORMS

const pln_ind_desc pln_ind_maaq = {
    .info = {.name = "maaq",
             .group = "trend",
             .help = "Moving average adaptive Q",
             .formula = "m += (er f + s)^2 (x - m), f = 2 / (fast + 1), s = 2 / (slow + 1), er the "
                        "efficiency ratio of kama, 1 where nothing moved. It starts from the value in row "
                        "period - 1; the first output is in row `period` (jesse)",
             .inputs = "source",
             .outputs = "maaq",
             .example = "maaq(close, 11)",
             .params = params,
             .n_params = 3,
             .input_kind = PLN_INPUT_SOURCE},
    .n_inputs = 1,
    .n_outputs = 1,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
};
