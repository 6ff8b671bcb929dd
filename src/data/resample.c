#include "abi/resample.h"
#include "abi/column.h"
#include "core/error.h"
#include "data/bars_build.h"
#include "data/timezone.h"

#include <stdlib.h>
#include <string.h>

enum { ROWS = 4096, IN_MEMORY = 1 << 20 };

static int is_calendar(const pln_timeframe *t) {
  return t->unit == PLN_TIMEFRAME_DAY || t->unit == PLN_TIMEFRAME_WEEK || t->unit == PLN_TIMEFRAME_MONTH;
}

/* Whole buckets of `from` make up each bucket of `to`. */
static int tiles(const pln_timeframe *from, const pln_timeframe *to) {
  if (from->unit == PLN_TIMEFRAME_NONE) return to->unit != PLN_TIMEFRAME_NONE;
  if (from->unit == PLN_TIMEFRAME_FIXED) {
    if (to->unit == PLN_TIMEFRAME_FIXED) return to->ns >= from->ns && to->ns % from->ns == 0;
    return is_calendar(to) && from->ns <= PLN_DAY_NS && PLN_DAY_NS % from->ns == 0;
  }
  if (from->unit == to->unit) return to->count % from->count == 0;
  if (from->unit != PLN_TIMEFRAME_DAY) return 0;
  /* Groups of days are counted from 1970-01-01, weeks from a Monday. */
  return from->count == 1 && is_calendar(to);
}

int32_t pln_timeframe_can_resample(const pln_timeframe *from, const pln_timeframe *to) {
  if (tiles(from, to)) return PLN_OK;
  char a[16], b[16];
  pln_timeframe_format(from, a);
  pln_timeframe_format(to, b);
  if (to->unit == PLN_TIMEFRAME_NONE || to->ns < from->ns)
    return pln_fail(PLN_ERR_ARGUMENT,
                    "%s bars cannot be made from %s bars, which are coarser; load finer data", b, a);
  return pln_fail(PLN_ERR_ARGUMENT, "%s bars cannot be made from %s bars: %s is no whole number of %s", b, a,
                  b, a);
}

/* Buckets of consecutive times, by arithmetic alone wherever no clock changes nearby. */
typedef struct bucket_clock {
  pln_timeframe timeframe;
  const pln_timezone *zone;
  int64_t grid_ns; /* of fixed lengths that follow the wall clock; 0 for others */
  pln_timezone_cursor cursor;
} bucket_clock;

static void bucket_of(bucket_clock *clock, int64_t ts_ns, int64_t *start_ns, int64_t *end_ns) {
  if (clock->grid_ns) {
    const int64_t length = clock->grid_ns;
    const int64_t local = pln_timezone_to_local_cursor(clock->zone, ts_ns, &clock->cursor);
    int64_t into = local % length;
    if (into < 0) into += length;
    *start_ns = ts_ns - into;
    *end_ns = *start_ns + length;
    if (*start_ns >= clock->cursor.from_ns && *end_ns < clock->cursor.until_ns) return;
  }
  pln_timeframe_bucket(&clock->timeframe, clock->zone, ts_ns, start_ns, end_ns);
}

/* Finished rows wait here until they are written. */
typedef struct rows {
  int64_t n;
  int64_t *ts_ns;
  int64_t *visible_ns;
  double *prices[5]; /* open, high, low, close, volume */
  double **extra;
  int32_t n_extra;
  int shifted; /* 1 once a close time is not ts_ns + timeframe.ns */
} rows;

static void rows_free(rows *r) {
  free(r->ts_ns);
  free(r->visible_ns);
  for (int32_t i = 0; i < 5; i++) free(r->prices[i]);
  for (int32_t i = 0; r->extra && i < r->n_extra; i++) free(r->extra[i]);
  free(r->extra);
}

static int32_t rows_init(rows *r, int64_t capacity, int32_t n_extra) {
  const size_t size = (size_t)capacity * 8;
  *r = (rows){.ts_ns = malloc(size), .visible_ns = malloc(size), .n_extra = n_extra};
  r->extra = calloc((size_t)n_extra + 1, sizeof *r->extra);
  int complete = r->ts_ns && r->visible_ns && r->extra;
  for (int32_t i = 0; i < 5; i++) complete = (r->prices[i] = malloc(size)) && complete;
  for (int32_t i = 0; r->extra && i < n_extra; i++) complete = (r->extra[i] = malloc(size)) && complete;
  if (complete) return PLN_OK;
  rows_free(r);
  return pln_fail(PLN_ERR_MEMORY, "no memory to resample");
}

static pln_column_chunk chunk_of(const rows *r) {
  return (pln_column_chunk){.n_bars = r->n,
                            .ts_ns = r->ts_ns,
                            .visible_ns = r->visible_ns,
                            .open = r->prices[0],
                            .high = r->prices[1],
                            .low = r->prices[2],
                            .close = r->prices[3],
                            .volume = r->prices[4],
                            .extra = (const double *const *)r->extra};
}

