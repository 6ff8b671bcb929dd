#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "core/error.h"
#include "data/timezone.h"
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int64_t at(const char *text) {
  int64_t ns = 0;
  assert_int_equal(pln_time_parse_iso(text, NULL, &ns), 0);
  return ns;
}

static const pln_timezone *zone_or_skip(const char *name) {
  const pln_timezone *zone = pln_timezone_get(name);
  if (!zone) {
    print_message("no tz database here: %s\n", pln_error_last()->text);
    skip();
  }
  return zone;
}

static void iso_times(void **state) {
  (void)state;
  static const char *const forms[][2] = {
      {"2015-01-02", "2015-01-02T00:00:00Z"},
      {"2015-01-02 14:30", "2015-01-02T14:30:00Z"},
      {"2015-01-02T14:30:05Z", "2015-01-02T14:30:05Z"},
      {"2015-01-02T14:30:05.25", "2015-01-02T14:30:05.250Z"},
      {"2015-01-02T14:30:05.000001+02:00", "2015-01-02T12:30:05.000001Z"},
      {"2015-01-02T14:30:05.123456789-0530", "2015-01-02T20:00:05.123456789Z"},
      {"2016-02-29T00:00:00+01", "2016-02-28T23:00:00Z"},
      {"1899-12-31T23:59:59", "1899-12-31T23:59:59Z"},
  };
  for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
    char text[40];
    pln_time_format_iso(at(forms[i][0]), text);
    assert_string_equal(text, forms[i][1]);
  }
  static const char *const bad[] = {"",
                                    "2015",
                                    "2015-13-01",
                                    "2015-02-29",
                                    "2015-1-2",
                                    "2015-01-02T",
                                    "2015-01-02 24:00",
                                    "2015-01-02 10:61",
                                    "2015-01-02 10:00:00.",
                                    "01/02/2015",
                                    "2015-01-02Zx",
                                    "9999-01-01",
                                    "2015-01-02 10:00+99"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    int64_t ns;
    assert_true(pln_time_parse_iso(bad[i], NULL, &ns) < 0);
  }
}

static void civil_dates_agree_with_the_c_library(void **state) {
  (void)state;
  for (int64_t s = -5000000000; s < 6000000000; s += 8640 * 37 + 1) {
    const time_t t = (time_t)s;
    struct tm tm;
    gmtime_r(&t, &tm);
    pln_civil c;
    pln_civil_from_ns(s * 1000000000, &c);
    assert_int_equal(c.year, tm.tm_year + 1900);
    assert_int_equal(c.month, tm.tm_mon + 1);
    assert_int_equal(c.day, tm.tm_mday);
    assert_int_equal(c.hour * 3600 + c.minute * 60 + c.second,
                     tm.tm_hour * 3600 + tm.tm_min * 60 + tm.tm_sec);
    assert_int_equal((c.weekday + 1) % 7, tm.tm_wday);
    assert_true(pln_civil_to_ns(&c) == s * 1000000000);
  }
}

static void new_york_has_its_transitions_to_the_second(void **state) {
  (void)state;
  const pln_timezone *ny = zone_or_skip("America/New_York");
  const int64_t spring = at("2015-03-08T07:00:00Z"), autumn = at("2015-11-01T06:00:00Z");
  const int64_t hour = 3600000000000;
  assert_int_equal(pln_timezone_offset_ns(ny, spring - 1), -5 * hour);
  assert_int_equal(pln_timezone_offset_ns(ny, spring), -4 * hour);
  assert_int_equal(pln_timezone_offset_ns(ny, autumn - 1), -4 * hour);
  assert_int_equal(pln_timezone_offset_ns(ny, autumn), -5 * hour);
  assert_int_equal(pln_timezone_offset_ns(ny, at("2090-07-01")),
                   -4 * hour); /* by the rule at the file's end */
  int32_t kind;
  assert_int_equal(pln_timezone_to_utc(ny, at("2015-01-02 09:30"), 0, &kind), at("2015-01-02 14:30"));
  assert_int_equal(kind, PLN_LOCAL_UNIQUE);
  assert_int_equal(pln_timezone_to_utc(ny, at("2015-03-08 02:30"), 0, &kind), at("2015-03-08 07:30"));
  assert_int_equal(kind, PLN_LOCAL_NONEXISTENT);
  assert_int_equal(pln_timezone_to_utc(ny, at("2015-11-01 01:30"), 0, &kind), at("2015-11-01 05:30"));
  assert_int_equal(kind, PLN_LOCAL_AMBIGUOUS);
  assert_int_equal(pln_timezone_to_utc(ny, at("2015-11-01 01:30"), 1, &kind), at("2015-11-01 06:30"));
  assert_int_equal(pln_timezone_to_utc(ny, at("2015-11-01 02:00"), 0, &kind), at("2015-11-01 07:00"));
  assert_int_equal(kind, PLN_LOCAL_UNIQUE);
  int64_t ns;
  assert_int_equal(pln_time_parse_iso("2015-07-01 09:30", ny, &ns), 0);
  assert_int_equal(ns, at("2015-07-01 13:30"));
}

