#pragma once
#include "feature/swing.h"

/* The kernel of the last swing on one side, which the includer names: SWING_SIDE, PLN_HIGHEST_LAST or
 * PLN_LOWEST_LAST. */
static const pln_indicator_param params[] = {PLN_SWING_PARAMS(5)};

static int64_t lookback(const double *p) { return pln_swing_lookback((int64_t)p[0], (int64_t)p[1]); }
static int64_t size(const double *p) {
  return PLN_IND_SIZE(pln_swing, pln_swing_doubles((int64_t)p[0], (int64_t)p[1]));
}
static void init(void *state, const double *p) { pln_swing_init(state, (int64_t)p[0], (int64_t)p[1]); }

static inline void step(pln_swing *s, double *memory, const double *in, double *out) {
  out[2] = pln_swing_step(s, memory, SWING_SIDE, in[0]);
  out[3] = s->age >= 0.0;
  out[0] = s->age >= 0.0 ? s->level : in[0];
  out[1] = s->age >= 0.0 ? s->age : 0.0;
}
PLN_IND_STEP(pln_swing, step)

PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n) {
  pln_swing *s = state;
  double candidate[PLN_WINDOW_BLOCK];
  for (int64_t i = 0; i < n; i += PLN_WINDOW_BLOCK) {
    const int64_t m = n - i < PLN_WINDOW_BLOCK ? n - i : PLN_WINDOW_BLOCK;
    double *found = out[2] + i;
    pln_swing_block(s, (double *)(s + 1), SWING_SIDE, in[0] + i, candidate, found, m);
    for (int64_t j = 0; j < m; j++) {
      pln_swing_note(s, found[j] != 0.0, candidate[j]);
      out[0][i + j] = s->age >= 0.0 ? s->level : in[0][i + j];
      out[1][i + j] = s->age >= 0.0 ? s->age : 0.0;
    }
  }
}
PLN_IND_SIMD(batch, rows)
