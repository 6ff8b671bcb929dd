#pragma once
#include "feature/lag.h"

/* The kernel of rates of change over `period` rows, the first parameter. The includer defines
 * `double form(double ratio)`, what becomes of x / old. */
static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows between the two values", 10, 1, PLN_IND_MAX_PERIOD),
};

static int64_t lookback(const double *p) { return (int64_t)p[0]; }
static int64_t size(const double *p) { return PLN_IND_SIZE(pln_lag, p[0]); }
static void init(void *state, const double *p) { ((pln_lag *)state)->n = (int32_t)p[0]; }

PLN_INLINE double change(double x, double old) { return old == 0.0 ? 0.0 : form(x / old); }

static inline void step(pln_lag *s, double *memory, const double *in, double *out) {
  const double old = pln_lag_step(s, memory, in[0]);
  out[0] = change(in[0], old);
  out[1] = old != 0.0;
}
PLN_IND_STEP(pln_lag, step)

PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n) {
  pln_lag *s = state;
  PLN_LAG_EACH(s, (double *)(s + 1), in[0], out[0], n, change);
}
PLN_IND_SIMD(batch, rows)
