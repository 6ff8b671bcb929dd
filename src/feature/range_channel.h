#pragma once
#include "feature/range_average.h"

/* The kernel of channels around an average whose width is an average of true ranges (keltner, starc).
 * Parameters in the order of those two. */
typedef struct channel {
  pln_ma middle;
  pln_range range;
  double k;
} channel;

static int64_t lookback(const double *p) {
  const int64_t middle = pln_ma_lookback((int32_t)p[3], (int64_t)p[0]);
  const int64_t range = pln_range_lookback((int64_t)p[2], p + 4);
  return middle > range ? middle : range;
}
static int64_t size(const double *p) {
  return PLN_IND_SIZE(channel,
                      pln_ma_doubles((int32_t)p[3], (int64_t)p[0]) + pln_range_doubles((int64_t)p[2], p + 4));
}
static void init(void *state, const double *p) {
  channel *s = state;
  pln_ma_init(&s->middle, (int32_t)p[3], (int64_t)p[0]);
  pln_range_init(&s->range, (int64_t)p[2], p + 4);
  s->k = p[1];
}

static inline void step(channel *s, double *memory, const double *in, double *out) {
  const int64_t doubles = pln_ma_doubles(s->middle.type, s->middle.n);
  const double middle = pln_ma_step(&s->middle, memory, in[0]);
  const double width = s->k * pln_range_step(&s->range, memory + doubles, in[1], in[2], in[3]);
  out[0] = middle + width;
  out[1] = middle;
  out[2] = middle - width;
  out[3] = middle == 0.0 ? 0.0 : (out[0] - out[2]) / middle;
  out[4] = middle != 0.0;
}
PLN_IND_STEP(channel, step)

enum { BLOCK = 512 };

static void batch(void *state, const double *const *in, double *const *out, int64_t n) {
  channel *s = state;
  double *memory = (double *)(s + 1), *after = memory + pln_ma_doubles(s->middle.type, s->middle.n);
  double range[BLOCK];
  for (int64_t i = 0; i < n; i += BLOCK) {
    const int64_t m = n - i < BLOCK ? n - i : BLOCK;
    double *upper = out[0] + i, *middle = out[1] + i, *lower = out[2] + i, *relative = out[3] + i;
    pln_ma_rows(&s->middle, memory, in[0] + i, middle, m);
    pln_range_rows(&s->range, after, in[1] + i, in[2] + i, in[3] + i, range, m);
    PLN_IVDEP
    for (int64_t j = 0; j < m; j++) {
      const double width = s->k * range[j];
      upper[j] = middle[j] + width;
      lower[j] = middle[j] - width;
      relative[j] = middle[j] == 0.0 ? 0.0 : (upper[j] - lower[j]) / middle[j];
    }
  }
}
