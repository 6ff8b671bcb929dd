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

/* n rows; the same as n steps. `x` and `out` must not overlap. */
static inline void pln_lag_rows(pln_lag *s, double *ring, const double *x, double *out, int64_t n) {
  const int64_t lag = s->n, head = lag < n ? lag : n;
  for (int64_t i = 0; i < head;) {
    const int64_t start = (s->slot + i) % lag;
    const int64_t length = lag - start < head - i ? lag - start : head - i;
    memcpy(out + i, ring + start, (size_t)length * sizeof *out);
    i += length;
  }
  memcpy(out + head, x, (size_t)(n - head) * sizeof *out);
  for (int64_t i = n - head; i < n;) {
    const int64_t start = (s->slot + i) % lag;
    const int64_t length = lag - start < n - i ? lag - start : n - i;
    memcpy(ring + start, x + i, (size_t)length * sizeof *x);
    i += length;
  }
  if (lag) s->slot = (int32_t)((s->slot + n) % lag);
}
