#pragma once
#include "feature/ind.h"

/* Aggregates over a sliding window, by doubling: the aggregate of the last 2k rows is that of the last k
 * merged with that of the k before. A window of n rows is put together from those whose sizes are n's binary
 * digits. Each row needs log2(n) merges and no row waits for the one before, so that the batch form runs in
 * vector lanes; there is no running sum that could rot, and the depth of the summation is that of pairwise
 * summation.
 *
 * Memory: for each size 2^b a ring of the last 2^b aggregates of that size, laid out one after the other,
 * which is 2^(L+1) - 1 doubles for each component. Position in the rings is the number of rows seen, so that
 * any chunking gives the same bits. */
typedef struct pln_window {
  int64_t row;    /* rows seen */
  int32_t n;      /* rows of the window */
  int32_t levels; /* floor(log2(n)) */
} pln_window;

/* Merges `newer`, aggregates of a rows each, with `older`, aggregates of the b rows before, for n rows at
 * once. `out` may be `newer`. */
typedef void pln_merge(double *const *out, const double *const *newer, const double *const *older, int64_t n,
                       double a, double b);

/* PLN_WINDOW_STRIDE: from one component of a block to the next; a little more than a block, so that not all
 * of them fall into the same few lines of the processor's cache. */
enum { PLN_WINDOW_BLOCK = 512, PLN_WINDOW_STRIDE = 512 + 24, PLN_WINDOW_MAX_WIDTH = 6 };

static inline int64_t pln_window_doubles(int64_t n, int32_t width) {
  int64_t size = 1;
  while (size * 2 <= n) size *= 2;
  return (size * 2 - 1) * width;
}

static inline void pln_window_init(pln_window *w, int64_t n) {
  w->row = 0;
  w->n = (int32_t)n;
  w->levels = 0;
  while (((int64_t)2 << w->levels) <= n) w->levels++;
}

/* The ring of component c of size 2^level. */
PLN_INLINE double *pln_window_ring(double *memory, int64_t k, int32_t width, int32_t c) {
  return memory + (k - 1) * width + k * c;
}

/* One row. `leaf`: the row's own aggregate. With `idempotent` (max, min) overlapping parts may be merged. */
PLN_INLINE void pln_window_step(pln_window *w, double *memory, int32_t width, int32_t idempotent,
                                pln_merge *merge, const double *leaf, double *out) {
  double current[PLN_WINDOW_MAX_WIDTH] = {0}, old[PLN_WINDOW_MAX_WIDTH] = {0};
  double *out_p[PLN_WINDOW_MAX_WIDTH] = {0}, *current_p[PLN_WINDOW_MAX_WIDTH] = {0};
  const double *out_c[PLN_WINDOW_MAX_WIDTH] = {0}, *current_c[PLN_WINDOW_MAX_WIDTH] = {0},
               *old_c[PLN_WINDOW_MAX_WIDTH] = {0};
  for (int32_t c = 0; c < width; c++) {
    out_c[c] = out_p[c] = out + c;
    current_c[c] = current_p[c] = current + c;
    old_c[c] = old + c;
    current[c] = leaf[c];
  }
  int64_t covered = 0;
  for (int32_t level = 0;; level++) {
    const int64_t k = (int64_t)1 << level;
    const int64_t slot = w->row & (k - 1);
    if (idempotent ? level == w->levels : (w->n & k) != 0) {
      const int64_t lag = idempotent ? w->n - k : covered;
      for (int32_t c = 0; c < width; c++)
        old[c] = lag ? pln_window_ring(memory, k, width, c)[(w->row - lag) & (k - 1)] : current[c];
      if (idempotent && lag)
        merge(out_p, current_c, old_c, 1, (double)lag, (double)k);
      else if (!idempotent && covered)
        merge(out_p, out_c, old_c, 1, (double)covered, (double)k);
      else
        for (int32_t c = 0; c < width; c++) out[c] = old[c];
      covered += k;
    }
    for (int32_t c = 0; c < width; c++) {
      double *ring = pln_window_ring(memory, k, width, c);
      old[c] = ring[slot];
      ring[slot] = current[c];
    }
    if (level == w->levels) break;
    merge(current_p, current_c, old_c, 1, (double)k, (double)k);
  }
  w->row++;
}

