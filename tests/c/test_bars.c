#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "abi/column.h"
#include "abi/time.h"
#include "core/error.h"
#include "data/bars_build.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const int64_t MINUTE = 60000000000;
static const int64_t DAY = 86400000000000;

static void timeframes_read_and_write(void **state) {
  (void)state;
  static const char *const pairs[][2] = {
      {"1m", "1m"},   {"5min", "5m"}, {"60m", "1h"}, {"90m", "90m"}, {"90s", "90s"},   {"1M", "1mo"},
      {"3mo", "3mo"}, {"24h", "24h"}, {"1d", "1d"},  {"2w", "2w"},   {"tick", "tick"}, {"250ms", "250ms"}};
  for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
    pln_timeframe timeframe;
    char text[16];
    assert_int_equal(pln_timeframe_parse(pairs[i][0], &timeframe), 0);
    pln_timeframe_format(&timeframe, text);
    assert_string_equal(text, pairs[i][1]);
  }
  static const char *const bad[] = {"",    "m", "0m", "1", "1x", "-1m", "1 m", "1m ", "99999999999999999999m",
                                    "1.5h"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    pln_timeframe timeframe;
    assert_true(pln_timeframe_parse(bad[i], &timeframe) < 0);
  }
}

static pln_bars *five_bars(const char *timeframe, int64_t step) {
  int64_t ts[5];
  for (int64_t i = 0; i < 5; i++) ts[i] = 10 * DAY + i * step;
  const double p[] = {1, 2, 3, 4, 5};
  return pln_bars_from_arrays("X", timeframe, 5, ts, p, p, p, p, p);
}

static void fixed_bars_are_visible_after_their_length(void **state) {
  (void)state;
  pln_bars *bars = five_bars("1m", MINUTE);
  assert_non_null(bars);
  assert_null(bars->visible_ns);
  assert_int_equal(pln_bars_visible_ns(bars, 2), bars->ts_ns[2] + MINUTE);
  assert_string_equal(bars->timezone, "UTC");
  assert_int_equal(bars->has_volume, 1);
  pln_bars_free(bars);
}

static void calendar_bars_are_visible_at_the_end_of_their_period(void **state) {
  (void)state;
  pln_bars *bars = five_bars("1d", DAY);
  assert_int_equal(pln_bars_visible_ns(bars, 4), bars->ts_ns[4] + DAY);
  pln_bars_free(bars);
  bars = five_bars("1mo", DAY); /* 1970-01-11 … */
  assert_int_equal(pln_bars_visible_ns(bars, 0), 31 * DAY);
  pln_bars_free(bars);
  bars = five_bars("tick", DAY);
  assert_int_equal(pln_bars_visible_ns(bars, 0), bars->ts_ns[0]);
  pln_bars_free(bars);
}

static int64_t at(const char *text) {
  int64_t ns = 0;
  assert_int_equal(pln_time_parse_iso(text, NULL, &ns), PLN_OK);
  return ns;
}

/* Days that begin in the evening, or in another zone than the stated one: shown when a whole day has passed,
 * not at midnight, when most of the day is yet to come. */
