#pragma once
#include "feature/ind.h"

/* Cumulative sums that do not rot: after millions of rows the error is that of a few rows.
 *
 * Rows go in blocks of eight, at fixed positions. Within a block c[j] is the plain sum of its rows so far,
 * and the cumulative sum is base + c[j]. The base is kept with the error of its own summation (Knuth's
 * two-sum, TAOCP 4.2.2 theorem B), so that what is lost is the rounding within single blocks. c does not
 * depend on the base: blocks overlap in the processor, where a plain running sum waits for itself in every
 * row. */
enum { PLN_CUMULATIVE_BLOCK = 8 };

/* All zero: nothing summed yet. */
typedef struct pln_cumulative {
  double base;
  double error; /* what base lacks */
  double c;
  int32_t j; /* rows in the block */
  int32_t reserved;
} pln_cumulative;

PLN_INLINE void pln_cumulative_fold(double *base, double *error, double c) {
  const double sum = *base + c, part = sum - *base;
  *error += (*base - (sum - part)) + (c - part);
  *base = sum;
}

/* One row: the sum up to it, itself included. */
PLN_INLINE double pln_cumulative_step(pln_cumulative *s, double x) {
  s->c += x;
  const double sum = s->base + (s->error + s->c);
  if (++s->j == PLN_CUMULATIVE_BLOCK) {
    pln_cumulative_fold(&s->base, &s->error, s->c);
    s->c = 0.0;
    s->j = 0;
  }
  return sum;
}

/* n rows; the same bits as n steps. `x` and `out` must not overlap. */
PLN_INLINE void pln_cumulative_rows(pln_cumulative *state, const double *x, double *out, int64_t n) {
  pln_cumulative s = *state;
  int64_t i = 0;
  for (; i < n && s.j != 0; i++) out[i] = pln_cumulative_step(&s, x[i]);
  for (; i + PLN_CUMULATIVE_BLOCK <= n; i += PLN_CUMULATIVE_BLOCK) {
    double c[PLN_CUMULATIVE_BLOCK];
    c[0] = 0.0 + x[i];
    for (int32_t j = 1; j < PLN_CUMULATIVE_BLOCK; j++) c[j] = c[j - 1] + x[i + j];
    for (int32_t j = 0; j < PLN_CUMULATIVE_BLOCK; j++) out[i + j] = s.base + (s.error + c[j]);
    pln_cumulative_fold(&s.base, &s.error, c[PLN_CUMULATIVE_BLOCK - 1]);
  }
  for (; i < n; i++) out[i] = pln_cumulative_step(&s, x[i]);
  *state = s;
}
