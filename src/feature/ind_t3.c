#include "feature/ma.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows of each average", 5, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM("vfactor", "volume factor v: 0 gives the third average itself", 0.7, 0, 1),
    PLN_PARAM_WORD(
        "seed",
        "the first value of each average: the mean of its first `period` values, or the first of them", 0, 1,
        "sma first"),
};

static int64_t seed_rows(const double *p) { return p[2] == 0.0 ? (int64_t)p[0] : 1; }
static int64_t lookback(const double *p) { return 6 * (seed_rows(p) - 1); }
static int64_t size(const double *p) {
  (void)p;
  return PLN_IND_SIZE(pln_ma, 0);
}
static void init(void *state, const double *p) {
  pln_ma *s = state;
  pln_ma_init_t3(s, (int64_t)p[0], p[1]);
  if (seed_rows(p) == 1)
    for (int32_t i = 0; i < 6; i++) pln_smooth_init(&s->smooth[i], 2.0 / (p[0] + 1.0), 1, 0);
}
PLN_MA_FORMS

const pln_ind_desc pln_ind_t3 = {
    .info = {.name = "t3",
             .group = "trend",
             .help = "Tillson T3 moving average",
             .formula = "six exponential averages, each over the one before: c1 e6 + c2 e5 + c3 e4 + c4 "
                        "e3 with c1 = -v^3, c2 = 3 v^2 + 3 v^3, c3 = -6 v^2 - 3 v - 3 v^3, c4 = 1 + 3 v + "
                        "v^3 + 3 v^2 (T. Tillson, 1998). Each ema is seeded with the mean of its first "
                        "`period` values, so that the first value is in row 6 (period - 1) (TA-Lib T3); "
                        "with seed=first with its first value, from row 0",
             .inputs = "source",
             .outputs = "t3",
             .example = "t3(close, 5, 0.7)",
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