static void days_that_begin_late_do_not_show_the_future(void **state) {
  (void)state;
  static const struct {
    const char *timeframe, *zone, *open[4], *close[4];
  } cases[] = {
      {"1d",
       "America/New_York", /* 17:00 to 17:00, over a weekend and the start of summer time */
       {"2021-03-10T22:00:00Z", "2021-03-11T22:00:00Z", "2021-03-14T21:00:00Z", "2021-03-15T21:00:00Z"},
       {"2021-03-11T22:00:00Z", "2021-03-12T22:00:00Z", "2021-03-15T21:00:00Z", "2021-03-16T21:00:00Z"}},
      {"1d",
       "America/New_York", /* days of UTC */
       {"2024-01-01T00:00:00Z", "2024-01-02T00:00:00Z", "2024-01-03T00:00:00Z", "2024-01-04T00:00:00Z"},
       {"2024-01-02T00:00:00Z", "2024-01-03T00:00:00Z", "2024-01-04T00:00:00Z", "2024-01-05T00:00:00Z"}},
      {"1d",
       "America/New_York", /* midnight, through the end of summer time */
       {"2021-11-06T04:00:00Z", "2021-11-07T04:00:00Z", "2021-11-08T05:00:00Z", "2021-11-09T05:00:00Z"},
       {"2021-11-07T04:00:00Z", "2021-11-08T05:00:00Z", "2021-11-09T05:00:00Z", "2021-11-10T05:00:00Z"}},
      {"1d",
       "UTC", /* midnight of New York: a day may begin earlier than a whole day after the one before */
       {"2021-03-13T05:00:00Z", "2021-03-14T05:00:00Z", "2021-03-15T04:00:00Z", "2021-03-16T04:00:00Z"},
       {"2021-03-14T05:00:00Z", "2021-03-15T04:00:00Z", "2021-03-16T04:00:00Z", "2021-03-17T04:00:00Z"}},
      {"1w",
       "America/New_York", /* weeks of UTC begin on a Sunday evening */
       {"2024-01-01T00:00:00Z", "2024-01-08T00:00:00Z", "2024-01-15T00:00:00Z", "2024-01-22T00:00:00Z"},
       {"2024-01-08T00:00:00Z", "2024-01-15T00:00:00Z", "2024-01-22T00:00:00Z", "2024-01-29T00:00:00Z"}},
  };
  const double p[] = {1, 2, 3, 4};
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
    for (int64_t chunk = 1; chunk <= 4; chunk++) {
      pln_column_spec spec = {.symbol = "X", .timezone = cases[k].zone, .max_bars = chunk == 3 ? -1 : 4};
      assert_int_equal(pln_timeframe_parse(cases[k].timeframe, &spec.timeframe), PLN_OK);
      pln_column_writer *w = pln_column_writer_new(NULL, &spec);
      assert_non_null(w);
      int64_t ts[4];
      for (int64_t i = 0; i < 4; i++) ts[i] = at(cases[k].open[i]);
      for (int64_t i = 0; i < 4; i += chunk) {
        const pln_column_chunk c = {.n_bars = 4 - i < chunk ? 4 - i : chunk,
                                    .ts_ns = ts + i,
                                    .open = p + i,
                                    .high = p + i,
                                    .low = p + i,
                                    .close = p + i};
        assert_int_equal(pln_column_writer_append(w, &c), PLN_OK);
      }
      pln_bars *bars = pln_column_writer_finish_bars(w);
      assert_non_null(bars);
      for (int64_t i = 0; i < 4; i++) {
        char text[40];
        pln_time_format_iso(pln_bars_visible_ns(bars, i), text);
        assert_string_equal(text, cases[k].close[i]);
      }
      pln_bars_free(bars);
    }
    int64_t ts[4], *visible;
    pln_timeframe timeframe;
    for (int64_t i = 0; i < 4; i++) ts[i] = at(cases[k].open[i]);
    assert_int_equal(pln_timeframe_parse(cases[k].timeframe, &timeframe), PLN_OK);
    assert_int_equal(pln_bars_compute_visible(&timeframe, cases[k].zone, 4, ts, &visible), PLN_OK);
    for (int64_t i = 0; i < 4; i++) assert_int_equal(visible[i], at(cases[k].close[i]));
    free(visible);
  }
}

static void lower_bound_and_slice(void **state) {
  (void)state;
  pln_bars *bars = five_bars("1m", MINUTE);
  assert_int_equal(pln_bars_lower_bound(bars, 0), 0);
  assert_int_equal(pln_bars_lower_bound(bars, bars->ts_ns[3]), 3);
  assert_int_equal(pln_bars_lower_bound(bars, bars->ts_ns[3] + 1), 4);
  assert_int_equal(pln_bars_lower_bound(bars, INT64_MAX), 5);
  pln_bars *slice = pln_bars_slice(bars, 1, 4);
  assert_int_equal(slice->n_bars, 3);
  assert_ptr_equal(slice->close, bars->close + 1);
  assert_true(slice->content_hash != bars->content_hash);
  pln_bars_free(slice);
  slice = pln_bars_slice(bars, 0, 5);
  assert_true(slice->content_hash == bars->content_hash);
  pln_bars_free(slice);
  assert_null(pln_bars_slice(bars, 3, 6));
  assert_null(pln_bars_slice(bars, -1, 2));
  assert_null(pln_bars_slice(bars, 3, 2));
  pln_bars_free(bars);
  pln_bars_free(NULL);
}

