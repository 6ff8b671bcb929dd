#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "abi/market_calendar.h"
#include "core/error.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const int64_t MINUTE = 60000000000, DAY = 86400000000000;

static int64_t at(const char *text) {
  int64_t ns = 0;
  assert_int_equal(pln_time_parse_iso(text, NULL, &ns), 0);
  return ns;
}

static int64_t day(const char *text) { return at(text) / DAY; }

static const pln_calendar *calendar(const char *name) {
  if (!pln_timezone_get("America/New_York")) {
    print_message("no tz database here: %s\n", pln_error_last()->text);
    skip();
  }
  const pln_calendar *found = pln_calendar_get(name);
  assert_non_null(found);
  return found;
}

static void assert_session(const pln_calendar *c, const char *date, const char *open, const char *close,
                           int half) {
  pln_session s;
  assert_int_equal(pln_calendar_day_session(c, day(date), &s), 1);
  char text[40];
  pln_time_format_iso(s.open_ns, text);
  assert_string_equal(text, open);
  pln_time_format_iso(s.close_ns, text);
  assert_string_equal(text, close);
  assert_int_equal(s.is_half_day, half);
  assert_int_equal(s.trading_day, day(date));
}

static void assert_closed(const pln_calendar *c, const char *date, const char *note) {
  pln_session s;
  assert_int_equal(pln_calendar_day_session(c, day(date), &s), 0);
  assert_string_equal(pln_calendar_day_note(c, day(date)), note);
}

static void us_equity(void **state) {
  (void)state;
  const pln_calendar *c = calendar("us_equity");
  assert_session(c, "2024-01-02", "2024-01-02T14:30:00Z", "2024-01-02T21:00:00Z", 0);
  assert_session(c, "2024-07-01", "2024-07-01T13:30:00Z", "2024-07-01T20:00:00Z", 0);
  assert_session(c, "2024-07-03", "2024-07-03T13:30:00Z", "2024-07-03T17:00:00Z", 1);
  assert_session(c, "2023-07-03", "2023-07-03T13:30:00Z", "2023-07-03T17:00:00Z", 1);
  assert_session(c, "2013-07-03", "2013-07-03T13:30:00Z", "2013-07-03T17:00:00Z", 1);
  assert_session(c, "2002-07-03", "2002-07-03T13:30:00Z", "2002-07-03T20:00:00Z", 0);
  assert_session(c, "2002-07-05", "2002-07-05T13:30:00Z", "2002-07-05T17:00:00Z", 1);
  assert_session(c, "2023-11-24", "2023-11-24T14:30:00Z", "2023-11-24T18:00:00Z", 1);
  assert_session(c, "2023-12-22", "2023-12-22T14:30:00Z", "2023-12-22T21:00:00Z", 0);
  assert_session(c, "2024-12-24", "2024-12-24T14:30:00Z", "2024-12-24T18:00:00Z", 1);
  assert_session(c, "1999-12-31", "1999-12-31T14:30:00Z", "1999-12-31T18:00:00Z", 1);
  assert_session(c, "1984-06-01", "1984-06-01T14:00:00Z", "1984-06-01T20:00:00Z", 0);
  assert_session(c, "1997-01-20", "1997-01-20T14:30:00Z", "1997-01-20T21:00:00Z", 0); /* no King Day yet */
  assert_session(c, "2021-06-18", "2021-06-18T13:30:00Z", "2021-06-18T20:00:00Z", 0);
  assert_session(c, "2010-12-31", "2010-12-31T14:30:00Z", "2010-12-31T21:00:00Z",
                 0); /* New Year on a Saturday */
  assert_session(c, "1992-11-27", "1992-11-27T14:30:00Z", "1992-11-27T19:00:00Z", 1);
  static const char *const closures[][2] = {{"1998-01-19", "Martin Luther King Jr. Day"},
                                            {"2022-06-20", "Juneteenth"},
                                            {"2027-06-18", "Juneteenth"},
                                            {"2024-03-29", "Good Friday"},
                                            {"2038-04-23", "Good Friday"},
                                            {"2023-01-02", "New Year's Day"},
                                            {"2021-07-05", "Independence Day"},
                                            {"2021-12-24", "Christmas Day"},
                                            {"1980-11-04", "Election Day"},
                                            {"1994-04-27", "mourning for President Nixon"},
                                            {"2001-09-11", "attacks of September 11"},
                                            {"2001-09-14", "attacks of September 11"},
                                            {"2004-06-11", "mourning for President Reagan"},
                                            {"2007-01-02", "mourning for President Ford"},
                                            {"2012-10-30", "Hurricane Sandy"},
                                            {"2018-12-05", "mourning for President G. H. W. Bush"},
                                            {"2025-01-09", "mourning for President Carter"},
                                            {"2024-07-06", ""}};
  for (size_t i = 0; i < sizeof closures / sizeof *closures; i++)
    assert_closed(c, closures[i][0], closures[i][1]);
  assert_int_equal(pln_calendar_sessions_per_year(c), 252);
  /* NYSE's published numbers of trading days. */
  static const int counts[][2] = {{2001, 248}, {2008, 253}, {2012, 250}, {2020, 253},
                                  {2023, 250}, {2024, 252}, {2025, 250}};
  for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
    char from[24], until[24];
    snprintf(from, sizeof from, "%d-01-01", counts[i][0]);
    snprintf(until, sizeof until, "%d-01-01", counts[i][0] + 1);
    assert_int_equal(pln_calendar_count(c, at(from), at(until)), counts[i][1]);
  }
}

