#pragma once
#include "feature/extrema.h"

/* The kernel of aroon and aroon_oscillator: the includer says at which outputs UP, DOWN (-1: at none) and
 * OSCILLATOR stand. */
static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows over which the extremes age", 14, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_WORD("ties", "which of several equal extremes counts", 0, 1, "last first"),
};

typedef struct aroon {
  pln_window high;
  pln_window low;
  double scale; /* percent for each row of age */
  int32_t period;
  int32_t first;
} aroon;

static int64_t lookback(const double *p) { return (int64_t)p[0]; }
static int64_t size(const double *p) {
  return PLN_IND_SIZE(aroon, 2 * pln_extreme_age_doubles((int64_t)p[0] + 1));
}
static void init(void *state, const double *p) {
  aroon *s = state;
  pln_extreme_init(&s->high, (int64_t)p[0] + 1);
  pln_extreme_init(&s->low, (int64_t)p[0] + 1);
  s->scale = 100.0 / p[0];
  s->period = (int32_t)p[0];
  s->first = p[1] != 0.0;
}
PLN_INLINE double *low_memory(const aroon *s, double *memory) {
  return memory + pln_extreme_age_doubles(s->period + 1);
}

static inline void step(aroon *s, double *memory, const double *in, double *out) {
  double since_high, since_low;
  if (s->first) {
    (void)pln_extreme_age_step(&s->high, memory, PLN_HIGHEST_FIRST, in[0], &since_high);
    (void)pln_extreme_age_step(&s->low, low_memory(s, memory), PLN_LOWEST_FIRST, in[1], &since_low);
  } else {
    (void)pln_extreme_age_step(&s->high, memory, PLN_HIGHEST_LAST, in[0], &since_high);
    (void)pln_extreme_age_step(&s->low, low_memory(s, memory), PLN_LOWEST_LAST, in[1], &since_low);
  }
  if (UP >= 0) out[UP] = (s->period - since_high) * s->scale;
  if (DOWN >= 0) out[DOWN] = (s->period - since_low) * s->scale;
  out[OSCILLATOR] = (since_low - since_high) * s->scale;
}
PLN_IND_STEP(aroon, step)

PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n) {
  aroon *s = state;
  double *memory = (double *)(s + 1), *below = low_memory(s, memory);
  double value[PLN_WINDOW_BLOCK], since_high[PLN_WINDOW_BLOCK], since_low[PLN_WINDOW_BLOCK];
  for (int64_t i = 0; i < n; i += PLN_WINDOW_BLOCK) {
    const int64_t m = n - i < PLN_WINDOW_BLOCK ? n - i : PLN_WINDOW_BLOCK;
    if (s->first) {
      pln_extreme_age_block(&s->high, memory, PLN_HIGHEST_FIRST, in[0] + i, value, since_high, m);
      pln_extreme_age_block(&s->low, below, PLN_LOWEST_FIRST, in[1] + i, value, since_low, m);
    } else {
      pln_extreme_age_block(&s->high, memory, PLN_HIGHEST_LAST, in[0] + i, value, since_high, m);
      pln_extreme_age_block(&s->low, below, PLN_LOWEST_LAST, in[1] + i, value, since_low, m);
    }
    PLN_IVDEP
    for (int64_t j = 0; j < m; j++) {
      if (UP >= 0) out[UP][i + j] = (s->period - since_high[j]) * s->scale;
      if (DOWN >= 0) out[DOWN][i + j] = (s->period - since_low[j]) * s->scale;
      out[OSCILLATOR][i + j] = (since_low[j] - since_high[j]) * s->scale;
    }
  }
}
PLN_IND_SIMD(batch, rows)
