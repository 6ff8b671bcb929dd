#include "feature/candle.h"
#include <string.h>

PLN_INLINE void parts(pln_candles *b, int64_t n) {
  PLN_IVDEP
  for (int64_t i = 0; i < n; i++) {
    const double o = b->bar[0][i], c = b->bar[3][i];
    b->top[i] = c >= o ? c : o;
    b->bottom[i] = c >= o ? o : c;
    b->body[i] = fabs(c - o);
    b->range[i] = b->bar[1][i] - b->bar[2][i];
  }
}

/* out[i]: mean of the 10 values before i, always summed in the same shape. */
PLN_INLINE void mean_10(const double *x, double *out, int64_t n) {
  double two[PLN_CANDLE_ROWS], four[PLN_CANDLE_ROWS];
  for (int64_t i = 1; i < n; i++) two[i] = x[i] + x[i - 1];
  for (int64_t i = 3; i < n; i++) four[i] = two[i] + two[i - 2];
  for (int64_t i = 11; i < n; i++) out[i] = ((four[i - 1] + four[i - 5]) + two[i - 9]) / 10.0;
}

PLN_INLINE void mean_5(const double *x, double *out, int64_t n) {
  for (int64_t i = 5; i < n; i++) out[i] = (((x[i - 1] + x[i - 2]) + (x[i - 3] + x[i - 4])) + x[i - 5]) / 5.0;
}

PLN_INLINE void derive(pln_candles *b, int64_t n, int32_t needs) {
  parts(b, n);
  if (needs & PLN_CANDLE_BODY) mean_10(b->body, b->mean_body, n);
  if (needs & PLN_CANDLE_RANGE) mean_10(b->range, b->mean_range, n);
  if (needs & PLN_CANDLE_DISTANCE) mean_5(b->range, b->mean_distance, n);
  if (needs & PLN_CANDLE_SHADOW) {
    double shadows[PLN_CANDLE_ROWS];
    PLN_IVDEP
    for (int64_t i = 0; i < n; i++) shadows[i] = upper_shadow(b, i) + lower_shadow(b, i);
    mean_10(shadows, b->mean_shadow, n);
  }
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) static void derive_avx2(pln_candles *b, int64_t n, int32_t needs) {
  derive(b, n, needs);
}
PLN_IND_AVX512 static void derive_avx512(pln_candles *b, int64_t n, int32_t needs) { derive(b, n, needs); }
#endif

void pln_candles_load(pln_candle_state *state, pln_candles *b, const double *const *in, int64_t m,
                      int32_t needs) {
  const int64_t n = PLN_CANDLE_HISTORY + m;
  for (int32_t k = 0; k < 4; k++) {
    memcpy(b->bar[k], state->past[k], sizeof state->past[k]);
    memcpy(b->bar[k] + PLN_CANDLE_HISTORY, in[k], (size_t)m * sizeof(double));
    memcpy(state->past[k], b->bar[k] + m, sizeof state->past[k]);
  }
  b->penetration = state->penetration;
  b->state = state;
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq")) {
    derive_avx512(b, n, needs);
    return;
  }
  if (__builtin_cpu_supports("avx2")) {
    derive_avx2(b, n, needs);
    return;
  }
#endif
  derive(b, n, needs);
}

int64_t pln_candle_size(const double *params) {
  (void)params;
  return PLN_IND_SIZE(pln_candle_state, 0);
}

void pln_candle_init(void *state, const double *params) {
  pln_candle_state *s = state;
  s->penetration = params[0];
}
