/* Features written into arrays of the caller's are those of the slices. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "feature_data.h"

enum { N = 1000, N_FEATURES = 8 };
static const char *const texts[N_FEATURES] = {
    "sma(7)",          "sma(7)",           "close",          "3",
    "bbands(9).lower", "bbands(9).middle", "rsi(sma(7), 5)", "X_5m.highest(3)"};

static pln_bars *make_bars(const char *timeframe, int64_t n, int64_t step_ns) {
  static int64_t ts[N];
  static double price[N];
  for (int64_t i = 0; i < n; i++) {
    ts[i] = i * step_ns;
    price[i] = 100 + (double)((i * 37) % 91) / 7;
  }
  return pln_bars_from_arrays("X", timeframe, n, ts, price, price, price, price, NULL);
}

static void bound_columns_are_those_of_the_slices(void **state) {
  (void)state;
  pln_bars *bars = make_bars("1m", N, 60000000000), *slow = make_bars("5m", N / 5, 300000000000);
  static double bound[N_FEATURES][N], copied[N_FEATURES][N];
  static const int32_t chunks[] = {1, 7, 300, 4096};
  for (size_t c = 0; c < sizeof chunks / sizeof chunks[0]; c++)
    for (int is_bound = 0; is_bound < 2; is_bound++) {
      pln_hub *hub = pln_hub_new(chunks[c]);
      assert_int_equal(pln_hub_add_stream(hub, bars), 0);
      assert_int_equal(pln_hub_add_stream(hub, slow), 1);
      int32_t ids[N_FEATURES];
      for (int i = 0; i < N_FEATURES; i++) assert_true((ids[i] = pln_hub_add_feature(hub, 0, texts[i])) >= 0);
      assert_int_equal(pln_hub_bind(hub, ids[0], bound[0]), PLN_ERR_STATE);
      assert_int_equal(pln_hub_seal(hub), 0);
      for (int i = 0; i < N_FEATURES && is_bound; i++)
        assert_int_equal(pln_hub_bind(hub, ids[i], bound[i]), 0);
      for (int64_t until; (until = pln_hub_horizon(hub)) != INT64_MAX;) {
        assert_true(pln_hub_advance(hub, until) > 0);
        const int64_t first = pln_hub_first_row(hub, 0), last = pln_hub_last_row(hub, 0);
        for (int i = 0; i < N_FEATURES && last > first; i++) {
          const double *column = pln_hub_column(hub, ids[i]);
          if (is_bound)
            assert_memory_equal(column, bound[i] + first, (size_t)(last - first) * sizeof(double));
          else
            memcpy(copied[i] + first, column, (size_t)(last - first) * sizeof(double));
        }
      }
      assert_int_equal(pln_hub_bind(hub, ids[0], bound[0]), PLN_ERR_STATE);
      pln_hub_free(hub);
      if (is_bound) assert_memory_equal(bound, copied, sizeof bound);
    }
  pln_bars_free(bars);
  pln_bars_free(slow);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(bound_columns_are_those_of_the_slices)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
