#pragma once
#include <stdint.h>
/* Sums that neither rot over millions of terms nor depend on how their terms arrive. */

/* Neumaier's compensated sum: terms in a fixed order give the same bits. */
typedef struct pln_sum {
  double total;
  double lost;
} pln_sum;

static inline void pln_sum_add(pln_sum *sum, double x) {
  const double total = sum->total + x;
  const double big = __builtin_fabs(sum->total) >= __builtin_fabs(x) ? sum->total : x;
  const double small = __builtin_fabs(sum->total) >= __builtin_fabs(x) ? x : sum->total;
  sum->lost += (big - total) + small;
  sum->total = total;
}

static inline double pln_sum_value(const pln_sum *sum) { return sum->total + sum->lost; }

/* Means and centred second moments of pairs, merged block by block (Chan, Golub, LeVeque 1979). */
typedef struct pln_moments {
  int64_t n;
  double mean_x;
  double mean_y;
  double xx; /* sum of (x - mean_x)^2 */
  double yy;
  double xy;
} pln_moments;

/* Adds a block of n pairs, in two passes; y may be NULL (zeroes). */
void pln_moments_add_block(pln_moments *moments, const double *x, const double *y, int32_t n);

/* Natural logarithm of v[i + 1] / v[i] for i in [0, n), within 2 units in the last place. All v must be
 * positive and finite. */
void pln_log_ratios(const double *restrict v, int32_t n, double *restrict out);
