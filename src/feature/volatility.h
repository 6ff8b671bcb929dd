#pragma once
#include "feature/window.h"

/* What the estimators of volatility share: logarithms of ratios, and the scale of a year. */

#define PLN_LN2 0.69314718055994530942

#define PLN_ANNUAL_PARAM(DEFAULT)                                                                            \
  PLN_PARAM("annual", "rows a year: the result is multiplied by its square root; 1: volatility of a row",    \
            DEFAULT, 1e-9, 1e9)

/* ln(a / b), 0 where it is undefined. */
PLN_INLINE double pln_log_ratio(double a, double b) { return a > 0.0 && b > 0.0 ? log(a / b) : 0.0; }

/* A row's term of the estimator of Rogers and Satchell. */
PLN_INLINE double pln_rogers_satchell(double open, double high, double low, double close) {
  if (open <= 0.0 || high <= 0.0 || low <= 0.0 || close <= 0.0) return 0.0;
  const double up = log(high / close) * log(high / open), down = log(low / close) * log(low / open);
  return up + down;
}

/* State of an estimator over the last p[0] rows with p[1] rows a year, by WIDTH aggregates of a window. */
#define PLN_VOLATILITY_STATE(WIDTH)                                                                          \
  typedef struct volatility {                                                                                \
    pln_window window;                                                                                       \
    double scale; /* square root of the rows a year */                                                       \
  } volatility;                                                                                              \
  static int64_t lookback(const double *p) { return (int64_t)p[0] - 1; }                                     \
  static int64_t size(const double *p) {                                                                     \
    return PLN_IND_SIZE(volatility, pln_window_doubles((int64_t)p[0], WIDTH));                               \
  }                                                                                                          \
  static void init(void *state, const double *p) {                                                           \
    volatility *s = state;                                                                                   \
    pln_window_init(&s->window, (int64_t)p[0]);                                                              \
    s->scale = sqrt(p[1]);                                                                                   \
  }