static void futures_and_fx(void **state) {
  (void)state;
  const pln_calendar *c = calendar("cme_futures");
  assert_session(c, "2024-01-08", "2024-01-07T23:00:00Z", "2024-01-08T22:00:00Z",
                 0); /* Monday opens on Sunday */
  assert_session(c, "2013-10-11", "2013-10-10T22:00:00Z", "2013-10-11T21:15:00Z", 0);
  assert_session(c, "2024-01-15", "2024-01-14T23:00:00Z", "2024-01-15T18:00:00Z", 1);
  assert_session(c, "2024-07-03", "2024-07-02T22:00:00Z", "2024-07-03T17:15:00Z", 1);
  assert_session(c, "2023-11-24", "2023-11-23T23:00:00Z", "2023-11-24T18:15:00Z", 1);
  assert_session(c, "2023-12-26", "2023-12-25T23:00:00Z", "2023-12-26T22:00:00Z", 0);
  assert_closed(c, "2023-12-25", "Christmas Day");
  assert_closed(c, "2024-03-29", "Good Friday");
  assert_int_equal(pln_calendar_is_open(c, at("2024-01-08T21:59:59")), 1);
  assert_int_equal(pln_calendar_is_open(c, at("2024-01-08T22:00:00")), 0); /* the hour's break */
  assert_int_equal(pln_calendar_is_open(c, at("2024-01-08T23:00:00")), 1);
  c = calendar("fx");
  assert_session(c, "2024-03-11", "2024-03-10T21:00:00Z", "2024-03-11T21:00:00Z",
                 0); /* clocks went forward */
  assert_session(c, "2024-03-08", "2024-03-07T22:00:00Z", "2024-03-08T22:00:00Z", 0);
  assert_closed(c, "2024-12-25", "Christmas Day");
  assert_int_equal(pln_calendar_is_open(c, at("2024-03-09T12:00:00")), 0);
  c = calendar("24/7");
  assert_session(c, "2024-03-09", "2024-03-09T00:00:00Z", "2024-03-10T00:00:00Z", 0);
  assert_int_equal(pln_calendar_sessions_per_year(c), 365);
  assert_ptr_equal(c, pln_calendar_get("24_7"));
  assert_null(pln_calendar_get("nyse"));
  assert_non_null(strstr(pln_error_last()->text, "expected us_equity"));
}

