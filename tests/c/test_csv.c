/* The CSV reader on small files of every kind that it reads, and on those that it must refuse. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "abi/csv.h"
#include "abi/time.h"
#include "core/error.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zip.h>
#include <zlib.h>

static char folder[64];

static int make_folder(void **state) {
  (void)state;
  strcpy(folder, "/tmp/pln_csv_XXXXXX");
  return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state) {
  (void)state;
  char command[128];
  snprintf(command, sizeof command, "rm -r '%s'", folder);
  return system(command);
}

static const char *put(const char *name, const char *text, size_t size) {
  static char path[128];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *file = fopen(path, "wb");
  assert_non_null(file);
  assert_int_equal(fwrite(text, 1, size, file), size);
  fclose(file);
  return path;
}

static pln_bars *load(const char *name, const char *text, const pln_csv_options *options) {
  const char *paths[] = {put(name, text, strlen(text))};
  return pln_csv_load(paths, 1, options, NULL);
}

static pln_bars *load_ok(const char *text, const pln_csv_options *options) {
  pln_bars *bars = load("t.csv", text, options);
  if (!bars) fail_msg("%s\n%s", pln_error_last()->text, text);
  return bars;
}

static void expect_error(const char *text, const pln_csv_options *options, int32_t line, const char *part) {
  pln_bars *bars = load("bad.csv", text, options);
  if (bars) fail_msg("loaded: %s", text);
  if (!strstr(pln_error_last()->text, part)) fail_msg("'%s' lacks '%s'", pln_error_last()->text, part);
  if (line) assert_int_equal(pln_error_last()->line, line);
}

static void expect_time(const pln_bars *bars, int64_t i, const char *iso) {
  char text[40];
  pln_time_format_iso(bars->ts_ns[i], text);
  assert_string_equal(text, iso);
}

/* Two rows with these times are read as those. */
static void times(const char *first, const char *second, const pln_csv_options *options,
                  const char *iso_first, const char *iso_second) {
  char text[256];
  snprintf(text, sizeof text, "time;open;high;low;close\n%s;1;2;1;2\n%s;2;3;2;3\n", first, second);
  pln_bars *bars = load_ok(text, options);
  expect_time(bars, 0, iso_first);
  expect_time(bars, 1, iso_second);
  pln_bars_free(bars);
}

