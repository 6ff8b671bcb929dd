#include "feature/lag.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows back", 30, 1, PLN_IND_MAX_PERIOD),
};

typedef struct jsa {
  pln_lag lag;
} jsa;

static int64_t lookback(const double *p) { return (int64_t)p[0]; }
static int64_t size(const double *p) { return PLN_IND_SIZE(jsa, p[0]); }
static void init(void *state, const double *p) {
  jsa *s = state;
  s->lag.n = (int32_t)p[0];
}

static inline void step(jsa *s, double *memory, const double *in, double *out) {
  out[0] = 0.5 * (in[0] + pln_lag_step(&s->lag, memory, in[0]));
}
PLN_IND_STEP(jsa, step)
PLN_IND_BATCH(jsa, 1, 1, step)

const pln_ind_desc pln_ind_jsa = {
    .info = {.name = "jsa",
             .group = "trend",
             .help = "Jsa moving average",
             .formula = "(x + x[period rows ago]) / 2",
             .inputs = "source",
             .outputs = "jsa",
             .example = "jsa(close, 30)",
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
