#include "portfolio/risk_rules.h"
#include "core/normal.h"
#include <math.h>
#include <stdlib.h>

/* Value at risk and expected shortfall of a portfolio from equally likely changes of its value. Definitions:
 * see the sources in risk_kinds.c. */

static int ascending(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return x < y ? -1 : x > y;
}

/* Mean and sample deviation. */
static void moments(const double *x, int64_t n, double *mean, double *deviation) {
  double sum = 0, squares = 0;
  for (int64_t i = 0; i < n; i++) sum += x[i];
  *mean = sum / (double)n;
  for (int64_t i = 0; i < n; i++) squares += (x[i] - *mean) * (x[i] - *mean);
  *deviation = n > 1 ? sqrt(squares / (double)(n - 1)) : 0;
}

/* Type 7 of Hyndman and Fan: linear between order statistics. `x` is sorted. */
static double quantile(const double *x, int64_t n, double p) {
  const double at = p * (double)(n - 1);
  const int64_t i = (int64_t)floor(at);
  return i + 1 < n ? x[i] + (at - (double)i) * (x[i + 1] - x[i]) : x[n - 1];
}

double pln_value_at_risk(double *changes, int64_t n, pln_rule_method method, double confidence_pct,
                         double horizon) {
  if (n < 1) return NAN;
  const double tail = 1.0 - confidence_pct / 100.0;
  if (method == PLN_METHOD_PARAMETRIC) {
    double mean, deviation;
    moments(changes, n, &mean, &deviation);
    return -(horizon * mean + pln_normal_quantile(tail) * sqrt(horizon) * deviation);
  }
  qsort(changes, (size_t)n, sizeof *changes, ascending);
  return -quantile(changes, n, tail) * (method == PLN_METHOD_HISTORICAL ? sqrt(horizon) : 1.0);
}

double pln_expected_shortfall(double *changes, int64_t n, pln_rule_method method, double confidence_pct,
                              double horizon) {
  if (n < 1) return NAN;
  const double tail = 1.0 - confidence_pct / 100.0;
  if (method == PLN_METHOD_PARAMETRIC) {
    double mean, deviation;
    moments(changes, n, &mean, &deviation);
    return -horizon * mean + sqrt(horizon) * deviation * pln_normal_density(pln_normal_quantile(tail)) / tail;
  }
  qsort(changes, (size_t)n, sizeof *changes, ascending);
  const double cut = quantile(changes, n, tail);
  double sum = 0;
  int64_t count = 0;
  while (count < n && (count == 0 || changes[count] <= cut)) sum += changes[count++];
  return -sum / (double)count * (method == PLN_METHOD_HISTORICAL ? sqrt(horizon) : 1.0);
}

double pln_correlation(const double *a, const double *b, int64_t n) {
  double mean_a, mean_b, sd_a, sd_b, sum = 0;
  if (n < 2) return NAN;
  moments(a, n, &mean_a, &sd_a);
  moments(b, n, &mean_b, &sd_b);
  for (int64_t i = 0; i < n; i++) sum += (a[i] - mean_a) * (b[i] - mean_b);
  return sd_a > 0 && sd_b > 0 ? sum / (double)(n - 1) / (sd_a * sd_b) : NAN;
}
