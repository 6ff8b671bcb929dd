#include "data/bars_build.h"
#include "core/error.h"
#include "data/timezone.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

void pln_bars_free(pln_bars *bars) {
  if (!bars) return;
  pln_bars_owner *owner = (pln_bars_owner *)bars;
  if (owner->owns_columns) {
    free((void *)bars->ts_ns);
    free((void *)bars->visible_ns);
    free((void *)bars->open);
    free((void *)bars->high);
    free((void *)bars->low);
    free((void *)bars->close);
    free((void *)bars->volume);
    for (int32_t i = 0; i < bars->n_extra; i++) free((void *)bars->extra[i]);
  }
  if (!owner->borrows_names) {
    for (int32_t i = 0; i < bars->n_extra; i++) free((void *)bars->extra_names[i]);
    free((void *)bars->extra_names);
    free((void *)bars->symbol);
    free((void *)bars->timezone);
    free((void *)bars->source);
  }
  free((void *)bars->extra);
  if (owner->mapping) munmap(owner->mapping, owner->mapping_size);
  free(owner->origin);
  free(owner->metadata);
  free(owner);
}

int64_t pln_bars_visible_ns(const pln_bars *bars, int64_t i) {
  assert(i >= 0 && i < bars->n_bars);
  return bars->visible_ns ? bars->visible_ns[i] : bars->ts_ns[i] + bars->timeframe.ns;
}

