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
