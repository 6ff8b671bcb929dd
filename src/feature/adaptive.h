#pragma once
#include "feature/ind.h"

/* Exponential smoothing whose weight differs from row to row: e += alpha[i] (x[i] - e), from a given value.
 *
 * Rows go in blocks of eight at fixed positions, as in smooth.h: within a block that starts at x0, after e0,
 *
 *     c[j] = (1 - alpha[j]) c[j-1] + alpha[j] (x[j] - x0)
 *     p[j] = (1 - alpha[j]) p[j-1]
 *     e[j] = x0 + ((e0 - x0) p[j] + c[j])
 *
 * where only e0 depends on the block before. A flat price gives x0 exactly once the value is there. */
enum { PLN_ADAPTIVE_BLOCK = 8 };

typedef struct pln_adaptive {
  double e0; /* value before the block */
  double x0; /* first row of the block */
  double c;
  double p;
  int64_t j; /* position in the block */
} pln_adaptive;

/* The value so far is `e`. */
static inline void pln_adaptive_start(pln_adaptive *s, double e) { *s = (pln_adaptive){.e0 = e, .p = 1.0}; }

PLN_INLINE double pln_adaptive_step(pln_adaptive *s, double alpha, double x) {
  if (s->j == 0) s->x0 = x;
  const double beta = 1.0 - alpha;
  s->c = beta * s->c + alpha * (x - s->x0);
  s->p *= beta;
  const double e = s->x0 + ((s->e0 - s->x0) * s->p + s->c);
  if (++s->j == PLN_ADAPTIVE_BLOCK) pln_adaptive_start(s, e);
  return e;
}

/* n rows; the same bits as n steps. `out` must not overlap the others. */
PLN_INLINE void pln_adaptive_rows(pln_adaptive *state, const double *alpha, const double *x, double *out,
                                  int64_t n) {
  pln_adaptive s = *state;
  int64_t i = 0;
  for (; i < n && s.j != 0; i++) out[i] = pln_adaptive_step(&s, alpha[i], x[i]);
  double e0 = s.e0;
  for (; i + PLN_ADAPTIVE_BLOCK <= n; i += PLN_ADAPTIVE_BLOCK) {
    const double x0 = x[i], gap = e0 - x0;
    double c[PLN_ADAPTIVE_BLOCK], p[PLN_ADAPTIVE_BLOCK];
    c[0] = (1.0 - alpha[i]) * 0.0 + alpha[i] * (x[i] - x0);
    p[0] = 1.0 * (1.0 - alpha[i]);
    for (int32_t j = 1; j < PLN_ADAPTIVE_BLOCK; j++) {
      const double beta = 1.0 - alpha[i + j];
      c[j] = beta * c[j - 1] + alpha[i + j] * (x[i + j] - x0);
      p[j] = p[j - 1] * beta;
    }
    for (int32_t j = 0; j < PLN_ADAPTIVE_BLOCK; j++) out[i + j] = x0 + (gap * p[j] + c[j]);
    e0 = out[i + PLN_ADAPTIVE_BLOCK - 1];
  }
  if (s.j == 0) s.e0 = e0;
  for (; i < n; i++) out[i] = pln_adaptive_step(&s, alpha[i], x[i]);
  *state = s;
}
