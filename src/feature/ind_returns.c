#include "feature/lag.h"
#include "feature/vmath.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows between the two values", 1, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_INT("log", "1: logarithmic returns", 0, 0, 1),
};

typedef struct returns {
  int32_t is_log;
  int32_t reserved;
  pln_lag lag; /* last: its ring follows */
} returns;

static int64_t lookback(const double *p) { return (int64_t)p[0]; }
static int64_t size(const double *p) { return PLN_IND_SIZE(returns, p[0]); }
static void init(void *state, const double *p) {
  returns *s = state;
  s->lag.n = (int32_t)p[0];
  s->is_log = p[1] != 0.0;
}

PLN_INLINE double simple(double x, double old) { return old == 0.0 ? 0.0 : x / old - 1.0; }
PLN_INLINE double logarithmic(double x, double old) { return x > 0.0 && old > 0.0 ? pln_log(x / old) : 0.0; }

static inline void step(returns *s, double *memory, const double *in, double *out) {
  const double old = pln_lag_step(&s->lag, memory, in[0]);
  out[0] = s->is_log ? logarithmic(in[0], old) : simple(in[0], old);
}
PLN_IND_STEP(returns, step)

PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n) {
  returns *s = state;
  double *ring = (double *)(s + 1);
  if (s->is_log)
    PLN_LAG_EACH(&s->lag, ring, in[0], out[0], n, logarithmic);
  else
    PLN_LAG_EACH(&s->lag, ring, in[0], out[0], n, simple);
}
PLN_IND_SIMD(batch, rows)

const pln_ind_desc pln_ind_returns = {
    .info =
        {.name = "returns",
         .group = "momentum",
         .help = "Returns, as fractions",
         .formula =
             "x[i] / x[i - period] - 1, or with log = 1 ln(x[i] / x[i - period]); 0 where that is undefined",
         .inputs = "source",
         .outputs = "returns",
         .example = "returns(close, 1)",
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