/* out[i] = merge(newer[i], current[i - lag]) for m rows; rows before the block come from the ring. */
PLN_INLINE void pln_window_merge_lagged(const pln_window *w, double *memory, int32_t width, pln_merge *merge,
                                        int64_t k, int64_t lag, double *const *out,
                                        const double *const *newer, const double *const *current, int64_t m,
                                        double a) {
  double *o[PLN_WINDOW_MAX_WIDTH] = {0};
  const double *x[PLN_WINDOW_MAX_WIDTH] = {0}, *y[PLN_WINDOW_MAX_WIDTH] = {0};
  const int64_t head = lag < m ? lag : m;
  int64_t i = 0;
  while (i < m) {
    const int64_t start = (w->row - lag + i) & (k - 1);
    int64_t length = m - i;
    if (i < head) length = k - start < head - i ? k - start : head - i;
    for (int32_t c = 0; c < width; c++) {
      o[c] = out[c] + i;
      x[c] = newer[c] + i;
      y[c] = i < head ? pln_window_ring(memory, k, width, c) + start : current[c] + (i - lag);
    }
    merge(o, x, y, length, a, (double)k);
    i += length;
  }
}

/* m <= PLN_WINDOW_BLOCK rows; the same bits as m steps. `leaf` and `out` must not overlap. */
PLN_INLINE void pln_window_block(pln_window *w, double *memory, int32_t width, int32_t idempotent,
                                 pln_merge *merge, const double *const *leaf, double *const *out, int64_t m) {
  _Alignas(64) double buffer[2][PLN_WINDOW_MAX_WIDTH][PLN_WINDOW_BLOCK + 24];
  const double *current[PLN_WINDOW_MAX_WIDTH] = {0};
  const double *acc[PLN_WINDOW_MAX_WIDTH] = {0};
  for (int32_t c = 0; c < width; c++) {
    current[c] = leaf[c];
    acc[c] = out[c];
  }
  int64_t covered = 0;
  for (int32_t level = 0;; level++) {
    const int64_t k = (int64_t)1 << level;
    if (idempotent ? level == w->levels : (w->n & k) != 0) {
      const int64_t lag = idempotent ? w->n - k : covered;
      if (lag)
        pln_window_merge_lagged(w, memory, width, merge, k, lag, out, idempotent ? current : acc, current, m,
                                (double)lag);
      else
        for (int32_t c = 0; c < width; c++)
          for (int64_t i = 0; i < m; i++) out[c][i] = current[c][i]; /* NOLINT: written by the level before */
      covered += k;
    }
    double *next[PLN_WINDOW_MAX_WIDTH] = {0};
    for (int32_t c = 0; c < width; c++) next[c] = buffer[level & 1][c];
    if (level < w->levels)
      pln_window_merge_lagged(w, memory, width, merge, k, k, next, current, current, m, (double)k);
    for (int32_t c = 0; c < width; c++) {
      double *ring = pln_window_ring(memory, k, width, c);
      for (int64_t i = m > k ? m - k : 0; i < m;) {
        const int64_t start = (w->row + i) & (k - 1);
        const int64_t length = k - start < m - i ? k - start : m - i;
        for (int64_t j = 0; j < length; j++) ring[start + j] = current[c][i + j]; /* NOLINT: likewise */
        i += length;
      }
      current[c] = next[c];
    }
    if (level == w->levels) break;
  }
  w->row += m;
}

static const double pln_window_zeros[PLN_WINDOW_BLOCK]; /* deviations of single rows */

/* The mean of a + b rows. Equal means stay exactly what they are, so that a flat price has itself as its
 * mean. */
static inline void pln_merge_mean(double *const *out, const double *const *newer, const double *const *older,
                                  int64_t n, double a, double b) {
  double *o = out[0];
  const double *x = newer[0], *y = older[0];
  const double weight = b / (a + b);
  PLN_IVDEP
  for (int64_t i = 0; i < n; i++) o[i] = x[i] + (y[i] - x[i]) * weight;
}

/* Mean and sum of squared deviations, by Chan, Golub and LeVeque (1979): every term is >= 0, nothing cancels.
 */
