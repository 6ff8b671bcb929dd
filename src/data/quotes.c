/* Bars of bids and asks. */
#include "abi/quotes.h"
#include "core/error.h"
#include "data/bars_copy.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *const PARTS[] = {"open", "high", "low", "close"};

static const double *extra_named(const pln_bars *bars, const char *side, const char *part) {
  char name[32];
  snprintf(name, sizeof name, part ? "%s_%s" : "%s", side, part);
  for (int32_t i = 0; i < bars->n_extra; i++)
    if (strcmp(bars->extra_names[i], name) == 0) return bars->extra[i];
  return NULL;
}

/* Begins a copy without extra columns. */
static int32_t begin_plain(const pln_bars *bars, pln_bars_build *build) {
  pln_bars plain = *bars;
  plain.n_extra = 0;
  return pln_bars_copy_begin(&plain, build);
}

pln_bars *pln_bars_quote_side(const pln_bars *bars, const char *side) {
  const double *columns[4];
  for (int32_t c = 0; c < 4; c++) {
    columns[c] = extra_named(bars, side, PARTS[c]);
    if (!columns[c]) columns[c] = extra_named(bars, side, NULL);
    if (columns[c]) continue;
    pln_fail(PLN_ERR_NOT_FOUND,
             "%s: there is no column %s_%s, expected bid and ask prices (bid_open … ask_close)",
             bars->source && *bars->source ? bars->source : bars->symbol, side, PARTS[c]);
    return NULL;
  }
  pln_bars_build build;
  if (begin_plain(bars, &build)) return NULL;
  double *const targets[] = {build.open, build.high, build.low, build.close};
  for (int32_t c = 0; c < 4; c++)
    for (int64_t i = 0; i < build.n_bars; i++)
      if (!isnan(columns[c][i])) targets[c][i] = columns[c][i];
  const double *size = extra_named(bars, side, "size");
  if (size) {
    build.has_volume = 1;
    for (int64_t i = 0; i < build.n_bars; i++) build.volume[i] = isnan(size[i]) ? 0 : size[i];
  }
  return pln_bars_build_finish(&build);
}

static int32_t check_pair(const pln_bars *bid, const pln_bars *ask) {
  const pln_timeframe *a = &bid->timeframe, *b = &ask->timeframe;
  if (a->unit == b->unit && a->count == b->count && a->ns == b->ns && !strcmp(bid->timezone, ask->timezone))
    return PLN_OK;
  char of_bid[16], of_ask[16];
  pln_timeframe_format(a, of_bid);
  pln_timeframe_format(b, of_ask);
  return pln_fail(PLN_ERR_ARGUMENT, "%s: bids are bars of %s (%s), asks of %s (%s), expected the same",
                  bid->symbol, of_bid, bid->timezone, of_ask, ask->timezone);
}

/* Row i of the bids and row k of the asks as the next row. */
static void put_pair(pln_bars_build *build, const pln_bars *bid, int64_t i, const pln_bars *ask, int64_t k) {
  const double *const bids[] = {bid->open, bid->high, bid->low, bid->close};
  const double *const asks[] = {ask->open, ask->high, ask->low, ask->close};
  double *const middle[] = {build->open, build->high, build->low, build->close};
  const int64_t at = build->n_bars++;
  build->ts_ns[at] = bid->ts_ns[i];
  for (int32_t c = 0; c < 4; c++) {
    middle[c][at] = (bids[c][i] + asks[c][k]) / 2;
    build->extra[c][at] = bids[c][i];
    build->extra[4 + c][at] = asks[c][k];
  }
  build->volume[at] = bid->volume[i] + ask->volume[k];
}

pln_bars *pln_bars_join_quotes(const pln_bars *bid, const pln_bars *ask, int64_t *n_left_out) {
  static const char *const names[] = {"bid_open", "bid_high", "bid_low", "bid_close",
                                      "ask_open", "ask_high", "ask_low", "ask_close"};
  pln_bars_build build;
  if (check_pair(bid, ask) || pln_bars_build_init(&build, 8, names)) return NULL;
  const int64_t most = bid->n_bars < ask->n_bars ? bid->n_bars : ask->n_bars;
  if (pln_bars_build_reserve(&build, most > 0 ? most : 1)) {
    pln_bars_build_discard(&build);
    return NULL;
  }
  build.timeframe = bid->timeframe;
  build.symbol = bid->symbol;
  build.timezone = bid->timezone;
  build.source = bid->source;
  build.has_volume = bid->has_volume && ask->has_volume;
  for (int64_t i = 0, k = 0; i < bid->n_bars && k < ask->n_bars;) {
    if (bid->ts_ns[i] == ask->ts_ns[k])
      put_pair(&build, bid, i++, ask, k++);
    else if (bid->ts_ns[i] < ask->ts_ns[k])
      i++;
    else
      k++;
  }
  if (n_left_out) *n_left_out = bid->n_bars + ask->n_bars - 2 * build.n_bars;
  if (build.n_bars == 0) {
    pln_bars_build_discard(&build);
    pln_fail(PLN_ERR_RANGE, "%s: bids and asks have no time in common", bid->symbol);
    return NULL;
  }
  return pln_bars_build_finish(&build);
}
