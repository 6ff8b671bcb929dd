#include "feature/ma.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows", 30, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_WORD("type", "which average", PLN_MA_SMA, PLN_MA_LAST, PLN_MA_WORDS),
};

static int64_t lookback(const double *p) { return pln_ma_lookback((int32_t)p[1], (int64_t)p[0]); }
static int64_t size(const double *p) {
  return PLN_IND_SIZE(pln_ma, pln_ma_doubles((int32_t)p[1], (int64_t)p[0]));
}
static void init(void *state, const double *p) { pln_ma_init(state, (int32_t)p[1], (int64_t)p[0]); }
PLN_MA_FORMS

const pln_ind_desc pln_ind_ma = {
    .info = {.name = "ma",
             .group = "trend",
             .help = "Moving average of any type",
             .formula = "the average that `type` names, over `period` rows, with its defaults: each has "
                        "an indicator of its own (mama takes no period). The first nine are the types of "
                        "TA-Lib MA, in its order",
             .inputs = "source",
             .outputs = "ma",
             .example = "ma(close, 30, type=ema)",
             .params = params,
             .n_params = 2,
             .input_kind = PLN_INPUT_SOURCE},
    .n_inputs = 1,
    .n_outputs = 1,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
};
