#pragma once
/* The kernel of crossover and crossunder: 1 in the row in which one input comes to be above the other.
 * Whoever includes this says which inputs they are, RISING and FALLING. */
#include "feature/ind.h"

typedef struct cross {
  double rising; /* of the row before */
  double falling;
} cross;

static int64_t lookback(const double *p) {
  (void)p;
  return 1;
}
static int64_t size(const double *p) {
  (void)p;
  return PLN_IND_SIZE(cross, 0);
}
static void init(void *state, const double *p) {
  (void)state;
  (void)p;
}

PLN_INLINE double crosses(double rising0, double falling0, double rising, double falling) {
  return ((rising0 < falling0) & (rising > falling)) ? 1.0 : 0.0;
}

static inline void step(cross *s, double *memory, const double *in, double *out) {
  (void)memory;
  out[0] = crosses(s->rising, s->falling, in[RISING], in[FALLING]);
  s->rising = in[RISING];
  s->falling = in[FALLING];
}
PLN_IND_STEP(cross, step)

PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n) {
  cross *s = state;
  const double *rising = in[RISING], *falling = in[FALLING];
  double *y = out[0];
  if (n == 0) return;
  y[0] = crosses(s->rising, s->falling, rising[0], falling[0]);
  PLN_IVDEP
  for (int64_t i = 1; i < n; i++) y[i] = crosses(rising[i - 1], falling[i - 1], rising[i], falling[i]);
  s->rising = rising[n - 1];
  s->falling = falling[n - 1];
}
PLN_IND_SIMD(batch, rows)
