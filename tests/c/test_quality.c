/* The rules of data quality, each with its policies, on rows of a file and on bars. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "abi/csv.h"
#include "abi/time.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "abi/core.h"

static const char *const HEADER = "time,open,high,low,close,volume\n";
static pln_quality_report *report;
static pln_csv_options options;
static pln_quality_config config;

static int set_up(void **state) {
  (void)state;
  pln_csv_options_init(&options);
  pln_quality_config_init(&config);
  options.quality = &config;
  report = pln_quality_report_new();
  return report ? 0 : -1;
}

static int tear_down(void **state) {
  (void)state;
  pln_quality_report_free(report);
  return 0;
}

static void policy(const char *rule, const char *name) {
  assert_int_equal(pln_quality_config_set(&config, rule, name), PLN_OK);
}

static pln_bars *load(const char *rows) {
  char path[] = "/tmp/pln_quality_XXXXXX";
  const int descriptor = mkstemp(path);
  FILE *file = fdopen(descriptor, "w");
  fprintf(file, "%s%s", HEADER, rows);
  fclose(file);
  const char *paths[] = {path};
  pln_bars *bars = pln_csv_load(paths, 1, &options, report);
  unlink(path);
  return bars;
}

static pln_bars *load_n(const char *rows, int64_t n) {
  pln_bars *bars = load(rows);
  if (!bars) fail_msg("%s", pln_error_last()->text);
  assert_int_equal(bars->n_bars, n);
  assert_int_equal(report->n_kept, n);
  return bars;
}

static void rejected(const char *rows, int32_t rule, int32_t line, const char *part) {
  pln_bars *bars = load(rows);
  if (bars) fail_msg("loaded: %s", rows);
  assert_int_equal(pln_error_last()->line, line);
  if (!strstr(pln_error_last()->text, part)) fail_msg("'%s' lacks '%s'", pln_error_last()->text, part);
  assert_int_equal(report->found[rule], 1);
  assert_int_equal(report->issues[0].action, PLN_QUALITY_REJECT);
  assert_int_equal(report->issues[0].line, line);
}

static void duplicates(void **state) {
  (void)state;
  const char *same = "2015-01-02,1,2,1,2,5\n2015-01-03,2,3,2,3,5\n2015-01-03,2,3,2,3,5\n";
  const char *other =
      "2015-01-02,1,2,1,2,5\n2015-01-03,2,3,2,3,5\n2015-01-03,2,3,2,2,5\n2015-01-04,2,3,2,3,5\n";
  pln_bars_free(load_n(same, 2));
  assert_int_equal(report->dropped[PLN_QUALITY_DUPLICATES], 1);
  assert_int_equal(report->issues[0].line, 4);
  rejected(other, PLN_QUALITY_DUPLICATES, 4, "duplicates: line 3 of /tmp");
  policy("duplicates", "drop");
  pln_bars *bars = load_n(other, 3);
  assert_true(bars->close[1] == 3);
  pln_bars_free(bars);
  policy("duplicates", "repair");
  bars = load_n(other, 3);
  assert_true(bars->close[1] == 2);
  assert_int_equal(report->repaired[PLN_QUALITY_DUPLICATES], 1);
  pln_bars_free(bars);
  policy("duplicates", "reject");
  rejected(same, PLN_QUALITY_DUPLICATES, 4, "quality: {duplicates: drop or repair}");
}

static void ticks_may_share_a_time(void **state) {
  (void)state;
  options.timeframe = "tick";
  pln_bars *bars =
      load_n("2015-01-02,1,1,1,1,5\n2015-01-02,2,2,2,2,5\n2015-01-02,1,1,1,1,5\n2015-01-03,1,1,1,1,5\n", 4);
  assert_int_equal(bars->ts_ns[2] - bars->ts_ns[0], 2);
  assert_int_equal(report->repaired[PLN_QUALITY_DUPLICATES], 2);
  pln_bars_free(bars);
}

static void order(void **state) {
  (void)state;
  const char *rows =
      "2015-01-02,1,1,1,1,2\n2015-01-05,1,1,1,1,5\n2015-01-04,1,1,1,1,4\n2015-01-03,1,1,1,1,3\n"
      "2015-01-06,1,1,1,1,6\n2015-01-04,1,1,1,1,4\n";
  pln_bars *bars = load(rows);
  assert_null(bars);
  assert_int_equal(pln_error_last()->line, 4);
  assert_non_null(
      strstr(pln_error_last()->text, "out_of_order: the row is earlier than one before it (2015-01-05T"));
  policy("out_of_order", "drop");
  pln_bars_free(load_n(rows, 3));
  assert_int_equal(report->dropped[PLN_QUALITY_OUT_OF_ORDER], 3);
  policy("out_of_order", "repair");
  bars = load_n(rows, 5); /* sorted; 01-04 is there twice, with the same content */
  for (int64_t i = 0; i < 5; i++) assert_true(bars->volume[i] == (double)i + 2);
  assert_int_equal(report->dropped[PLN_QUALITY_DUPLICATES], 1);
  pln_bars_free(bars);
}

