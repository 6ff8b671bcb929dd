#pragma once
#include "feature/window.h"

/* Aggregates of windows beyond mean and variance. All merge with terms that do not cancel, so that nothing
 * rots (Chan, Golub and LeVeque 1979; Pébay 2008, Formulas for robust, one-pass parallel computation of
 * covariances and arbitrary-order statistical moments, SAND2008-6212). Components of two series are those of
 * y, then x. */

/* mean, sums of (x - mean)^2, ^3 and ^4 */
enum { PLN_MOMENTS_FOUR = 4 };

static inline void pln_merge_four(double *const *out, const double *const *newer, const double *const *older,
                                  int64_t n, double a, double b) {
  double *mean = out[0], *second = out[1], *third = out[2], *fourth = out[3];
  const double *x1 = newer[0], *x2 = newer[1], *x3 = newer[2], *x4 = newer[3];
  const double *y1 = older[0], *y2 = older[1], *y3 = older[2], *y4 = older[3];
  const double total = a + b, part = b / total, rest = a / total;
  const double k2 = a * part, k3 = k2 * (rest - part), k4 = k2 * (rest * rest - rest * part + part * part);
  PLN_IVDEP
  for (int64_t i = 0; i < n; i++) {
    const double delta = y1[i] - x1[i], square = delta * delta;
    const double newer2 = x2[i], older2 = y2[i], newer3 = x3[i], older3 = y3[i];
    mean[i] = x1[i] + delta * part;
    second[i] = (newer2 + older2) + square * k2;
    third[i] = (newer3 + older3) + delta * (square * k3 + 3.0 * (rest * older2 - part * newer2));
    fourth[i] =
        (x4[i] + y4[i]) + (square * (square * k4 + 6.0 * (rest * rest * older2 + part * part * newer2)) +
                           4.0 * delta * (rest * older3 - part * newer3));
  }
}

/* mean of y, mean of x, sum of (y - mean)(x - mean) */
enum { PLN_MOMENTS_CROSS = 3 };

static inline void pln_merge_cross(double *const *out, const double *const *newer, const double *const *older,
                                   int64_t n, double a, double b) {
  double *my = out[0], *mx = out[1], *cross = out[2];
  const double *ny = newer[0], *nx = newer[1], *nc = newer[2];
  const double *oy = older[0], *ox = older[1], *oc = older[2];
  const double weight = b / (a + b), scale = a * weight;
  PLN_IVDEP
  for (int64_t i = 0; i < n; i++) {
    const double dy = oy[i] - ny[i], dx = ox[i] - nx[i];
    my[i] = ny[i] + dy * weight;
    mx[i] = nx[i] + dx * weight;
    cross[i] = (nc[i] + oc[i]) + dy * dx * scale;
  }
}

/* mean of y, mean of x, sum of (y - mean)(x - mean), sum of (x - mean)^2 */
enum { PLN_MOMENTS_SLOPE = 4 };

static inline void pln_merge_slope(double *const *out, const double *const *newer, const double *const *older,
                                   int64_t n, double a, double b) {
  double *my = out[0], *mx = out[1], *cross = out[2], *sx = out[3];
  const double *ny = newer[0], *nx = newer[1], *nc = newer[2], *nsx = newer[3];
  const double *oy = older[0], *ox = older[1], *oc = older[2], *osx = older[3];
  const double weight = b / (a + b), scale = a * weight;
  PLN_IVDEP
  for (int64_t i = 0; i < n; i++) {
    const double dy = oy[i] - ny[i], dx = ox[i] - nx[i], scaled = dx * scale;
    my[i] = ny[i] + dy * weight;
    mx[i] = nx[i] + dx * weight;
    cross[i] = (nc[i] + oc[i]) + dy * scaled;
    sx[i] = (nsx[i] + osx[i]) + dx * scaled;
  }
}

/* the same and the sum of (y - mean)^2 */
enum { PLN_MOMENTS_PAIR = 5 };

static inline void pln_merge_pair(double *const *out, const double *const *newer, const double *const *older,
                                  int64_t n, double a, double b) {
  double *my = out[0], *mx = out[1], *cross = out[2], *sx = out[3], *sy = out[4];
  const double *ny = newer[0], *nx = newer[1], *nc = newer[2], *nsx = newer[3], *nsy = newer[4];
  const double *oy = older[0], *ox = older[1], *oc = older[2], *osx = older[3], *osy = older[4];
  const double weight = b / (a + b), scale = a * weight;
  PLN_IVDEP
  for (int64_t i = 0; i < n; i++) {
    const double dy = oy[i] - ny[i], dx = ox[i] - nx[i], scaled = dx * scale;
    my[i] = ny[i] + dy * weight;
    mx[i] = nx[i] + dx * weight;
    cross[i] = (nc[i] + oc[i]) + dy * scaled;
    sx[i] = (nsx[i] + osx[i]) + dx * scaled;
    sy[i] = (nsy[i] + osy[i]) + dy * (dy * scale);
  }
}

