#pragma once
#include "feature/smooth.h"
#include "feature/true_range.h"

/* Directional movement (Wilder, New Concepts in Technical Trading Systems, 1978), the common part of dm, di,
 * dx, adx and adxr: plus and minus movement and the true range, each smoothed by 1 / period. They are means;
 * Wilder's sums are `period` times as large, which ratios do not show.
 *
 * The first row has no movement. How smoothing starts is what the field disagrees on:
 *   talib   with the sum of the first period - 1 movements, taken for that of `period` (the first row counts
 *           as one without movement); TA-Lib gives indicators from row `period` on
 *   tulip   the same, indicators from row period - 1 on; equal movements of both sides count, which for the
 *           others cancel each other
 *   wilder  with the first `period` movements, as Wilder does it (Stock.Indicators, StockCharts) */
enum pln_directional_start { PLN_START_TALIB = 0, PLN_START_TULIP = 1, PLN_START_WILDER = 2 };

#define PLN_DIRECTIONAL_PARAMS(PERIOD_MIN)                                                                   \
  PLN_PARAM_INT("period", "rows; the weight of a new movement is 1 / period", 14, PERIOD_MIN,                \
                PLN_IND_MAX_PERIOD),                                                                         \
      PLN_PARAM_WORD("start",                                                                                \
                     "smoothing starts with period - 1 movements (talib; tulip: with one more value) or "    \
                     "`period` (wilder)",                                                                    \
                     0, 2, "talib tulip wilder")

/* Means of movements that fade in a flat market keep their quotient; only where they near the end of what a
 * double can hold does it lose its bits. (An absolute threshold such as TA-Lib's 1e-14 depends on the unit.)
 */
#define PLN_NO_MOVEMENT 1e-290

typedef struct pln_dm {
  pln_smooth plus;
  pln_smooth minus;
  double high; /* of the row before */
  double low;
  int32_t started;
  int32_t both;
} pln_dm;

typedef struct pln_directional {
  pln_dm dm;
  pln_smooth range;
  double close;
} pln_directional;

/* First row of the smoothed movements (but row 0), and of the ratios. */
static inline int64_t pln_directional_first(int64_t period, int32_t start) {
  const int64_t first = start == PLN_START_WILDER ? period : period - 1;
  return first > 1 ? first : 1;
}
static inline int64_t pln_directional_first_ratio(int64_t period, int32_t start) {
  const int64_t first = start == PLN_START_TULIP ? period - 1 : period;
  return first > 1 ? first : 1;
}

static inline void pln_dm_init(pln_dm *s, int64_t period, int32_t start) {
  const int64_t skip = start == PLN_START_WILDER;
  pln_smooth_init(&s->plus, 1.0 / (double)period, period, skip);
  pln_smooth_init(&s->minus, 1.0 / (double)period, period, skip);
  s->both = start == PLN_START_TULIP;
}
static inline void pln_directional_init(pln_directional *s, int64_t period, int32_t start) {
  pln_dm_init(&s->dm, period, start);
  pln_smooth_init(&s->range, 1.0 / (double)period, period, start == PLN_START_WILDER);
}

/* The larger of the rise of the high and the fall of the low counts, if it is positive; where they are equal,
 * none or both. */
PLN_INLINE void pln_directional_movement(double rise, double fall, int32_t both, double *plus,
                                         double *minus) {
  const int32_t equal = both & (rise == fall);
  *plus = ((rise > fall) | equal) & (rise > 0.0) ? rise : 0.0;
  *minus = ((fall > rise) | equal) & (fall > 0.0) ? fall : 0.0;
}

typedef struct pln_movement {
  double plus;
  double minus;
  double range;
} pln_movement;

PLN_INLINE pln_movement pln_dm_step(pln_dm *s, double high, double low) {
  pln_movement m = {0.0, 0.0, 0.0};
  if (s->started) pln_directional_movement(high - s->high, s->low - low, s->both, &m.plus, &m.minus);
  s->started = 1;
  s->high = high;
  s->low = low;
  m.plus = pln_smooth_step(&s->plus, m.plus);
  m.minus = pln_smooth_step(&s->minus, m.minus);
  return m;
}

PLN_INLINE pln_movement pln_directional_step(pln_directional *s, double high, double low, double close) {
  const double range = s->dm.started ? pln_true_range(high, low, s->close) : 0.0;
  pln_movement m = pln_dm_step(&s->dm, high, low);
  s->close = close;
  m.range = pln_smooth_step(&s->range, range);
  return m;
}

enum { PLN_DIRECTIONAL_BLOCK = 512 };

/* n <= PLN_DIRECTIONAL_BLOCK rows, the same bits as n steps. */
PLN_INLINE void pln_dm_block(pln_dm *s, const double *high, const double *low, double *plus, double *minus,
                             int64_t n) {
  double p[PLN_DIRECTIONAL_BLOCK], m[PLN_DIRECTIONAL_BLOCK];
  if (n <= 0) return;
  p[0] = m[0] = 0.0;
  if (s->started) pln_directional_movement(high[0] - s->high, s->low - low[0], s->both, &p[0], &m[0]);
  const int32_t both = s->both;
  PLN_IVDEP
  for (int64_t i = 1; i < n; i++)
    pln_directional_movement(high[i] - high[i - 1], low[i - 1] - low[i], both, &p[i], &m[i]);
  s->started = 1;
  s->high = high[n - 1];
  s->low = low[n - 1];
  pln_smooth_rows(&s->plus, p, plus, n);
  pln_smooth_rows(&s->minus, m, minus, n);
}

PLN_INLINE void pln_directional_block(pln_directional *s, const double *high, const double *low,
                                      const double *close, double *plus, double *minus, double *range,
                                      int64_t n) {
  double r[PLN_DIRECTIONAL_BLOCK];
  if (n <= 0) return;
  r[0] = s->dm.started ? pln_true_range(high[0], low[0], s->close) : 0.0;
  PLN_IVDEP
  for (int64_t i = 1; i < n; i++) r[i] = pln_true_range(high[i], low[i], close[i - 1]);
  s->close = close[n - 1];
  pln_dm_block(&s->dm, high, low, plus, minus, n);
  pln_smooth_rows(&s->range, r, range, n);
}

/* 100 movement / range; 0 where nothing moves. */
PLN_INLINE double pln_directional_indicator(double movement, double range) {
  return range > 0.0 ? 100.0 * (movement / range) : 0.0;
}

/* 100 |plus - minus| / (plus + minus) of the two indicators, -1 where it is not defined. */
PLN_INLINE double pln_directional_index(double plus, double minus) {
  const double sum = plus + minus;
  return sum > 0.0 ? 100.0 * (fabs(minus - plus) / sum) : -1.0;
}

/* Movements of n rows into indicators, in place, and the index of each row (-1 where it is not defined).
 * Returns whether all are. */
PLN_INLINE int32_t pln_directional_indices(double *plus, double *minus, const double *range, double *index,
                                           int64_t n) {
  double least = 0.0;
  PLN_IVDEP
  for (int64_t i = 0; i < n; i++) {
    plus[i] = pln_directional_indicator(plus[i], range[i]);
    minus[i] = pln_directional_indicator(minus[i], range[i]);
    index[i] = pln_directional_index(plus[i], minus[i]);
  }
  for (int64_t i = 0; i < n; i++) least = index[i] < least ? index[i] : least;
  return least >= 0.0;
}