int64_t pln_bars_lower_bound(const pln_bars *bars, int64_t ts_ns) {
  int64_t low = 0, high = bars->n_bars;
  while (low < high) {
    const int64_t middle = low + (high - low) / 2;
    if (bars->ts_ns[middle] < ts_ns)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

pln_bars *pln_bars_slice(const pln_bars *bars, int64_t first, int64_t last) {
  if (first < 0 || last < first || last > bars->n_bars) {
    pln_fail(PLN_ERR_ARGUMENT, "slice [%lld, %lld) is not within the %lld bars of %s", (long long)first,
             (long long)last, (long long)bars->n_bars, bars->symbol);
    return NULL;
  }
  pln_bars_owner *owner = calloc(1, sizeof *owner);
  const double **extra = calloc((size_t)bars->n_extra + 1, sizeof *extra);
  if (!owner || !extra) {
    free(owner);
    free(extra);
    pln_fail(PLN_ERR_MEMORY, "no memory for a slice of %s", bars->symbol);
    return NULL;
  }
  owner->borrows_names = 1;
  owner->bars = *bars;
  pln_bars *slice = &owner->bars;
  slice->n_bars = last - first;
  slice->ts_ns += first;
  if (slice->visible_ns) slice->visible_ns += first;
  slice->open += first;
  slice->high += first;
  slice->low += first;
  slice->close += first;
  slice->volume += first;
  for (int32_t i = 0; i < bars->n_extra; i++) extra[i] = bars->extra[i] + first;
  slice->extra = extra;
  if (slice->n_bars != bars->n_bars) {
    const int64_t range[] = {first, last};
    slice->content_hash = pln_hash64(range, sizeof range, bars->content_hash);
  }
  return slice;
}

int32_t pln_bars_build_init(pln_bars_build *build, int32_t n_extra, const char *const *extra_names) {
  *build = (pln_bars_build){.timeframe = {.unit = PLN_TIMEFRAME_NONE, .count = 1}};
  if (n_extra == 0) return PLN_OK;
  build->extra = calloc((size_t)n_extra, sizeof *build->extra);
  build->extra_names = calloc((size_t)n_extra, sizeof *build->extra_names);
  if (build->extra && build->extra_names) {
    build->n_extra = n_extra;
    int32_t i = 0;
    while (i < n_extra && (build->extra_names[i] = strdup(extra_names[i]))) i++;
    if (i == n_extra) return PLN_OK;
  }
  pln_bars_build_discard(build);
  return pln_fail(PLN_ERR_MEMORY, "no memory for %d columns", n_extra);
}

static int grow(void *column, size_t capacity) {
  void **place = column;
  void *more = realloc(*place, capacity * 8);
  if (more) *place = more;
  return more != NULL;
}

int32_t pln_bars_build_reserve(pln_bars_build *build, int64_t capacity) {
  if (capacity <= build->capacity) return PLN_OK;
  const size_t n = (size_t)capacity;
  int ok = capacity < INT64_MAX / 16 && grow(&build->ts_ns, n) && grow(&build->open, n) &&
           grow(&build->high, n) && grow(&build->low, n) && grow(&build->close, n) && grow(&build->volume, n);
  for (int32_t i = 0; ok && i < build->n_extra; i++) ok = grow(&build->extra[i], n);
  if (!ok) return pln_fail(PLN_ERR_MEMORY, "no memory for %lld bars", (long long)capacity);
  build->capacity = capacity;
  return PLN_OK;
}

void pln_bars_build_discard(pln_bars_build *build) {
  free(build->ts_ns);
  free(build->open);
  free(build->high);
  free(build->low);
  free(build->close);
  free(build->volume);
  free(build->visible_ns);
  for (int32_t i = 0; i < build->n_extra; i++) {
    free(build->extra[i]);
    free(build->extra_names[i]);
  }
  free(build->extra);
  free(build->extra_names);
  *build = (pln_bars_build){0};
}

static int32_t check_order(const char *source, int64_t row, int64_t before, int64_t ts) {
  char text[40], previous[40];
  pln_time_format_iso(ts, text);
  if (ts < PLN_TIME_MIN_NS || ts >= PLN_TIME_MAX_NS)
    return pln_fail(
        PLN_ERR_RANGE,
        "%s: bar %lld has the time %s, expected the years 1800 to 2199 (is the unit of the times right?)",
        source, (long long)row, text);
  pln_time_format_iso(before, previous);
  return pln_fail(PLN_ERR_RANGE,
                  "%s: bar %lld (%s) is not after the one before it (%s); sort the bars and drop duplicates",
                  source, (long long)row, text, previous);
}

int32_t pln_bars_check_rows(const char *source, int64_t first_row, int64_t n, int64_t *last_ns,
                            const int64_t *ts_ns, const double *open, const double *high, const double *low,
                            const double *close, const double *volume) {
  static const char *const names[] = {"open", "high", "low", "close", "volume"};
  const double *const columns[] = {open, high, low, close, volume};
  if (!source || !*source) source = "bars";
  int64_t last = *last_ns;
  for (int64_t i = 0; i < n; i++) {
    if (ts_ns[i] <= last || ts_ns[i] < PLN_TIME_MIN_NS || ts_ns[i] >= PLN_TIME_MAX_NS)
      return check_order(source, first_row + i, last, ts_ns[i]);
    last = ts_ns[i];
  }
  *last_ns = last;
  for (int32_t c = 0; c < 5; c++) {
    const double *x = columns[c];
    uint64_t bad = 0; /* by the bits of the exponent: one pass that vectorises */
    for (int64_t i = 0; i < n; i++) {
      uint64_t bits;
      memcpy(&bits, &x[i], sizeof bits);
      bad |= ((bits & 0x7ff0000000000000u) + 0x0010000000000000u) & 0x8000000000000000u;
    }
    if (!bad) continue;
    for (int64_t i = 0; i < n; i++) {
      if (isfinite(x[i])) continue;
      char text[40];
      pln_time_format_iso(ts_ns[i], text);
      return pln_fail(PLN_ERR_RANGE, "%s: bar %lld (%s) has a %s of %g, expected a finite number", source,
                      (long long)(first_row + i), text, names[c], x[i]);
    }
  }
  return PLN_OK;
}

int pln_bars_extra_is_sound(const double *column, int64_t n) {
  static const uint64_t infinity = 0x7ff0000000000000u, quiet_nan = 0x7ff8000000000000u;
  uint64_t bad = 0;
  for (int64_t i = 0; i < n; i++) {
    uint64_t bits;
    memcpy(&bits, &column[i], sizeof bits);
    bits &= INT64_MAX;
    bad |= (bits >= infinity) & (bits != quiet_nan);
  }
  return !bad;
}

void pln_bars_extra_clean(double *column, int64_t n) {
  for (int64_t i = 0; i < n; i++)
    if (!isfinite(column[i])) column[i] = (double)NAN;
}

uint64_t pln_bars_combine_hashes(int64_t n_bars, int32_t has_volume, int32_t n_extra,
                                 const uint64_t *column_hashes, const char *const *extra_names) {
  uint64_t fields[8] = {(uint64_t)n_bars, (uint64_t)has_volume};
  memcpy(fields + 2, column_hashes, 6 * sizeof *fields);
  uint64_t hash = pln_hash64(fields, sizeof fields, 0);
  for (int32_t i = 0; i < n_extra; i++) {
    hash = pln_hash64(extra_names[i], (int64_t)strlen(extra_names[i]) + 1, hash);
    hash = pln_hash64(&column_hashes[6 + i], sizeof *column_hashes, hash);
  }
  return hash;
}

int32_t pln_bars_compute_visible(const pln_timeframe *timeframe, const char *timezone, int64_t n,
                                 const int64_t *ts_ns, int64_t **out) {
  *out = NULL;
  if (timeframe->unit != PLN_TIMEFRAME_DAY && timeframe->unit != PLN_TIMEFRAME_WEEK &&
      timeframe->unit != PLN_TIMEFRAME_MONTH)
    return PLN_OK;
  const pln_timezone *zone = pln_timezone_get(timezone);
  if (!zone) return pln_error_last()->code;
  int64_t *visible = malloc(((size_t)n + 1) * sizeof *visible);
  if (!visible) return pln_fail(PLN_ERR_MEMORY, "no memory for the close times of %lld bars", (long long)n);
  int64_t start = 0, end = 0; /* of the bucket at hand: several bars may share it */
  for (int64_t i = 0; i < n; i++) {
    if (i == 0 || ts_ns[i] >= end) pln_timeframe_bucket(timeframe, zone, ts_ns[i], &start, &end);
    visible[i] = pln_timeframe_close(zone, ts_ns[i], start, end, i + 1 < n ? ts_ns[i + 1] : INT64_MAX);
  }
  *out = visible;
  return PLN_OK;
}

static const char *copy_of(const char *text, const char *otherwise) {
  return strdup(text ? text : otherwise);
}

pln_bars *pln_bars_build_finish(pln_bars_build *build) {
  const int64_t n = build->n_bars;
  int64_t last = INT64_MIN;
  pln_bars_owner *owner = NULL;
  uint64_t *hashes = NULL;
  const char *source = build->source && *build->source ? build->source : build->symbol;
  if (pln_bars_build_reserve(build, n > 0 ? n : 1)) goto failed;
  if (!build->has_volume) memset(build->volume, 0, (size_t)n * sizeof *build->volume);
  if (pln_bars_check_rows(source, 0, n, &last, build->ts_ns, build->open, build->high, build->low,
                          build->close, build->volume))
    goto failed;
  if (!build->visible_ns &&
      pln_bars_compute_visible(&build->timeframe, build->timezone, n, build->ts_ns, &build->visible_ns))
    goto failed;
  owner = calloc(1, sizeof *owner);
  hashes = malloc(((size_t)build->n_extra + 6) * sizeof *hashes);
  if (!owner || !hashes) goto no_memory;
  {
    pln_bars *bars = &owner->bars;
    bars->symbol = copy_of(build->symbol, "");
    bars->timezone = copy_of(build->timezone && *build->timezone ? build->timezone : NULL, "UTC");
    bars->source = copy_of(build->source, "");
    if (!bars->symbol || !bars->timezone || !bars->source) goto no_memory;
    for (int32_t i = 0; i < build->n_extra; i++) pln_bars_extra_clean(build->extra[i], n);
    hashes[0] = pln_hash64(build->ts_ns, n * 8, 0);
    const double *const columns[] = {build->open, build->high, build->low, build->close, build->volume};
    for (int32_t i = 0; i < 5; i++) hashes[i + 1] = pln_hash64(columns[i], n * 8, 0);
    for (int32_t i = 0; i < build->n_extra; i++) hashes[i + 6] = pln_hash64(build->extra[i], n * 8, 0);
    bars->n_bars = n;
    bars->ts_ns = build->ts_ns;
    bars->visible_ns = build->visible_ns;
    bars->open = build->open;
    bars->high = build->high;
    bars->low = build->low;
    bars->close = build->close;
    bars->volume = build->volume;
    bars->extra = (const double *const *)build->extra;
    bars->extra_names = (const char *const *)build->extra_names;
    bars->n_extra = build->n_extra;
    bars->has_volume = build->has_volume != 0;
    bars->timeframe = build->timeframe;
    bars->content_hash =
        pln_bars_combine_hashes(n, bars->has_volume, bars->n_extra, hashes, bars->extra_names);
    owner->owns_columns = 1;
    free(hashes);
    *build = (pln_bars_build){0};
    return bars;
  }
no_memory:
  pln_fail(PLN_ERR_MEMORY, "no memory for %lld bars of %s", (long long)n, build->symbol ? build->symbol : "");
failed:
  free(hashes);
  if (owner) {
    free((void *)owner->bars.symbol);
    free((void *)owner->bars.timezone);
    free((void *)owner->bars.source);
    free(owner);
  }
  pln_bars_build_discard(build);
  return NULL;
}

pln_bars *pln_bars_from_arrays(const char *symbol, const char *timeframe, int64_t n_bars,
                               const int64_t *ts_ns, const double *open, const double *high,
                               const double *low, const double *close, const double *volume) {
  pln_timeframe parsed;
  pln_bars_build build;
  if (n_bars < 0)
    return pln_fail(PLN_ERR_ARGUMENT, "n_bars is %lld, expected 0 or more", (long long)n_bars), NULL;
  if (n_bars > 0 && !(ts_ns && open && high && low && close))
    return pln_fail(PLN_ERR_ARGUMENT, "%s: times, open, high, low and close are needed",
                    symbol ? symbol : "bars"),
           NULL;
  if (pln_timeframe_parse(timeframe, &parsed) || pln_bars_build_init(&build, 0, NULL)) return NULL;
  if (pln_bars_build_reserve(&build, n_bars > 0 ? n_bars : 1)) {
    pln_bars_build_discard(&build);
    return NULL;
  }
  const size_t size = (size_t)n_bars * 8;
  if (n_bars > 0) {
    memcpy(build.ts_ns, ts_ns, size);
    memcpy(build.open, open, size);
    memcpy(build.high, high, size);
    memcpy(build.low, low, size);
    memcpy(build.close, close, size);
    if (volume) memcpy(build.volume, volume, size);
  }
  build.n_bars = n_bars;
  build.has_volume = volume != NULL;
  build.timeframe = parsed;
  build.symbol = symbol;
  return pln_bars_build_finish(&build);
}
