#pragma once
#include "feature/late_ma.h"
#include "feature/range.h"

/* Where the close lies between the lowest low and the highest high of the last n rows: 0 … 100, and 0 where
 * these are equal (TA-Lib) or no further apart than `no_range`. State is a pln_stoch and pln_stoch_doubles
 * doubles; it begins with row n - 1. */
typedef struct pln_stoch {
  pln_window range;
  double no_range;
} pln_stoch;

static inline int64_t pln_stoch_doubles(int64_t n) { return pln_range_doubles(n); }

static inline void pln_stoch_init(pln_stoch *s, int64_t n, double no_range) {
  s->no_range = no_range;
  pln_window_init(&s->range, n);
}

PLN_INLINE double pln_stoch_position(double highest, double lowest, double close, double no_range) {
  const double range = highest - lowest;
  return range <= no_range ? 0.0 : 100.0 * ((close - lowest) / range);
}

/* `is_valid`: 1 where there is a range. */
PLN_INLINE double pln_stoch_step(pln_stoch *s, double *memory, double high, double low, double close,
                                 double *is_valid) {
  double highest, lowest;
  pln_range_step(&s->range, memory, high, low, &highest, &lowest);
  *is_valid = highest - lowest > s->no_range;
  return pln_stoch_position(highest, lowest, close, s->no_range);
}

/* m <= PLN_WINDOW_BLOCK rows; the same bits as m steps. `y` must not overlap the inputs. */
PLN_INLINE void pln_stoch_block(pln_stoch *s, double *memory, const double *high, const double *low,
                                const double *close, double *y, int64_t m) {
  double highest[PLN_WINDOW_BLOCK], lowest[PLN_WINDOW_BLOCK];
  pln_range_block(&s->range, memory, high, low, highest, lowest, m);
  const double no_range = s->no_range;
  PLN_IVDEP
  for (int64_t j = 0; j < m; j++) /* NOLINTNEXTLINE: m entries were written */
    y[j] = pln_stoch_position(highest[j], lowest[j], close[j], no_range);
}
