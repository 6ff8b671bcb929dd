/* Dates and their text forms. The conversions are Howard Hinnant's,
 * http://howardhinnant.github.io/date_algorithms.html */
#include "core/error.h"
#include "data/timezone.h"

#include <stdio.h>
#include <string.h>

static const int64_t SECOND = 1000000000;

int64_t pln_days_from_civil(int64_t year, int32_t month, int32_t day) {
  year -= month <= 2;
  const int64_t era = (year >= 0 ? year : year - 399) / 400;
  const int64_t year_of_era = year - era * 400;
  const int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  const int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146097 + day_of_era - 719468;
}

int32_t pln_days_in_month(int64_t year, int32_t month) {
  static const int8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const int leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return month == 2 && leap ? 29 : days[month - 1];
}

void pln_civil_from_ns(int64_t ns, pln_civil *out) {
  int64_t days = ns / PLN_DAY_NS;
  int64_t rest = ns % PLN_DAY_NS;
  if (rest < 0) {
    rest += PLN_DAY_NS;
    days--;
  }
  const int64_t shifted = days + 719468;
  const int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
  const int64_t day_of_era = shifted - era * 146097;
  const int64_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int64_t shifted_month = (5 * day_of_year + 2) / 153;
  const int64_t month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
  const int64_t seconds = rest / SECOND;
  int64_t weekday = (days + 3) % 7;
  if (weekday < 0) weekday += 7;
  *out = (pln_civil){.year = (int32_t)(year_of_era + era * 400 + (month <= 2)),
                     .month = (int32_t)month,
                     .day = (int32_t)(day_of_year - (153 * shifted_month + 2) / 5 + 1),
                     .hour = (int32_t)(seconds / 3600),
                     .minute = (int32_t)(seconds / 60 % 60),
                     .second = (int32_t)(seconds % 60),
                     .nanosecond = (int32_t)(rest % SECOND),
                     .weekday = (int32_t)weekday};
}

int64_t pln_civil_to_ns(const pln_civil *c) {
  return pln_days_from_civil(c->year, c->month, c->day) * PLN_DAY_NS +
         ((int64_t)c->hour * 3600 + (int64_t)c->minute * 60 + c->second) * SECOND + c->nanosecond;
}

void pln_time_format_iso(int64_t utc_ns, char *out) {
  pln_civil c;
  pln_civil_from_ns(utc_ns, &c);
  int n =
      snprintf(out, 40, "%04d-%02d-%02dT%02d:%02d:%02d", c.year, c.month, c.day, c.hour, c.minute, c.second);
  if (c.nanosecond % 1000)
    n += snprintf(out + n, (size_t)(40 - n), ".%09d", c.nanosecond);
  else if (c.nanosecond % 1000000)
    n += snprintf(out + n, (size_t)(40 - n), ".%06d", c.nanosecond / 1000);
  else if (c.nanosecond)
    n += snprintf(out + n, (size_t)(40 - n), ".%03d", c.nanosecond / 1000000);
  out[n] = 'Z';
  out[n + 1] = 0;
}

/* Reads exactly n digits; -1 where there are none. */
static int32_t digits(const char **p, int n) {
  int32_t value = 0;
  for (int i = 0; i < n; i++) {
    if ((*p)[i] < '0' || (*p)[i] > '9') return -1;
    value = value * 10 + ((*p)[i] - '0');
  }
  *p += n;
  return value;
}

int32_t pln_time_parse_iso(const char *text, const pln_timezone *zone, int64_t *out_ns) {
  pln_civil c = {0};
  const char *p = text ? text : "";
  int ok = (c.year = digits(&p, 4)) >= 0 && *p++ == '-' && (c.month = digits(&p, 2)) >= 0 && *p++ == '-' &&
           (c.day = digits(&p, 2)) >= 0;
  if (ok && (*p == 'T' || *p == ' ')) {
    p++;
    ok = (c.hour = digits(&p, 2)) >= 0 && *p++ == ':' && (c.minute = digits(&p, 2)) >= 0;
    if (ok && *p == ':') {
      p++;
      ok = (c.second = digits(&p, 2)) >= 0;
      if (ok && *p == '.') {
        int32_t scale = 100000000;
        ok = p[1] >= '0' && p[1] <= '9';
        for (p++; ok && *p >= '0' && *p <= '9'; p++, scale /= 10) c.nanosecond += (*p - '0') * scale;
      }
    }
  }
  int64_t offset = 0;
  int has_offset = 0;
  if (ok && (*p == 'Z' || *p == 'z')) {
    p++;
    has_offset = 1;
  } else if (ok && (*p == '+' || *p == '-')) {
    const int64_t sign = *p++ == '-' ? -1 : 1;
    const int32_t hours = digits(&p, 2);
    if (hours >= 0 && *p == ':') p++;
    const int32_t minutes = hours >= 0 && *p ? digits(&p, 2) : 0;
    ok = hours >= 0 && hours <= 15 && minutes >= 0 && minutes < 60;
    offset = sign * ((int64_t)hours * 3600 + (int64_t)minutes * 60) * SECOND;
    has_offset = 1;
  }
  if (!ok || *p)
    return pln_fail(PLN_ERR_PARSE,
                    "'%.60s' is no time, expected a form such as 2015-01-02 or 2015-01-02T14:30:00Z",
                    text ? text : "");
  if (c.month < 1 || c.month > 12 || c.day < 1 || c.day > pln_days_in_month(c.year, c.month) || c.hour > 23 ||
      c.minute > 59 || c.second > 59)
    return pln_fail(PLN_ERR_RANGE, "'%.60s' is not in the calendar", text);
  if (c.year < 1800 || c.year > 2199)
    return pln_fail(PLN_ERR_RANGE, "'%.60s' is outside of the years 1800 to 2199", text);
  const int64_t ns = pln_civil_to_ns(&c);
  *out_ns = has_offset || !zone ? ns - offset : pln_timezone_to_utc(zone, ns, 0, NULL);
  return PLN_OK;
}