static void reads_times(void **state) {
  (void)state;
  times("2015-01-02 09:30", "2015-01-02 09:31", NULL, "2015-01-02T09:30:00Z", "2015-01-02T09:31:00Z");
  times("2015-01-02T09:30:00.250", "2015-01-02T09:31:00.250", NULL, "2015-01-02T09:30:00.250Z",
        "2015-01-02T09:31:00.250Z");
  times("2015-01-02T09:30:00Z", "2015-01-02T09:31:00Z", NULL, "2015-01-02T09:30:00Z", "2015-01-02T09:31:00Z");
  times("2015-01-02T09:30:00+02:00", "2015-01-02T09:31:00+02:00", NULL, "2015-01-02T07:30:00Z",
        "2015-01-02T07:31:00Z");
  times("2015-01-02 09:30:00-0500", "2015-01-02 09:31:00-0500", NULL, "2015-01-02T14:30:00Z",
        "2015-01-02T14:31:00Z");
  times("2015/01/02", "2015/01/03", NULL, "2015-01-02T00:00:00Z", "2015-01-03T00:00:00Z");
  times("2015.01.02 09:30", "2015.01.02 09:35", NULL, "2015-01-02T09:30:00Z", "2015-01-02T09:35:00Z");
  times("20150102", "20150103", NULL, "2015-01-02T00:00:00Z", "2015-01-03T00:00:00Z");
  times("20150102 09:30", "20150102 10:30", NULL, "2015-01-02T09:30:00Z", "2015-01-02T10:30:00Z");
  times("20150102 093000", "20150102 093100", NULL, "2015-01-02T09:30:00Z", "2015-01-02T09:31:00Z");
  times("20150102093000", "20150102093100", NULL, "2015-01-02T09:30:00Z", "2015-01-02T09:31:00Z");
  times("201501020930", "201501020931", NULL, "2015-01-02T09:30:00Z", "2015-01-02T09:31:00Z");
  times("1/30/2015", "2/2/2015", NULL, "2015-01-30T00:00:00Z", "2015-02-02T00:00:00Z");
  times("30/1/2015", "2/2/2015", NULL, "2015-01-30T00:00:00Z", "2015-02-02T00:00:00Z");
  times("99/01/30", "99/02/02", NULL, "1999-01-30T00:00:00Z", "1999-02-02T00:00:00Z");
  times("01/30/15", "02/02/15", NULL, "2015-01-30T00:00:00Z", "2015-02-02T00:00:00Z");
  times("30.01.2015 09:30", "30.01.2015 09:31", NULL, "2015-01-30T09:30:00Z", "2015-01-30T09:31:00Z");
  times("1/30/2015 9:30 PM", "1/30/2015 9:31 PM", NULL, "2015-01-30T21:30:00Z", "2015-01-30T21:31:00Z");
  times("Jan 30 2015", "Feb 2 2015", NULL, "2015-01-30T00:00:00Z", "2015-02-02T00:00:00Z");
  times("30-Jan-2015", "02-Feb-2015", NULL, "2015-01-30T00:00:00Z", "2015-02-02T00:00:00Z");
  times("January 30, 2015", "February 2, 2015", NULL, "2015-01-30T00:00:00Z", "2015-02-02T00:00:00Z");
  times("1420190400", "1420190460", NULL, "2015-01-02T09:20:00Z", "2015-01-02T09:21:00Z");
  times("1420190400.5", "1420190460.5", NULL, "2015-01-02T09:20:00.500Z", "2015-01-02T09:21:00.500Z");
  times("1420190400000", "1420190460000", NULL, "2015-01-02T09:20:00Z", "2015-01-02T09:21:00Z");
  times("1420190400000001", "1420190460000001", NULL, "2015-01-02T09:20:00.000001Z",
        "2015-01-02T09:21:00.000001Z");
  times("1420190400000000001", "1420190460000000001", NULL, "2015-01-02T09:20:00.000000001Z",
        "2015-01-02T09:21:00.000000001Z");
  times("1969-12-30", "1969-12-31", NULL, "1969-12-30T00:00:00Z", "1969-12-31T00:00:00Z");
}

static void reads_times_as_stated(void **state) {
  (void)state;
  pln_csv_options o;
  pln_csv_options_init(&o);
  o.time_format = "dmy";
  times("01/02/2015", "02/02/2015", &o, "2015-02-01T00:00:00Z", "2015-02-02T00:00:00Z");
  o.time_format = "mdy";
  times("01/02/2015", "01/03/2015", &o, "2015-01-02T00:00:00Z", "2015-01-03T00:00:00Z");
  o.time_format = "%d%b%y %H.%M";
  times("02JAN15 09.30", "02JAN15 09.31", &o, "2015-01-02T09:30:00Z", "2015-01-02T09:31:00Z");
  o.time_format = "%Y%j";
  times("2015033", "2015034", &o, "2015-02-02T00:00:00Z", "2015-02-03T00:00:00Z");
  o.time_format = "epoch_ms"; /* by magnitude these would be seconds */
  times("86400000", "172800000", &o, "1970-01-02T00:00:00Z", "1970-01-03T00:00:00Z");
  o.time_format = "%q";
  expect_error("time,close\n2015-01-02,1\n", &o, 0, "time_format is '%q'");
}

static void month_and_day_are_told_apart_by_the_whole_file(void **state) {
  (void)state;
  char text[8192] = "date,close\n";
  for (int day = 1; day <= 28; day++) snprintf(text + strlen(text), 64, "%02d/02/2015,1\n", day);
  pln_bars *bars = load_ok(text, NULL);
  expect_time(bars, 2, "2015-02-03T00:00:00Z");
  pln_bars_free(bars);
  expect_error("date,close\n01/02/2015,1\n02/02/2015,1\n", NULL, 2, "say time_format: mdy, dmy or ymd");
}

static void years_of_two_digits_may_come_first(void **state) {
  (void)state;
  expect_error("date,close\n15/01/02,1\n15/01/05,2\n", NULL, 2, "say time_format"); /* the 15th? */
  pln_csv_options o;
  pln_csv_options_init(&o);
  o.time_format = "ymd";
  times("15/01/02", "15/01/05", &o, "2015-01-02T00:00:00Z", "2015-01-05T00:00:00Z");
}