static inline void pln_merge_moments(double *const *out, const double *const *newer,
                                     const double *const *older, int64_t n, double a, double b) {
  double *mean = out[0], *squares = out[1];
  const double *x = newer[0], *y = older[0], *xx = newer[1], *yy = older[1];
  const double weight = b / (a + b), scale = a * weight;
  PLN_IVDEP
  for (int64_t i = 0; i < n; i++) {
    const double delta = y[i] - x[i];
    mean[i] = x[i] + delta * weight;
    squares[i] = (xx[i] + yy[i]) + delta * delta * scale;
  }
}

/* Sums, of one, two and three components. Whole numbers stay exact. */
#define PLN_MERGE_SUMS(NAME, WIDTH)                                                                          \
  static inline void NAME(double *const *out, const double *const *newer, const double *const *older,        \
                          int64_t n, double a, double b) {                                                   \
    (void)a, (void)b;                                                                                        \
    for (int32_t c = 0; c < (WIDTH); c++) {                                                                  \
      double *o = out[c];                                                                                    \
      const double *x = newer[c], *y = older[c];                                                             \
      PLN_IVDEP                                                                                              \
      for (int64_t i = 0; i < n; i++) o[i] = x[i] + y[i];                                                    \
    }                                                                                                        \
  }
PLN_MERGE_SUMS(pln_merge_sum, 1)
PLN_MERGE_SUMS(pln_merge_sums2, 2)
PLN_MERGE_SUMS(pln_merge_sums3, 3)

/* The kernel of an indicator that is one aggregate of its source over the last `period` rows, its first
 * parameter: lookback, size, init, step_row and batch of its descriptor. */
#define PLN_WINDOW_KERNEL(IDEMPOTENT, MERGE)                                                                 \
  static int64_t lookback(const double *p) { return (int64_t)p[0] - 1; }                                     \
  static int64_t size(const double *p) {                                                                     \
    return PLN_IND_SIZE(pln_window, pln_window_doubles((int64_t)p[0], 1));                                   \
  }                                                                                                          \
  static void init(void *state, const double *p) { pln_window_init(state, (int64_t)p[0]); }                  \
  static inline void step(pln_window *s, double *memory, const double *in, double *out) {                    \
    pln_window_step(s, memory, 1, IDEMPOTENT, MERGE, in, out);                                               \
  }                                                                                                          \
  PLN_IND_STEP(pln_window, step)                                                                             \
  PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n) {                \
    pln_window *s = state;                                                                                   \
    for (int64_t i = 0; i < n; i += PLN_WINDOW_BLOCK) {                                                      \
      const double *const x[] = {in[0] + i};                                                                 \
      double *const y[] = {out[0] + i};                                                                      \
      pln_window_block(s, (double *)(s + 1), 1, IDEMPOTENT, MERGE, x, y,                                     \
                       n - i < PLN_WINDOW_BLOCK ? n - i : PLN_WINDOW_BLOCK);                                 \
    }                                                                                                        \
  }                                                                                                          \
  PLN_IND_SIMD(batch, rows)

/* The kernel of an indicator whose outputs follow row by row from WIDTH aggregates of a window: step_row and
 * batch of its descriptor. STATE begins with a pln_window; memory is that of the window.
 *   LEAF(in, leaf)                       the row's own aggregate
 *   FINISH(state, in, aggregate, out)    the row's outputs, and `valid` after them where there is one */
