#pragma once
#include "feature/ma.h"
#include "feature/true_range.h"

/* An average true range by any kind of moving average, row by row, for bands and stops. Needs
 * pln_range_doubles of memory. */
#define PLN_RANGE_PARAMS                                                                                     \
  PLN_PARAM_WORD("range", "how the true range is averaged", PLN_MA_SMMA, PLN_MA_LAST, PLN_MA_WORDS),         \
      PLN_FIRST_RANGE_PARAM

typedef struct pln_range {
  pln_ma ma;
  double previous; /* close */
  int32_t started;
  int32_t skip;
} pln_range;

/* p: the two parameters of PLN_RANGE_PARAMS. */
static inline int64_t pln_range_lookback(int64_t n, const double *p) {
  return pln_ma_lookback((int32_t)p[0], n) + (p[1] == 0.0);
}
static inline int64_t pln_range_doubles(int64_t n, const double *p) {
  return pln_ma_doubles((int32_t)p[0], n);
}
static inline void pln_range_init(pln_range *s, int64_t n, const double *p) {
  pln_ma_init(&s->ma, (int32_t)p[0], n);
  s->skip = p[1] == 0.0;
}

static inline double pln_range_step(pln_range *s, double *memory, double high, double low, double close) {
  const double range = s->started ? pln_true_range(high, low, s->previous) : high - low;
  const int32_t skip = s->skip && !s->started;
  s->started = 1;
  s->previous = close;
  return skip ? 0.0 : pln_ma_step(&s->ma, memory, range);
}

/* n <= PLN_RANGE_BLOCK rows, the same bits as n steps. */
enum { PLN_RANGE_BLOCK = 512 };

static inline void pln_range_rows(pln_range *s, double *memory, const double *high, const double *low,
                                  const double *close, double *out, int64_t n) {
  double range[PLN_RANGE_BLOCK];
  if (n <= 0) return;
  const int64_t skip = s->skip && !s->started;
  range[0] = s->started ? pln_true_range(high[0], low[0], s->previous) : high[0] - low[0];
  PLN_IVDEP
  for (int64_t i = 1; i < n; i++) range[i] = pln_true_range(high[i], low[i], close[i - 1]);
  s->started = 1;
  s->previous = close[n - 1];
  if (skip) out[0] = 0.0;
  pln_ma_rows(&s->ma, memory, range + skip, out + skip, n - skip);
}
