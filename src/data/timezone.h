#pragma once
#include "abi/time.h"

static const int64_t PLN_DAY_NS = 86400000000000;
/* Bars lie in the years 1800 … 2199, so that sums of times and timeframes cannot overflow. */
static const int64_t PLN_TIME_MIN_NS = -5364662400000000000;
static const int64_t PLN_TIME_MAX_NS = 7258118400000000000; /* exclusive */

/* Ten years; of calendar units, their nominal length. */
static const int64_t PLN_TIMEFRAME_MAX_NS = 3660 * 86400000000000;

/* A stretch of constant offset: [from_ns, until_ns) in UTC, INT64_MIN and INT64_MAX at the ends. */
typedef struct pln_timezone_interval {
  int64_t from_ns;
  int64_t until_ns;
  int64_t offset_ns;
} pln_timezone_interval;

pln_timezone_interval pln_timezone_interval_at(const pln_timezone *zone, int64_t utc_ns);

/* Close time of a calendar bar stamped at ts_ns, whose period is [start_ns, end_ns). Stamped at the period's
 * start, it closes at its end. Stamped later (markets whose days begin in the evening, days of another zone),
 * it lasts a whole period from its stamp, or until the next bar begins at next_ns (INT64_MAX: none), and
 * never less than to end_ns: the stamp does not tell which days are meant, and a close that is assumed too
 * early would show the future. */
int64_t pln_timeframe_close(const pln_timezone *zone, int64_t ts_ns, int64_t start_ns, int64_t end_ns,
                            int64_t next_ns);
