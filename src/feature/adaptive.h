#pragma once
#include "feature/smooth.h"

/* Exponential smoothing whose weight differs from row to row: e += alpha[i] (x[i] - e), from a given value.
 *
 * Rows go in blocks of sixteen at fixed positions, as in smooth.h: within a block that starts at x0, after
 * e0,
 *
 *     c[j] = (1 - alpha[j]) c[j-1] + alpha[j] (x[j] - x0)
 *     p[j] = (1 - alpha[j]) p[j-1]
 *     e[j] = x0 + ((e0 - x0) p[j] + c[j])
 *
 * where c and p do not depend on e and are found by doubling, in vector lanes: what rows j - 2^k + 1 … j do
 * to a value is c_k[j] + p_k[j] times it, and
 *
 *     c_k+1[j] = c_k[j] + p_k[j] c_k[j - 2^k], p_k+1[j] = p_k[j] p_k[j - 2^k]
 *
 * with 0 and 1 before the block. A flat price gives x0 exactly once the value is there. */
enum { PLN_ADAPTIVE_BLOCK = 16, PLN_ADAPTIVE_PAD = 8, PLN_ADAPTIVE_LEVELS = 4 };

typedef struct pln_adaptive {
  double c[PLN_ADAPTIVE_LEVELS][PLN_ADAPTIVE_PAD + PLN_ADAPTIVE_BLOCK]; /* of an unfinished block, else 0 */
  double p[PLN_ADAPTIVE_LEVELS][PLN_ADAPTIVE_PAD + PLN_ADAPTIVE_BLOCK]; /* likewise, else 1 */
  double e0;                                                            /* value before the block */
  double x0;                                                            /* first row of the block */
  int64_t j;                                                            /* position in the block */
} pln_adaptive;

/* The value so far is `e`. */
static inline void pln_adaptive_start(pln_adaptive *s, double e) {
  memset(s, 0, sizeof *s);
  for (int32_t k = 0; k < PLN_ADAPTIVE_LEVELS; k++)
    for (int32_t j = 0; j < PLN_ADAPTIVE_PAD + PLN_ADAPTIVE_BLOCK; j++) s->p[k][j] = 1.0;
  s->e0 = e;
}

PLN_INLINE double pln_adaptive_step(pln_adaptive *s, double alpha, double x) {
  if (s->j == 0) s->x0 = x;
  const int64_t at = PLN_ADAPTIVE_PAD + s->j;
  double c = alpha * (x - s->x0), p = 1.0 - alpha;
  for (int32_t k = 0; k < PLN_ADAPTIVE_LEVELS; k++) {
    const int64_t before = at - ((int64_t)1 << k);
    s->c[k][at] = c;
    s->p[k][at] = p;
    c = c + p * s->c[k][before];
    p = p * s->p[k][before];
  }
  const double e = s->x0 + ((s->e0 - s->x0) * p + c);
  if (++s->j == PLN_ADAPTIVE_BLOCK) pln_adaptive_start(s, e);
  return e;
}

/* A pair of lanes (rows 0 … 7 and 8 … 15) moved on by 1, 2, 4 rows; FIRST enters. */
#define PLN_ADAPTIVE_MOVED(FIRST, LOW, HIGH, A, B, C, D, E, F, G, H)                                         \
  {                                                                                                          \
    __builtin_shufflevector(FIRST, LOW, A, B, C, D, E, F, G, H),                                             \
        __builtin_shufflevector(LOW, HIGH, A, B, C, D, E, F, G, H)                                           \
  }
#define PLN_ADAPTIVE_DOUBLE(A, B, C, D, E, F, G, H)                                                          \
  {                                                                                                          \
    const pln_lanes cm[2] = PLN_ADAPTIVE_MOVED(zero, c[0], c[1], A, B, C, D, E, F, G, H);                    \
    const pln_lanes pm[2] = PLN_ADAPTIVE_MOVED(one, p[0], p[1], A, B, C, D, E, F, G, H);                     \
    for (int32_t h = 0; h < 2; h++) {                                                                        \
      c[h] = c[h] + p[h] * cm[h];                                                                            \
      p[h] = p[h] * pm[h];                                                                                   \
    }                                                                                                        \
  }

/* The sixteen values of a whole block; returns the last. */
PLN_INLINE double pln_adaptive_whole_block(double e0, const double *alpha, const double *x, double *out) {
  const pln_lanes zero = {0}, one = zero + 1.0;
  const double x0 = x[0], gap = e0 - x0;
  pln_lanes c[2] = {PLN_LANES(alpha) * (PLN_LANES(x) - x0), PLN_LANES(alpha + 8) * (PLN_LANES(x + 8) - x0)};
  pln_lanes p[2] = {1.0 - PLN_LANES(alpha), 1.0 - PLN_LANES(alpha + 8)};
  PLN_ADAPTIVE_DOUBLE(7, 8, 9, 10, 11, 12, 13, 14)
  PLN_ADAPTIVE_DOUBLE(6, 7, 8, 9, 10, 11, 12, 13)
  PLN_ADAPTIVE_DOUBLE(4, 5, 6, 7, 8, 9, 10, 11)
  PLN_ADAPTIVE_DOUBLE(0, 1, 2, 3, 4, 5, 6, 7)
  const pln_lanes y0 = x0 + (gap * p[0] + c[0]), y1 = x0 + (gap * p[1] + c[1]);
  memcpy(out, &y0, sizeof y0);
  memcpy(out + 8, &y1, sizeof y1);
  return y1[7];
}

/* n rows; the same bits as n steps. `out` must not overlap the others. */
PLN_INLINE void pln_adaptive_rows(pln_adaptive *s, const double *alpha, const double *x, double *out,
                                  int64_t n) {
  int64_t i = 0;
  for (; i < n && s->j != 0; i++) out[i] = pln_adaptive_step(s, alpha[i], x[i]);
  double e0 = s->e0;
  for (; i + PLN_ADAPTIVE_BLOCK <= n; i += PLN_ADAPTIVE_BLOCK)
    e0 = pln_adaptive_whole_block(e0, alpha + i, x + i, out + i);
  s->e0 = e0;
  for (; i < n; i++) out[i] = pln_adaptive_step(s, alpha[i], x[i]);
}
