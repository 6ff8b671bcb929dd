#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "abi/resample.h"
#include "abi/time.h"
#include "core/error.h"
#include "data/bars_build.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

static const int64_t MINUTE = 60000000000;

static pln_timeframe timeframe_of(const char *text) {
  pln_timeframe t;
  assert_int_equal(pln_timeframe_parse(text, &t), 0);
  return t;
}

static int64_t at(const char *text) {
  int64_t ns;
  assert_int_equal(pln_time_parse_iso(text, NULL, &ns), 0);
  return ns;
}

/* Rows "time,open,high,low,close,volume[,more]" with local times. */
static pln_bars *read_rows(const char *name, const char *timezone, const char *timeframe) {
  const char *shared = getenv("PLN_TEST_SHARED");
  char path[600], line[512];
  snprintf(path, sizeof path, "%s/%s", shared ? shared : "", name);
  gzFile file = gzopen(path, "rb");
  if (!shared || !file) {
    print_message("no %s: set PLN_TEST_SHARED\n", name);
    skip();
  }
  pln_bars_build build;
  assert_int_equal(pln_bars_build_init(&build, 0, NULL), 0);
  assert_non_null(gzgets(file, line, sizeof line));
  while (gzgets(file, line, sizeof line)) {
    assert_int_equal(pln_bars_build_grow(&build), 0);
    const int64_t i = build.n_bars++;
    char *comma = strchr(line, ',');
    *comma = 0;
    assert_int_equal(pln_time_parse_iso(line, pln_timezone_get(timezone), &build.ts_ns[i]), 0);
    assert_int_equal(sscanf(comma + 1, "%lf,%lf,%lf,%lf,%lf", &build.open[i], &build.high[i], &build.low[i],
                            &build.close[i], &build.volume[i]),
                     5);
  }
  gzclose(file);
  build.has_volume = 1;
  build.timezone = timezone;
  build.symbol = "SPY";
  build.timeframe = timeframe_of(timeframe);
  pln_bars *bars = pln_bars_build_finish(&build);
  if (!bars) fail_msg("%s", pln_error_last()->text);
  return bars;
}

static void assert_same_prices(const pln_bars *a, const pln_bars *b) {
  assert_int_equal(a->n_bars, b->n_bars);
  for (int64_t i = 0; i < a->n_bars; i++) {
    assert_true(a->ts_ns[i] == b->ts_ns[i] && a->open[i] == b->open[i] && a->high[i] == b->high[i]);
    assert_true(a->low[i] == b->low[i] && a->close[i] == b->close[i]);
    assert_true(fabs(a->volume[i] - b->volume[i]) <= 1e-9 * b->volume[i]);
  }
}

static void spy_minutes_equal_the_reference(void **state) {
  (void)state;
  static const char *const references[][2] = {{"5m", "reference/resample/SPY_2014-15_5m.csv.gz"},
                                              {"1d", "reference/resample/SPY_2014-15_1d.csv.gz"}};
  pln_bars *minutes = read_rows("data/equity_1m_2015/SPY_1m.csv.gz", "America/Chicago", "1m");
  for (size_t i = 0; i < 2; i++) {
    const pln_timeframe timeframe = timeframe_of(references[i][0]);
    pln_bars *made = pln_bars_resample(minutes, &timeframe, NULL);
    assert_non_null(made);
    pln_bars *expected = read_rows(references[i][1], "America/Chicago", references[i][0]);
    assert_same_prices(made, expected);
    for (int64_t k = 0; k < made->n_bars; k++)
      assert_int_equal(pln_bars_visible_ns(made, k), pln_bars_visible_ns(expected, k));
    pln_bars_free(made);
    pln_bars_free(expected);
  }
  /* By way of five minutes and by way of days the same weeks come out. */
  const pln_timeframe five = timeframe_of("5m"), day = timeframe_of("1d"), week = timeframe_of("1w");
  pln_bars *fives = pln_bars_resample(minutes, &five, NULL);
  pln_bars *days = pln_bars_resample(minutes, &day, NULL);
  pln_bars *weeks = pln_bars_resample(minutes, &week, NULL);
  pln_bars *from_fives = pln_bars_resample(fives, &week, NULL),
           *from_days = pln_bars_resample(days, &week, NULL);
  assert_same_prices(from_fives, weeks);
  assert_same_prices(from_days, weeks);
  pln_bars *const all[] = {minutes, fives, days, weeks, from_fives, from_days};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) pln_bars_free(all[i]);
}

