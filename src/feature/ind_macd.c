#include "feature/macd.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("fast", "period of the fast average", 12, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_INT("slow", "period of the slow average", 26, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_INT("signal", "period of the average of their difference; 1: none", 9, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_WORD("seed",
                   "of the averages: means of their first values, the fast one's ending with the slow one's; "
                   "means of the first values of each; the first value",
                   0, 2, "late sma first"),
    PLN_PARAM_WORD("weights",
                   "of a new value: 2 / (period + 1), or 0.15 and 0.075 for the fast and the slow average", 0,
                   1, "period fixed"),
};

static int64_t slow_period(const double *p) { return (int64_t)(p[0] > p[1] ? p[0] : p[1]); }
static int64_t fast_period(const double *p) { return (int64_t)(p[0] > p[1] ? p[1] : p[0]); }
static int64_t lookback(const double *p) {
  return slow_period(p) - 1 + (p[3] == MACD_SEED_FIRST ? 0 : (int64_t)p[2] - 1);
}
static void init(void *state, const double *p) {
  const int64_t fast = fast_period(p), slow = slow_period(p);
  const int fixed = p[4] != 0.0;
  init_macd(state, fast, fixed ? 0.15 : 2.0 / ((double)fast + 1.0), slow,
            fixed ? 0.075 : 2.0 / ((double)slow + 1.0), (int64_t)p[2], (enum macd_seed)p[3]);
}

const pln_ind_desc pln_ind_macd = {
    .info =
        {.name = "macd",
         .group = "momentum",
         .help = "Moving average convergence and divergence",
         .formula =
             "macd = ema(fast) - ema(slow), signal = ema of that, histogram = macd - signal; TA-Lib MACD: "
             "the fast average is seeded with the `fast` values that end where the slow one's seed ends, all "
             "outputs begin at row slow + signal - 2, and fast and slow change places if fast > slow; with "
             "seed=sma each average is "
             "seeded with the first values (Stock.Indicators, Lean), with seed=first with the first value, "
             "the "
             "signal with row slow - 1 of macd, where all outputs begin (Tulip, which for 12 and 26 has "
             "weights=fixed)",
         .inputs = "source",
         .outputs = "macd signal histogram",
         .example = "macd(close, 12, 26, 9).signal",
         .params = params,
         .n_params = 5,
         .input_kind = PLN_INPUT_SOURCE},
    .n_inputs = 1,
    .n_outputs = 3,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
};
