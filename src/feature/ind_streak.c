#include "feature/streak.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_WORD("ties", "a row without a change ends the streak, or leaves it", 0, 1, "zero keep"),
};

static int64_t lookback(const double *p) {
  (void)p;
  return 0;
}
static int64_t size(const double *p) {
  (void)p;
  return PLN_IND_SIZE(pln_streak, 0);
}
static void init(void *state, const double *p) { pln_streak_init(state, (int32_t)p[0]); }

static inline void step(pln_streak *s, double *memory, const double *in, double *out) {
  (void)memory;
  out[0] = pln_streak_step(s, in[0]);
}
PLN_IND_STEP(pln_streak, step)
PLN_IND_BATCH(pln_streak, 1, 1, step)

const pln_ind_desc pln_ind_streak = {
    .info = {.name = "streak",
             .group = "momentum",
             .help = "Rows in a row in which a series has risen (> 0) or fallen (< 0)",
             .formula = "one more than in the row before while x rises, one less while it falls, beginning "
                        "with 1 or -1; 0 in a row without a change (Connors; Stock.Indicators), which with "
                        "ties=keep changes nothing (Lean)",
             .inputs = "source",
             .outputs = "streak",
             .example = "streak(close)",
             .params = params,
             .n_params = 1,
             .input_kind = PLN_INPUT_SOURCE},
    .n_inputs = 1,
    .n_outputs = 1,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = step_rows,
};
