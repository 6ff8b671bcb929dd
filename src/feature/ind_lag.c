#include "feature/lag.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("n", "rows back", 1, 0, PLN_IND_MAX_PERIOD),
};

static int64_t lookback(const double *p) { return (int64_t)p[0]; }
static int64_t size(const double *p) { return PLN_IND_SIZE(pln_lag, p[0]); }
static void init(void *state, const double *p) { ((pln_lag *)state)->n = (int32_t)p[0]; }

static inline void step(pln_lag *s, double *memory, const double *in, double *out) {
  out[0] = pln_lag_step(s, memory, in[0]);
}
PLN_IND_STEP(pln_lag, step)

static void batch(void *state, const double *const *in, double *const *out, int64_t n) {
  pln_lag_rows(state, (double *)((pln_lag *)state + 1), in[0], out[0], n);
}

const pln_ind_desc pln_ind_lag = {
    .info = {.name = "lag",
             .group = "operators",
             .help = "The value some rows ago",
             .formula = "x[i - n]",
             .inputs = "source",
             .outputs = "lag",
             .example = "lag(close, 1)",
             .params = params,
             .n_params = 1,
             .input_kind = PLN_INPUT_SOURCE},
    .n_inputs = 1,
    .n_outputs = 1,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
};
