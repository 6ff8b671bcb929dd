#pragma once
#include "feature/ind.h"

/* Exponential smoothing e += alpha (x - e), seeded with the mean of the first n rows.
 *
 * Done row by row, each value waits for the one before (a subtraction, a product and a sum). So rows go in
 * blocks of eight, at fixed positions. Within a block that starts at x0, after the value e0,
 *
 *     c[j] = beta c[j-1] + alpha (x[j] - x0)
 *     e[j] = x0 + ((e0 - x0) beta^(j+1) + c[j])
 *
 * where c does not depend on e, so that blocks overlap in the processor. A flat price gives x0 exactly. */
enum { PLN_SMOOTH_BLOCK = 8 };

typedef struct pln_smooth {
  double alpha;
  double beta;
  double powers[PLN_SMOOTH_BLOCK]; /* beta^(j+1) */
  double e0;                       /* value before the block; while seeding, the mean so far */
  double x0;                       /* first row of the block */
  double c;
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

/* One row. The result means nothing before the seed is complete, at row skip + n - 1. */
PLN_INLINE double pln_smooth_step(pln_smooth *s, double x) {
  if (s->seeded < s->n) {
    if (s->skip > 0) {
      s->skip--;
      return 0.0;
    }
    s->seeded++;
    return s->e0 += (x - s->e0) / s->seeded;
  }
  if (s->j == 0) s->x0 = x;
  s->c = s->beta * s->c + s->alpha * (x - s->x0);
  const double e = s->x0 + ((s->e0 - s->x0) * s->powers[s->j] + s->c);
  if (++s->j == PLN_SMOOTH_BLOCK) {
    s->j = 0;
    s->e0 = e;
    s->x0 = s->c = 0.0;
  }
  return e;
}

/* n rows; the same bits as n steps. `x` and `out` must not overlap. */
PLN_INLINE void pln_smooth_rows(pln_smooth *state, const double *x, double *out, int64_t n) {
  pln_smooth s = *state;
  int64_t i = 0;
  while (i < n && (s.seeded < s.n || s.j != 0)) {
    out[i] = pln_smooth_step(&s, x[i]);
    i++;
  }
  double e0 = s.e0;
  for (; i + PLN_SMOOTH_BLOCK <= n; i += PLN_SMOOTH_BLOCK) {
    const double x0 = x[i], gap = e0 - x0;
    double c[PLN_SMOOTH_BLOCK];
    c[0] = s.beta * 0.0 + s.alpha * (x[i] - x0);
    for (int32_t j = 1; j < PLN_SMOOTH_BLOCK; j++) c[j] = s.beta * c[j - 1] + s.alpha * (x[i + j] - x0);
    for (int32_t j = 0; j < PLN_SMOOTH_BLOCK; j++) out[i + j] = x0 + (gap * s.powers[j] + c[j]);
    e0 = out[i + PLN_SMOOTH_BLOCK - 1];
  }
  s.e0 = e0;
  for (; i < n; i++) out[i] = pln_smooth_step(&s, x[i]);
  *state = s;
}