#define PLN_WINDOW_MAPPED(STATE, WIDTH, N_IN, N_OUT, MERGE, LEAF, FINISH)                                    \
  static inline void step(STATE *s, double *memory, const double *in, double *out) {                         \
    double leaf[WIDTH], aggregate[WIDTH] = {0};                                                              \
    LEAF(in, leaf);                                                                                          \
    pln_window_step((pln_window *)s, memory, WIDTH, 0, MERGE, leaf, aggregate);                              \
    FINISH(s, in, aggregate, out);                                                                           \
  }                                                                                                          \
  PLN_IND_STEP(STATE, step)                                                                                  \
  PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n) {                \
    STATE *s = state;                                                                                        \
    _Alignas(64) double leaf[WIDTH][PLN_WINDOW_BLOCK + 8], aggregate[WIDTH][PLN_WINDOW_BLOCK + 8];           \
    for (int64_t i = 0; i < n; i += PLN_WINDOW_BLOCK) {                                                      \
      const int64_t m = n - i < PLN_WINDOW_BLOCK ? n - i : PLN_WINDOW_BLOCK;                                 \
      const double *leaves[WIDTH];                                                                           \
      double *aggregates[WIDTH];                                                                             \
      for (int32_t c = 0; c < (WIDTH); c++) leaves[c] = leaf[c], aggregates[c] = aggregate[c];               \
      PLN_IVDEP                                                                                              \
      for (int64_t j = 0; j < m; j++) {                                                                      \
        double x[N_IN], y[WIDTH];                                                                            \
        for (int32_t k = 0; k < (N_IN); k++) x[k] = in[k][i + j];                                            \
        LEAF(x, y);                                                                                          \
        for (int32_t c = 0; c < (WIDTH); c++) leaf[c][j] = y[c];                                             \
      }                                                                                                      \
      pln_window_block((pln_window *)s, (double *)(s + 1), WIDTH, 0, MERGE, leaves, aggregates, m);          \
      PLN_IVDEP                                                                                              \
      for (int64_t j = 0; j < m; j++) {                                                                      \
        double x[N_IN], y[WIDTH], z[(N_OUT) + 1];                                                            \
        for (int32_t k = 0; k < (N_IN); k++) x[k] = in[k][i + j];                                            \
        for (int32_t c = 0; c < (WIDTH); c++) y[c] = aggregate[c][j];                                        \
        FINISH(s, x, y, z);                                                                                  \
        for (int32_t k = 0; k < (N_OUT); k++) out[k][i + j] = z[k];                                          \
      }                                                                                                      \
    }                                                                                                        \
  }                                                                                                          \
  PLN_IND_SIMD(batch, rows)

/* The same where a row's own aggregate is its inputs and, for the other components, 0. */
#define PLN_WINDOW_DIRECT(STATE, WIDTH, N_IN, N_OUT, MERGE, FINISH)                                          \
  static inline void step(STATE *s, double *memory, const double *in, double *out) {                         \
    double leaf[WIDTH] = {0}, aggregate[WIDTH] = {0};                                                        \
    for (int32_t k = 0; k < (N_IN); k++) leaf[k] = in[k];                                                    \
    pln_window_step((pln_window *)s, memory, WIDTH, 0, MERGE, leaf, aggregate);                              \
    FINISH(s, in, aggregate, out);                                                                           \
  }                                                                                                          \
  PLN_IND_STEP(STATE, step)                                                                                  \
  PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n) {                \
    STATE *s = state;                                                                                        \
    _Alignas(64) double aggregate[WIDTH][PLN_WINDOW_STRIDE];                                                 \
    for (int64_t i = 0; i < n; i += PLN_WINDOW_BLOCK) {                                                      \
      const int64_t m = n - i < PLN_WINDOW_BLOCK ? n - i : PLN_WINDOW_BLOCK;                                 \
      const double *leaves[WIDTH];                                                                           \
      double *aggregates[WIDTH];                                                                             \
      for (int32_t c = 0; c < (WIDTH); c++) {                                                                \
        leaves[c] = c < (N_IN) ? in[c < (N_IN) ? c : 0] + i : pln_window_zeros;                              \
        aggregates[c] = aggregate[c], aggregate[c][0] = 0.0;                                                 \
      }                                                                                                      \
      pln_window_block((pln_window *)s, (double *)(s + 1), WIDTH, 0, MERGE, leaves, aggregates, m);          \
      PLN_IVDEP                                                                                              \
      for (int64_t j = 0; j < m; j++) {                                                                      \
        double x[N_IN], y[WIDTH], z[(N_OUT) + 1];                                                            \
        for (int32_t k = 0; k < (N_IN); k++) x[k] = in[k][i + j];                                            \
        for (int32_t c = 0; c < (WIDTH); c++) y[c] = aggregate[c][j];                                        \
        FINISH(s, x, y, z);                                                                                  \
        for (int32_t k = 0; k < (N_OUT); k++) out[k][i + j] = z[k];                                          \
      }                                                                                                      \
    }                                                                                                        \
  }                                                                                                          \
  PLN_IND_SIMD(batch, rows)

/* A row's own mean and sum of squared deviations. */
PLN_INLINE void pln_leaf_moments(const double *in, double *leaf) {
  leaf[0] = in[0];
  leaf[1] = 0.0;
}
