/* Holidays and hours of the built-in calendars.
 *
 * NYSE Rule 7.2 (holidays; those on a Saturday are kept on the Friday before unless a month or a year ends
 * there, those on a Sunday on the Monday after), NYSE's lists of closings and special hours since 1885, CME
 * Group's holiday calendars for Globex. */
#include "data/market_calendar.h"

#include <stddef.h>

enum { MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY, SATURDAY, SUNDAY };
enum { JANUARY = 1, FEBRUARY, MARCH, APRIL, MAY, JUNE, JULY, AUGUST, SEPTEMBER, OCTOBER, NOVEMBER, DECEMBER };

/* Days since 1970-01-01 of Easter Sunday: Meeus, Astronomical Algorithms, ch. 8 ("Gregorian Easter"). */
static int64_t easter(int32_t year) {
  const int32_t a = year % 19, b = year / 100, c = year % 100, d = b / 4, e = b % 4, f = (b + 8) / 25;
  const int32_t g = (b - f + 1) / 3, h = (19 * a + b - d - g + 15) % 30, i = c / 4, k = c % 4;
  const int32_t l = (32 + 2 * e + 2 * i - h - k) % 7, m = (a + 11 * h + 22 * l) / 451;
  const int32_t n = h + l - 7 * m + 114;
  return pln_days_from_civil(year, n / 31, n % 31 + 1);
}

/* Whether a date is the nth (1 …) such weekday of its month. */
static int is_nth(const pln_civil *date, int32_t month, int32_t weekday, int32_t nth) {
  return date->month == month && date->weekday == weekday && (date->day - 1) / 7 + 1 == nth;
}

static int is_last(const pln_civil *date, int32_t month, int32_t weekday) {
  return date->month == month && date->weekday == weekday &&
         date->day + 7 > pln_days_in_month(date->year, month);
}

static int is_date(const pln_civil *date, int32_t month, int32_t day) {
  return date->month == month && date->day == day;
}

/* A fixed day, on the Friday before where it is a Saturday, on the Monday after where it is a Sunday. */
static int is_observed(const pln_civil *date, int32_t month, int32_t day) {
  if (date->month != month || date->weekday > FRIDAY) return 0;
  return date->day == day || (date->weekday == FRIDAY && date->day == day - 1) ||
         (date->weekday == MONDAY && date->day == day + 1);
}

typedef struct one_off {
  int32_t year;
  int32_t month;
  int32_t day;
  int32_t close_minute; /* 0: closed all day */
  const char *note;
} one_off;

static const one_off us_one_offs[] = {
    {1972, 12, 28, 0, "mourning for President Truman"},
    {1973, 1, 25, 0, "mourning for President Johnson"},
    {1977, 7, 14, 0, "blackout in New York"},
    {1985, 9, 27, 0, "Hurricane Gloria"},
    {1994, 4, 27, 0, "mourning for President Nixon"},
    {1997, 12, 26, 13 * 60, "day after Christmas"},
    {1999, 12, 31, 13 * 60, "New Year's Eve"},
    {2001, 9, 11, 0, "attacks of September 11"},
    {2001, 9, 12, 0, "attacks of September 11"},
    {2001, 9, 13, 0, "attacks of September 11"},
    {2001, 9, 14, 0, "attacks of September 11"},
    {2003, 12, 26, 13 * 60, "day after Christmas"},
    {2004, 6, 11, 0, "mourning for President Reagan"},
    {2007, 1, 2, 0, "mourning for President Ford"},
    {2012, 10, 29, 0, "Hurricane Sandy"},
    {2012, 10, 30, 0, "Hurricane Sandy"},
    {2018, 12, 5, 0, "mourning for President G. H. W. Bush"},
    {2025, 1, 9, 0, "mourning for President Carter"},
};

static const one_off *find_one_off(const pln_civil *date) {
  for (size_t i = 0; i < sizeof us_one_offs / sizeof *us_one_offs; i++)
    if (us_one_offs[i].year == date->year && us_one_offs[i].month == date->month &&
        us_one_offs[i].day == date->day)
      return &us_one_offs[i];
  return NULL;
}

/* Federal holidays that both kinds of markets know, other than New Year's Day, Good Friday and Christmas. */
static const char *us_holiday(const pln_civil *date) {
  if (date->year >= 1998 && is_nth(date, JANUARY, MONDAY, 3)) return "Martin Luther King Jr. Day";
  if (is_nth(date, FEBRUARY, MONDAY, 3)) return "Washington's Birthday";
  if (is_last(date, MAY, MONDAY)) return "Memorial Day";
  if (date->year >= 2022 && is_observed(date, JUNE, 19)) return "Juneteenth";
  if (is_observed(date, JULY, 4)) return "Independence Day";
  if (is_nth(date, SEPTEMBER, MONDAY, 1)) return "Labor Day";
  if (is_nth(date, NOVEMBER, THURSDAY, 4)) return "Thanksgiving Day";
  return NULL;
}