static void local_times_follow_the_clocks(void **state) {
  (void)state;
  pln_csv_options o;
  pln_csv_options_init(&o);
  o.timezone = "America/New_York";
  /* 2015-11-01: 01:00 … 01:59 happen twice. */
  pln_bars *bars =
      load_ok("time,close\n2015-11-01 00:30,1\n2015-11-01 01:00,1\n2015-11-01 01:30,1\n2015-11-01 01:00,1\n"
              "2015-11-01 01:30,1\n2015-11-01 02:00,1\n",
              &o);
  const char *const expected[] = {"2015-11-01T04:30:00Z", "2015-11-01T05:00:00Z", "2015-11-01T05:30:00Z",
                                  "2015-11-01T06:00:00Z", "2015-11-01T06:30:00Z", "2015-11-01T07:00:00Z"};
  for (int64_t i = 0; i < 6; i++) expect_time(bars, i, expected[i]);
  assert_string_equal(bars->timezone, "America/New_York");
  pln_bars_free(bars);
  times("2015-07-01 09:30", "2015-07-01 09:31", &o, "2015-07-01T13:30:00Z", "2015-07-01T13:31:00Z");
  times("2015-01-02", "2015-01-03", &o, "2015-01-02T05:00:00Z", "2015-01-03T05:00:00Z");
  o.timezone = "America/New_Yrok";
  expect_error("time,close\n2015-01-02,1\n", &o, 0, "New_Yrok");
}

static void stamps_at_the_close_become_opens(void **state) {
  (void)state;
  pln_csv_options o;
  pln_csv_options_init(&o);
  o.stamp = PLN_CSV_STAMP_CLOSE;
  times("2015-01-02 09:31", "2015-01-02 09:32", &o, "2015-01-02T09:30:00Z", "2015-01-02T09:31:00Z");
  times("2015-01-31", "2015-02-28", &o, "2015-01-01T00:00:00Z",
        "2015-02-01T00:00:00Z"); /* months by their last day */
  times("2015-01-02", "2015-01-09", &o, "2014-12-29T00:00:00Z",
        "2015-01-05T00:00:00Z"); /* weeks by their Friday */
  times("2015-01-02", "2015-01-03", &o, "2015-01-02T00:00:00Z", "2015-01-03T00:00:00Z");
  times("2015-01-02 16:00", "2015-01-03 16:00", &o, "2015-01-02T00:00:00Z", "2015-01-03T00:00:00Z");
}

static void three_lines_of_header(void **state) {
  (void)state;
  pln_bars *bars = load_ok("Price,Close,High,Low,Open,Volume\nTicker,SPY,SPY,SPY,SPY,SPY\nDate,,,,,\n"
                           "2020-01-02,2,3,0.5,1,100\n2020-01-03,3,4,1.5,2,100\n",
                           NULL);
  expect_time(bars, 0, "2020-01-02T00:00:00Z");
  assert_true(bars->n_bars == 2 && bars->open[0] == 1 && bars->close[1] == 3 && bars->n_extra == 0);
  pln_bars_free(bars);
  const char *two =
      "Price,Close,Close,High\nTicker,SPY,QQQ,SPY\nDate,,,\n2020-01-02,2,3,4\n2020-01-03,2,3,4\n";
  expect_error(two, NULL, 0, "no column holds times"); /* of two tickers */
  expect_error("Price,Close\nTicker,SPY\nDate,\n", NULL, 0, "holds a header and no rows");
  bars = load_ok("Price,Time\n5,2020-01-02\n6,2020-01-03\n", NULL);
  assert_true(bars->close[1] == 6);
  pln_bars_free(bars);
}

/* A further column whose text comes late is left out as a whole, in every file; named, it is an error. */
static const char *const LATE_HEADER = "time,close,sig,bid\n";
static char *late_text(int bad_row) {
  static char text[20000];
  int n = snprintf(text, sizeof text, "%s", LATE_HEADER);
  for (int i = 0; i < 600; i++)
    n += snprintf(text + n, sizeof text - (size_t)n, "%d,%d,%s,%s\n", 1577923200 + 60 * i, i + 1,
                  i == bad_row ? "n/k" : "1", i == bad_row ? "-NaN" : "2");
  return text;
}