static pln_bars *minutes_from(const char *first, int64_t n, int64_t step) {
  pln_bars_build build;
  const char *const names[] = {"bid"};
  assert_int_equal(pln_bars_build_init(&build, 1, names), 0);
  assert_int_equal(pln_bars_build_reserve(&build, n + 1), 0);
  for (int64_t i = 0; i < n; i++) {
    build.ts_ns[i] = at(first) + i * step;
    build.open[i] = (double)i + 10;
    build.high[i] = (double)i + 12;
    build.low[i] = (double)(n - i);
    build.close[i] = (double)i + 11;
    build.volume[i] = 1;
    build.extra[0][i] = i % 2 ? NAN : (double)i;
  }
  build.n_bars = n;
  build.has_volume = 1;
  build.timezone = "America/New_York";
  build.symbol = "X";
  build.timeframe = (pln_timeframe){.unit = PLN_TIMEFRAME_FIXED, .count = 1, .ns = step};
  pln_bars *bars = pln_bars_build_finish(&build);
  if (!bars) {
    print_message("%s\n", pln_error_last()->text);
    skip();
  }
  return bars;
}

static void days_and_hours_across_a_clock_change(void **state) {
  (void)state;
  if (!pln_timezone_get("America/New_York")) skip();
  pln_bars *bars = minutes_from("2015-10-31 04:00", 3 * 1440, MINUTE); /* clocks go back on 2015-11-01 */
  const pln_timeframe day = timeframe_of("1d"), hour = timeframe_of("1h"), four = timeframe_of("4h");
  pln_bars *days = pln_bars_resample(bars, &day, NULL);
  assert_int_equal(days->n_bars, 3);
  assert_int_equal(days->ts_ns[1], at("2015-11-01 04:00"));
  assert_int_equal(pln_bars_visible_ns(days, 1), at("2015-11-02 05:00"));
  assert_true(days->volume[1] == 25 * 60);
  pln_bars_free(days);
  pln_bars *hours = pln_bars_resample(bars, &hour, NULL);
  assert_int_equal(hours->n_bars, 72);
  for (int64_t i = 0; i < 72; i++) assert_true(hours->volume[i] == 60);
  assert_null(hours->visible_ns);
  pln_bars_free(hours);
  pln_bars *fours = pln_bars_resample(bars, &four, NULL);
  assert_int_equal(fours->ts_ns[6], at("2015-11-01 04:00"));
  assert_true(fours->volume[6] == 300);
  assert_int_equal(pln_bars_visible_ns(fours, 6), at("2015-11-01 09:00")); /* not an hour before its end */
  assert_int_equal(fours->ts_ns[7], at("2015-11-01 09:00"));
  pln_bars_free(fours);
  pln_bars *utc = pln_bars_resample(bars, &day, "UTC");
  assert_int_equal(utc->ts_ns[1], at("2015-11-01"));
  assert_string_equal(utc->timezone, "UTC");
  pln_bars_free(utc);
  pln_bars_free(bars);
}

static void columns_reduce_each_in_its_way(void **state) {
  (void)state;
  pln_bars *bars = minutes_from("2015-01-02 14:32", 9, MINUTE);
  const pln_timeframe five = timeframe_of("5m");
  pln_bars *made = pln_bars_resample(bars, &five, NULL); /* 14:32-14:34, 14:35-14:39, 14:40 */
  assert_int_equal(made->n_bars, 3);
  assert_int_equal(made->ts_ns[0], at("2015-01-02 14:30"));
  assert_true(made->open[1] == 13 && made->high[1] == 19 && made->low[1] == 2 && made->close[1] == 18);
  assert_true(made->volume[0] == 3 && made->volume[1] == 5 && made->volume[2] == 1);
  assert_true(isnan(made->extra[0][1]) && made->extra[0][2] == 8);
  assert_string_equal(made->extra_names[0], "bid");
  pln_bars_free(made);
  pln_bars_free(bars);
}

static void a_bar_that_reaches_over_its_bucket_delays_it(void **state) {
  (void)state;
  /* 4h bars of a UTC grid; New York's day ends at 05:00 UTC, within the bar of 04:00. */
  pln_bars *bars = minutes_from("2015-01-02 00:00", 12, 240 * MINUTE);
  const pln_timeframe day = timeframe_of("1d");
  pln_bars *days = pln_bars_resample(bars, &day, NULL);
  assert_int_equal(days->ts_ns[0], at("2015-01-01 05:00"));
  assert_int_equal(pln_bars_visible_ns(days, 0), at("2015-01-02 08:00"));
  pln_bars_free(days);
  pln_bars_free(bars);
}

