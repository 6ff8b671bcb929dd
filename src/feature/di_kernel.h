#pragma once
#include "feature/directional.h"

/* The kernel of di and minus_di: the includer says at which outputs PLUS (-1: at none), MINUS and `valid`
 * stand. */
static const pln_indicator_param params[] = {PLN_DIRECTIONAL_PARAMS(1)};

static int64_t lookback(const double *p) { return pln_directional_first_ratio((int64_t)p[0], (int32_t)p[1]); }
static int64_t size(const double *p) {
  (void)p;
  return PLN_IND_SIZE(pln_directional, 0);
}
static void init(void *state, const double *p) { pln_directional_init(state, (int64_t)p[0], (int32_t)p[1]); }

static inline void step(pln_directional *s, double *memory, const double *in, double *out) {
  (void)memory;
  const pln_movement m = pln_directional_step(s, in[0], in[1], in[2]);
  if (PLUS >= 0) out[PLUS] = pln_directional_indicator(m.plus, m.range);
  out[MINUS] = pln_directional_indicator(m.minus, m.range);
  out[VALID] = m.range > 0.0;
}
PLN_IND_STEP(pln_directional, step)

PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n) {
  double plus[PLN_DIRECTIONAL_BLOCK], minus[PLN_DIRECTIONAL_BLOCK], range[PLN_DIRECTIONAL_BLOCK];
  for (int64_t i = 0; i < n; i += PLN_DIRECTIONAL_BLOCK) {
    const int64_t m = n - i < PLN_DIRECTIONAL_BLOCK ? n - i : PLN_DIRECTIONAL_BLOCK;
    pln_directional_block(state, in[0] + i, in[1] + i, in[2] + i, plus, minus, range, m);
    PLN_IVDEP
    for (int64_t j = 0; j < m; j++) {
      if (PLUS >= 0) out[PLUS][i + j] = pln_directional_indicator(plus[j], range[j]);
      out[MINUS][i + j] = pln_directional_indicator(minus[j], range[j]);
    }
  }
}
PLN_IND_SIMD(batch, rows)