static void late_text_in_a_further_column(void **state) {
  (void)state;
  pln_log_set_level(PLN_LOG_ERROR);
  for (int bad = 1; bad < 600; bad += 299) {
    pln_bars *bars = load_ok(late_text(bad), NULL);
    assert_int_equal(bars->n_extra, 1);
    assert_string_equal(bars->extra_names[0], "bid");
    assert_true(isnan(bars->extra[0][bad]) && bars->extra[0][bad - 1] == 2);
    pln_bars_free(bars);
  }
  static const char *const columns[] = {"time", "close", "sig", "bid"};
  const pln_csv_options named = {.columns = columns, .n_columns = 4};
  expect_error(late_text(500), &named, 502, "found 'n/k', expected a number for sig");
  pln_log_set_level(PLN_LOG_NOTE);
}

static const double *extra(const pln_bars *bars, const char *name) {
  for (int32_t i = 0; i < bars->n_extra; i++)
    if (strcmp(bars->extra_names[i], name) == 0) return bars->extra[i];
  return NULL;
}

static void columns_are_found_by_name(void **state) {
  (void)state;
  pln_bars *bars = load_ok("\xef\xbb\xbf"
                           "close,Adj Close,LOW , High,note,Date,OPEN,tick_volume,bid\r\n"
                           "2,1.9,1,3,hello,2015-01-02,1.5,100,\r\n"
                           "\r\n"
                           "3,2.9,2,4,\"a \"\"b\"\", c\",2015-01-03,2.5,200,2.75\r\n",
                           NULL);
  assert_int_equal(bars->n_bars, 2);
  assert_true(bars->open[1] == 2.5 && bars->high[1] == 4 && bars->low[1] == 2 && bars->close[1] == 3);
  assert_true(bars->volume[0] == 100 && bars->has_volume);
  assert_int_equal(bars->n_extra, 2);
  assert_true(extra(bars, "adj_close")[0] == 1.9);
  assert_true(isnan(extra(bars, "bid")[0]) && extra(bars, "bid")[1] == 2.75);
  pln_bars_free(bars);
  bars = load_ok("t|o|h|l|c|v\n1420190400|1|2|1|2|5\n1420190460|1|2|1|2|5\n", NULL);
  assert_true(bars->high[0] == 2 && bars->volume[1] == 5);
  pln_bars_free(bars);
  bars = load_ok(
      "<DATE>\t<TIME>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\n2015.01.02\t09:30:00\t1\t2\t1\t2\t7\n"
      "2015.01.02\t09:35:00\t1\t2\t1\t2\t7\n",
      NULL);
  expect_time(bars, 1, "2015-01-02T09:35:00Z");
  assert_true(bars->volume[0] == 7);
  pln_bars_free(bars);
  bars = load_ok(
      "timestamp,1. open,2. high,3. low,4. close,5. volume\n2015-01-03,1,2,1,2,9\n2015-01-02,3,4,3,4,8\n",
      NULL);
  expect_time(bars, 0, "2015-01-02T00:00:00Z"); /* newest first: reversed */
  assert_true(bars->volume[0] == 8);
  pln_bars_free(bars);
}

static void unnamed_first_column(void **state) {
  (void)state;
  pln_bars *bars = load_ok(",Open,High,Low,Close\n2015-01-02,1,2,1,2\n2015-01-03,1,2,1,2\n", NULL);
  expect_time(bars, 1, "2015-01-03T00:00:00Z");
  pln_bars_free(bars);
  bars = load_ok(",date,close\n0,2015-01-02,1\n1,2015-01-03,2\n", NULL);
  expect_time(bars, 1, "2015-01-03T00:00:00Z");
  assert_int_equal(bars->n_extra, 0);
  pln_bars_free(bars);
  /* One name fewer than columns: a date and a time of day under one name. */
  bars = load_ok("Date,Close\n2015-01-02,09:01:00,1\n2015-01-02,09:02:00,2\n", NULL);
  expect_time(bars, 1, "2015-01-02T09:02:00Z");
  pln_bars_free(bars);
}