static void finer_and_uneven_timeframes_are_refused(void **state) {
  (void)state;
  static const char *const bad[][2] = {{"5m", "1m"},  {"5m", "7m"},   {"7m", "1d"},     {"1d", "1h"},
                                       {"1d", "24h"}, {"1w", "1mo"},  {"1mo", "1w"},    {"2d", "1w"},
                                       {"2d", "3d"},  {"5m", "tick"}, {"tick", "tick"}, {"25h", "1w"}};
  static const char *const good[][2] = {{"5m", "5m"},   {"5m", "1h"},  {"1m", "7m"},  {"1h", "1mo"},
                                        {"1d", "1w"},   {"1d", "3d"},  {"1d", "1mo"}, {"1mo", "3mo"},
                                        {"tick", "1s"}, {"tick", "1d"}};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    const pln_timeframe from = timeframe_of(bad[i][0]), to = timeframe_of(bad[i][1]);
    assert_int_equal(pln_timeframe_can_resample(&from, &to), PLN_ERR_ARGUMENT);
  }
  for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
    const pln_timeframe from = timeframe_of(good[i][0]), to = timeframe_of(good[i][1]);
    assert_int_equal(pln_timeframe_can_resample(&from, &to), 0);
  }
  pln_bars *bars = minutes_from("2015-01-02 14:30", 10, 5 * MINUTE);
  const pln_timeframe seven = timeframe_of("7m"), ten = timeframe_of("10m");
  assert_null(pln_bars_resample(bars, &seven, NULL));
  assert_non_null(strstr(pln_error_last()->text, "X: 7m bars cannot be made from 5m bars"));
  assert_null(pln_bars_resample(bars, &ten, "Mars/Olympus"));
  pln_bars_free(bars);
}

static void nothing_and_one(void **state) {
  (void)state;
  const pln_timeframe hour = timeframe_of("1h"), day = timeframe_of("1d");
  for (int64_t n = 0; n < 2; n++) {
    pln_bars *bars = minutes_from("2015-01-02 14:33", n, MINUTE);
    pln_bars *hours = pln_bars_resample(bars, &hour, NULL), *days = pln_bars_resample(bars, &day, NULL);
    assert_int_equal(hours->n_bars, n);
    assert_int_equal(days->n_bars, n);
    pln_bars_free(hours);
    pln_bars_free(days);
    pln_bars_free(bars);
  }
}

static int64_t resident_kb(void) {
  FILE *file = fopen("/proc/self/status", "r");
  char line[256];
  long long kb = 0;
  while (fgets(line, sizeof line, file))
    if (sscanf(line, "RssAnon: %lld", &kb) == 1) break;
  fclose(file);
  return kb;
}

/* Beyond a million bars the result is a mapped file: equal to what memory would hold, without taking memory.
 */
static void large_results_keep_memory_flat(void **state) {
  (void)state;
  pln_bars *bars = minutes_from("2010-01-01", 4500000, MINUTE);
  const pln_timeframe two = timeframe_of("2m"), hour = timeframe_of("1h");
  const int64_t before = resident_kb();
  pln_bars *twos = pln_bars_resample(bars, &two, NULL);
  if (!twos) fail_msg("%s", pln_error_last()->text);
  assert_true(resident_kb() - before < 20000);
  assert_int_equal(twos->n_bars, 2250000);
  for (int64_t i = 0; i < twos->n_bars; i++) {
    assert_true(twos->open[i] == bars->open[2 * i] && twos->close[i] == bars->close[2 * i + 1]);
    assert_true(twos->ts_ns[i] == bars->ts_ns[2 * i] && twos->volume[i] == 2);
    assert_true(pln_bars_visible_ns(twos, i) == twos->ts_ns[i] + 2 * MINUTE);
  }
  pln_bars *hours = pln_bars_resample(bars, &hour, NULL), *again = pln_bars_resample(twos, &hour, NULL);
  assert_same_prices(hours, again);
  assert_true(hours->content_hash == again->content_hash);
  pln_bars_free(again);
  pln_bars_free(hours);
  pln_bars_free(twos);
  pln_bars_free(bars);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(spy_minutes_equal_the_reference),
      cmocka_unit_test(days_and_hours_across_a_clock_change),
      cmocka_unit_test(columns_reduce_each_in_its_way),
      cmocka_unit_test(a_bar_that_reaches_over_its_bucket_delays_it),
      cmocka_unit_test(finer_and_uneven_timeframes_are_refused),
      cmocka_unit_test(nothing_and_one),
      cmocka_unit_test(large_results_keep_memory_flat),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