static void bad_bars_are_refused_with_row_and_reason(void **state) {
  (void)state;
  const double p[] = {1, 2, 3};
  const double with_nan[] = {1, NAN, 3}, with_inf[] = {1, 2, INFINITY};
  const int64_t ts[] = {0, 1, 2}, twice[] = {0, 1, 1}, far[] = {0, 1, INT64_MAX - 5};
  assert_null(pln_bars_from_arrays("X", "1s", 3, twice, p, p, p, p, NULL));
  assert_non_null(strstr(pln_error_last()->text, "bar 2"));
  assert_null(pln_bars_from_arrays("X", "1s", 3, far, p, p, p, p, NULL));
  assert_int_equal(pln_error_last()->code, PLN_ERR_RANGE);
  assert_null(pln_bars_from_arrays("X", "1s", 3, ts, p, p, with_nan, p, NULL));
  assert_non_null(strstr(pln_error_last()->text, "bar 1 (1970-01-01T00:00:00.000000001Z) has a low of"));
  assert_null(pln_bars_from_arrays("X", "1s", 3, ts, p, p, p, p, with_inf));
  assert_null(pln_bars_from_arrays("X", "1 fortnight", 3, ts, p, p, p, p, NULL));
  assert_null(pln_bars_from_arrays("X", "1s", 3, ts, p, NULL, p, p, NULL));
  assert_int_equal(pln_error_last()->code, PLN_ERR_ARGUMENT);
  pln_bars *none = pln_bars_from_arrays("X", "1s", 0, NULL, NULL, NULL, NULL, NULL, NULL);
  assert_non_null(none);
  assert_int_equal(pln_bars_lower_bound(none, 0), 0);
  pln_bars_free(none);
}

static void content_hash_sees_every_column(void **state) {
  (void)state;
  const int64_t ts[] = {0, 1, 2};
  const double p[] = {1, 2, 3}, q[] = {1, 2, 4}, zero[] = {0, 0, 0};
  const double *columns[5];
  uint64_t seen[8];
  for (int32_t i = 0; i < 8; i++) {
    for (int32_t c = 0; c < 5; c++) columns[c] = c == i ? q : p;
    pln_bars *bars =
        pln_bars_from_arrays("X", "1s", i == 7 ? 2 : 3, ts, columns[0], columns[1], columns[2], columns[3],
                             i == 5   ? zero
                             : i == 6 ? NULL
                                      : columns[4]);
    seen[i] = bars->content_hash;
    for (int32_t k = 0; k < i; k++) assert_true(seen[k] != seen[i]);
    pln_bars_free(bars);
  }
}

static void extra_columns_keep_names_and_may_hold_nan(void **state) {
  (void)state;
  const char *const names[] = {"bid", "ask"};
  pln_bars_build build;
  assert_int_equal(pln_bars_build_init(&build, 2, names), 0);
  for (int64_t i = 0; i < 3000; i++) {
    assert_int_equal(pln_bars_build_grow(&build), 0);
    build.ts_ns[i] = i;
    build.open[i] = build.high[i] = build.low[i] = build.close[i] = 1;
    build.extra[0][i] = NAN;
    build.extra[1][i] = (double)i;
    build.n_bars++;
  }
  build.timezone = "UTC";
  pln_bars *bars = pln_bars_build_finish(&build);
  assert_non_null(bars);
  assert_int_equal(bars->n_extra, 2);
  assert_string_equal(bars->extra_names[1], "ask");
  assert_true(bars->extra[1][2999] == 2999);
  assert_true(bars->volume[2999] == 0);
  pln_bars *slice = pln_bars_slice(bars, 10, 20);
  assert_true(slice->extra[1][0] == 10);
  pln_bars_free(slice);
  pln_bars_free(bars);
  assert_int_equal(pln_bars_build_init(&build, 2, names), 0);
  pln_bars_build_discard(&build);
}