static void columns_as_stated(void **state) {
  (void)state;
  pln_csv_options o;
  pln_csv_options_init(&o);
  const char *list[] = {"time", "open", "close", "high", "low", "volume", "_", "mark"};
  o.columns = list;
  o.n_columns = 8;
  pln_bars *bars = load_ok("1420190400000,1,2,4,1,5,x,7\n1420190460000,2,3,4,1,5,y,8\n", &o);
  assert_true(bars->close[0] == 2 && bars->high[0] == 4 && extra(bars, "mark")[1] == 8);
  pln_bars_free(bars);
  expect_error("1420190400000,1,2,4,1,5,x,y\n1420190460000,2,3,4,1,5,y,8\n", &o, 1,
               "found 'y', expected a number for mark");
  o.n_columns = 6;
  expect_error("1420190400000,1,2,4,1,5,x,y\n", &o, 1,
               "has 8 columns, but `columns` (or the layout) names 6");
  pln_csv_options_init(&o);
  const char *roles[] = {"close"}, *names[] = {"MSFT"};
  o.map_roles = roles;
  o.map_names = names;
  o.n_map = 1;
  bars = load_ok("Date,AAPL,MSFT,C\n3/15/2004,1,2,3\n3/16/2004,1,3,3\n", &o);
  assert_true(bars->open[1] == 3 && bars->high[1] == 3 && bars->close[1] == 3 && extra(bars, "c")[0] == 3);
  assert_int_equal(bars->has_volume, 0);
  pln_bars_free(bars);
  const char *both[] = {"date", "time"}, *columns[] = {"D", "T"};
  o.map_roles = both;
  o.map_names = columns;
  o.n_map = 2;
  bars = load_ok("D,T,close\n3/15/2004,09:30,1\n3/15/2004,09:31,2\n", &o);
  expect_time(bars, 1, "2004-03-15T09:31:00Z");
  pln_bars_free(bars);
  o.map_roles = roles;
  o.map_names = names;
  o.n_map = 1;
  names[0] = "IBM";
  expect_error("Date,AAPL,MSFT,C\n3/15/2004,1,2,3\n", &o, 1,
               "no column is named 'IBM'; found the columns Date, AAPL, MSFT, C");
}

static void headers_as_stated(void **state) {
  (void)state;
  pln_csv_options o;
  pln_csv_options_init(&o);
  const char *list[] = {"time", "close"};
  o.columns = list;
  o.n_columns = 2;
  o.header = PLN_CSV_HEADER_PRESENT; /* a first line of numbers that is no row */
  pln_bars *bars = load_ok("20150101,0\n20150102,1\n20150103,2\n", &o);
  assert_int_equal(bars->n_bars, 2);
  pln_bars_free(bars);
  o.header = PLN_CSV_HEADER_NONE;
  expect_error("when,what\n20150102,1\n", &o, 1, "found 'when', expected a time");
  o.header = PLN_CSV_HEADER_AUTO;
  bars = load_ok("# made by hand\nwhen,what\n20150102,1\n# and\n20150103,2\n#end", &o);
  assert_int_equal(bars->n_bars, 2);
  pln_bars_free(bars);
}

static void symbol_column(void **state) {
  (void)state;
  const char *text = "date,symbol,close\n2015-01-02,A,1\n2015-01-02,B,2\n2015-01-03,A,3\n2015-01-03,B,4\n";
  pln_csv_options o;
  pln_csv_options_init(&o);
  o.symbol = "B";
  pln_bars *bars = load_ok(text, &o);
  assert_int_equal(bars->n_bars, 2);
  assert_true(bars->close[1] == 4);
  assert_string_equal(bars->symbol, "B");
  pln_bars_free(bars);
  o.symbol = "C";
  expect_error(text, &o, 0, "the symbol column never holds 'C', expected one of A, B");
  expect_error(text, NULL, 0, "holds 2 symbols, say which one to read: A, B");
}