static void a_week_of_summer_time_is_seen(void **state) {
  (void)state;
  const pln_timezone *zone = zone_or_skip("America/Noronha");
  const int64_t hour = 3600000000000;
  assert_int_equal(pln_timezone_offset_ns(zone, at("2000-10-08T01:59:59Z")), -2 * hour);
  assert_int_equal(pln_timezone_offset_ns(zone, at("2000-10-08T02:00:00Z")), -1 * hour);
  assert_int_equal(pln_timezone_offset_ns(zone, at("2000-10-15T00:59:59Z")), -1 * hour);
  assert_int_equal(pln_timezone_offset_ns(zone, at("2000-10-15T01:00:00Z")), -2 * hour);
}

/* The table and its cursors against the C library, hour by hour, with TZ set. */
static void offsets_agree_with_the_c_library(void **state) {
  (void)state;
  static const char *const names[] = {"America/New_York",    "America/Sao_Paulo", "Europe/London",
                                      "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Kathmandu",
                                      "America/Havana"};
  for (size_t z = 0; z < sizeof names / sizeof *names; z++) {
    const pln_timezone *zone = zone_or_skip(names[z]);
    setenv("TZ", names[z], 1);
    tzset();
    pln_timezone_cursor to_local = {0}, to_utc = {0};
    for (int64_t s = 1400000000; s < 1600000000; s += 1800) {
      const time_t t = (time_t)s;
      struct tm tm;
      localtime_r(&t, &tm);
      const int64_t utc = s * 1000000000;
      const int64_t local = pln_timezone_to_local_cursor(zone, utc, &to_local);
      assert_int_equal(local - utc, tm.tm_gmtoff * 1000000000);
      int32_t kind, kind_by_cursor;
      const int64_t earlier = pln_timezone_to_utc(zone, local, 0, &kind);
      assert_int_equal(pln_timezone_to_utc_cursor(zone, local, &to_utc, &kind_by_cursor), earlier);
      assert_int_equal(kind, kind_by_cursor);
      assert_int_not_equal(kind, PLN_LOCAL_NONEXISTENT);
      if (kind == PLN_LOCAL_UNIQUE)
        assert_int_equal(earlier, utc);
      else
        assert_true(earlier == utc || pln_timezone_to_utc(zone, local, 1, NULL) == utc);
    }
    unsetenv("TZ");
    tzset();
  }
}

static void unknown_zones_are_refused(void **state) {
  (void)state;
  static const char *const bad[] = {"Mars/Olympus",   "../../etc/passwd", "/etc/passwd", "New York",
                                    "EST5EDT,M3.2.0", "America",          "zone.tab"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    assert_null(pln_timezone_get(bad[i]));
    assert_int_equal(pln_error_last()->code, PLN_ERR_NOT_FOUND);
  }
  assert_non_null(pln_timezone_get("UTC"));
  assert_ptr_equal(pln_timezone_get(NULL), pln_timezone_get("UTC"));
  zone_or_skip("America/New_York");
  assert_null(pln_timezone_get("new york"));
  assert_non_null(strstr(pln_error_last()->text, "did you mean America/New_York?"));
}

static void *look_up(void *name) { return (void *)(uintptr_t)pln_timezone_get(name); }

static void threads_get_the_same_zone(void **state) {
  (void)state;
  zone_or_skip("Europe/Paris");
  pthread_t threads[4];
  char name[] = "Europe/Oslo";
  for (int i = 0; i < 4; i++) pthread_create(&threads[i], NULL, look_up, name);
  void *first = NULL;
  for (int i = 0; i < 4; i++) {
    void *zone;
    pthread_join(threads[i], &zone);
    if (i == 0) first = zone;
    assert_ptr_equal(zone, first);
  }
  assert_non_null(first);
}

static void check_bucket(const char *timeframe, const char *zone_name, const char *when, const char *start,
                         const char *end) {
  pln_timeframe parsed;
  assert_int_equal(pln_timeframe_parse(timeframe, &parsed), 0);
  int64_t first, last;
  pln_timeframe_bucket(&parsed, zone_or_skip(zone_name), at(when), &first, &last);
  char a[40], b[40];
  pln_time_format_iso(first, a);
  pln_time_format_iso(last, b);
  assert_string_equal(a, start);
  assert_string_equal(b, end);
}

