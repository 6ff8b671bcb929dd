#include "feature/lag.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows between the two values", 10, 1, PLN_IND_MAX_PERIOD),
};

static int64_t lookback(const double *p) { return (int64_t)p[0]; }
static int64_t size(const double *p) { return PLN_IND_SIZE(pln_lag, p[0]); }
static void init(void *state, const double *p) { ((pln_lag *)state)->n = (int32_t)p[0]; }

PLN_INLINE double difference(double x, double old) { return x - old; }

static inline void step(pln_lag *s, double *memory, const double *in, double *out) {
  out[0] = difference(in[0], pln_lag_step(s, memory, in[0]));
}
PLN_IND_STEP(pln_lag, step)

PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n) {
  pln_lag *s = state;
  PLN_LAG_EACH(s, (double *)(s + 1), in[0], out[0], n, difference);
}
PLN_IND_SIMD(batch, rows)

const pln_ind_desc pln_ind_mom = {
    .info = {.name = "mom",
             .aliases = "momentum",
             .group = "momentum",
             .help = "Momentum: change over some rows",
             .formula = "x[i] - x[i - period] (TA-Lib MOM)",
             .inputs = "source",
             .outputs = "mom",
             .example = "mom(close, 10)",
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
