#pragma once
#include "feature/extrema.h"

/* The kernel of max_index and min_index: EXTREME_LAST and EXTREME_FIRST are the kinds of extrema.h. */
static int64_t lookback(const double *p) { return (int64_t)p[0] - 1; }

typedef struct extreme_index {
  pln_window window;
  int64_t first; /* the first of equal values counts */
} extreme_index;

static int64_t size(const double *p) {
  return PLN_IND_SIZE(extreme_index, pln_extreme_age_doubles((int64_t)p[0]));
}
static void init(void *state, const double *p) {
  extreme_index *s = state;
  pln_extreme_init(&s->window, (int64_t)p[0]);
  s->first = p[1] != 0.0;
}

static inline void step(extreme_index *s, double *memory, const double *in, double *out) {
  const double row = (double)s->window.row;
  double age;
  const double value = s->first ? pln_extreme_age_step(&s->window, memory, EXTREME_FIRST, in[0], &age)
                                : pln_extreme_age_step(&s->window, memory, EXTREME_LAST, in[0], &age);
  out[0] = row - age;
  out[1] = age;
  out[2] = value;
}
PLN_IND_STEP(extreme_index, step)

PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n) {
  extreme_index *s = state;
  double *memory = (double *)(s + 1);
  for (int64_t i = 0; i < n; i += PLN_WINDOW_BLOCK) {
    const int32_t m = (int32_t)(n - i < PLN_WINDOW_BLOCK ? n - i : PLN_WINDOW_BLOCK);
    const double row = (double)s->window.row;
    if (s->first)
      pln_extreme_age_block(&s->window, memory, EXTREME_FIRST, in[0] + i, out[2] + i, out[1] + i, m);
    else
      pln_extreme_age_block(&s->window, memory, EXTREME_LAST, in[0] + i, out[2] + i, out[1] + i, m);
    double *index = out[0] + i;
    const double *age = out[1] + i;
    PLN_IVDEP
    for (int32_t j = 0; j < m; j++) index[j] = row + (double)j - age[j];
  }
}
PLN_IND_SIMD(batch, rows)
