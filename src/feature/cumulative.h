#pragma once
#include "feature/ind.h"
#include <string.h>

/* Cumulative sums that do not rot: after millions of rows the error is that of a few.
 *
 * Rows go in blocks of eight, at fixed positions. Within a block c[j] is the sum of its rows so far, and the
 * cumulative sum is base + c[j]. The base is kept with the error of its own summation (Knuth's two-sum, TAOCP
 * 4.2.2 theorem B), so that all that is lost is the rounding within single blocks. c does not depend on the
 * base: blocks overlap in the processor, where a plain running sum waits for itself in every row. c is made
 * by doubling (Hillis and Steele, 1986), eight rows at once:
 *
 *     pair[j] = x[j] + x[j-1],  quad[j] = pair[j] + pair[j-2],  c[j] = quad[j] + quad[j-4] */
enum { PLN_CUMULATIVE_BLOCK = 8 };

/* All zero: nothing summed yet. */
typedef struct pln_cumulative {
  double base;
  double error;   /* what base lacks */
  double x;       /* of the rows of the block: the last one, */
  double pair[2]; /* the last two pairs, */
  double quad[4]; /* the last four quads */
  int64_t j;      /* rows in the block */
} pln_cumulative;

PLN_INLINE void pln_cumulative_fold(double *base, double *error, double c) {
  const double sum = *base + c, part = sum - *base;
  *error += (*base - (sum - part)) + (c - part);
  *base = sum;
}

/* One row: the sum up to it, itself included. */
PLN_INLINE double pln_cumulative_step(pln_cumulative *s, double x) {
  const double pair = x + s->x, quad = pair + s->pair[s->j & 1], c = quad + s->quad[s->j & 3];
  const double sum = s->base + (s->error + c);
  s->x = x;
  s->pair[s->j & 1] = pair;
  s->quad[s->j & 3] = quad;
  if (++s->j == PLN_CUMULATIVE_BLOCK) {
    double base = s->base, error = s->error;
    pln_cumulative_fold(&base, &error, c);
    *s = (pln_cumulative){.base = base, .error = error};
  }
  return sum;
}

/* n rows; the same bits as n steps. `x` and `out` must not overlap. */
PLN_INLINE void pln_cumulative_rows(pln_cumulative *s, const double *x, double *out, int64_t n) {
  typedef double rows8 __attribute__((vector_size(64)));
  int64_t i = 0;
  for (; i < n && s->j != 0; i++) out[i] = pln_cumulative_step(s, x[i]);
  double base = s->base, error = s->error;
  for (; i + PLN_CUMULATIVE_BLOCK <= n; i += PLN_CUMULATIVE_BLOCK) {
    const rows8 zero = {0};
    rows8 c;
    memcpy(&c, x + i, sizeof c);
    c += __builtin_shufflevector(c, zero, 8, 0, 1, 2, 3, 4, 5, 6);
    c += __builtin_shufflevector(c, zero, 8, 8, 0, 1, 2, 3, 4, 5);
    c += __builtin_shufflevector(c, zero, 8, 8, 8, 8, 0, 1, 2, 3);
    const rows8 sum = base + (error + c);
    memcpy(out + i, &sum, sizeof sum);
    pln_cumulative_fold(&base, &error, c[PLN_CUMULATIVE_BLOCK - 1]);
  }
  s->base = base;
  s->error = error;
  for (; i < n; i++) out[i] = pln_cumulative_step(s, x[i]);
}

/* Products, likewise; the base is rounded once in eight rows. Made by pln_product_init. */
typedef struct pln_product {
  double base;
  double x, pair[2], quad[4];
  int64_t j;
} pln_product;

static inline void pln_product_init(pln_product *s, double base) {
  *s = (pln_product){.base = base, .x = 1, .pair = {1, 1}, .quad = {1, 1, 1, 1}};
}

PLN_INLINE double pln_product_step(pln_product *s, double x) {
  const double pair = x * s->x, quad = pair * s->pair[s->j & 1], c = quad * s->quad[s->j & 3];
  const double product = s->base * c;
  s->x = x;
  s->pair[s->j & 1] = pair;
  s->quad[s->j & 3] = quad;
  if (++s->j == PLN_CUMULATIVE_BLOCK) pln_product_init(s, product);
  return product;
}

PLN_INLINE void pln_product_rows(pln_product *s, const double *x, double *out, int64_t n) {
  typedef double rows8 __attribute__((vector_size(64)));
  int64_t i = 0;
  for (; i < n && s->j != 0; i++) out[i] = pln_product_step(s, x[i]);
  double base = s->base;
  for (; i + PLN_CUMULATIVE_BLOCK <= n; i += PLN_CUMULATIVE_BLOCK) {
    const rows8 one = {1, 1, 1, 1, 1, 1, 1, 1};
    rows8 c;
    memcpy(&c, x + i, sizeof c);
    c *= __builtin_shufflevector(c, one, 8, 0, 1, 2, 3, 4, 5, 6);
    c *= __builtin_shufflevector(c, one, 8, 8, 0, 1, 2, 3, 4, 5);
    c *= __builtin_shufflevector(c, one, 8, 8, 8, 8, 0, 1, 2, 3);
    c *= base;
    memcpy(out + i, &c, sizeof c);
    base = c[PLN_CUMULATIVE_BLOCK - 1];
  }
  s->base = base;
  for (; i < n; i++) out[i] = pln_product_step(s, x[i]);
}
