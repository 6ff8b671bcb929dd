/* Timeframes as text, and the buckets that they make of time. */
#include "abi/time.h"
#include "core/error.h"
#include "data/timezone.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static const int64_t SECOND = 1000000000;

int32_t pln_timeframe_parse(const char *text, pln_timeframe *out) {
  static const struct {
    const char *suffix;
    int32_t unit;
    int64_t ns;
  } units[] = {
      {"ms", PLN_TIMEFRAME_FIXED, 1000000},
      {"s", PLN_TIMEFRAME_FIXED, 1000000000},
      {"m", PLN_TIMEFRAME_FIXED, 60000000000},
      {"min", PLN_TIMEFRAME_FIXED, 60000000000},
      {"h", PLN_TIMEFRAME_FIXED, 3600000000000},
      {"d", PLN_TIMEFRAME_DAY, 86400000000000},
      {"w", PLN_TIMEFRAME_WEEK, 7 * 86400000000000},
      {"M", PLN_TIMEFRAME_MONTH, 30 * 86400000000000},
      {"mo", PLN_TIMEFRAME_MONTH, 30 * 86400000000000},
  };
  if (!text) return pln_fail(PLN_ERR_PARSE, "no timeframe given, expected for example 1m, 1h or 1d");
  if (!strcmp(text, "tick")) {
    *out = (pln_timeframe){.unit = PLN_TIMEFRAME_NONE, .count = 1};
    return PLN_OK;
  }
  int64_t count = 0;
  const char *p = text;
  for (; *p >= '0' && *p <= '9' && count < 1000000; p++) count = count * 10 + (*p - '0');
  for (size_t i = 0; count > 0 && i < sizeof units / sizeof *units; i++) {
    if (strcmp(p, units[i].suffix) != 0) continue;
    if (count > PLN_TIMEFRAME_MAX_NS / units[i].ns || count > 999999)
      return pln_fail(PLN_ERR_RANGE, "timeframe '%.40s' is too long, expected at most ten years", text);
    const int fixed = units[i].unit == PLN_TIMEFRAME_FIXED;
    *out = (pln_timeframe){
        .unit = units[i].unit, .count = fixed ? 1 : (int32_t)count, .ns = count * units[i].ns};
    return PLN_OK;
  }
  return pln_fail(PLN_ERR_PARSE,
                  "'%.40s' is no timeframe, expected a number and s, m, h, d, w or mo (5m, 1h, 1d), or tick",
                  text);
}

void pln_timeframe_format(const pln_timeframe *timeframe, char *out) {
  const int64_t ns = timeframe->ns;
  switch (timeframe->unit) {
  case PLN_TIMEFRAME_DAY:
    snprintf(out, 16, "%dd", timeframe->count);
    return;
  case PLN_TIMEFRAME_WEEK:
    snprintf(out, 16, "%dw", timeframe->count);
    return;
  case PLN_TIMEFRAME_MONTH:
    snprintf(out, 16, "%dmo", timeframe->count);
    return;
  case PLN_TIMEFRAME_FIXED:
    if (ns % (3600 * SECOND) == 0)
      snprintf(out, 16, "%lldh", (long long)(ns / (3600 * SECOND)));
    else if (ns % (60 * SECOND) == 0)
      snprintf(out, 16, "%lldm", (long long)(ns / (60 * SECOND)));
    else if (ns % SECOND == 0)
      snprintf(out, 16, "%llds", (long long)(ns / SECOND));
    else
      snprintf(out, 16, "%lldms", (long long)(ns / 1000000));
    return;
  default:
    snprintf(out, 16, "tick");
    return;
  }
}

static int64_t floor_div(int64_t a, int64_t b) { return a / b - (a % b != 0 && (a < 0) != (b < 0)); }
static int64_t floor_to(int64_t a, int64_t b) { return floor_div(a, b) * b; }

/* First instant of local day number `day` (since 1970-01-01). */
static int64_t day_start(const pln_timezone *zone, int64_t day) {
  int32_t kind;
  const int64_t local = day * PLN_DAY_NS;
  const int64_t utc = pln_timezone_to_utc(zone, local, 0, &kind);
  if (kind != PLN_LOCAL_NONEXISTENT) return utc;
  return pln_timezone_interval_at(zone, utc).from_ns; /* the end of the gap */
}

