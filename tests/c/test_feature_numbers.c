/* Rolling sums do not rot: every indicator with a window against an exact recompute in long double, over all
 * of BTCUSD's minutes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "feature_data.h"

/* Worst difference from the exact value, on the scale of the largest input in the window. */
typedef struct worst {
  long double error;
  int64_t row;
} worst;

static void note(worst *w, int64_t row, double got, long double exact, long double scale) {
  const long double error = fabsl(got - exact) / scale;
  if (!(error <= w->error)) *w = (worst){error, row};
}

static void windows(const pln_bars *bars, int n) {
  char text[64];
  static const char *const names[] = {"sma", "wma", "stddev", "highest", "lowest"};
  double *out[5];
  for (int k = 0; k < 5; k++) {
    out[k] = malloc((size_t)bars->n_bars * sizeof(double));
    snprintf(text, sizeof text, "%s(%d)", names[k], n);
    assert_int_equal(pln_feature_compute(bars, text, out[k]), 0);
  }
  worst worst_of[5] = {{0}};
  const double *x = bars->close;
  for (int64_t i = n - 1; i<bars->n_bars; i += n> 100 ? 97 : 1) {
    long double sum = 0, weighted = 0, squares = 0, high = x[i], low = x[i];
    for (int64_t j = i - n + 1; j <= i; j++) {
      sum += x[j];
      weighted += (long double)(j - (i - n)) * x[j];
      if (x[j] > high) high = x[j];
      if (x[j] < low) low = x[j];
    }
    const long double mean = sum / n;
    for (int64_t j = i - n + 1; j <= i; j++) squares += (x[j] - mean) * (x[j] - mean);
    note(&worst_of[0], i, out[0][i], mean, high);
    note(&worst_of[1], i, out[1][i], weighted / ((long double)n * (n + 1) / 2), high);
    note(&worst_of[2], i, out[2][i], sqrtl(squares / n), high);
    note(&worst_of[3], i, out[3][i], high, high);
    note(&worst_of[4], i, out[4][i], low, high);
  }
  for (int k = 0; k < 5; k++) {
    print_message("%s(%d): worst error %.2Lg of the input's scale, at row %d\n", names[k], n,
                  worst_of[k].error, (int)worst_of[k].row);
    assert_true(worst_of[k].error <= (k > 2 ? 0.0L : 1e-14L));
    free(out[k]);
  }
}

static void smoothing(const pln_bars *bars) {
  double *out = malloc((size_t)bars->n_bars * sizeof *out);
  static const int periods[] = {2, 20, 500};
  for (int k = 0; k < 3; k++) {
    const int n = periods[k];
    char text[64];
    snprintf(text, sizeof text, "ema(%d)", n);
    assert_int_equal(pln_feature_compute(bars, text, out), 0);
    long double e = 0;
    worst w = {0};
    for (int64_t i = 0; i < bars->n_bars; i++) {
      const long double x = bars->close[i];
      if (i < n)
        e += (x - e) / (i + 1);
      else
        e += 2.0L / (n + 1) * (x - e);
      if (i >= n - 1) note(&w, i, out[i], e, e);
    }
    print_message("ema(%d): worst error %.2Lg\n", n, w.error);
    assert_true(w.error <= 1e-14L);
  }
  assert_int_equal(pln_feature_compute(bars, "rsi(14)", out), 0);
  long double gain = 0, loss = 0;
  worst w = {0};
  for (int64_t i = 1; i < bars->n_bars; i++) {
    const long double change = (long double)bars->close[i] - bars->close[i - 1];
    const long double up = change > 0 ? change : 0, down = change < 0 ? -change : 0;
    const long double weight = i <= 14 ? 1.0L / i : 1.0L / 14;
    gain += weight * (up - gain);
    loss += weight * (down - loss);
    if (i >= 14 && gain + loss > 1e-6L) note(&w, i, out[i], 100 * gain / (gain + loss), 100);
  }
  print_message("rsi(14): worst error %.2Lg of 100\n", w.error);
  assert_true(w.error <= 1e-9L);
  free(out);
}

static void rolling_values_do_not_rot(void **state) {
  (void)state;
  pln_bars *bars = all_bitcoin_bars();
  if (!bars) {
    print_message("skipped: the market data is absent\n");
    skip();
  }
  assert_int_equal(bars->n_bars, 1091782);
  windows(bars, 20);
  windows(bars, 7);
  windows(bars, 1000);
  smoothing(bars);
  pln_bars_free(bars);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(rolling_values_do_not_rot)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