static void quotes_make_prices(void **state) {
  (void)state;
  pln_csv_options o;
  pln_csv_options_init(&o);
  o.layout = "lean_quote";
  o.price_scale = 0.0001;
  const char *text = "14400000,1672700,1672800,1672700,1672800,100,1680000,1680000,1674100,1674100,600\n"
                     "14460000,,,,,0,1674100,1674100,1672600,1672600,200\n";
  const char *paths[] = {put("20131007_quote.csv", text, strlen(text))};
  pln_bars *bars = pln_csv_load(paths, 1, &o, NULL);
  assert_non_null(bars);
  expect_time(bars, 0, "2013-10-07T04:00:00Z");
  assert_true(bars->open[0] == (167.27 + 168.0) / 2 && bars->open[1] == 167.41);
  assert_true(extra(bars, "bid_close")[0] == 167.28 && extra(bars, "ask_size")[1] == 200);
  pln_bars_free(bars);
  o.price = "ask";
  bars = pln_csv_load(paths, 1, &o, NULL);
  assert_true(bars && bars->close[0] == 167.41);
  pln_bars_free(bars);
}

static void numbers_are_exact_in_any_locale(void **state) {
  (void)state;
  setlocale(LC_ALL, "de_DE.UTF-8");
  const char *const numbers[] = {
      "0.1",
      "1e-7",
      "130583.99999999999",
      "0.00005330000000000001",
      "9007199254740993",
      "123456789012345678901234567890",
      "179769313486231570000e288",
      "4.9406564584124654e-324",
      "0.000000000000000000000000000000000000000000000000000000000000000000000000001",
      "2.2250738585072011e-308",
      "1.00000000000000011102230246251565404236316680908203125"};
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
    char text[512];
    snprintf(text, sizeof text, "time,close\n2015-01-02,%s\n2015-01-03,%s\n", numbers[i], numbers[i]);
    pln_bars *bars = load_ok(text, NULL);
    assert_true(bars->close[0] == strtod(numbers[i], NULL));
    pln_bars_free(bars);
  }
  pln_csv_options o;
  pln_csv_options_init(&o);
  o.price_scale = 1e-5;
  pln_bars *bars = load_ok("time,close\n2015-01-02,130583.99999999999\n2015-01-03,82173\n", &o);
  assert_true(bars->close[0] == 1.3058399999999999999 && bars->close[1] == 0.82173);
  pln_bars_free(bars);
  setlocale(LC_ALL, "C");
}

static void bad_input_is_refused(void **state) {
  (void)state;
  expect_error("", NULL, 0, "is empty");
  expect_error("\n\n\n", NULL, 0, "only blank lines");
  expect_error("time,open,high,low,close\n", NULL, 1, "a header and no rows");
  expect_error("hello\n", NULL, 1, "no delimiter");
  expect_error("time,close\n2015-01-02,1\n2015-01-03,x\n", NULL, 3,
               "bad.csv:3:12: found 'x', expected a number for close");
  expect_error("time,close\n2015-01-02,1\n2015-01-03,1,000\n", NULL, 3, "found 3 columns, expected 2");
  expect_error("time,open,high,low,close\n2015-01-02,1,1,1,1\n2015-01-03,1,1", NULL, 3,
               "is the file truncated?");
  expect_error("time,close\n2015-01-02,1\n2015-02-30,2\n", NULL, 3, "out of range");
  expect_error("time,close\n9999-01-02,1\n", NULL, 2, "out of range");
  expect_error("time,close\n2015-01-02,1\nnext,2\n", NULL, 3, "found 'next', expected a time");
  expect_error("time,close\nsoon,1\n", NULL, 1, "no column holds times");
  expect_error("time,close\n2015-01-02,1\n2015-01-03T00:00Z,2\n", NULL, 3,
               "with a zone after times without one");
  expect_error("time,open,close\n2015-01-02,1,1\n", NULL, 1, "no column holds the high");
  expect_error("1,2,3\n1,2,3\n", NULL, 1, "found '1' where column names were expected");
  expect_error("time,close\n2015-01-02,inf\n", NULL, 2, "non_finite");
  expect_error("time,close\n2015-01-02,1e309\n", NULL, 2, "found '1e309', expected a number for close");
  expect_error("time,close\n2015-01-02,\n", NULL, 2, "non_finite");
  expect_error("time,close\n2015-01-02,\"1\n2015-01-03,2\n", NULL, 2, "quote is not closed");
  expect_error("\xff\xfet\0i\0", NULL, 0, "UTF-16");
  expect_error("PAR1............................", NULL, 0, "a Parquet file");
  pln_csv_options o;
  pln_csv_options_init(&o);
  o.timeframe = "5m";
  expect_error("time,close\n2015-01-02 09:30,1\n2015-01-02 09:31,1\n", &o, 3, "too closely for bars of 5m");
  o.timeframe = "5q";
  expect_error("time,close\n2015-01-02 09:30,1\n", &o, 0, "5q");
  expect_error("time,close\n2015-01-02 09:30,1\n", NULL, 0, "shows no timeframe");
  const char nul[] = "time,close\n2015-01-02,1\n2015-01-03,\0\n2015-01-04,3\n";
  const char *paths[] = {put("nul.csv", nul, sizeof nul - 1)};
  assert_null(pln_csv_load(paths, 1, NULL, NULL));
  assert_non_null(strstr(pln_error_last()->text, "NUL byte"));
  paths[0] = "/nonexistent/x.csv";
  assert_null(pln_csv_load(paths, 1, NULL, NULL));
  assert_int_equal(pln_error_last()->code, PLN_ERR_NOT_FOUND);
  paths[0] = folder;
  assert_null(pln_csv_load(paths, 1, NULL, NULL));
  assert_non_null(strstr(pln_error_last()->text, "is a folder"));
}

