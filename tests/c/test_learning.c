/* Learning indicators on data whose truth is known: what was put in is found again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "feature_data.h"

enum { N = 6000 };

static uint64_t seed;
static double uniform(void) {
  seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
  return ((double)(seed >> 11) + 0.5) / 9007199254740992.0;
}
static double normal(void) { return sqrt(-2.0 * log(uniform())) * cos(6.283185307179586 * uniform()); }

static double a[N], b[N], c[N];
static int truth[N];

static void compute(const char *expression, double *out) {
  static int64_t ts[N];
  for (int i = 0; i < N; i++) ts[i] = i * 60000000000LL;
  pln_bars *bars = pln_bars_from_arrays("TEST", "1m", N, ts, a, b, c, c, NULL);
  assert_non_null(bars);
  if (pln_feature_compute(bars, expression, out) != 0) fail_msg("%s: %s", expression, pln_error_last()->text);
  pln_bars_free(bars);
}

/* Share of rows from `from` on in which the state is that which made the row. */
static double hits(const char *expression, int from) {
  double out[N];
  compute(expression, out);
  int right = 0;
  for (int i = from; i < N; i++) right += (int)out[i] == truth[i] + 1;
  return (double)right / (N - from);
}

static void make_regimes(int states, const double *mean, const double *deviation, double leave) {
  seed = 88172645463325252u;
  for (int i = 0, state = 0; i < N; i++) {
    if (uniform() < leave) state = (state + 1 + (int)(uniform() * (states - 1))) % states;
    truth[i] = state;
    c[i] = mean[state] + deviation[state] * normal();
    a[i] = b[i] = c[i];
  }
}

static void regimes_by_variance(void **state) {
  (void)state;
  make_regimes(2, (const double[]){0.0005, -0.001}, (const double[]){0.005, 0.025}, 0.01);
  assert_true(hits("hmm(close, 2, 1000)", 1000) > 0.95);
  assert_true(hits("hmm(close, 2, 1000, 500)", 1000) > 0.95);
  make_regimes(3, (const double[]){0, 0, 0}, (const double[]){1, 4, 16}, 0.01);
  assert_true(hits("hmm(close, 3, 1500)", 1500) > 0.90);
}

static void regimes_by_mean(void **state) {
  (void)state;
  make_regimes(4, (const double[]){-6, -2, 2, 6}, (const double[]){1, 1, 1, 1}, 0.02);
  assert_true(hits("hmm(close, 4, 1500, order=mean)", 1500) > 0.95);
}

static void probabilities_survive_what_no_state_explains(void **state) {
  (void)state;
  make_regimes(2, (const double[]){0, 0}, (const double[]){1e-5, 1e-3}, 0.01);
  for (int i = 3000; i < N; i += 97) c[i] = i % 2 ? 1e12 : -1e9;
  double p[3][N];
  compute("hmm(close, 3, 500, 800).p1", p[0]);
  compute("hmm(close, 3, 500, 800).p2", p[1]);
  compute("hmm(close, 3, 500, 800).p3", p[2]);
  for (int i = 500; i < N; i++) {
    double sum = 0;
    for (int k = 0; k < 3; k++) {
      assert_true(p[k][i] >= 0 && p[k][i] <= 1);
      sum += p[k][i];
    }
    assert_true(fabs(sum - 1) < 1e-12);
  }
}

static void regression_finds_coefficients(void **state) {
  (void)state;
  seed = 1234567;
  for (int i = 0; i < N; i++) {
    a[i] = normal();
    b[i] = 5 + 3 * normal();
    c[i] = (i < 3000 ? 2 : -1) + (i < 3000 ? 1.5 : 0.5) * (i > 2 ? a[i - 3] : 0) -
           0.25 * (i > 2 ? b[i - 3] : 0) + 1e-3 * normal();
  }
  double b1[N], b2[N], prediction[N], residual[N];
  compute("online_regression(close, open, high, 0.99, 3).b1", b1);
  compute("online_regression(close, open, high, 0.99, 3).b2", b2);
  compute("online_regression(close, open, high, 0.99, 3)", prediction);
  compute("online_regression(close, open, high, 0.99, 3).residual", residual);
  assert_true(fabs(b1[2999] - 1.5) < 1e-3 && fabs(b2[2999] + 0.25) < 1e-3);
  assert_true(fabs(b1[5999] - 0.5) < 1e-3 && fabs(b2[5999] + 0.25) < 1e-3);
  for (int i = 500; i < 2990; i++) assert_true(fabs(prediction[i] - c[i + 3]) < 1e-2);
  assert_true(fabs(residual[3000]) > 1); /* the break is a surprise, not something that was known */
}

static void logistic_learns_odds(void **state) {
  (void)state;
  seed = 987654321;
  for (int i = 0; i < N; i++) {
    a[i] = normal();
    const double p = 1 / (1 + exp(-2 * (i ? a[i - 1] : 0)));
    c[i] = uniform() < p ? 1 : -1;
    b[i] = c[i];
  }
  double p[N];
  compute("online_logistic(close, open, 0.05, event=positive)", p);
  double gain = 0;
  int right = 0;
  for (int i = 1000; i + 1 < N; i++) {
    gain += log(c[i + 1] > 0 ? p[i] : 1 - p[i]) - log(0.5);
    right += (p[i] > 0.5) == (c[i + 1] > 0);
  }
  assert_true(gain / (N - 1001) > 0.2);   /* nats a row: 0.24 with the odds known */
  assert_true(right > 0.74 * (N - 1001)); /* 0.77 with the odds known */
}

static void components_of_a_common_factor(void **state) {
  (void)state;
  seed = 5550123;
  for (int i = 0; i < N; i++) {
    const double factor = normal();
    a[i] = factor + 0.1 * normal();
    b[i] = 100 * factor + 10 * normal();
    c[i] = -factor + 0.1 * normal();
  }
  double share[N], pc1[N];
  compute("online_pca(open, high, close, 200).share1", share);
  compute("online_pca(open, high, close, 200)", pc1);
  for (int i = 500; i < N; i++) {
    assert_true(share[i] > 0.97 && share[i] < 1);
    assert_true(fabs(pc1[i]) < 12);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(regimes_by_variance),
      cmocka_unit_test(regimes_by_mean),
      cmocka_unit_test(probabilities_survive_what_no_state_explains),
      cmocka_unit_test(regression_finds_coefficients),
      cmocka_unit_test(logistic_learns_odds),
      cmocka_unit_test(components_of_a_common_factor),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
