#pragma once
#include "abi/data.h"
#include <stddef.h>

/* What stands behind a pln_bars: its columns and who owns their memory. Internal to the data stage. */
typedef struct pln_bars_owner {
  pln_bars bars; /* first: a pln_bars * is a pln_bars_owner * */
  void *mapping; /* of a column file, NULL where the columns are on the heap */
  size_t mapping_size;
  char *origin; /* of a column file */
  char *metadata;
  int32_t owns_columns;  /* 1: columns are freed one by one */
  int32_t borrows_names; /* 1: strings and extra_names belong to another pln_bars */
} pln_bars_owner;

/* Growable columns on the heap. A loader fills [0, n_bars) of every column and finishes; `extra` may hold
 * NaN, everything else must be finite. */
typedef struct pln_bars_build {
  int64_t n_bars;
  int64_t capacity;
  int64_t *ts_ns;
  double *open;
  double *high;
  double *low;
  double *close;
  double *volume;      /* always there; filled with zeroes by _finish where has_volume is 0 */
  int64_t *visible_ns; /* NULL: they follow from the timeframe; else n_bars close times, on the heap */
  double **extra;      /* n_extra columns */
  char **extra_names;
  int32_t n_extra;
  int32_t has_volume;
  pln_timeframe timeframe;
  const char *symbol; /* copied by _finish, as are the next two; NULL = "" (timezone: "UTC") */
  const char *timezone;
  const char *source;
} pln_bars_build;

/* Starts empty, with named extra columns (names are copied). 0 or PLN_ERR_MEMORY. */
int32_t pln_bars_build_init(pln_bars_build *build, int32_t n_extra, const char *const *extra_names);
/* Makes room for `capacity` bars in all columns. 0 or PLN_ERR_MEMORY, which leaves the columns as they were.
 */
int32_t pln_bars_build_reserve(pln_bars_build *build, int64_t capacity);
/* Room for one more bar, doubling the capacity where needed. */
static inline int32_t pln_bars_build_grow(pln_bars_build *build) {
  if (build->n_bars < build->capacity) return 0;
  return pln_bars_build_reserve(build, build->capacity < 1024 ? 1024 : build->capacity * 2);
}
/* Checks what pln_bars promises, computes visible_ns and content_hash and hands the columns over to a
 * pln_bars. Always leaves `build` empty. NULL on error. */
pln_bars *pln_bars_build_finish(pln_bars_build *build);
void pln_bars_build_discard(pln_bars_build *build);

/* Checks row order, range and finiteness of a chunk of bars whose rows start at `first_row` (for messages)
 * and follow a bar at *last_ns (INT64_MIN = none), which it moves on. 0, PLN_ERR_RANGE. */
int32_t pln_bars_check_rows(const char *source, int64_t first_row, int64_t n, int64_t *last_ns,
                            const int64_t *ts_ns, const double *open, const double *high, const double *low,
                            const double *close, const double *volume);

/* Further columns hold finite numbers or NaN without a payload: LuaJIT would take other NaN bits for tagged
 * values. */
int pln_bars_extra_is_sound(const double *column, int64_t n);
/* Makes it so: what is not finite becomes NaN. */
void pln_bars_extra_clean(double *column, int64_t n);

/* content_hash from the XXH3-64 hashes of the columns: times, open, high, low, close, volume, then the extra
 * ones. */
uint64_t pln_bars_combine_hashes(int64_t n_bars, int32_t has_volume, int32_t n_extra,
                                 const uint64_t *column_hashes, const char *const *extra_names);
/* Close times of calendar timeframes; NULL in *out where ts_ns + timeframe.ns says it all. 0 or a status. */
int32_t pln_bars_compute_visible(const pln_timeframe *timeframe, const char *timezone, int64_t n,
                                 const int64_t *ts_ns, int64_t **out);
