#include "feature/ma.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows of each average", 20, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_WORD("seed",
                   "the first value of each average: its mean, its first value, or the first mean for all", 0,
                   2, "sma first once"),
};

static int64_t lookback(const double *p) {
  return p[1] == 2.0 ? (int64_t)p[0] - 1 : pln_ma_lookback(PLN_MA_DEMA, (int64_t)p[0]);
}
static int64_t size(const double *p) {
  (void)p;
  return PLN_IND_SIZE(pln_ma, 0);
}
static void init(void *state, const double *p) {
  pln_ma *s = state;
  pln_ma_init(s, PLN_MA_DEMA, (int64_t)p[0]);
  const int64_t rest = (int64_t)p[0] - 1;
  for (int64_t i = p[1] == 2.0; p[1] != 0.0 && i < 2; i++)
    pln_smooth_init(&s->smooth[i], 2.0 / (p[0] + 1.0), 1, p[1] == 2.0 ? rest : i * rest);
}
PLN_MA_FORMS

const pln_ind_desc pln_ind_dema = {
    .info = {.name = "dema",
             .group = "trend",
             .help = "Double exponential moving average",
             .formula = "e1 = ema(x), e2 = ema(e1); 2 e1 - e2 (P. Mulloy, 1994). Each ema is seeded with "
                        "the mean of its first `period` values, so that the first value is in row 2 "
                        "(period - 1) (TA-Lib DEMA); with seed=first each with its first value, in rows "
                        "0, period - 1, … (Tulip); with seed=once all of them with the first mean, in row "
                        "period - 1 (Stock.Indicators)",
             .inputs = "source",
             .outputs = "dema",
             .example = "dema(close, 20)",
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
