#pragma once
#include "feature/ind.h"
#include <string.h>

/* Exponential smoothing e += alpha (x - e), seeded with the mean of the first n rows.
 *
 * Done row by row, each value waits for the one before (a subtraction, a product and a sum). So rows go in
 * blocks of sixteen, at fixed positions. Within a block that starts at x0, after the value e0,
 *
 *     c[j] = beta c[j-1] + alpha (x[j] - x0)
 *     e[j] = x0 + ((e0 - x0) beta^(j+1) + c[j])
 *
 * where c does not depend on e and is summed by doubling, in vector lanes:
 *
 *     v[j] = alpha (x[j] - x0), c1[j] = v[j] + beta v[j-1], c2[j] = c1[j] + beta^2 c1[j-2],
 *     c4[j] = c2[j] + beta^4 c2[j-4], c[j] = c4[j] + beta^8 c4[j-8]
 *
 * A flat price gives x0 exactly; with alpha = 1 every row is itself. */
enum { PLN_SMOOTH_BLOCK = 16, PLN_SMOOTH_PAD = 8 /* zeros before a block */ };

typedef struct pln_smooth {
  double alpha;
  double beta;
  double powers[PLN_SMOOTH_BLOCK];             /* beta^(j+1) */
  double e0;                                   /* value before the block; while seeding, the mean so far */
  double x0;                                   /* first row of the block */
  double v[PLN_SMOOTH_PAD + PLN_SMOOTH_BLOCK]; /* of the rows of an unfinished block, else 0 */
  double c1[PLN_SMOOTH_PAD + PLN_SMOOTH_BLOCK];
  double c2[PLN_SMOOTH_PAD + PLN_SMOOTH_BLOCK];
  double c4[PLN_SMOOTH_PAD + PLN_SMOOTH_BLOCK];
  int32_t j;      /* position in the block */
  int32_t seeded; /* rows that went into the seed */
  int32_t n;      /* rows that are to */
  int32_t skip;   /* rows to leave out before the seed */
} pln_smooth;

static inline void pln_smooth_init(pln_smooth *s, double alpha, int64_t n, int64_t skip) {
  s->alpha = alpha;
  s->beta = 1.0 - alpha;
  double power = 1.0;
  for (int32_t j = 0; j < PLN_SMOOTH_BLOCK; j++) s->powers[j] = power *= s->beta;
  s->n = (int32_t)n;
  s->skip = (int32_t)skip;
}

static inline void pln_smooth_end_block(pln_smooth *s, double e) {
  s->j = 0;
  s->e0 = e;
  s->x0 = 0.0;
  memset(s->v, 0, sizeof s->v);
  memset(s->c1, 0, sizeof s->c1);
  memset(s->c2, 0, sizeof s->c2);
  memset(s->c4, 0, sizeof s->c4);
}

PLN_INLINE double pln_smooth_seed(pln_smooth *s, double x) {
  if (s->skip > 0) {
    s->skip--;
    return 0.0;
  }
  s->seeded++;
  return s->e0 += (x - s->e0) / s->seeded;
}

/* One row. The result means nothing before the seed is complete, at row skip + n - 1. */
PLN_INLINE double pln_smooth_step(pln_smooth *s, double x) {
  if (s->seeded < s->n) return pln_smooth_seed(s, x);
  if (s->beta == 0.0) return s->e0 = x;
  const int32_t j = s->j, at = PLN_SMOOTH_PAD + j;
  if (j == 0) s->x0 = x;
  s->v[at] = s->alpha * (x - s->x0);
  s->c1[at] = s->v[at] + s->beta * s->v[at - 1];
  s->c2[at] = s->c1[at] + s->powers[1] * s->c1[at - 2];
  s->c4[at] = s->c2[at] + s->powers[3] * s->c2[at - 4];
  const double c = s->c4[at] + s->powers[7] * s->c4[at - 8];
  const double e = s->x0 + ((s->e0 - s->x0) * s->powers[j] + c);
  s->j = j + 1;
  if (s->j == PLN_SMOOTH_BLOCK) pln_smooth_end_block(s, e);
  return e;
}

typedef double pln_lanes __attribute__((vector_size(64), aligned(8), may_alias));
#define PLN_LANES(P) (*(const pln_lanes *)(const void *)(P))

/* The sixteen values of a whole block from x; returns the last. */
PLN_INLINE double pln_smooth_whole_block(const pln_smooth *s, double e0, const double *x, double *out) {
  const pln_lanes zero = {0};
  const double x0 = x[0], gap = e0 - x0;
  const pln_lanes v0 = s->alpha * (PLN_LANES(x) - x0), v1 = s->alpha * (PLN_LANES(x + 8) - x0);
  const pln_lanes a0 = v0 + s->beta * __builtin_shufflevector(zero, v0, 7, 8, 9, 10, 11, 12, 13, 14);
  const pln_lanes a1 = v1 + s->beta * __builtin_shufflevector(v0, v1, 7, 8, 9, 10, 11, 12, 13, 14);
  const pln_lanes b0 = a0 + s->powers[1] * __builtin_shufflevector(zero, a0, 6, 7, 8, 9, 10, 11, 12, 13);
  const pln_lanes b1 = a1 + s->powers[1] * __builtin_shufflevector(a0, a1, 6, 7, 8, 9, 10, 11, 12, 13);
  const pln_lanes d0 = b0 + s->powers[3] * __builtin_shufflevector(zero, b0, 4, 5, 6, 7, 8, 9, 10, 11);
  const pln_lanes d1 = b1 + s->powers[3] * __builtin_shufflevector(b0, b1, 4, 5, 6, 7, 8, 9, 10, 11);
  const pln_lanes c0 = d0 + s->powers[7] * zero, c1 = d1 + s->powers[7] * d0;
  const pln_lanes y0 = x0 + (gap * PLN_LANES(s->powers) + c0),
                  y1 = x0 + (gap * PLN_LANES(s->powers + 8) + c1);
  memcpy(out, &y0, sizeof y0);
  memcpy(out + 8, &y1, sizeof y1);
  return y1[7];
}

/* n rows; the same bits as n steps. `x` and `out` must not overlap. */
PLN_INLINE void pln_smooth_rows(pln_smooth *s, const double *x, double *out, int64_t n) {
  int64_t i = 0;
  for (; i < n && (s->seeded < s->n || s->j != 0); i++) out[i] = pln_smooth_step(s, x[i]);
  if (s->beta == 0.0) {
    for (; i < n; i++) out[i] = s->e0 = x[i];
    return;
  }
  double e0 = s->e0;
  for (; i + PLN_SMOOTH_BLOCK <= n; i += PLN_SMOOTH_BLOCK) e0 = pln_smooth_whole_block(s, e0, x + i, out + i);
  s->e0 = e0;
  for (; i < n; i++) out[i] = pln_smooth_step(s, x[i]);
}
