#pragma once
#include "abi/time.h"
/* Market calendars: when a market is open, with its holidays and half days. One session for each trading day (a break
 * within it is not part of the calendar); sessions do not overlap and are in the order of time.
 *
 * Built in, from 1971 to 2099:
 *  us_equity    NYSE and Nasdaq: 09:30–16:00 in New York (10:00 before 1985-09-30, to 15:30 before 1974-10-01), the
 *               exchange's holidays by rule, its one-off closures, and early closes: 13:00 (14:00 before 1993) on the
 *               day after Thanksgiving, Christmas Eve, before or after Independence Day by the years' rules. What is
 *               not scheduled (late openings, halts of minutes) is not in it.
 *  cme_futures  CME Globex equity index futures: 17:00 of the evening before to 16:00 in Chicago (16:15 before
 *               2015-09-21). Closed on New Year's Day, Good Friday (also where it has a short session for a report),
 *               Christmas; early close at 12:00 (10:30 before May 2014) on the other US holidays, 12:15 where the exchanges close early. Before
 *               2012-11-18, when Globex had a break in the afternoon, these hours stand for those of the time.
 *  fx           17:00 of the evening before to 17:00 in New York, Monday to Friday; closed on Christmas and New
 *               Year's Day.
 *  24/7         every day, from midnight to midnight UTC. Other names: 24_7, always.
 * Others are made by pln_calendar_new.
 *
 * Calendars are immutable and may be used by any thread. */
typedef struct pln_calendar pln_calendar;

typedef struct pln_session {
  int64_t open_ns;     /* first instant */
  int64_t close_ns;    /* first instant after it */
  int64_t trading_day; /* days since 1970-01-01: the date that the session is counted under */
  int32_t is_half_day; /* 1: it closes earlier than is usual */
  int32_t reserved;    /* 0 */
} pln_session;

/* Minutes of the wall clock after the trading day's midnight; below 0 on the day before: -420 is 17:00. */
typedef struct pln_calendar_hours {
  int32_t open_minute;  /* -1440 … 1439 */
  int32_t close_minute; /* > open_minute, at most 2880; 0 with open_minute 0: closed */
} pln_calendar_hours;

typedef struct pln_calendar_exception {
  int64_t day;               /* days since 1970-01-01 */
  pln_calendar_hours hours;  /* of that day; both 0: a holiday */
  const char *note;          /* what it is, copied; may be NULL */
} pln_calendar_exception;

typedef struct pln_calendar_spec {
  const char *name;                         /* copied */
  const char *timezone;                     /* IANA name; NULL: UTC */
  pln_calendar_hours week[7];               /* of each weekday, Monday first; both 0: closed */
  const char *base;                         /* built-in calendar whose days hold where no exception names them, instead
                                               of timezone and week; NULL: none */
  const pln_calendar_exception *exceptions; /* in any order, each day once */
  int32_t n_exceptions;
  int32_t reserved;
} pln_calendar_spec;

/* A built-in calendar: made once, never freed. NULL (PLN_ERR_NOT_FOUND, which lists them) where there is none. */
const pln_calendar *pln_calendar_get(const char *name);
/* A calendar of the caller's. NULL on error: hours out of range, sessions that overlap, a day given twice. */
pln_calendar *pln_calendar_new(const pln_calendar_spec *spec);
/* Of calendars of pln_calendar_new. */
void pln_calendar_free(pln_calendar *calendar);

const char *pln_calendar_name(const pln_calendar *calendar);
const pln_timezone *pln_calendar_timezone(const pln_calendar *calendar);
/* Mean number of sessions a year from 2000 to 2019, as a whole number: 252 for us_equity, 365 for 24/7. */
int32_t pln_calendar_sessions_per_year(const pln_calendar *calendar);
/* Sessions that open in [from_ns, until_ns). */
int64_t pln_calendar_count(const pln_calendar *calendar, int64_t from_ns, int64_t until_ns);

/* The session that holds utc_ns or, where the market is closed then, the next one: 1, 0; PLN_ERR_RANGE after the last
 * session of the table. */
int32_t pln_calendar_session_at(const pln_calendar *calendar, int64_t utc_ns, pln_session *out);
/* The first session that opens after utc_ns, the last that opened before it. 0 or PLN_ERR_RANGE. */
int32_t pln_calendar_next_session(const pln_calendar *calendar, int64_t utc_ns, pln_session *out);
int32_t pln_calendar_previous_session(const pln_calendar *calendar, int64_t utc_ns, pln_session *out);
/* The session of a trading day (days since 1970-01-01): 1, or 0 where that day has none. */
int32_t pln_calendar_day_session(const pln_calendar *calendar, int64_t day, pln_session *out);
/* Why a day's hours are not those of its weekday ("Thanksgiving Day"), "" of other days. Valid as long as the
 * calendar. */
const char *pln_calendar_day_note(const pln_calendar *calendar, int64_t day);
/* 1 or 0. */
int32_t pln_calendar_is_open(const pln_calendar *calendar, int64_t utc_ns);
/* Minutes until the session closes, NaN where the market is closed. */
double pln_calendar_minutes_to_close(const pln_calendar *calendar, int64_t utc_ns);

/* Remembers the answer for the times around the last look-up, so that times in order cost a comparison. Starts as
 * zeroes; one for each calendar and thread. */
typedef struct pln_calendar_cursor {
  int64_t from_ns;     /* [from_ns, until_ns): times for which the rest holds */
  int64_t until_ns;
  pln_session session; /* that which holds these times, or the next one */
  int32_t is_open;     /* 1: they lie in the session */
  int32_t reserved;
} pln_calendar_cursor;

/* As pln_calendar_session_at, the session being cursor->session. */
int32_t pln_calendar_session_at_cursor(const pln_calendar *calendar, int64_t utc_ns, pln_calendar_cursor *cursor);

/* A copy of bars of days, weeks or months that become visible when the (last) session of their period closes, rather
 * than at the period's end. `finer` are the bars that they were made from, NULL where they came so: what was made from a
 * bar that closes after the session is visible at that bar's close. A period is counted in the bars' own zone; one
 * without session, or that is stamped at its session's close or later, stays as it is. *n_without (may be NULL) gets the
 * number of periods without session. Bars of other timeframes are copied as they are. pln_bars_free; NULL on error. */
pln_bars *pln_bars_at_calendar(const pln_bars *bars, const pln_calendar *calendar, const pln_bars *finer,
                               int64_t *n_without);
