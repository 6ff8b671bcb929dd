#include "feature/ma.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows of the average", 20, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_WORD("seed", "the first value: the mean of the first `period` values, or the first of them", 0,
                   1, "sma first"),
};

static int64_t lag_of(const double *p) { return ((int64_t)p[0] - 1) / 2; }
static int64_t first_row(const double *p) { return lag_of(p) > 0 ? lag_of(p) - 1 : 0; }
static int64_t lookback(const double *p) {
  return p[1] == 0.0 ? pln_ma_lookback(PLN_MA_ZLEMA, (int64_t)p[0]) : first_row(p);
}
static int64_t size(const double *p) {
  return PLN_IND_SIZE(pln_ma, pln_ma_doubles(PLN_MA_ZLEMA, (int64_t)p[0]));
}
static void init(void *state, const double *p) {
  pln_ma *s = state;
  pln_ma_init(s, PLN_MA_ZLEMA, (int64_t)p[0]);
  if (p[1] != 0.0) pln_smooth_init(&s->zlema.smooth, 2.0 / (p[0] + 1.0), 1, first_row(p));
}
PLN_MA_FORMS

const pln_ind_desc pln_ind_zlema = {
    .info = {.name = "zlema",
             .group = "trend",
             .help = "Zero-lag exponential moving average",
             .formula = "ema of 2 x - x[(period - 1) / 2 rows ago] (J. Ehlers and R. Way, 2010), the lag "
                        "rounded down, seeded with the mean of the first `period` of these; with "
                        "seed=first with the value in row lag - 1, from which row on there are values "
                        "(Tulip)",
             .inputs = "source",
             .outputs = "zlema",
             .example = "zlema(close, 20)",
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
