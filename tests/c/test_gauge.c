#include "exec_util.h"
#include "feature_data.h"
#include "portfolio/gauge.h"

/* What rules read of a feature at a time: the last row that was visible then. */

static pln_gauges gauges_of(const pln_bars *bars, const double *column) {
  pln_gauges g = {.n_instruments = 1};
  assert_int_equal(pln_gauges_add(&g), 0);
  pln_gauges_set(&g, 0, 0, bars, column);
  return g;
}

/* The obvious way: all rows, from the first. */
static double by_scan(const pln_bars *b, const double *column, int64_t time_ns) {
  double value = NAN;
  for (int64_t i = 0; i < b->n_bars; i++) {
    const int64_t visible = b->visible_ns ? b->visible_ns[i] : b->ts_ns[i] + b->timeframe.ns;
    if (visible > time_ns) break;
    value = column[i];
  }
  return value;
}

static void same(double a, double b) {
  if (isnan(a) != isnan(b) || (!isnan(a) && a != b)) fail_msg("found %.17g, expected %.17g", a, b);
}

static void rows_become_visible(void **state) {
  (void)state;
  double rows[4][4] = {{1, 1, 1, 1}, {1, 1, 1, 1}, {1, 1, 1, 1}, {1, 1, 1, 1}};
  const double column[] = {NAN, 10, 20, 30};
  pln_bars bars;
  rig_bars(&bars, rows, 4);
  pln_gauges g = gauges_of(&bars, column);
  same(pln_gauge_at(&g, 0, 0, rig_visible(0) - 1), NAN); /* before the first */
  same(pln_gauge_at(&g, 0, 0, rig_visible(0)), NAN);     /* not warm */
  same(pln_gauge_at(&g, 0, 0, rig_visible(1) - 1), NAN);
  same(pln_gauge_at(&g, 0, 0, rig_visible(1)), 10);
  same(pln_gauge_at(&g, 0, 0, rig_visible(3)), 30);
  same(pln_gauge_at(&g, 0, 0, INT64_MAX), 30);
  same(pln_gauge_at(&g, 0, 0, rig_visible(2) - 1), 10); /* back */
  same(pln_gauge_at(&g, 0, 0, rig_visible(2)), 20);
  same(pln_gauge_at(&g, 0, 0, INT64_MIN), NAN);
  pln_gauges_free(&g);
  rig_bars_free(&bars);
}

static void instruments_without_column_have_none(void **state) {
  (void)state;
  double rows[2][4] = {{1, 1, 1, 1}, {1, 1, 1, 1}};
  const double a[] = {1, 2}, b[] = {3, 4};
  pln_bars bars;
  rig_bars(&bars, rows, 2);
  pln_gauges g = {.n_instruments = 2};
  assert_int_equal(pln_gauges_add(&g), 0);
  assert_int_equal(pln_gauges_add(&g), 1);
  pln_gauges_set(&g, 0, 1, &bars, a);
  pln_gauges_set(&g, 1, 0, &bars, b);
  same(pln_gauge_at(&g, 0, 0, INT64_MAX), NAN);
  same(pln_gauge_at(&g, 0, 1, INT64_MAX), 2);
  same(pln_gauge_at(&g, 1, 0, rig_visible(0)), 3);
  same(pln_gauge_at(&g, 1, 1, INT64_MAX), NAN);
  pln_gauges_free(&g);
  rig_bars_free(&bars);
}

/* Daily closes of years, and the highs of their weeks, read at times in order, backward and anyhow. */
static void real_data_in_any_order(void **state) {
  (void)state;
  const char *folder = getenv("PLN_TEST_SHARED");
  char path[4096];
  snprintf(path, sizeof path, "%s/data/backtesting_py/GOOG.csv", folder && *folder ? folder : "../shared");
  table t = {0};
  if (!table_read(path, ',', 1, 0, &t)) {
    print_message("skipped: no %s\n", path);
    skip();
  }
  assert_in_range(t.n_rows, 1000, 1000000);
  const int64_t n = t.n_rows & 0xfffff, day = 86400000000000;
  double *close = table_column(&t, table_find(&t, "Close"));
  int64_t *ts = must(calloc((size_t)n, sizeof *ts)), *visible = must(calloc((size_t)n, sizeof *visible));
  for (int64_t i = 0; i < n; i++) {
    ts[i] = i * day + (i / 5) * 2 * day; /* five days a week */
    visible[i] = ts[i] + day * (i % 7 == 3 ? 2 : 1) - day / 3;
  }
  for (int64_t i = 1; i < n; i++)
    if (visible[i] < visible[i - 1]) visible[i] = visible[i - 1];
  pln_bars bars = {.n_bars = n, .ts_ns = ts, .timeframe = {.unit = PLN_TIMEFRAME_DAY, .count = 1, .ns = day}};
  for (int explicit = 0; explicit < 2; explicit ++) {
    bars.visible_ns = explicit ? visible : NULL;
    pln_gauges g = gauges_of(&bars, close);
    const int64_t end = ts[n - 1] + 3 * day;
    for (int64_t at = -day; at < end; at += 5 * day / 7)
      same(pln_gauge_at(&g, 0, 0, at), by_scan(&bars, close, at));
    for (int64_t at = end; at > -day; at -= 11 * day / 3)
      same(pln_gauge_at(&g, 0, 0, at), by_scan(&bars, close, at));
    uint64_t seed = 1;
    for (int k = 0; k < 2000; k++) {
      seed = seed * 6364136223846793005u + 1442695040888963407u;
      const int64_t at = (int64_t)(seed >> 20) % end;
      same(pln_gauge_at(&g, 0, 0, at), by_scan(&bars, close, at));
    }
    pln_gauges_free(&g);
  }
  free(close);
  free(ts);
  free(visible);
  table_free(&t);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(rows_become_visible),
      cmocka_unit_test(instruments_without_column_have_none),
      cmocka_unit_test(real_data_in_any_order),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