int64_t pln_timezone_day_start(const pln_timezone *zone, int64_t utc_ns) {
  return day_start(zone, floor_div(pln_timezone_to_local(zone, utc_ns), PLN_DAY_NS));
}

static int64_t wall_start(const pln_timezone *zone, int64_t length, int64_t utc) {
  const pln_timezone_interval here = pln_timezone_interval_at(zone, utc);
  const int64_t label = floor_to(utc + here.offset_ns, length);
  if (here.from_ns == INT64_MIN || label - here.offset_ns >= here.from_ns) return label - here.offset_ns;
  /* The bucket began before the clocks changed, where what went before carries the same label. */
  const pln_timezone_interval before = pln_timezone_interval_at(zone, here.from_ns - 1);
  if (floor_to(here.from_ns - 1 + before.offset_ns, length) != label) return here.from_ns;
  return wall_start(zone, length, here.from_ns - 1);
}

static int64_t wall_end(const pln_timezone *zone, int64_t length, int64_t utc) {
  const pln_timezone_interval here = pln_timezone_interval_at(zone, utc);
  const int64_t end = floor_to(utc + here.offset_ns, length) + length - here.offset_ns;
  if (here.until_ns == INT64_MAX || end < here.until_ns) return end;
  if (wall_start(zone, length, here.until_ns) == here.until_ns) return here.until_ns;
  return wall_end(zone, length, here.until_ns);
}

int64_t pln_timeframe_close(const pln_timezone *zone, int64_t ts_ns, int64_t start_ns, int64_t end_ns,
                            int64_t next_ns) {
  if (ts_ns == start_ns || next_ns <= end_ns) return end_ns;
  /* Periods begin with a day, though some days begin later than at midnight. */
  const int64_t first_day = floor_to(pln_timezone_to_local(zone, start_ns), PLN_DAY_NS);
  const int64_t next_day = floor_to(pln_timezone_to_local(zone, end_ns), PLN_DAY_NS);
  const int64_t into = pln_timezone_to_local(zone, ts_ns) - first_day;
  int64_t close = pln_timezone_to_utc(zone, next_day + into, 0, NULL);
  if (close > next_ns) close = next_ns;
  return close > end_ns ? close : end_ns;
}

void pln_timeframe_bucket(const pln_timeframe *timeframe, const pln_timezone *zone, int64_t utc_ns,
                          int64_t *start_ns, int64_t *end_ns) {
  const int64_t count = timeframe->count;
  assert(timeframe->unit == PLN_TIMEFRAME_NONE || (count > 0 && timeframe->ns > 0));
  if (timeframe->unit == PLN_TIMEFRAME_FIXED) {
    const int64_t length = timeframe->ns;
    if (PLN_DAY_NS % length == 0) {
      *start_ns = wall_start(zone, length, utc_ns);
      *end_ns = wall_end(zone, length, utc_ns);
    } else {
      *start_ns = floor_to(utc_ns, length);
      *end_ns = *start_ns + length;
    }
    return;
  }
  const int64_t day = floor_div(pln_timezone_to_local(zone, utc_ns), PLN_DAY_NS);
  int64_t first = 0, next = 0;
  switch (timeframe->unit) {
  case PLN_TIMEFRAME_DAY:
    first = floor_to(day, count);
    next = first + count;
    break;
  case PLN_TIMEFRAME_WEEK: /* 1970-01-01 was a Thursday, 1969-12-29 a Monday */
    first = floor_to(day + 3, 7 * count) - 3;
    next = first + 7 * count;
    break;
  case PLN_TIMEFRAME_MONTH: {
    pln_civil civil;
    pln_civil_from_ns(day * PLN_DAY_NS, &civil);
    const int64_t month = floor_to((int64_t)civil.year * 12 + civil.month - 1, count);
    first = pln_days_from_civil(floor_div(month, 12), (int32_t)(month - floor_to(month, 12)) + 1, 1);
    const int64_t after = month + count;
    next = pln_days_from_civil(floor_div(after, 12), (int32_t)(after - floor_to(after, 12)) + 1, 1);
    break;
  }
  default:
    *start_ns = *end_ns = utc_ns;
    return;
  }
  *start_ns = day_start(zone, first);
  *end_ns = day_start(zone, next);
}