static void buckets_follow_the_wall_clock(void **state) {
  (void)state;
  const char *ny = "America/New_York";
  check_bucket("1d", "UTC", "2015-01-02 14:30", "2015-01-02T00:00:00Z", "2015-01-03T00:00:00Z");
  check_bucket("1d", ny, "2015-01-02 03:00", "2015-01-01T05:00:00Z", "2015-01-02T05:00:00Z");
  check_bucket("1d", ny, "2015-03-08 12:00", "2015-03-08T05:00:00Z", "2015-03-09T04:00:00Z");
  check_bucket("1d", ny, "2015-11-01 12:00", "2015-11-01T04:00:00Z", "2015-11-02T05:00:00Z");
  check_bucket("1w", "UTC", "2015-01-04 23:59", "2014-12-29T00:00:00Z", "2015-01-05T00:00:00Z");
  check_bucket("1mo", "UTC", "2016-02-29", "2016-02-01T00:00:00Z", "2016-03-01T00:00:00Z");
  check_bucket("3mo", "UTC", "2015-12-31 23:59", "2015-10-01T00:00:00Z", "2016-01-01T00:00:00Z");
  check_bucket("12mo", "UTC", "1969-12-31", "1969-01-01T00:00:00Z", "1970-01-01T00:00:00Z");
  check_bucket("5m", ny, "2015-01-02 14:33", "2015-01-02T14:30:00Z", "2015-01-02T14:35:00Z");
  check_bucket("4h", ny, "2015-01-02 14:33", "2015-01-02T13:00:00Z", "2015-01-02T17:00:00Z");
  check_bucket("4h", ny, "2015-07-02 14:33", "2015-07-02T12:00:00Z", "2015-07-02T16:00:00Z");
  /* 7m does not divide a day: from the epoch */
  check_bucket("7m", ny, "1970-01-01 00:13", "1970-01-01T00:07:00Z", "1970-01-01T00:14:00Z");
  /* the hour that is skipped: 00:00 to 04:00 lasts three hours */
  check_bucket("4h", ny, "2015-03-08 06:00", "2015-03-08T05:00:00Z", "2015-03-08T08:00:00Z");
  check_bucket("4h", ny, "2015-03-08 07:30", "2015-03-08T05:00:00Z", "2015-03-08T08:00:00Z");
  check_bucket("2h", ny, "2015-03-08 07:30", "2015-03-08T07:00:00Z", "2015-03-08T08:00:00Z");
  /* the hour that is repeated */
  check_bucket("4h", ny, "2015-11-01 04:30", "2015-11-01T04:00:00Z", "2015-11-01T09:00:00Z");
  check_bucket("4h", ny, "2015-11-01 06:30", "2015-11-01T04:00:00Z", "2015-11-01T09:00:00Z");
  check_bucket("1h", ny, "2015-11-01 05:30", "2015-11-01T05:00:00Z", "2015-11-01T06:00:00Z");
  check_bucket("1h", ny, "2015-11-01 06:30", "2015-11-01T06:00:00Z", "2015-11-01T07:00:00Z");
  /* Sao Paulo skipped midnight of 2017-10-15: the day begins at 01:00 */
  check_bucket("1d", "America/Sao_Paulo", "2017-10-15 12:00", "2017-10-15T03:00:00Z", "2017-10-16T02:00:00Z");
  assert_int_equal(pln_timezone_day_start(zone_or_skip("America/Sao_Paulo"), at("2017-10-15 12:00")),
                   at("2017-10-15 03:00"));
}

/* Buckets of any length tile time: each instant is in its own, and the next begins where one ends. */
static void buckets_tile_time(void **state) {
  (void)state;
  static const char *const zones[] = {"America/New_York",  "America/Havana",    "Australia/Lord_Howe",
                                      "America/Sao_Paulo", "Africa/Casablanca", "Asia/Kathmandu"};
  static const char *const timeframes[] = {"5m",  "20m", "1h", "90m", "2h", "4h",  "12h",
                                           "24h", "7m",  "1d", "3d",  "1w", "1mo", "5mo"};
  for (size_t z = 0; z < sizeof zones / sizeof *zones; z++)
    for (size_t f = 0; f < sizeof timeframes / sizeof *timeframes; f++) {
      const pln_timezone *zone = zone_or_skip(zones[z]);
      pln_timeframe timeframe;
      pln_timeframe_parse(timeframes[f], &timeframe);
      int64_t start, end, t = at("2015-01-01");
      for (int32_t i = 0; i < 3000; i++) {
        pln_timeframe_bucket(&timeframe, zone, t, &start, &end);
        assert_true(start <= t && t < end);
        if (i) assert_int_equal(start, t);
        int64_t again, again_end;
        pln_timeframe_bucket(&timeframe, zone, end - 1, &again, &again_end);
        assert_int_equal(again, start);
        assert_int_equal(again_end, end);
        t = end;
        if (t > at("2100-01-01")) break;
      }
    }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(iso_times),
      cmocka_unit_test(civil_dates_agree_with_the_c_library),
      cmocka_unit_test(new_york_has_its_transitions_to_the_second),
      cmocka_unit_test(a_week_of_summer_time_is_seen),
      cmocka_unit_test(offsets_agree_with_the_c_library),
      cmocka_unit_test(unknown_zones_are_refused),
      cmocka_unit_test(threads_get_the_same_zone),
      cmocka_unit_test(buckets_follow_the_wall_clock),
      cmocka_unit_test(buckets_tile_time),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
