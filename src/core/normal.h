#pragma once
#include <math.h>
/* The standard normal distribution. */
static inline double pln_normal_cdf(double z) { return 0.5 * erfc(-z * 0.70710678118654752440); }
static inline double pln_normal_density(double z) { return 0.39894228040143267794 * exp(-0.5 * z * z); }

/* Of a probability in (1e-40, 1). Newton steps from the middle: the curve bends so that they converge from
 * one side. */
static inline double pln_normal_quantile(double p) {
  double z = 0.0;
  for (int k = 0; k < 100; k++) {
    const double error = pln_normal_cdf(z) - p;
    const double next = z - error / pln_normal_density(z);
    if (fabs(next - z) < 1e-15) break;
    z = next;
  }
  return z;
}