static void newest_first_is_reversed(void **state) {
  (void)state;
  pln_bars *bars = load_n("2015-01-04,3,3,3,3,5\n2015-01-03,2,2,2,2,5\n2015-01-02,1,1,1,1,5\n", 3);
  assert_true(bars->open[0] == 1 && bars->open[2] == 3);
  assert_int_equal(report->reversed, 1);
  assert_int_equal(report->found[PLN_QUALITY_OUT_OF_ORDER], 0);
  assert_non_null(strstr(pln_quality_report_text(report), "(newest first: reversed)"));
  pln_bars_free(bars);
}

static void gaps(void **state) {
  (void)state;
  const char *minutes = "2015-01-02 15:57,1,1,1,1,5\n2015-01-02 15:58,1,1,1,1,5\n2015-01-02 15:59,1,1,1,1,5\n"
                        "2015-01-05 09:30,1,1,1,1,5\n2015-01-05 09:32,1,1,1,1,5\n";
  pln_bars_free(load_n(minutes, 5));
  assert_int_equal(report->found[PLN_QUALITY_GAPS], 1); /* a night is none */
  assert_int_equal(report->issues[0].line, 6);
  assert_true(report->issues[0].measure == 120);
  pln_bars_free(
      load_n("2015-01-02,1,1,1,1,5\n2015-01-05,1,1,1,1,5\n2015-01-06,1,1,1,1,5\n2015-01-07,1,1,1,1,5\n"
             "2015-01-13,1,1,1,1,5\n",
             5));
  assert_int_equal(report->found[PLN_QUALITY_GAPS], 1);
  pln_bars_free(load_n("2015-01-02 15:58,1,1,1,1,5\n2015-01-02 15:59,1,1,1,1,5\n2015-01-07 09:30,1,1,1,1,5\n"
                       "2015-01-07 09:31,1,1,1,1,5\n2015-03-02 09:30,1,1,1,1,5\n",
                       5));
  assert_int_equal(report->found[PLN_QUALITY_GAPS], 1); /* two months are one, a long weekend is none */
  assert_int_equal(report->issues[0].line, 6);
  policy("gaps", "reject");
  rejected(minutes, PLN_QUALITY_GAPS, 6, "gaps: 120 seconds since the row before");
  policy("gaps", "off");
  pln_bars_free(load_n(minutes, 5));
  assert_int_equal(report->found[PLN_QUALITY_GAPS], 0);
}

static void impossible_ohlc(void **state) {
  (void)state;
  const char *rows = "2015-01-02,1,2,1,2,5\n2015-01-03,2,1.5,2.5,3,5\n2015-01-04,2,3,2,3,5\n";
  rejected(rows, PLN_QUALITY_IMPOSSIBLE_OHLC, 3, "open 2, high 1.5, low 2.5, close 3");
  policy("impossible_ohlc", "repair");
  pln_bars *bars = load_n(rows, 3);
  assert_true(bars->high[1] == 3 && bars->low[1] == 1.5);
  assert_true(report->issues[0].high == 1.5); /* as it was found */
  pln_bars_free(bars);
  policy("impossible_ohlc", "drop");
  pln_bars_free(load_n(rows, 2));
  policy("impossible_ohlc", "flag");
  bars = load_n(rows, 3);
  assert_true(bars->high[1] == 1.5);
  pln_bars_free(bars);
}

