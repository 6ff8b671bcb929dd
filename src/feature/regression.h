#pragma once
#include "feature/window.h"

/* Least squares of the last n rows on their positions 0 (oldest) … n - 1 (this row), by windows that merge:
 * aggregates are the mean, the sum C of (t - mean t)(x - mean x) and, where wanted, the sum S of squared
 * deviations of x. Two parts of a (newer) and b (older) rows have their middles (a + b) / 2 apart, so that
 *
 *     C = C_newer + C_older + a b / 2 (mean_newer - mean_older)
 *
 * (Chan, Golub and LeVeque 1979, for a pair of variables). A flat price has slope 0 and itself as its line,
 * exactly. */
enum { PLN_REGRESSION_WIDTH = 2, PLN_REGRESSION_FIT_WIDTH = 3 };

typedef struct pln_regression {
  pln_window window;
  double n;
  double half;  /* (n - 1) / 2: from the middle to this row */
  double scale; /* 1 / sum of (t - mean t)^2; 0 for a single row */
  double k;     /* a parameter of the consumer */
  double row;   /* rows seen, for consumers that count */
} pln_regression;

static inline void pln_regression_init(pln_regression *s, int64_t period) {
  pln_window_init(&s->window, period);
  s->n = (double)period;
  s->half = (s->n - 1.0) / 2.0;
  s->scale = period > 1 ? 12.0 / (s->n * (s->n * s->n - 1.0)) : 0.0;
}

static inline void pln_merge_regression(double *const *out, const double *const *newer,
                                        const double *const *older, int64_t n, double a, double b) {
  double *mean = out[0], *cross = out[1];
  const double *x = newer[0], *y = older[0], *cx = newer[1], *cy = older[1];
  const double weight = b / (a + b), half = a * b / 2.0;
  PLN_IVDEP
  for (int64_t i = 0; i < n; i++) {
    const double delta = y[i] - x[i];
    mean[i] = x[i] + delta * weight;
    cross[i] = (cx[i] + cy[i]) - delta * half;
  }
}

static inline void pln_merge_regression_fit(double *const *out, const double *const *newer,
                                            const double *const *older, int64_t n, double a, double b) {
  double *mean = out[0], *cross = out[1], *squares = out[2];
  const double *x = newer[0], *y = older[0], *cx = newer[1], *cy = older[1], *sx = newer[2], *sy = older[2];
  const double weight = b / (a + b), half = a * b / 2.0, scale = a * weight;
  PLN_IVDEP
  for (int64_t i = 0; i < n; i++) {
    const double delta = y[i] - x[i];
    mean[i] = x[i] + delta * weight;
    cross[i] = (cx[i] + cy[i]) - delta * half;
    squares[i] = (sx[i] + sy[i]) + delta * delta * scale;
  }
}

PLN_INLINE double pln_regression_slope(const pln_regression *s, const double *aggregate) {
  return aggregate[1] * s->scale;
}

/* The line's value `ahead` rows after this one. */
PLN_INLINE double pln_regression_line(const pln_regression *s, const double *aggregate, double ahead) {
  return aggregate[0] + pln_regression_slope(s, aggregate) * (s->half + ahead);
}

/* Sum of squared residuals, of aggregates with S. */
PLN_INLINE double pln_regression_residual(const pln_regression *s, const double *aggregate) {
  const double explained = aggregate[1] * (aggregate[1] * s->scale);
  return aggregate[2] > explained ? aggregate[2] - explained : 0.0;
}

/* C² / (S_t S), 0 … 1; 0 where nothing moves. */
PLN_INLINE double pln_regression_r_squared(const pln_regression *s, const double *aggregate) {
  const double explained = aggregate[1] * (aggregate[1] * s->scale);
  return aggregate[2] <= 0.0 ? 0.0 : explained < aggregate[2] ? explained / aggregate[2] : 1.0;
}

/* lookback, size, init, step_row and batch of an indicator with one source and the parameter period. */
#define PLN_REGRESSION_KERNEL(WIDTH, N_OUT, MERGE, FINISH)                                                   \
  static int64_t lookback(const double *p) { return (int64_t)p[0] - 1; }                                     \
  static int64_t size(const double *p) {                                                                     \
    return PLN_IND_SIZE(pln_regression, pln_window_doubles((int64_t)p[0], WIDTH));                           \
  }                                                                                                          \
  static void init(void *state, const double *p) { pln_regression_init(state, (int64_t)p[0]); }              \
  PLN_WINDOW_DIRECT(pln_regression, WIDTH, 1, N_OUT, MERGE, FINISH)