/* A Saturday's New Year's Day is not kept: the Friday before ends the year's accounts. */
static int is_new_year(const pln_civil *date) {
  return is_date(date, JANUARY, 1) || (is_date(date, JANUARY, 2) && date->weekday == MONDAY);
}

static const char *us_equity_holiday(const pln_civil *date, int64_t day) {
  if (is_new_year(date)) return "New Year's Day";
  if (day == easter(date->year) - 2) return "Good Friday";
  if (is_observed(date, DECEMBER, 25)) return "Christmas Day";
  if (date->year <= 1980 && date->year % 4 == 0 && date->month == NOVEMBER && date->weekday == TUESDAY &&
      date->day >= 2 && date->day <= 8)
    return "Election Day";
  return us_holiday(date);
}

static int is_day_after_thanksgiving(const pln_civil *date) {
  return date->month == NOVEMBER && date->weekday == FRIDAY && date->day >= 23 && date->day <= 29;
}

/* Minutes after midnight of an early close by rule, 0 of other days. */
static int32_t us_equity_early_close(const pln_civil *date, const char **note) {
  const int32_t early = date->year < 1993 ? 14 * 60 : 13 * 60;
  if (date->year >= 1992 && is_day_after_thanksgiving(date)) {
    *note = "day after Thanksgiving";
    return early;
  }
  if (date->year >= 1990 && is_date(date, DECEMBER, 24) && date->weekday < FRIDAY) {
    *note = "Christmas Eve";
    return early;
  }
  if (date->year < 1995) return 0;
  const int before = is_date(date, JULY, 3) &&
                     (date->weekday == MONDAY || date->weekday == TUESDAY || date->weekday == THURSDAY ||
                      (date->weekday == WEDNESDAY && date->year >= 2013));
  if (before) *note = "day before Independence Day";
  const int after = is_date(date, JULY, 5) && date->weekday == FRIDAY && date->year < 2013;
  if (after) *note = "day after Independence Day";
  return before || after ? 13 * 60 : 0;
}

static pln_calendar_day closed(const char *note) { return (pln_calendar_day){.note = note}; }

static pln_calendar_day us_equity(const pln_civil *date, int64_t day) {
  if (date->weekday > FRIDAY) return closed(NULL);
  const char *note = us_equity_holiday(date, day);
  if (note) return closed(note);
  pln_calendar_day made = {.hours = {9 * 60 + 30, 16 * 60}};
  if (day < pln_days_from_civil(1985, 9, 30)) made.hours.open_minute = 10 * 60;
  if (day < pln_days_from_civil(1974, 10, 1)) made.hours.close_minute = 15 * 60 + 30;
  int32_t early = us_equity_early_close(date, &made.note);
  const one_off *exception = find_one_off(date);
  if (exception) {
    if (!exception->close_minute) return closed(exception->note);
    early = exception->close_minute;
    made.note = exception->note;
  }
  if (early) {
    made.hours.close_minute = early;
    made.is_half_day = 1;
  }
  return made;
}

static pln_calendar_day cme_futures(const pln_civil *date, int64_t day) {
  if (date->weekday > FRIDAY) return closed(NULL);
  if (is_new_year(date)) return closed("New Year's Day");
  if (day == easter(date->year) - 2) return closed("Good Friday");
  if (is_observed(date, DECEMBER, 25)) return closed("Christmas Day");
  pln_calendar_day made = {.hours = {-7 * 60, 16 * 60}};
  if (day < pln_days_from_civil(2015, 9, 21)) made.hours.close_minute = 16 * 60 + 15;
  made.note = us_holiday(date);
  int32_t early = !made.note ? 0 : day < pln_days_from_civil(2014, 5, 1) ? 10 * 60 + 30 : 12 * 60;
  if (!early) early = us_equity_early_close(date, &made.note) ? 12 * 60 + 15 : 0;
  if (early) {
    made.hours.close_minute = early;
    made.is_half_day = 1;
  }
  return made;
}

static pln_calendar_day fx(const pln_civil *date, int64_t day) {
  (void)day;
  if (date->weekday > FRIDAY) return closed(NULL);
  if (is_date(date, JANUARY, 1)) return closed("New Year's Day");
  if (is_date(date, DECEMBER, 25)) return closed("Christmas Day");
  return (pln_calendar_day){.hours = {-7 * 60, 17 * 60}};
}

static pln_calendar_day always(const pln_civil *date, int64_t day) {
  (void)date;
  (void)day;
  return (pln_calendar_day){.hours = {0, 24 * 60}};
}

const pln_calendar_builtin pln_calendar_builtins[] = {
    {"us_equity", "America/New_York", us_equity},
    {"cme_futures", "America/Chicago", cme_futures},
    {"fx", "America/New_York", fx},
    {"24/7", "UTC", always},
    {NULL, NULL, NULL},
};