static void non_finite(void **state) {
  (void)state;
  const char *rows = "2015-01-02,1,2,1,2,5\n2015-01-03,null,null,null,null,null\n2015-01-04,2,3,2,3,5\n";
  rejected(rows, PLN_QUALITY_NON_FINITE, 3, "quality: {non_finite: drop or repair}");
  policy("non_finite", "drop");
  pln_bars_free(load_n(rows, 2));
  policy("non_finite", "repair");
  pln_bars *bars = load_n(rows, 3);
  assert_true(bars->open[1] == 2 && bars->low[1] == 2 && bars->volume[1] == 0);
  pln_bars_free(bars);
  rejected("2015-01-02,nan,2,1,2,5\n2015-01-03,1,1,1,1,1\n", PLN_QUALITY_NON_FINITE, 2,
           "non_finite"); /* none before it */
  policy("non_finite", "default");
  bars = load_n("2015-01-02,1,2,1,2,\n2015-01-03,1,1,1,1,1\n", 2); /* an empty volume is 0 */
  assert_true(bars->volume[0] == 0);
  assert_int_equal(report->repaired[PLN_QUALITY_NON_FINITE], 1);
  pln_bars_free(bars);
  rejected("2015-01-02,1,2,1,2,inf\n2015-01-03,1,1,1,1,1\n", PLN_QUALITY_NON_FINITE, 2, "volume inf");
}

static void negative(void **state) {
  (void)state;
  const char *price = "2015-01-02,1,2,1,2,5\n2015-01-03,2,3,0,3,5\n2015-01-04,2,3,2,3,5\n";
  const char *volume = "2015-01-02,1,2,1,2,-5\n2015-01-03,2,3,2,3,5\n2015-01-04,2,3,2,3,5\n";
  rejected(price, PLN_QUALITY_NEGATIVE, 3, "low 0");
  rejected(volume, PLN_QUALITY_NEGATIVE, 2, "volume -5");
  policy("negative", "drop");
  pln_bars_free(load_n(price, 2));
  pln_bars_free(load_n(volume, 2));
  policy("negative", "flag");
  pln_bars_free(load_n(price, 3));
}

static void price_jumps(void **state) {
  (void)state;
  const char *rows =
      "2015-01-02,1,1,1,1,5\n2015-01-03,2,2,2,2,5\n2015-01-04,1,1,1,1,5\n2015-01-05,1,1,1,1,5\n";
  pln_bars_free(load_n(rows, 4));
  assert_int_equal(report->found[PLN_QUALITY_PRICE_JUMPS], 1); /* +100 %; -50 % is no more than 50 */
  assert_true(report->issues[0].measure == 100);
  config.price_jump_pct = 40;
  pln_bars_free(load_n(rows, 4));
  assert_int_equal(report->found[PLN_QUALITY_PRICE_JUMPS], 2);
  policy("price_jumps", "drop");
  pln_bars_free(load_n(rows, 3)); /* compared with the last row that was kept */
  policy("price_jumps", "reject");
  rejected(rows, PLN_QUALITY_PRICE_JUMPS, 3, "price_jumps: 100 percent");
}

static void volume_outliers(void **state) {
  (void)state;
  char *rows = malloc(64 * 300);
  size_t used = 0;
  for (int i = 0; i < 250; i++)
    used += (size_t)sprintf(rows + used, "%d,1,1,1,1,%d\n", 1420190400 + 60 * i,
                            i == 120  ? 1000
                            : i == 50 ? 9000
                                      : 10);
  options.timeframe = "1m";
  pln_bars_free(load_n(rows, 250));
  assert_int_equal(report->found[PLN_QUALITY_VOLUME_OUTLIERS], 0); /* 1000 / ((9000 + 99 * 10) / 100) is 10 */
  config.volume_outlier_multiple = 9;
  pln_bars_free(load_n(rows, 250));
  assert_int_equal(report->found[PLN_QUALITY_VOLUME_OUTLIERS], 1);
  assert_int_equal(report->issues[0].line, 122);
  assert_true(fabs(report->issues[0].measure - 1000 / 99.9) < 1e-12);
  free(rows);
}

