#pragma once
#include "feature/late_ma.h"

/* A fast and a slow moving average of one series, for indicators that are about their difference, which
 * begins with row `lookback`. The averages change places where fast > slow. With `late` the one that needs
 * fewer rows is not given the first ones, so that both begin in the same row (MACDEXT of TA-Lib; not its
 * APO). State is a pln_ma_pair and pln_ma_pair_doubles doubles. */
typedef struct pln_ma_pair {
  pln_late_ma fast;
  pln_late_ma slow;
} pln_ma_pair;

static inline int64_t pln_ma_pair_lookback(int32_t fast_type, int64_t fast, int32_t slow_type, int64_t slow) {
  const int64_t a = pln_ma_lookback(fast_type, fast), b = pln_ma_lookback(slow_type, slow);
  return a > b ? a : b;
}

static inline int64_t pln_ma_pair_doubles(int32_t fast_type, int64_t fast, int32_t slow_type, int64_t slow) {
  return pln_ma_doubles(fast_type, fast) + pln_ma_doubles(slow_type, slow);
}

static inline void pln_ma_pair_init(pln_ma_pair *s, int32_t fast_type, int64_t fast, int32_t slow_type,
                                    int64_t slow, int late) {
  const int64_t begin = pln_ma_pair_lookback(fast_type, fast, slow_type, slow);
  const int64_t fast_skip = late ? begin - pln_ma_lookback(fast_type, fast) : 0;
  const int64_t slow_skip = late ? begin - pln_ma_lookback(slow_type, slow) : 0;
  pln_late_ma_init(fast > slow ? &s->slow : &s->fast, fast_type, fast, fast_skip, 0);
  pln_late_ma_init(fast > slow ? &s->fast : &s->slow, slow_type, slow, slow_skip,
                   pln_ma_doubles(fast_type, fast));
}

static inline void pln_ma_pair_step(pln_ma_pair *s, double *memory, double x, double *fast, double *slow) {
  *fast = pln_late_ma_step(&s->fast, memory, x);
  *slow = pln_late_ma_step(&s->slow, memory, x);
}

/* n rows; the same bits as n steps. The outputs must not overlap `x`. */
static inline void pln_ma_pair_rows(pln_ma_pair *s, double *memory, const double *x, double *fast,
                                    double *slow, int64_t n) {
  pln_late_ma_rows(&s->fast, memory, x, fast, n);
  pln_late_ma_rows(&s->slow, memory, x, slow, n);
}