/* The look-ups agree with each other and with the order of time, by the cursor too, over all sessions. */
static void look_ups(void **state) {
  (void)state;
  static const char *const names[] = {"us_equity", "cme_futures", "fx", "24/7"};
  for (size_t k = 0; k < 4; k++) {
    const pln_calendar *c = calendar(names[k]);
    pln_calendar_cursor cursor = {0};
    pln_session s, other;
    int64_t before = INT64_MIN, n = 0;
    for (int64_t t = at("1970-12-31"); pln_calendar_next_session(c, t, &s) == 0; t = s.open_ns) {
      assert_true(s.open_ns > t && s.close_ns > s.open_ns && s.open_ns >= before);
      if (n > 0) {
        assert_int_equal(pln_calendar_previous_session(c, s.open_ns, &other), 0);
        assert_true(other.open_ns == t && other.close_ns == before);
      }
      const int64_t times[] = {s.open_ns - 1, s.open_ns, s.open_ns + 1, s.close_ns - MINUTE, s.close_ns - 1};
      for (size_t i = 0; i < 5; i++) {
        const int32_t open = pln_calendar_session_at(c, times[i], &other);
        const int contiguous = i == 0 && before == s.open_ns;
        assert_int_equal(open, i > 0 || contiguous);
        if (!contiguous) assert_true(other.open_ns == s.open_ns && other.close_ns == s.close_ns);
        assert_int_equal(pln_calendar_session_at_cursor(c, times[i], &cursor), open);
        assert_memory_equal(&cursor.session, &other, sizeof other);
        assert_int_equal(pln_calendar_is_open(c, times[i]), open);
        const double minutes = pln_calendar_minutes_to_close(c, times[i]);
        assert_true(open ? fabs(minutes - (double)(other.close_ns - times[i]) / 6e10) < 1e-9
                         : isnan(minutes));
      }
      assert_int_equal(pln_calendar_day_session(c, s.trading_day, &other), 1);
      assert_true(other.open_ns == s.open_ns);
      before = s.close_ns;
      n++;
    }
    assert_true(n > 129 * 245);
    assert_int_equal(pln_calendar_session_at(c, at("2101-01-01"), &s), PLN_ERR_RANGE);
    assert_int_equal(pln_calendar_is_open(c, at("2101-01-01")), 0);
    assert_int_equal(pln_calendar_previous_session(c, at("1970-01-01"), &s), PLN_ERR_RANGE);
    assert_int_equal(pln_calendar_session_at(c, INT64_MAX, &s), PLN_ERR_RANGE);
    assert_int_equal(pln_calendar_session_at(c, INT64_MIN, &s), 0);
  }
}

static void own_calendars(void **state) {
  (void)state;
  calendar("24/7");
  pln_calendar_exception exceptions[] = {{day("2024-12-25"), {0, 0}, "Christmas"},
                                         {day("2024-12-24"), {9 * 60, 14 * 60}, NULL}};
  pln_calendar_spec spec = {
      .name = "xetra", .timezone = "Europe/Berlin", .exceptions = exceptions, .n_exceptions = 2};
  for (int i = 0; i < 5; i++) spec.week[i] = (pln_calendar_hours){9 * 60, 17 * 60 + 30};
  pln_calendar *c = pln_calendar_new(&spec);
  assert_non_null(c);
  assert_session(c, "2024-07-01", "2024-07-01T07:00:00Z", "2024-07-01T15:30:00Z", 0);
  assert_session(c, "2024-12-24", "2024-12-24T08:00:00Z", "2024-12-24T13:00:00Z", 1);
  assert_closed(c, "2024-12-25", "Christmas");
  assert_int_equal(pln_calendar_sessions_per_year(c), 261);
  pln_calendar_free(c);
  spec =
      (pln_calendar_spec){.name = "mine", .base = "us_equity", .exceptions = exceptions, .n_exceptions = 2};
  c = pln_calendar_new(&spec);
  assert_non_null(c);
  assert_closed(c, "2024-07-04", "Independence Day");
  assert_session(c, "2024-12-24", "2024-12-24T14:00:00Z", "2024-12-24T19:00:00Z",
                 0); /* later than the rule's */
  pln_calendar_free(c);
  /* What cannot be. */
  spec = (pln_calendar_spec){.name = "bad", .week = {{-60, 24 * 60}, {-120, 24 * 60}}};
  assert_null(pln_calendar_new(&spec));
  assert_non_null(strstr(pln_error_last()->text, "opens before the one before it has closed"));
  spec = (pln_calendar_spec){.name = "bad", .week = {{600, 500}}};
  assert_null(pln_calendar_new(&spec));
  assert_non_null(strstr(pln_error_last()->text, "Monday"));
  exceptions[1].day = exceptions[0].day;
  spec = (pln_calendar_spec){.name = "bad", .exceptions = exceptions, .n_exceptions = 2};
  assert_null(pln_calendar_new(&spec));
  assert_non_null(strstr(pln_error_last()->text, "2024-12-25 is given twice"));
  spec = (pln_calendar_spec){.name = "bad", .base = "nyse"};
  assert_null(pln_calendar_new(&spec));
  pln_calendar_free(NULL);
}

