#pragma once
#include "feature/ind.h"

/* Mean of the last `taps` rows with fixed weights that sum to 1: x[0] + Σ w[k] (x[k] - x[0]), the newest
 * first, so that a flat price is its own mean. State is a pln_fir and pln_fir_doubles(taps) doubles: the
 * weights, which the owner writes to pln_fir_weights(memory), then a ring. Means nothing in the first taps -
 * 1 rows. */
typedef struct pln_fir {
  int64_t row;
  int64_t taps;
} pln_fir;

static inline int64_t pln_fir_doubles(int64_t taps) { return taps * 2; }
static inline double *pln_fir_weights(double *memory) { return memory; }

/* Divides the weights by their sum. */
static inline void pln_fir_init(pln_fir *s, double *memory, int64_t taps) {
  s->row = 0;
  s->taps = taps;
  double sum = 0.0;
  for (int64_t k = 0; k < taps; k++) sum += memory[k];
  for (int64_t k = 0; k < taps; k++) memory[k] /= sum;
}

/* Σ w[k] (x[k] - x[0]), for weights that need not sum to 1. */
PLN_INLINE double pln_fir_sum_step(pln_fir *s, double *memory, double x) {
  const int64_t taps = s->taps, at = s->row++ % taps;
  double *ring = memory + taps, acc = 0.0;
  ring[at] = x;
  int64_t k = 0;
  for (int64_t i = at; i >= 0; i--, k++) acc += memory[k] * (ring[i] - x);
  for (int64_t i = taps - 1; i > at; i--, k++) acc += memory[k] * (ring[i] - x);
  return acc;
}

/* n rows; the same bits as n steps. `x` and `out` must not overlap. */
PLN_INLINE void pln_fir_sum_rows(pln_fir *s, double *memory, const double *x, double *out, int64_t n) {
  enum { LANES = 64 };
  const int64_t taps = s->taps;
  int64_t i = 0;
  for (; i < n && i < taps - 1; i++) out[i] = pln_fir_sum_step(s, memory, x[i]);
  if (i == n) return;
  for (; i + LANES <= n; i += LANES) {
    double acc[LANES] = {0};
    for (int64_t k = 0; k < taps; k++) {
      const double w = memory[k];
      PLN_IVDEP
      for (int64_t j = 0; j < LANES; j++) acc[j] += w * (x[i + j - k] - x[i + j]);
    }
    for (int64_t j = 0; j < LANES; j++) out[i + j] = acc[j];
  }
  for (; i < n; i++) {
    double acc = 0.0;
    for (int64_t k = 0; k < taps; k++) acc += memory[k] * (x[i - k] - x[i]);
    out[i] = acc;
  }
  s->row += n - (taps - 1);
  double *ring = memory + taps;
  for (int64_t k = 0; k < taps; k++) ring[(s->row - 1 - k) % taps] = x[n - 1 - k];
}

PLN_INLINE double pln_fir_step(pln_fir *s, double *memory, double x) {
  return x + pln_fir_sum_step(s, memory, x);
}

PLN_INLINE void pln_fir_rows(pln_fir *s, double *memory, const double *x, double *out, int64_t n) {
  pln_fir_sum_rows(s, memory, x, out, n);
  PLN_IVDEP
  for (int64_t i = 0; i < n; i++) out[i] = x[i] + out[i];
}

/* The kernel of an indicator that is such a mean of its source; TAPS(p) and WEIGHTS(p, w, taps) are
 * functions of its parameters. */
#define PLN_FIR_KERNEL(TAPS, WEIGHTS)                                                                        \
  static int64_t lookback(const double *p) { return TAPS(p) - 1; }                                           \
  static int64_t size(const double *p) { return PLN_IND_SIZE(pln_fir, pln_fir_doubles(TAPS(p))); }           \
  static void init(void *state, const double *p) {                                                           \
    pln_fir *s = state;                                                                                      \
    double *memory = (double *)(s + 1);                                                                      \
    WEIGHTS(p, pln_fir_weights(memory), TAPS(p));                                                            \
    pln_fir_init(s, memory, TAPS(p));                                                                        \
  }                                                                                                          \
  static inline void step(pln_fir *s, double *memory, const double *in, double *out) {                       \
    out[0] = pln_fir_step(s, memory, in[0]);                                                                 \
  }                                                                                                          \
  PLN_IND_STEP(pln_fir, step)                                                                                \
  PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n) {                \
    pln_fir *s = state;                                                                                      \
    pln_fir_rows(s, (double *)(s + 1), in[0], out[0], n);                                                    \
  }                                                                                                          \
  PLN_IND_SIMD(batch, rows)