static void enormous_lines_are_refused(void **state) {
  (void)state;
  const size_t size = 3 << 20;
  char *text = malloc(size + 1);
  memset(text, 'x', size);
  text[size] = 0;
  expect_error(text, NULL, 1, "is a line of 3145728 bytes");
  memset(text, ',', size);
  expect_error(text, NULL, 1, "is a line of");
  memcpy(text, "time,close\n2015-01-02,", 22);
  memset(text + 22, '1', size - 22);
  expect_error(text, NULL, 2, "longer than");
  free(text);
}

static size_t gzip(const char *text, char *out, size_t size) {
  z_stream stream = {0};
  assert_int_equal(deflateInit2(&stream, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
  stream.next_in = (Bytef *)(uintptr_t)text;
  stream.avail_in = (uInt)strlen(text);
  stream.next_out = (Bytef *)out;
  stream.avail_out = (uInt)size;
  assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
  const size_t used = stream.total_out;
  deflateEnd(&stream);
  return used;
}

static void gzip_files(void **state) {
  (void)state;
  char packed[2048];
  size_t size = gzip("time,close\n2015-01-02,1\n", packed, sizeof packed);
  size += gzip("2015-01-03,2\n", packed + size, sizeof packed - size); /* two members make one text */
  const char *paths[] = {put("a.csv.gz", packed, size)};
  pln_bars *bars = pln_csv_load(paths, 1, NULL, NULL);
  assert_non_null(bars);
  assert_int_equal(bars->n_bars, 2);
  pln_bars_free(bars);
  for (size_t cut = 2; cut < size; cut++) {
    paths[0] = put("cut.csv.gz", packed, cut);
    bars = pln_csv_load(paths, 1, NULL, NULL);
    if (bars) /* between the members, where the text is whole */
      pln_bars_free(bars);
    else
      assert_true(pln_error_last()->code < 0);
  }
  packed[30] ^= 0x55;
  paths[0] = put("damaged.csv.gz", packed, size);
  assert_null(pln_csv_load(paths, 1, NULL, NULL));
  assert_int_equal(pln_error_last()->code, PLN_ERR_CORRUPT);
}

static void decompression_is_bounded(void **state) {
  (void)state;
  char *text = malloc(1 << 20), packed[8192];
  memset(text, '0', 1 << 20);
  text[(1 << 20) - 1] = 0;
  const char *paths[] = {NULL};
  const size_t size = gzip(text, packed, sizeof packed);
  paths[0] = put("bomb.csv.gz", packed, size);
  pln_csv_options o;
  pln_csv_options_init(&o);
  o.max_bytes = 1 << 18;
  assert_null(pln_csv_load(paths, 1, &o, NULL));
  assert_int_equal(pln_error_last()->code, PLN_ERR_LIMIT);
  free(text);
}

static const char *make_zip(const char *name, const char *const *members, int n, const char *text) {
  static char path[128];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  zip_t *archive = zip_open(path, ZIP_CREATE | ZIP_TRUNCATE, NULL);
  assert_non_null(archive);
  for (int i = 0; i < n; i++)
    zip_file_add(archive, members[i], zip_source_buffer(archive, text, strlen(text), 0), 0);
  assert_int_equal(zip_close(archive), 0);
  return path;
}

static void zip_files(void **state) {
  (void)state;
  const char *text = "time,close\n2015-01-02,1\n2015-01-03,2\n";
  const char *const members[] = {"x_201312.csv", "x_201403.csv", "both.csv"};
  const char *paths[] = {make_zip("one.zip", members, 1, text)};
  pln_bars *bars = pln_csv_load(paths, 1, NULL, NULL);
  assert_non_null(bars);
  pln_bars_free(bars);
  paths[0] = make_zip("two.zip", members, 2, text);
  assert_null(pln_csv_load(paths, 1, NULL, NULL));
  assert_non_null(strstr(pln_error_last()->text,
                         "the zip holds 2 files, say which with `member`: x_201312.csv, x_201403.csv"));
  pln_csv_options o;
  pln_csv_options_init(&o);
  o.member = "*201403*";
  bars = pln_csv_load(paths, 1, &o, NULL);
  assert_non_null(bars);
  pln_bars_free(bars);
  o.member = "*2015*";
  assert_null(pln_csv_load(paths, 1, &o, NULL));
  paths[0] = make_zip("both.zip", members, 3, text); /* the member that is named like the zip */
  bars = pln_csv_load(paths, 1, NULL, NULL);
  assert_non_null(bars);
  pln_bars_free(bars);
  char head[64];
  FILE *file = fopen(paths[0], "rb");
  assert_int_equal(fread(head, 1, sizeof head, file), sizeof head);
  fclose(file);
  paths[0] = put("cut.zip", head, sizeof head);
  assert_null(pln_csv_load(paths, 1, NULL, NULL));
  assert_int_equal(pln_error_last()->code, PLN_ERR_CORRUPT);
}

static void files_are_joined(void **state) {
  (void)state;
  char first[128];
  snprintf(first, sizeof first, "%s", put("1.csv", "time,close,bid\n2015-01-02,1,5\n2015-01-03,2,6", 44));
  const char *text = "close,time\n3,2015-01-04\n4,2015-01-05\n";
  const char *paths[] = {first, put("2.csv", text, strlen(text))};
  pln_bars *bars = pln_csv_load(paths, 2, NULL, NULL);
  assert_non_null(bars);
  assert_int_equal(bars->n_bars, 4);
  assert_true(bars->close[3] == 4 && extra(bars, "bid")[1] == 6 && isnan(extra(bars, "bid")[2]));
  pln_bars_free(bars);
  const char *wrong[] = {paths[1], paths[0]};
  assert_null(pln_csv_load(wrong, 2, NULL, NULL));
  assert_non_null(strstr(pln_error_last()->text, "1.csv:2: 2015-01-02T00:00:00Z: out_of_order"));
  char a[33], b[33];
  assert_int_equal(pln_csv_content_hash(paths, 2, a), PLN_OK);
  assert_int_equal(pln_csv_content_hash(wrong, 2, b), PLN_OK);
  assert_string_not_equal(a, b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(late_text_in_a_further_column),
      cmocka_unit_test(three_lines_of_header),
      cmocka_unit_test(reads_times),
      cmocka_unit_test(reads_times_as_stated),
      cmocka_unit_test(month_and_day_are_told_apart_by_the_whole_file),
      cmocka_unit_test(years_of_two_digits_may_come_first),
      cmocka_unit_test(local_times_follow_the_clocks),
      cmocka_unit_test(stamps_at_the_close_become_opens),
      cmocka_unit_test(columns_are_found_by_name),
      cmocka_unit_test(unnamed_first_column),
      cmocka_unit_test(columns_as_stated),
      cmocka_unit_test(headers_as_stated),
      cmocka_unit_test(symbol_column),
      cmocka_unit_test(quotes_make_prices),
      cmocka_unit_test(numbers_are_exact_in_any_locale),
      cmocka_unit_test(bad_input_is_refused),
      cmocka_unit_test(enormous_lines_are_refused),
      cmocka_unit_test(gzip_files),
      cmocka_unit_test(decompression_is_bounded),
      cmocka_unit_test(zip_files),
      cmocka_unit_test(files_are_joined),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
