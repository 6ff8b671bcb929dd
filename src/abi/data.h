#pragma once
#include "abi/types.h"
/* Bars: columns of one symbol at one timeframe. */

typedef enum pln_timeframe_unit {
  PLN_TIMEFRAME_NONE = 0,   /* irregular (ticks); visible at the stamp itself */
  PLN_TIMEFRAME_FIXED = 1,  /* a fixed number of nanoseconds: 1s … 12h */
  PLN_TIMEFRAME_DAY = 2,    /* calendar units, with boundaries in the data's time zone */
  PLN_TIMEFRAME_WEEK = 3,   /* weeks start on Monday */
  PLN_TIMEFRAME_MONTH = 4
} pln_timeframe_unit;

typedef struct pln_timeframe {
  int32_t unit;     /* pln_timeframe_unit */
  int32_t count;    /* how many units (of `ns` for FIXED, where it is 1) */
  int64_t ns;       /* length; nominal (24 h, 7 d, 30 d times count) for calendar units, 0 for NONE */
} pln_timeframe;

/* Reads "1m", "5m", "1h", "90s", "250ms", "1d", "1w", "1M"/"1mo", "tick". 0, PLN_ERR_PARSE, PLN_ERR_RANGE. */
int32_t pln_timeframe_parse(const char *text, pln_timeframe *out);
/* Writes the canonical form ("1m", "1h", "1d", "1w", "1mo", "tick") with its NUL into out[16]. */
void pln_timeframe_format(const pln_timeframe *timeframe, char *out);

/* Read-only once made; may be shared by threads. All columns have n_bars entries, ts_ns strictly increases,
 * every number in the price columns is finite. */
typedef struct pln_bars {
  int64_t n_bars;
  const int64_t *ts_ns;        /* open time of each bar */
  const int64_t *visible_ns;   /* close time of each bar, at which it becomes visible; NULL: ts_ns + timeframe.ns. Of
                                  days, weeks, months: the period's end in the data's zone, or, stamped later than the
                                  period's start, a whole period after the stamp (or when the next bar begins) */
  const double *open;
  const double *high;
  const double *low;
  const double *close;
  const double *volume;        /* 0 where the source has none */
  const double *const *extra;  /* n_extra further named columns (bid, ask, …); may hold NaN (without payload), no infinity */
  const char *const *extra_names;
  int32_t n_extra;
  int32_t has_volume;          /* 1 when the source had a volume column */
  pln_timeframe timeframe;
  const char *symbol;          /* "SPY" */
  const char *timezone;        /* IANA name in which days begin, "UTC" by default */
  const char *source;          /* path or description, for messages */
  uint64_t content_hash;       /* XXH3-64 over times and columns: part of a run's data hash */
} pln_bars;

/* Destroys bars made by any function of this API that says so (memory or mapping, whichever backs them). */
void pln_bars_free(pln_bars *bars);

/* Bars over the caller's arrays, copied; for tests, harnesses and user code. `volume` may be NULL. Checks what
 * pln_bars promises. NULL on error. */
pln_bars *pln_bars_from_arrays(const char *symbol, const char *timeframe, int64_t n_bars, const int64_t *ts_ns,
                               const double *open, const double *high, const double *low, const double *close,
                               const double *volume);
/* Close time of bar i. */
int64_t pln_bars_visible_ns(const pln_bars *bars, int64_t i);
/* First index whose ts_ns >= t, n_bars if none. */
int64_t pln_bars_lower_bound(const pln_bars *bars, int64_t ts_ns);
/* A view of bars [first, last) that borrows the columns of `bars`, which must outlive it. Its content_hash is made
 * from that of `bars` and the range. NULL on error. */
pln_bars *pln_bars_slice(const pln_bars *bars, int64_t first, int64_t last);

/* Writes bars as comma-separated text: time (ISO 8601, UTC), open, high, low, close, volume where the source had one,
 * extra columns (NaN as an empty field). Numbers read back bit for bit: the exact decimal where it is short, else 17
 * significant digits. The file appears under its name when it is complete; "-" is standard output. 0 or a status. */
int32_t pln_bars_write_csv(const pln_bars *bars, const char *path);
