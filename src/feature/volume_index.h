#pragma once
#include "feature/cumulative.h"

/* The kernel of the positive and negative volume indices: START times the product of the relative changes of
 * input 0 in the rows where input 1, the volume, rose (or fell). */
typedef struct pln_volume_index {
  pln_product product;
  double previous;
  double previous_volume;
  int64_t started;
} pln_volume_index;

enum { PLN_VOLUME_INDEX_BLOCK = 512 };

#define PLN_VOLUME_INDEX_KERNEL(COUNTS)                                                                      \
  static int64_t size(const double *p) {                                                                     \
    (void)p;                                                                                                 \
    return PLN_IND_SIZE(pln_volume_index, 0);                                                                \
  }                                                                                                          \
  static void init(void *state, const double *p) {                                                           \
    pln_product_init(&((pln_volume_index *)state)->product, p[0]);                                           \
  }                                                                                                          \
  PLN_INLINE double change(double x, double previous, double volume, double previous_volume) {               \
    const int counts = COUNTS && x > 0.0 && previous > 0.0;                                                  \
    return counts ? x / previous : 1.0;                                                                      \
  }                                                                                                          \
  static inline void step(pln_volume_index *s, double *memory, const double *in, double *out) {              \
    (void)memory;                                                                                            \
    const double x = s->started ? change(in[0], s->previous, in[1], s->previous_volume) : 1.0;               \
    out[0] = pln_product_step(&s->product, x);                                                               \
    s->previous = in[0];                                                                                     \
    s->previous_volume = in[1];                                                                              \
    s->started = 1;                                                                                          \
  }                                                                                                          \
  PLN_IND_STEP(pln_volume_index, step)                                                                       \
  PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n) {                \
    pln_volume_index *s = state;                                                                             \
    const double *x = in[0], *volume = in[1];                                                                \
    double factor[PLN_VOLUME_INDEX_BLOCK];                                                                   \
    for (int64_t i = 0; i < n; i += PLN_VOLUME_INDEX_BLOCK) {                                                \
      const int64_t m = n - i < PLN_VOLUME_INDEX_BLOCK ? n - i : PLN_VOLUME_INDEX_BLOCK;                     \
      factor[0] = s->started ? change(x[i], s->previous, volume[i], s->previous_volume) : 1.0;               \
      PLN_IVDEP                                                                                              \
      for (int64_t j = 1; j < m; j++)                                                                        \
        factor[j] = change(x[i + j], x[i + j - 1], volume[i + j], volume[i + j - 1]);                        \
      s->previous = x[i + m - 1];                                                                            \
      s->previous_volume = volume[i + m - 1];                                                                \
      s->started = 1;                                                                                        \
      pln_product_rows(&s->product, factor, out[0] + i, m);                                                  \
    }                                                                                                        \
  }                                                                                                          \
  PLN_IND_SIMD(batch, rows)