PLN_INLINE void pln_leaf_cross(const double *in, double *leaf) {
  leaf[0] = in[0], leaf[1] = in[1];
  leaf[2] = 0.0;
}
PLN_INLINE void pln_leaf_pair(const double *in, double *leaf) {
  leaf[0] = in[0], leaf[1] = in[1];
  leaf[2] = leaf[3] = leaf[4] = 0.0;
}

/* Cross product over the root of the squares' product, -1 … 1; 0 where one of the series does not move. */
PLN_INLINE double pln_moments_correlation(const double *pair) {
  const double product = pair[3] * pair[4];
  const double r = product > 0.0 ? pair[2] / sqrt(product) : 0.0;
  return r > 1.0 ? 1.0 : r < -1.0 ? -1.0 : r;
}

/* x / previous - 1; 0 where the previous value is 0. */
PLN_INLINE double pln_simple_return(double x, double previous) {
  return previous != 0.0 ? x / previous - 1.0 : 0.0;
}

/* As PLN_WINDOW_MAPPED, for aggregates of what happens between two rows. STATE is `pln_window window; double
 * previous[N_IN]; int64_t started;` and more; LEAF(state, in, previous, leaf). The first row has no
 * predecessor and is not part of any window. */
#define PLN_WINDOW_CHANGES(STATE, WIDTH, N_IN, N_OUT, MERGE, LEAF, FINISH)                                   \
  static inline void step(STATE *s, double *memory, const double *in, double *out) {                         \
    double leaf[WIDTH], aggregate[WIDTH] = {0}, previous[N_IN];                                              \
    for (int32_t k = 0; k < (N_IN); k++) previous[k] = s->previous[k], s->previous[k] = in[k];               \
    if (!s->started) {                                                                                       \
      s->started = 1;                                                                                        \
      for (int32_t k = 0; k <= (N_OUT); k++) out[k] = 0.0;                                                   \
      return;                                                                                                \
    }                                                                                                        \
    LEAF(s, in, previous, leaf);                                                                             \
    pln_window_step((pln_window *)s, memory, WIDTH, 0, MERGE, leaf, aggregate);                              \
    FINISH(s, in, aggregate, out);                                                                           \
  }                                                                                                          \
  PLN_IND_STEP(STATE, step)                                                                                  \
  PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n) {                \
    STATE *s = state;                                                                                        \
    _Alignas(64) double leaf[WIDTH][PLN_WINDOW_STRIDE], aggregate[WIDTH][PLN_WINDOW_STRIDE];                 \
    int64_t i = 0;                                                                                           \
    if (n > 0 && !s->started) {                                                                              \
      s->started = 1;                                                                                        \
      for (int32_t k = 0; k < (N_IN); k++) s->previous[k] = in[k][0];                                        \
      for (int32_t k = 0; k < (N_OUT); k++) out[k][0] = 0.0;                                                 \
      i = 1;                                                                                                 \
    }                                                                                                        \
    while (i < n) {                                                                                          \
      const int64_t m = n - i < PLN_WINDOW_BLOCK ? n - i : PLN_WINDOW_BLOCK;                                 \
      const double *leaves[WIDTH];                                                                           \
      double *aggregates[WIDTH];                                                                             \
      for (int32_t c = 0; c < (WIDTH); c++)                                                                  \
        leaves[c] = leaf[c], aggregates[c] = aggregate[c], aggregate[c][0] = 0.0;                            \
      double first[N_IN], first_leaf[WIDTH];                                                                 \
      for (int32_t k = 0; k < (N_IN); k++) first[k] = in[k][i];                                              \
      LEAF(s, first, s->previous, first_leaf);                                                               \
      for (int32_t c = 0; c < (WIDTH); c++) leaf[c][0] = first_leaf[c];                                      \
      PLN_IVDEP                                                                                              \
      for (int64_t j = 1; j < m; j++) {                                                                      \
        double x[N_IN], previous[N_IN], y[WIDTH];                                                            \
        for (int32_t k = 0; k < (N_IN); k++) x[k] = in[k][i + j], previous[k] = in[k][i + j - 1];            \
        LEAF(s, x, previous, y);                                                                             \
        for (int32_t c = 0; c < (WIDTH); c++) leaf[c][j] = y[c];                                             \
      }                                                                                                      \
      for (int32_t k = 0; k < (N_IN); k++) s->previous[k] = in[k][i + m - 1];                                \
      pln_window_block((pln_window *)s, (double *)(s + 1), WIDTH, 0, MERGE, leaves, aggregates, m);          \
      PLN_IVDEP                                                                                              \
      for (int64_t j = 0; j < m; j++) {                                                                      \
        double x[N_IN], y[WIDTH], z[(N_OUT) + 1];                                                            \
        for (int32_t k = 0; k < (N_IN); k++) x[k] = in[k][i + j];                                            \
        for (int32_t c = 0; c < (WIDTH); c++) y[c] = aggregate[c][j];                                        \
        FINISH(s, x, y, z);                                                                                  \
        for (int32_t k = 0; k < (N_OUT); k++) out[k][i + j] = z[k];                                          \
      }                                                                                                      \
      i += m;                                                                                                \
    }                                                                                                        \
  }                                                                                                          \
  PLN_IND_SIMD(batch, rows)
