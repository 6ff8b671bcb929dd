/* Copies of bars with something changed: the times at which they become visible, the prices. */
#include "data/bars_copy.h"
#include "core/error.h"
#include "data/market_calendar.h"
#include "data/timezone.h"

#include <stdlib.h>
#include <string.h>

int32_t pln_bars_copy_begin(const pln_bars *bars, pln_bars_build *build) {
  const int32_t status = pln_bars_build_init(build, bars->n_extra, bars->extra_names);
  if (status) return status;
  build->timeframe = bars->timeframe;
  build->symbol = bars->symbol;
  build->timezone = bars->timezone;
  build->source = bars->source;
  build->has_volume = bars->has_volume;
  const size_t size = (size_t)bars->n_bars * 8;
  if (pln_bars_build_reserve(build, bars->n_bars > 0 ? bars->n_bars : 1)) goto failed;
  memcpy(build->ts_ns, bars->ts_ns, size);
  memcpy(build->open, bars->open, size);
  memcpy(build->high, bars->high, size);
  memcpy(build->low, bars->low, size);
  memcpy(build->close, bars->close, size);
  memcpy(build->volume, bars->volume, size);
  for (int32_t i = 0; i < bars->n_extra; i++) memcpy(build->extra[i], bars->extra[i], size);
  if (bars->visible_ns) {
    build->visible_ns = malloc(size + 8);
    if (!build->visible_ns) {
      pln_fail(PLN_ERR_MEMORY, "no memory for the close times of %s", bars->symbol);
      goto failed;
    }
    memcpy(build->visible_ns, bars->visible_ns, size);
  }
  build->n_bars = bars->n_bars;
  return PLN_OK;
failed:
  pln_bars_build_discard(build);
  return pln_error_last()->code;
}

static int64_t day_of(int64_t local_ns) {
  return local_ns >= 0 ? local_ns / PLN_DAY_NS : -((-local_ns + PLN_DAY_NS - 1) / PLN_DAY_NS);
}

/* When the last bar of `finer` that opens before end_ns closes; INT64_MIN where there is none. */
static int64_t last_close_before(const pln_bars *finer, int64_t end_ns) {
  if (!finer) return INT64_MIN;
  const int64_t next = pln_bars_lower_bound(finer, end_ns);
  return next > 0 ? pln_bars_visible_ns(finer, next - 1) : INT64_MIN;
}

/* Moves the close times of calendar units; returns the number of periods without a session. */
static int64_t move_visible(pln_bars_build *build, const pln_timezone *zone, const pln_calendar *calendar,
                            const pln_bars *finer) {
  int64_t without = 0;
  for (int64_t i = 0; i < build->n_bars; i++) {
    int64_t start, end, close;
    pln_timeframe_bucket(&build->timeframe, zone, build->ts_ns[i], &start, &end);
    const int64_t first_day = day_of(pln_timezone_to_local(zone, start));
    const int64_t end_day = day_of(pln_timezone_to_local(zone, end - 1)) + 1;
    if (!pln_calendar_close_of_days(calendar, first_day, end_day, &close)) {
      without++;
      continue;
    }
    const int64_t last = last_close_before(finer, end);
    if (last > close) close = last;
    if (close > build->ts_ns[i] && (i == 0 || close > build->visible_ns[i - 1])) build->visible_ns[i] = close;
  }
  return without;
}

pln_bars *pln_bars_at_calendar(const pln_bars *bars, const pln_calendar *calendar, const pln_bars *finer,
                               int64_t *n_without) {
  pln_bars_build build;
  if (n_without) *n_without = 0;
  const pln_timezone *zone = pln_timezone_get(bars->timezone);
  if (!zone || pln_bars_copy_begin(bars, &build)) return NULL;
  const int32_t unit = bars->timeframe.unit;
  const int by_days = build.visible_ns && (unit == PLN_TIMEFRAME_DAY || unit == PLN_TIMEFRAME_WEEK ||
                                           unit == PLN_TIMEFRAME_MONTH);
  if (by_days) {
    const int64_t without = move_visible(&build, zone, calendar, finer);
    if (n_without) *n_without = without;
  }
  pln_bars *made = pln_bars_build_finish(&build);
  if (made && by_days)
    made->content_hash = pln_hash64(made->visible_ns, made->n_bars * 8, made->content_hash);
  return made;
}
