#include "feature/lag.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows of the change", 20, 1, PLN_IND_MAX_PERIOD),
};

typedef struct relative_strength {
  pln_lag a;
  pln_lag b; /* last: their rings follow, in this order */
} relative_strength;

static int64_t lookback(const double *p) { return (int64_t)p[0]; }
static int64_t size(const double *p) { return PLN_IND_SIZE(relative_strength, 2.0 * p[0]); }
static void init(void *state, const double *p) {
  relative_strength *s = state;
  s->a.n = s->b.n = (int32_t)p[0];
}

static inline void step(relative_strength *s, double *memory, const double *in, double *out) {
  const double a = pln_lag_step(&s->a, memory, in[0]), b = pln_lag_step(&s->b, memory + s->a.n, in[1]);
  out[0] = in[1] != 0.0 ? in[0] / in[1] : 0.0;
  out[1] = a != 0.0 && b != 0.0 ? (in[0] - a) / a - (in[1] - b) / b : 0.0;
  out[2] = in[1] != 0.0 && a != 0.0 && b != 0.0;
}
PLN_IND_STEP(relative_strength, step)
PLN_IND_BATCH(relative_strength, 2, 2, step)

const pln_ind_desc pln_ind_relative_strength = {
    .info =
        {.name = "relative_strength",
         .aliases = "prs price_relative_strength",
         .group = "cross",
         .help = "Price of one against another, and how much faster it changed",
         .formula =
             "relative_strength = a / b, excess = a's change over `period` rows, as a fraction, less that "
             "of b (Stock.Indicators Prs and PrsPercent); 0 where a divisor is 0",
         .inputs = "a b",
         .outputs = "relative_strength excess",
         .example = "relative_strength(close, open, 20).excess",
         .params = params,
         .n_params = 1,
         .input_kind = PLN_INPUT_SERIES,
         .has_valid = 1},
    .n_inputs = 2,
    .n_outputs = 2,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = step_rows,
};
