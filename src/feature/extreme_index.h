#pragma once
#include "feature/extrema.h"

/* The kernel of max_index and min_index: EXTREME_LAST and EXTREME_FIRST are the kinds of extrema.h, and
 * EXTREME_WINS(new, old) says whether a value is beyond another. */
static int64_t lookback(const double *p) { return (int64_t)p[0] - 1; }

enum extreme_ties { TIES_LAST = 0, TIES_FIRST = 1, TIES_TALIB = 2 };

typedef struct extreme_index {
  pln_window window;
  int64_t best; /* ties=talib: row of the extreme */
  double value;
  int32_t ties;
  int32_t reserved;
} extreme_index;

static int64_t size(const double *p) {
  return PLN_IND_SIZE(extreme_index, pln_extreme_age_doubles((int64_t)p[0]));
}
static void init(void *state, const double *p) {
  extreme_index *s = state;
  pln_extreme_init(&s->window, (int64_t)p[0]);
  s->ties = (int32_t)p[1];
}

/* TA-Lib's search: a new value wins where it is not worse, and when the extreme leaves the window, the first
 * of equal ones. The memory is a ring of the last n values. */
static inline void step_as_talib(extreme_index *s, double *memory, const double *in, double *out) {
  const int64_t n = s->window.n, row = s->window.row++, oldest = row - n + 1;
  memory[row % n] = in[0];
  if (row < n - 1) {
    out[0] = out[1] = out[2] = 0.0;
    return;
  }
  if (row == n - 1 || s->best < oldest) {
    s->best = oldest;
    s->value = memory[oldest % n];
    for (int64_t i = oldest + 1; i <= row; i++)
      if (EXTREME_WINS(memory[i % n], s->value)) {
        s->best = i;
        s->value = memory[i % n];
      }
  } else if (!EXTREME_WINS(s->value, in[0])) {
    s->best = row;
    s->value = in[0];
  }
  out[0] = (double)s->best;
  out[1] = (double)(row - s->best);
  out[2] = s->value;
}

static inline void step(extreme_index *s, double *memory, const double *in, double *out) {
  if (s->ties == TIES_TALIB) {
    step_as_talib(s, memory, in, out);
    return;
  }
  const double row = (double)s->window.row;
  double age;
  const double value = s->ties == TIES_FIRST
                           ? pln_extreme_age_step(&s->window, memory, EXTREME_FIRST, in[0], &age)
                           : pln_extreme_age_step(&s->window, memory, EXTREME_LAST, in[0], &age);
  out[0] = row - age;
  out[1] = age;
  out[2] = value;
}
PLN_IND_STEP(extreme_index, step)

PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n) {
  extreme_index *s = state;
  double *memory = (double *)(s + 1);
  if (s->ties == TIES_TALIB) {
    for (int64_t i = 0; i < n; i++) {
      double y[3];
      step_as_talib(s, memory, in[0] + i, y);
      for (int32_t k = 0; k < 3; k++) out[k][i] = y[k];
    }
    return;
  }
  for (int64_t i = 0; i < n; i += PLN_WINDOW_BLOCK) {
    const int32_t m = (int32_t)(n - i < PLN_WINDOW_BLOCK ? n - i : PLN_WINDOW_BLOCK);
    const double row = (double)s->window.row;
    if (s->ties == TIES_FIRST)
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
