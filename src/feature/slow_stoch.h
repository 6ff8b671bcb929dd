#pragma once
#include "feature/stoch.h"

/* The kernel of stoch and kdj, whose parameters are: rows, period of k, period of d, kind of k, kind of d. */
typedef struct pln_slow_stoch {
  pln_stoch raw;
  pln_late_ma k;
  pln_late_ma d;
} pln_slow_stoch;

static int64_t k_row(const double *p) {
  return (int64_t)p[0] - 1 + pln_ma_lookback((int32_t)p[3], (int64_t)p[1]);
}
static int64_t lookback(const double *p) { return k_row(p) + pln_ma_lookback((int32_t)p[4], (int64_t)p[2]); }
static int64_t raw_doubles(const double *p) { return pln_stoch_doubles((int64_t)p[0]); }
static int64_t k_doubles(const double *p) { return pln_ma_doubles((int32_t)p[3], (int64_t)p[1]); }
static int64_t size(const double *p) {
  return PLN_IND_SIZE(pln_slow_stoch,
                      raw_doubles(p) + k_doubles(p) + pln_ma_doubles((int32_t)p[4], (int64_t)p[2]));
}
static void init(void *state, const double *p) {
  pln_slow_stoch *s = state;
  pln_stoch_init(&s->raw, (int64_t)p[0], 0.0);
  pln_late_ma_init(&s->k, (int32_t)p[3], (int64_t)p[1], (int64_t)p[0] - 1, raw_doubles(p));
  pln_late_ma_init(&s->d, (int32_t)p[4], (int64_t)p[2], k_row(p), raw_doubles(p) + k_doubles(p));
}

static inline void step(pln_slow_stoch *s, double *memory, const double *in, double *out) {
  const double raw = pln_stoch_step(&s->raw, memory, in[0], in[1], in[2], &out[3]);
  out[0] = pln_late_ma_step(&s->k, memory, raw);
  out[1] = pln_late_ma_step(&s->d, memory, out[0]);
  out[2] = 3.0 * out[0] - 2.0 * out[1];
}
PLN_IND_STEP(pln_slow_stoch, step)

PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n) {
  pln_slow_stoch *s = state;
  double *memory = (double *)(s + 1);
  double raw[PLN_WINDOW_BLOCK];
  for (int64_t i = 0; i < n; i += PLN_WINDOW_BLOCK) {
    const int64_t m = n - i < PLN_WINDOW_BLOCK ? n - i : PLN_WINDOW_BLOCK;
    double *k = out[0] + i, *d = out[1] + i, *y = out[2] + i;
    pln_stoch_block(&s->raw, memory, in[0] + i, in[1] + i, in[2] + i, raw, m);
    pln_late_ma_rows(&s->k, memory, raw, k, m);
    pln_late_ma_rows(&s->d, memory, k, d, m);
    PLN_IVDEP
    for (int64_t j = 0; j < m; j++) y[j] = 3.0 * k[j] - 2.0 * d[j];
  }
}
PLN_IND_SIMD(batch, rows)
