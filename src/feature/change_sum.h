#pragma once
#include "feature/cumulative.h"

/* The kernel of an indicator that sums, from the first row on, what FLOW(in, previous) gives for each row,
 * `previous` being input WHICH of the row before; the first row counts as nothing. size, step_row and batch
 * of its descriptor. */
typedef struct pln_change_sum {
  pln_cumulative sum;
  double previous;
  int64_t started;
} pln_change_sum;

enum { PLN_CHANGE_SUM_BLOCK = 512 };

#define PLN_CHANGE_SUM_KERNEL(N_IN, WHICH, FLOW)                                                             \
  static int64_t size(const double *p) {                                                                     \
    (void)p;                                                                                                 \
    return PLN_IND_SIZE(pln_change_sum, 0);                                                                  \
  }                                                                                                          \
  static inline void step(pln_change_sum *s, double *memory, const double *in, double *out) {                \
    (void)memory;                                                                                            \
    out[0] = pln_cumulative_step(&s->sum, s->started ? FLOW(in, s->previous) : 0.0);                         \
    s->previous = in[WHICH];                                                                                 \
    s->started = 1;                                                                                          \
  }                                                                                                          \
  PLN_IND_STEP(pln_change_sum, step)                                                                         \
  PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n) {                \
    pln_change_sum *s = state;                                                                               \
    double change[PLN_CHANGE_SUM_BLOCK];                                                                     \
    for (int64_t i = 0; i < n; i += PLN_CHANGE_SUM_BLOCK) {                                                  \
      const int64_t m = n - i < PLN_CHANGE_SUM_BLOCK ? n - i : PLN_CHANGE_SUM_BLOCK;                         \
      double first[N_IN];                                                                                    \
      for (int32_t k = 0; k < (N_IN); k++) first[k] = in[k][i];                                              \
      change[0] = s->started ? FLOW(first, s->previous) : 0.0;                                               \
      PLN_IVDEP                                                                                              \
      for (int64_t j = 1; j < m; j++) {                                                                      \
        double x[N_IN];                                                                                      \
        for (int32_t k = 0; k < (N_IN); k++) x[k] = in[k][i + j];                                            \
        change[j] = FLOW(x, in[WHICH][i + j - 1]);                                                           \
      }                                                                                                      \
      s->previous = in[WHICH][i + m - 1];                                                                    \
      s->started = 1;                                                                                        \
      pln_cumulative_rows(&s->sum, change, out[0] + i, m);                                                   \
    }                                                                                                        \
  }                                                                                                          \
  PLN_IND_SIMD(batch, rows)
