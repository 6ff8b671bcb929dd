#pragma once
/* Made-up series for the feature tests. */
#include "feature_data.h"

enum { SERIES_ROWS = 700 };

typedef struct series {
  double open[SERIES_ROWS], high[SERIES_ROWS], low[SERIES_ROWS], close[SERIES_ROWS], volume[SERIES_ROWS],
      extra[SERIES_ROWS];
  int64_t ts[SERIES_ROWS], n;
} series;

static uint64_t noise;
static inline double uniform(void) { /* [-1, 1) */
  noise = noise * 6364136223846793005u + 1442695040888963407u;
  return (double)(int64_t)(noise >> 11) * 0x1p-52 - 1.0;
}

/* A random walk of bars around `level`, moving by some `step` a bar, prices rounded to `tick` (0: not). */
static inline void walk(series *s, int64_t n, double level, double step, double tick, double volume) {
  noise = 42;
  s->n = n;
  double price = level;
  for (int64_t i = 0; i < n; i++) {
    double at[4];
    at[0] = price;
    at[1] = price + step * uniform();
    at[2] = fmax(at[0], at[1]) + step * fabs(uniform());
    at[3] = fmin(at[0], at[1]) - step * fabs(uniform());
    for (int k = 0; k < 4 && tick > 0; k++) at[k] = round(at[k] / tick) * tick;
    s->open[i] = at[0];
    s->close[i] = price = at[1];
    s->high[i] = at[2];
    s->low[i] = at[3];
    s->volume[i] = volume * fabs(uniform());
    s->extra[i] = at[1];
    s->ts[i] = i * 60000000000LL;
  }
}

static inline void flat(series *s, int64_t n, double price, double volume) {
  walk(s, n, price, 0, 0, 0);
  for (int64_t i = 0; i < n; i++) s->volume[i] = volume;
}

/* A walk that stands still for 70 of 100 rows. */
static inline void flat_stretches(series *s) {
  walk(s, SERIES_ROWS, 100, 1, 0, 1000);
  for (int64_t i = 0; i < s->n; i++)
    if (i % 100 < 70) s->open[i] = s->high[i] = s->low[i] = s->close[i] = s->close[i - i % 100];
}

static inline pln_bars *series_bars(const series *s) {
  pln_bars *bars =
      pln_bars_from_arrays("EDGE", "1m", s->n, s->ts, s->open, s->high, s->low, s->close, s->volume);
  assert_non_null(bars);
  return bars;
}
