#pragma once
#include "feature/ind.h"
#include <float.h>

/* What arithmetic gives where the result is beyond the range of doubles, or undefined: 0. */
PLN_INLINE double pln_finite(double x) { return fabs(x) <= DBL_MAX ? x : 0.0; }

/* NAME_step and NAME_batch of a function that needs no memory; ROW computes one row from a, b, c. */
#define ELEMENTWISE(NAME, N_IN, ROW)                                                                         \
  static void NAME##_step(void *state, const double *in, double *out) {                                      \
    (void)state;                                                                                             \
    const double a = in[0], b = (N_IN) > 1 ? in[1] : 0.0, c = (N_IN) > 2 ? in[2] : 0.0,                      \
                 d = (N_IN) > 3 ? in[3] : 0.0;                                                               \
    (void)b, (void)c, (void)d;                                                                               \
    out[0] = (ROW);                                                                                          \
  }                                                                                                          \
  PLN_INLINE void NAME##_body(void *state, const double *const *in, double *const *out, int64_t n) {         \
    (void)state;                                                                                             \
    const double *pa = in[0], *pb = in[(N_IN) > 1 ? 1 : 0], *pc = in[(N_IN) > 2 ? 2 : 0],                    \
                 *pd = in[(N_IN) > 3 ? 3 : 0];                                                               \
    double *o = out[0];                                                                                      \
    PLN_IVDEP                                                                                                \
    for (int64_t i = 0; i < n; i++) {                                                                        \
      const double a = pa[i], b = pb[i], c = pc[i], d = pd[i];                                               \
      (void)b, (void)c, (void)d;                                                                             \
      o[i] = (ROW);                                                                                          \
    }                                                                                                        \
  }                                                                                                          \
  PLN_IND_SIMD(NAME##_batch, NAME##_body)

/* One of one input whose ROW does not hold where RARE: there it is SLOW, which need not run in lanes. */
#define ELEMENTWISE_RARE(NAME, ROW, RARE, SLOW)                                                              \
  static void NAME##_step(void *state, const double *in, double *out) {                                      \
    (void)state;                                                                                             \
    const double a = in[0];                                                                                  \
    out[0] = (RARE) ? (SLOW) : (ROW);                                                                        \
  }                                                                                                          \
  PLN_INLINE void NAME##_body(void *state, const double *const *in, double *const *out, int64_t n) {         \
    (void)state;                                                                                             \
    const double *x = in[0];                                                                                 \
    double *o = out[0];                                                                                      \
    int rare = 0;                                                                                            \
    PLN_IVDEP                                                                                                \
    for (int64_t i = 0; i < n; i++) {                                                                        \
      const double a = x[i];                                                                                 \
      o[i] = (ROW);                                                                                          \
      rare |= (RARE);                                                                                        \
    }                                                                                                        \
    for (int64_t i = 0; rare && i < n; i++) {                                                                \
      const double a = x[i];                                                                                 \
      if (RARE) o[i] = (SLOW);                                                                               \
    }                                                                                                        \
  }                                                                                                          \
  PLN_IND_SIMD(NAME##_batch, NAME##_body)