static void text_reads_back_bit_for_bit(void **state) {
  (void)state;
  static const double values[] = {0,
                                  1,
                                  -1,
                                  0.1,
                                  100.25,
                                  123456.789,
                                  1e-9,
                                  1.0 / 3,
                                  1e15,
                                  9007199254740993.0,
                                  1e300,
                                  5e-324,
                                  0.07,
                                  1.1,
                                  0.30000000000000004,
                                  205.31,
                                  67178326,
                                  -0.5,
                                  1e8,
                                  12345678.12345678,
                                  4503599627370497.5,
                                  99999999.99999999,
                                  1.7976931348623157e308};
  enum { N = sizeof values / sizeof *values, RANDOM = 20000 };
  pln_bars_build build;
  const char *const names[] = {"a,b"};
  assert_int_equal(pln_bars_build_init(&build, 1, names), 0);
  assert_int_equal(pln_bars_build_reserve(&build, N + RANDOM), 0);
  uint64_t random = 1;
  for (int64_t i = 0; i < N + RANDOM; i++) {
    random = random * 6364136223846793005u + 1442695040888963407u;
    build.ts_ns[i] = i * MINUTE;
    const double x = (double)(random >> 20) / (double)(1u << (random >> 3) % 30);
    build.open[i] = i < N ? values[i] : x;
    build.high[i] = build.low[i] = build.close[i] = i < N ? -values[i] : (double)(random >> 40) / 100;
    build.extra[0][i] = i % 2 ? NAN : 0.5;
  }
  build.n_bars = N + RANDOM;
  pln_bars *bars = pln_bars_build_finish(&build);
  assert_non_null(bars);
  char path[64], line[400];
  snprintf(path, sizeof path, "/tmp/pln-bars-%ld.csv", (long)getpid());
  assert_int_equal(pln_bars_write_csv(bars, path), 0);
  FILE *file = fopen(path, "r");
  assert_non_null(fgets(line, sizeof line, file));
  assert_string_equal(line, "time,open,high,low,close,\"a,b\"\n");
  for (int64_t i = 0; i < bars->n_bars; i++) {
    assert_non_null(fgets(line, sizeof line, file));
    char *rest = strchr(line, ',');
    const double *const columns[] = {bars->open, bars->high, bars->low, bars->close};
    for (int c = 0; c < 4; c++) {
      const double x = strtod(rest + 1, &rest);
      assert_memory_equal(&x, &columns[c][i], sizeof x);
    }
    assert_string_equal(rest, i % 2 ? ",\n" : ",0.5\n");
    if (i == 4) assert_non_null(strstr(line, "T00:04:00Z,100.25,-100.25,"));
  }
  assert_null(fgets(line, sizeof line, file));
  fclose(file);
  unlink(path);
  assert_int_equal(pln_bars_write_csv(bars, "/nonexistent-folder/x.csv"), PLN_ERR_IO);
  snprintf(path, sizeof path, "/tmp/pln-fifo-%ld", (long)getpid());
  assert_int_equal(mkfifo(path, 0600), 0);
  assert_int_equal(pln_bars_write_csv(bars, path), PLN_ERR_IO);
  struct stat there;
  assert_int_equal(stat(path, &there), 0);
  assert_true(S_ISFIFO(there.st_mode));
  unlink(path);
  pln_bars_free(bars);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(timeframes_read_and_write),
      cmocka_unit_test(fixed_bars_are_visible_after_their_length),
      cmocka_unit_test(calendar_bars_are_visible_at_the_end_of_their_period),
      cmocka_unit_test(days_that_begin_late_do_not_show_the_future),
      cmocka_unit_test(lower_bound_and_slice),
      cmocka_unit_test(bad_bars_are_refused_with_row_and_reason),
      cmocka_unit_test(content_hash_sees_every_column),
      cmocka_unit_test(extra_columns_keep_names_and_may_hold_nan),
      cmocka_unit_test(text_reads_back_bit_for_bit),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
