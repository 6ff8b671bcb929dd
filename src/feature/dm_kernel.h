#pragma once
#include "feature/directional.h"

/* The kernel of dm and minus_dm: the includer says at which outputs PLUS and MINUS stand, -1: at none. */
static const pln_indicator_param params[] = {PLN_DIRECTIONAL_PARAMS(1)};

typedef struct dm {
  pln_dm movement;
  double period;
} dm;

static int64_t lookback(const double *p) { return pln_directional_first((int64_t)p[0], (int32_t)p[1]); }
static int64_t size(const double *p) {
  (void)p;
  return PLN_IND_SIZE(dm, 0);
}
static void init(void *state, const double *p) {
  dm *s = state;
  pln_dm_init(&s->movement, (int64_t)p[0], (int32_t)p[1]);
  s->period = p[0];
}

static inline void step(dm *s, double *memory, const double *in, double *out) {
  (void)memory;
  const pln_movement m = pln_dm_step(&s->movement, in[0], in[1]);
  if (PLUS >= 0) out[PLUS] = m.plus * s->period;
  out[MINUS] = m.minus * s->period;
}
PLN_IND_STEP(dm, step)

PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n) {
  dm *s = state;
  double plus[PLN_DIRECTIONAL_BLOCK], minus[PLN_DIRECTIONAL_BLOCK];
  for (int64_t i = 0; i < n; i += PLN_DIRECTIONAL_BLOCK) {
    const int64_t m = n - i < PLN_DIRECTIONAL_BLOCK ? n - i : PLN_DIRECTIONAL_BLOCK;
    pln_dm_block(&s->movement, in[0] + i, in[1] + i, plus, minus, m);
    PLN_IVDEP
    for (int64_t j = 0; j < m; j++) {
      if (PLUS >= 0) out[PLUS][i + j] = plus[j] * s->period;
      out[MINUS][i + j] = minus[j] * s->period;
    }
  }
}
PLN_IND_SIMD(batch, rows)
