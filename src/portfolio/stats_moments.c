#include "portfolio/stats_moments.h"

#include <math.h>
#include <stddef.h>

enum { LANES = 4 };

/* Loops below are compiled twice, for the baseline processor and for one with AVX2, chosen at run time. Each
 * lane's arithmetic is the same in both, and so are the bits. */
#define INLINE static inline __attribute__((always_inline))
#if defined(__x86_64__)
#define AVX2 __attribute__((target("avx2")))
#define HAS_AVX2 __builtin_cpu_supports("avx2")
#else
#define AVX2
#define HAS_AVX2 0
#endif

/* A fixed number of partial sums, so that vector code and scalar code add in the same order. */
INLINE double sum_lanes(const double *v, int32_t n) {
  double lane[LANES] = {0};
  int32_t i = 0;
  for (; i + LANES <= n; i += LANES)
    for (int k = 0; k < LANES; k++) lane[k] += v[i + k];
  for (int k = 0; i < n; i++, k++) lane[k] += v[i];
  return (lane[0] + lane[1]) + (lane[2] + lane[3]);
}

INLINE double centred_product(const double *x, double mean_x, const double *y, double mean_y, int32_t n) {
  double lane[LANES] = {0};
  int32_t i = 0;
  for (; i + LANES <= n; i += LANES)
    for (int k = 0; k < LANES; k++) lane[k] += (x[i + k] - mean_x) * (y[i + k] - mean_y);
  for (int k = 0; i < n; i++, k++) lane[k] += (x[i] - mean_x) * (y[i] - mean_y);
  return (lane[0] + lane[1]) + (lane[2] + lane[3]);
}

INLINE pln_moments block_moments(const double *x, const double *y, int32_t n) {
  const double count = (double)n;
  pln_moments block = {.n = n, .mean_x = sum_lanes(x, n) / count};
  block.xx = centred_product(x, block.mean_x, x, block.mean_x, n);
  if (y) {
    block.mean_y = sum_lanes(y, n) / count;
    block.yy = centred_product(y, block.mean_y, y, block.mean_y, n);
    block.xy = centred_product(x, block.mean_x, y, block.mean_y, n);
  }
  return block;
}

static pln_moments block_moments_baseline(const double *x, const double *y, int32_t n) {
  return block_moments(x, y, n);
}
AVX2 static pln_moments block_moments_avx2(const double *x, const double *y, int32_t n) {
  return block_moments(x, y, n);
}

void pln_moments_add_block(pln_moments *m, const double *x, const double *y, int32_t n) {
  if (n <= 0) return;
  const double count = (double)n;
  const pln_moments block = HAS_AVX2 ? block_moments_avx2(x, y, n) : block_moments_baseline(x, y, n);
  if (m->n == 0) {
    *m = block;
    return;
  }
  const double before = (double)m->n;
  const double after = before + count;
  const double dx = block.mean_x - m->mean_x;
  const double dy = block.mean_y - m->mean_y;
  const double weight = before * count / after;
  m->n += n;
  m->mean_x += dx * count / after;
  m->mean_y += dy * count / after;
  m->xx += block.xx + dx * dx * weight;
  m->yy += block.yy + dy * dy * weight;
  m->xy += block.xy + dx * dy * weight;
}

/* log(b/a) = 2 atanh(s), s = (b - a)/(b + a). Up to |s| = 0.01 (a move of 2 %) the series to s^7 is exact to
 * the rounding of its terms (the next term is below 1.2e-17 of the first); larger moves go through the C
 * library. */
static const double SERIES_LIMIT = 0.02;

INLINE int64_t series(const double *restrict v, int32_t n, double *restrict out) {
  for (int32_t i = 0; i < n; i++) {
    const double s = (v[i + 1] - v[i]) / (v[i + 1] + v[i]);
    const double q = s * s;
    out[i] = 2 * s + 2 * s * q * (1.0 / 3 + q * (1.0 / 5 + q * (1.0 / 7)));
  }
  int64_t far = 0;
  for (int32_t i = 0; i < n; i++) far += fabs(out[i]) > SERIES_LIMIT;
  return far;
}

static int64_t series_baseline(const double *v, int32_t n, double *out) { return series(v, n, out); }
AVX2 static int64_t series_avx2(const double *v, int32_t n, double *out) { return series(v, n, out); }

void pln_log_ratios(const double *restrict v, int32_t n, double *restrict out) {
  if ((HAS_AVX2 ? series_avx2(v, n, out) : series_baseline(v, n, out)) == 0) return;
  for (int32_t i = 0; i < n; i++)
    if (fabs(out[i]) > SERIES_LIMIT) out[i] = log(v[i + 1] / v[i]);
}