/* Reduces bars from *next on until `capacity` rows are made or the bars end. */
static void reduce(const pln_bars *bars, bucket_clock *clock, rows *r, int64_t capacity, int64_t *next) {
  const int64_t length = clock->timeframe.ns;
  int64_t i = *next;
  while (i < bars->n_bars && r->n < capacity) {
    int64_t start, end;
    bucket_of(clock, bars->ts_ns[i], &start, &end);
    double high = bars->high[i], low = bars->low[i], volume = bars->volume[i];
    const int64_t first = i;
    for (i++; i < bars->n_bars && bars->ts_ns[i] < end; i++) {
      if (bars->high[i] > high) high = bars->high[i];
      if (bars->low[i] < low) low = bars->low[i];
      volume += bars->volume[i];
    }
    const int64_t row = r->n++, last_close = pln_bars_visible_ns(bars, i - 1);
    r->ts_ns[row] = start;
    r->visible_ns[row] = last_close > end ? last_close : end;
    if (r->visible_ns[row] - start != length) r->shifted = 1;
    r->prices[0][row] = bars->open[first];
    r->prices[1][row] = high;
    r->prices[2][row] = low;
    r->prices[3][row] = bars->close[i - 1];
    r->prices[4][row] = volume;
    for (int32_t c = 0; c < r->n_extra; c++) r->extra[c][row] = bars->extra[c][i - 1];
  }
  *next = i;
}

static pln_bars *resample_in_file(const pln_bars *bars, bucket_clock *clock, const char *timezone,
                                  int64_t bound) {
  const pln_column_spec spec = {.symbol = bars->symbol,
                                .timezone = timezone,
                                .source = bars->source,
                                .extra_names = bars->extra_names,
                                .n_extra = bars->n_extra,
                                .has_volume = bars->has_volume,
                                .has_visible = 1,
                                .max_bars = bound,
                                .timeframe = clock->timeframe};
  rows r;
  if (rows_init(&r, ROWS, bars->n_extra)) return NULL;
  pln_column_writer *w = pln_column_writer_new(NULL, &spec);
  int32_t status = w ? PLN_OK : pln_error_last()->code;
  for (int64_t next = 0; !status && next < bars->n_bars;) {
    r.n = 0;
    reduce(bars, clock, &r, ROWS, &next);
    const pln_column_chunk chunk = chunk_of(&r);
    status = pln_column_writer_append(w, &chunk);
  }
  rows_free(&r);
  if (!status) return pln_column_writer_finish_bars(w);
  pln_column_writer_free(w);
  return NULL;
}

static pln_bars *resample_in_memory(const pln_bars *bars, bucket_clock *clock, const char *timezone,
                                    int64_t bound) {
  pln_bars_build build;
  if (pln_bars_build_init(&build, bars->n_extra, bars->extra_names)) return NULL;
  rows r = {.n_extra = bars->n_extra};
  r.visible_ns = malloc(((size_t)bound + 1) * 8);
  if (!r.visible_ns || pln_bars_build_reserve(&build, bound + 1)) {
    free(r.visible_ns);
    pln_bars_build_discard(&build);
    pln_fail(PLN_ERR_MEMORY, "no memory for %lld bars", (long long)bound);
    return NULL;
  }
  r.ts_ns = build.ts_ns;
  double *const prices[] = {build.open, build.high, build.low, build.close, build.volume};
  memcpy(r.prices, prices, sizeof prices);
  r.extra = build.extra;
  int64_t next = 0;
  reduce(bars, clock, &r, bound, &next);
  build.n_bars = r.n;
  build.has_volume = bars->has_volume;
  build.timeframe = clock->timeframe;
  build.symbol = bars->symbol;
  build.timezone = timezone;
  build.source = bars->source;
  if (r.shifted || is_calendar(&clock->timeframe))
    build.visible_ns = r.visible_ns;
  else
    free(r.visible_ns);
  return pln_bars_build_finish(&build);
}

pln_bars *pln_bars_resample(const pln_bars *bars, const pln_timeframe *timeframe, const char *timezone) {
  if (!timezone || !*timezone) timezone = bars->timezone;
  if (pln_timeframe_can_resample(&bars->timeframe, timeframe)) {
    pln_error_prepend(bars->symbol);
    return NULL;
  }
  bucket_clock clock = {.timeframe = *timeframe, .zone = pln_timezone_get(timezone)};
  if (!clock.zone) return NULL;
  if (timeframe->unit == PLN_TIMEFRAME_FIXED && PLN_DAY_NS % timeframe->ns == 0)
    clock.grid_ns = timeframe->ns;
  int64_t bound = bars->n_bars;
  /* A repeated hour makes rows of its own: clocks change less than four times a year. */
  if (bars->n_bars > 0) {
    const int64_t span = bars->ts_ns[bars->n_bars - 1] - bars->ts_ns[0];
    const int64_t most = span / timeframe->ns + span / (90 * PLN_DAY_NS) + 2;
    if (timeframe->unit == PLN_TIMEFRAME_FIXED && most < bound) bound = most;
  }
  return bound > IN_MEMORY ? resample_in_file(bars, &clock, timezone, bound)
                           : resample_in_memory(bars, &clock, timezone, bound);
}
