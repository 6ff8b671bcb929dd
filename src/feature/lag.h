#pragma once
#include "feature/ind.h"
#include <string.h>

/* The value `n` rows ago, from a ring of n doubles. Means nothing in the first n rows. */
typedef struct pln_lag {
  int32_t n;
  int32_t slot; /* rows seen, modulo n */
} pln_lag;

PLN_INLINE double pln_lag_step(pln_lag *s, double *ring, double x) {
  if (s->n == 0) return x;
  const double old = ring[s->slot];
  ring[s->slot] = x;
  if (++s->slot == s->n) s->slot = 0;
  return old;
}

/* n rows: out[0 … h) get the values of `lag` rows ago and h is returned; those of the rows from h on are x[i
 * - lag] themselves. `x` and `out` must not overlap. */
static inline int64_t pln_lag_head(pln_lag *s, double *ring, const double *x, double *out, int64_t n) {
  const int64_t lag = s->n, head = lag < n ? lag : n;
  for (int64_t i = 0; i < head;) {
    const int64_t start = (s->slot + i) % lag;
    const int64_t length = lag - start < head - i ? lag - start : head - i;
    memcpy(out + i, ring + start, (size_t)length * sizeof *out);
    i += length;
  }
  for (int64_t i = n - head; i < n;) {
    const int64_t start = (s->slot + i) % lag;
    const int64_t length = lag - start < n - i ? lag - start : n - i;
    memcpy(ring + start, x + i, (size_t)length * sizeof *x);
    i += length;
  }
  if (lag) s->slot = (int32_t)((s->slot + n) % lag);
  return head;
}

/* n rows; the same as n steps. `x` and `out` must not overlap. */
static inline void pln_lag_rows(pln_lag *s, double *ring, const double *x, double *out, int64_t n) {
  const int64_t head = pln_lag_head(s, ring, x, out, n);
  memcpy(out + head, x, (size_t)(n - head) * sizeof *out);
}

/* out[i] = FORM(x[i], x[i - lag]) for n rows. */
#define PLN_LAG_EACH(S, RING, X, OUT, N, FORM)                                                               \
  do {                                                                                                       \
    const int64_t lag_head = pln_lag_head(S, RING, X, OUT, N);                                               \
    PLN_IVDEP                                                                                                \
    for (int64_t i = 0; i < lag_head; i++) (OUT)[i] = FORM((X)[i], (OUT)[i]);                                \
    PLN_IVDEP                                                                                                \
    for (int64_t i = lag_head; i < (N); i++) (OUT)[i] = FORM((X)[i], (X)[i - (S)->n]);                       \
  } while (0)
