#pragma once
#include "abi/data.h"
/* Time zones, calendars and text forms of times. Everything here may be called from any thread. A *local* time is
 * an int64 too: nanoseconds since 1970-01-01T00:00:00 as a wall clock in the zone would count them.
 *
 * Offsets are known from 1900 to 2100; outside, those of the nearest end hold. */
typedef struct pln_timezone pln_timezone;

/* The zone of an IANA name ("America/New_York"), from the system's tz database; "UTC" works without one. Made
 * once, immutable, never freed. NULL (PLN_ERR_NOT_FOUND, with a suggestion) on an unknown name.
 * NULL or "" as the name is UTC. */
const pln_timezone *pln_timezone_get(const char *name);
const char *pln_timezone_name(const pln_timezone *zone); /* as asked for; static */

typedef enum pln_local_kind {
  PLN_LOCAL_UNIQUE = 0,
  PLN_LOCAL_AMBIGUOUS = 1,   /* the clock was put back: it occurs twice */
  PLN_LOCAL_NONEXISTENT = 2  /* the clock was put forward: it never occurs */
} pln_local_kind;

/* Remembers the interval of the last look-up, so that rows of nearby times cost a comparison. Starts as zeroes;
 * one for each direction, thread and zone. */
typedef struct pln_timezone_cursor {
  int64_t from_ns;           /* [from_ns, until_ns): times for which `offset_ns` holds without further look-up */
  int64_t until_ns;
  int64_t offset_ns;         /* local minus UTC */
} pln_timezone_cursor;

/* Local minus UTC, in ns. */
int64_t pln_timezone_offset_ns(const pln_timezone *zone, int64_t utc_ns);
int64_t pln_timezone_to_local(const pln_timezone *zone, int64_t utc_ns);
int64_t pln_timezone_to_local_cursor(const pln_timezone *zone, int64_t utc_ns, pln_timezone_cursor *cursor);
/* Of an ambiguous time the earlier instant (`later` = 0) or the later one (1); of a nonexistent time the instant by
 * the offset before the gap (02:30 becomes what clocks then call 03:30). `kind` (may be NULL) gets a
 * pln_local_kind. */
int64_t pln_timezone_to_utc(const pln_timezone *zone, int64_t local_ns, int32_t later, int32_t *kind);
/* The same with a cursor, for the earlier instant; `kind` as above. */
int64_t pln_timezone_to_utc_cursor(const pln_timezone *zone, int64_t local_ns, pln_timezone_cursor *cursor,
                                   int32_t *kind);

/* First instant of the local day that contains utc_ns (00:00, or the end of the gap where midnight is skipped). */
int64_t pln_timezone_day_start(const pln_timezone *zone, int64_t utc_ns);

/* The half-open bucket [start, end) of `timeframe` that contains utc_ns. Days, weeks (from Monday) and months begin
 * at local midnight; counts above one group days and weeks from 1970-01-01 and 1969-12-29, months from January of
 * year 0 (3mo are quarters). A fixed length that divides 24 h is aligned to the local midnight, by the wall clock:
 * a bucket in which clocks change may be shorter or longer, and an hour that is repeated makes a bucket of its own
 * where the length is an hour or less. Any other fixed length is aligned to 1970-01-01T00:00:00Z. For
 * PLN_TIMEFRAME_NONE start = end = utc_ns. */
void pln_timeframe_bucket(const pln_timeframe *timeframe, const pln_timezone *zone, int64_t utc_ns,
                          int64_t *start_ns, int64_t *end_ns);

/* A date and time of the proleptic Gregorian calendar. */
typedef struct pln_civil {
  int32_t year;
  int32_t month;             /* 1 … 12 */
  int32_t day;               /* 1 … 31 */
  int32_t hour;
  int32_t minute;
  int32_t second;
  int32_t nanosecond;
  int32_t weekday;           /* 0 = Monday … 6 = Sunday; not read by pln_civil_to_ns */
} pln_civil;

void pln_civil_from_ns(int64_t ns, pln_civil *out);
/* No check of the fields' ranges. */
int64_t pln_civil_to_ns(const pln_civil *civil);
/* Days since 1970-01-01. */
int64_t pln_days_from_civil(int64_t year, int32_t month, int32_t day);
int32_t pln_days_in_month(int64_t year, int32_t month);

/* Writes "2015-01-02T14:30:00Z" with its NUL into out[40]; a fraction of 3, 6 or 9 digits where it is not zero. */
void pln_time_format_iso(int64_t utc_ns, char *out);
/* Reads "2015-01-02", "2015-01-02 14:30", "2015-01-02T14:30:00.5", each with or without "Z", "+02:00", "-0500" or
 * "+01"; without, it is local time in `zone` (NULL = UTC). 0, PLN_ERR_PARSE or PLN_ERR_RANGE (years other than
 * 1800 … 2199). */
int32_t pln_time_parse_iso(const char *text, const pln_timezone *zone, int64_t *out_ns);
