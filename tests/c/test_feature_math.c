/* The mathematical functions against the C library's in long double, and at the edges of their domains. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "feature_data.h"

enum { ROWS = 20000 };

static double random_between(uint64_t *state, double low, double high) {
  *state ^= *state << 13, *state ^= *state >> 7, *state ^= *state << 17;
  return low + (high - low) * (double)(*state >> 11) / 9007199254740992.0;
}

static pln_bars *bars_of(const double *close, int64_t n) {
  int64_t *ts = malloc((size_t)n * sizeof *ts);
  for (int64_t i = 0; i < n; i++) ts[i] = i * 60000000000;
  pln_bars *bars = pln_bars_from_arrays("X", "1m", n, ts, close, close, close, close, NULL);
  free(ts);
  return bars;
}

static const struct {
  const char *call;
  long double (*exact)(long double);
  double low, high; /* of x, or of ln |x| */
  int logarithmic;  /* 1: positive numbers of all sizes, 2: of both signs */
  double ulps;
} functions[] = {
    {"exp(close)", expl, -708, 709, 0, 2},     {"log(close)", logl, -740, 709, 1, 2},
    {"log10(close)", log10l, -700, 700, 1, 3}, {"log(close)", logl, -0.1, 0.1, 1, 2},
    {"atan(close)", atanl, -40, 40, 2, 2},     {"asin(close)", asinl, -40, 0, 2, 3},
    {"acos(close)", acosl, -30, 0, 2, 3},      {"sin(close)", sinl, -30, 13.8, 2, 3},
    {"cos(close)", cosl, -30, 13.8, 2, 3},     {"tan(close)", tanl, -30, 13.8, 2, 4},
    {"sin(close)", sinl, 13.82, 30, 2, 1},     {"cos(close)", cosl, 13.82, 30, 2, 1},
    {"sinh(close)", sinhl, -40, 6.5, 2, 3},    {"cosh(close)", coshl, -40, 6.5, 2, 2},
    {"tanh(close)", tanhl, -40, 6.5, 2, 3},    {"sqrt(close)", sqrtl, -700, 700, 1, 1},
};

static void agree_with_the_c_library(void **state) {
  (void)state;
  static double x[ROWS], out[ROWS];
  uint64_t random = 88172645463325252u;
  for (size_t k = 0; k < sizeof functions / sizeof functions[0]; k++) {
    for (int64_t i = 0; i < ROWS; i++) {
      x[i] = random_between(&random, functions[k].low, functions[k].high);
      if (functions[k].logarithmic) x[i] = exp(x[i]);
      if (functions[k].logarithmic == 2 && i % 2) x[i] = -x[i];
    }
    pln_bars *bars = bars_of(x, ROWS);
    assert_int_equal(pln_feature_compute(bars, functions[k].call, out), 0);
    double worst = 0;
    for (int64_t i = 0; i < ROWS; i++) {
      const long double exact = functions[k].exact(x[i]);
      const double ulp = nextafter(fabs((double)exact), INFINITY) - fabs((double)exact);
      const double error = (double)fabsl(out[i] - exact) / ulp;
      if (!(error <= functions[k].ulps))
        fail_msg("%s of %.17g is %.17g, %.2f units off", functions[k].call, x[i], out[i], error);
      worst = fmax(worst, error);
    }
    print_message("%s: at most %.2f units in the last place\n", functions[k].call, worst);
    pln_bars_free(bars);
  }
}

static const struct {
  const char *call;
  double x, expected;
} edges[] = {
    {"acos(close)", 1.0, 0.0},
    {"acos(close)", -1.0, 3.141592653589793},
    {"acos(close)", 1.0000001, 0.0},
    {"asin(close)", 1.0, 1.5707963267948966},
    {"asin(close)", -1.5, 0.0},
    {"atan(close)", 0.0, 0.0},
    {"atan(close)", 1e300, 1.5707963267948966},
    {"ceil(close)", -1.5, -1.0},
    {"floor(close)", -1.5, -2.0},
    {"round(close)", -1.5, -1.0},
    {"round(close)", 2.5, 3.0},
    {"round(close)", 0.49999999999999994, 0.0},
    {"trunc(close)", -1.9, -1.0},
    {"exp(close)", 0.0, 1.0},
    {"exp(close)", -1000.0, 0.0},
    {"log(close)", 1.0, 0.0},
    {"log(close)", 0.0, 0.0},
    {"log(close)", -5.0, 0.0},
    {"log10(close)", 1000.0, 3.0},
    {"log10(close)", 1e-5, -5.0},
    {"log10(close)", 1e22, 22.0},
    {"log10(close)", 0.0, 0.0},
    {"sin(close)", 0.0, 0.0},
    {"cos(close)", 0.0, 1.0},
    {"tanh(close)", 1e300, 1.0},
    {"tanh(close)", -1e300, -1.0},
    {"sqrt(close)", -4.0, 0.0},
    {"todeg(close)", 3.141592653589793, 180.0},
    {"torad(close)", 180.0, 3.141592653589793},
    {"pow(close, 3)", -2.0, -8.0},
    {"pow(close, 0.5)", -2.0, 0.0},
    {"pow(close, -1)", 0.0, 0.0},
    {"pow(close, 0)", 0.0, 1.0},
    {"div(close, 0)", 3.0, 0.0},
    {"mul(close, 2) + add(close, 1) - sub(close, 4)", 3.0, 11.0},
};

static void edges_of_domains(void **state) {
  (void)state;
  for (size_t k = 0; k < sizeof edges / sizeof edges[0]; k++) {
    const double x[3] = {edges[k].x, edges[k].x, edges[k].x};
    double out[3];
    pln_bars *bars = bars_of(x, 3);
    assert_int_equal(pln_feature_compute(bars, edges[k].call, out), 0);
    if (out[1] != edges[k].expected)
      fail_msg("%s of %.17g is %.17g, expected %.17g", edges[k].call, x[0], out[1], edges[k].expected);
    pln_bars_free(bars);
  }
  static const char *const growing[] = {"exp(close)", "sinh(close)", "cosh(close)", "pow(close, 5)"};
  for (size_t k = 0; k < sizeof growing / sizeof growing[0]; k++) {
    const double x[1] = {1e100};
    double out[1];
    pln_bars *bars = bars_of(x, 1);
    assert_int_equal(pln_feature_compute(bars, growing[k], out), 0);
    if (!(out[0] > 1e307 && isfinite(out[0]))) fail_msg("%s of 1e100 is %g", growing[k], out[0]);
    pln_bars_free(bars);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(agree_with_the_c_library),
                                     cmocka_unit_test(edges_of_domains)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