static pln_bars *bars_of(const char *timeframe, int64_t n, const char *const *days) {
  int64_t ts[16];
  double price[16];
  for (int64_t i = 0; i < n; i++) {
    ts[i] = at(days[i]);
    price[i] = 100 + (double)i;
  }
  pln_bars *bars = pln_bars_from_arrays("X", timeframe, n, ts, price, price, price, price, price);
  assert_non_null(bars);
  return bars;
}

static void visible_at_close(void **state) {
  (void)state;
  const pln_calendar *c = calendar("us_equity");
  static const char *const days[] = {"2024-07-02", "2024-07-03", "2024-07-04", "2024-07-05"};
  pln_bars *bars = bars_of("1d", 4, days);
  int64_t without = -1;
  pln_bars *made = pln_bars_at_calendar(bars, c, NULL, &without);
  assert_non_null(made);
  assert_int_equal(without, 1);
  assert_int_equal(made->visible_ns[0], at("2024-07-02T20:00:00"));
  assert_int_equal(made->visible_ns[1], at("2024-07-03T17:00:00"));
  assert_int_equal(made->visible_ns[2], at("2024-07-05T00:00:00")); /* no session: as it was */
  assert_int_equal(made->visible_ns[3], at("2024-07-05T20:00:00"));
  assert_memory_equal(made->close, bars->close, 4 * sizeof(double));
  assert_memory_equal(made->ts_ns, bars->ts_ns, 4 * sizeof(int64_t));
  assert_true(made->content_hash != bars->content_hash);
  pln_bars_free(made);
  pln_bars_free(bars);
  static const char *const weeks[] = {"2024-03-25", "2024-04-01"}; /* the first ends on Good Friday */
  bars = bars_of("1w", 2, weeks);
  made = pln_bars_at_calendar(bars, c, NULL, NULL);
  assert_non_null(made);
  assert_int_equal(made->visible_ns[0], at("2024-03-28T20:00:00"));
  assert_int_equal(made->visible_ns[1], at("2024-04-05T20:00:00"));
  pln_bars_free(made);
  pln_bars_free(bars);
  static const char *const minutes[] = {"2024-07-02T14:30:00", "2024-07-02T14:31:00"};
  bars = bars_of("1m", 2, minutes);
  made = pln_bars_at_calendar(bars, c, NULL, &without);
  assert_non_null(made);
  assert_int_equal(without, 0);
  assert_int_equal(pln_bars_visible_ns(made, 1), at("2024-07-02T14:32:00"));
  assert_true(made->content_hash == bars->content_hash);
  pln_bars_free(made);
  pln_bars_free(bars);
  /* Made from minutes that go on after the session's close: not before the last of them has closed. */
  static const char *const late[] = {"2024-07-02T19:59:00", "2024-07-02T23:58:00", "2024-07-03T14:00:00"};
  pln_bars *finer = bars_of("1m", 3, late);
  bars = bars_of("1d", 2, days);
  made = pln_bars_at_calendar(bars, c, finer, NULL);
  assert_non_null(made);
  assert_int_equal(made->visible_ns[0], at("2024-07-02T23:59:00"));
  assert_int_equal(made->visible_ns[1], at("2024-07-03T17:00:00"));
  pln_bars_free(made);
  pln_bars_free(finer);
  pln_bars_free(bars);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(us_equity),     cmocka_unit_test(futures_and_fx),   cmocka_unit_test(look_ups),
      cmocka_unit_test(own_calendars), cmocka_unit_test(visible_at_close),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