static void out_of_session(void **state) {
  (void)state;
  options.timezone = "America/New_York";
  const char *rows = "2015-07-02 09:29,1,1,1,1,5\n2015-07-02 09:30,1,1,1,1,5\n2015-07-02 15:59,1,1,1,1,5\n"
                     "2015-07-02 16:00,1,1,1,1,5\n";
  options.timeframe = "1m";
  pln_bars_free(load_n(rows, 4));
  assert_int_equal(report->found[PLN_QUALITY_OUT_OF_SESSION], 0); /* no session is stated */
  config.session_open_ns = 34200000000000;
  config.session_close_ns = 57600000000000;
  pln_bars_free(load_n(rows, 4));
  assert_int_equal(report->found[PLN_QUALITY_OUT_OF_SESSION], 2);
  policy("out_of_session", "drop");
  pln_bars_free(load_n(rows, 2));
}

static void reports_keep_the_first_and_count_all(void **state) {
  (void)state;
  config.max_issues = 3;
  policy("negative", "flag");
  char rows[2000] = "";
  for (int i = 0; i < 20; i++) sprintf(rows + strlen(rows), "2015-01-%02d,-1,1,-1,1,5\n", i + 1);
  pln_bars_free(load_n(rows, 20));
  assert_int_equal(report->found[PLN_QUALITY_NEGATIVE], 20);
  assert_int_equal(report->n_issues, 3);
  const char *text = pln_quality_report_text(report);
  assert_non_null(strstr(text, "20 rows, 20 bars\nnegative: 20\n"));
  assert_non_null(strstr(
      text, ":2: negative at 2015-01-01T00:00:00Z, open -1, high 1, low -1, close 1, volume 5: flag\n"));
  assert_non_null(strstr(text, "and 17 more\n"));
}

static void bars_are_checked_and_left_alone(void **state) {
  (void)state;
  const int64_t minute = 60000000000;
  const int64_t ts[] = {0, minute, 4 * minute};
  const double open[] = {1, 2, 3}, high[] = {2, 1, 4}, low[] = {1, 3, -1}, close[] = {2, 2, 9},
               volume[] = {1, 1, 1};
  pln_bars *bars = pln_bars_from_arrays("X", "1m", 3, ts, open, high, low, close, volume);
  assert_non_null(bars);
  policy("impossible_ohlc", "repair");
  policy("negative", "drop");
  assert_int_equal(pln_quality_check(bars, &config, report), PLN_OK);
  assert_int_equal(report->found[PLN_QUALITY_IMPOSSIBLE_OHLC], 2);
  assert_int_equal(report->found[PLN_QUALITY_NEGATIVE], 1);
  assert_int_equal(report->found[PLN_QUALITY_GAPS], 1);
  assert_int_equal(report->found[PLN_QUALITY_PRICE_JUMPS], 1);
  assert_int_equal(report->dropped[PLN_QUALITY_NEGATIVE], 0);
  assert_int_equal(report->n_kept, 3);
  assert_non_null(strstr(pln_quality_report_text(report), "bar 3: negative at 1970-01-01T00:04:00Z"));
  assert_int_equal(pln_quality_check(bars, NULL, report), PLN_ERR_RANGE);
  assert_non_null(strstr(pln_error_last()->text, "bar 2"));
  pln_bars_free(bars);
}

static void names(void **state) {
  (void)state;
  assert_string_equal(pln_quality_rule_name(PLN_QUALITY_GAPS), "gaps");
  assert_null(pln_quality_rule_name(PLN_QUALITY_RULES));
  assert_null(pln_quality_policy_name(-1));
  for (int32_t rule = 0; rule < PLN_QUALITY_RULES; rule++) {
    policy(pln_quality_rule_name(rule), "reject");
    policy(pln_quality_rule_name(rule), "off");
  }
  assert_int_equal(pln_quality_config_set(&config, "gaps", "drop"), PLN_ERR_ARGUMENT);
  assert_non_null(strstr(pln_error_last()->text, "gaps cannot be 'drop', expected reject, flag, off"));
  assert_int_equal(pln_quality_config_set(&config, "gap", "flag"), PLN_ERR_ARGUMENT);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
  const struct CMUnitTest tests[] = {
      TEST(duplicates),
      TEST(ticks_may_share_a_time),
      TEST(order),
      TEST(newest_first_is_reversed),
      TEST(gaps),
      TEST(impossible_ohlc),
      TEST(non_finite),
      TEST(negative),
      TEST(price_jumps),
      TEST(volume_outliers),
      TEST(out_of_session),
      TEST(reports_keep_the_first_and_count_all),
      TEST(bars_are_checked_and_left_alone),
      TEST(names),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
