/* Spans of bars in which nothing happens to a lane, taken as a whole.
 *
 * Equity is cash + weight x close, rounded twice; rounding keeps order, so the greatest equity of a span is
 * that of its greatest close (of its least, for a short), to the bit. The same holds for levels that follow a
 * best price. What a span's extremes cannot decide is decided for its halves, and for a few bars one by one.
 */
#include "exec/replay.h"
#include <assert.h>

enum { LEAF = 8 };

static inline pln_extremes join(pln_extremes a, pln_extremes b) {
  return (pln_extremes){.close_max = a.close_max > b.close_max ? a.close_max : b.close_max,
                        .close_min_neg =
                            a.close_min_neg > b.close_min_neg ? a.close_min_neg : b.close_min_neg,
                        .low_min_neg = a.low_min_neg > b.low_min_neg ? a.low_min_neg : b.low_min_neg,
                        .high_max = a.high_max > b.high_max ? a.high_max : b.high_max};
}

static inline pln_extremes of_bar(const pln_chunk *c, int64_t i) {
  return (pln_extremes){.close_max = c->close[i],
                        .close_min_neg = -c->close[i],
                        .low_min_neg = -c->low[i],
                        .high_max = c->high[i]};
}

static void make_blocks(pln_chunk *c) {
  const int64_t n_blocks = (c->n + PLN_SPAN_BLOCK - 1) / PLN_SPAN_BLOCK;
  for (int64_t b = 0; b < n_blocks; b++) {
    const int64_t from = b * PLN_SPAN_BLOCK;
    const int64_t until = from + PLN_SPAN_BLOCK < c->n ? from + PLN_SPAN_BLOCK : c->n;
    c->ahead[from] = of_bar(c, from);
    for (int64_t i = from + 1; i < until; i++) c->ahead[i] = join(c->ahead[i - 1], of_bar(c, i));
    c->behind[until - 1] = of_bar(c, until - 1);
    for (int64_t i = until - 2; i >= from; i--) c->behind[i] = join(c->behind[i + 1], of_bar(c, i));
    c->blocks[0][b] = c->behind[from];
  }
  for (int64_t level = 1; level < PLN_SPAN_LEVELS; level++)
    for (int64_t b = 0; b + (1 << level) <= n_blocks; b++)
      c->blocks[level][b] = join(c->blocks[level - 1][b], c->blocks[level - 1][b + (1 << (level - 1))]);
}

static inline int64_t bucket_of(const pln_chunk *c, int64_t ts_ns) {
  return (int64_t)((double)(ts_ns - c->visible_ns[0]) * c->scale);
}

static void make_buckets(pln_chunk *c) {
  const double length = (double)(c->visible_ns[c->n - 1] - c->visible_ns[0]);
  c->scale = (PLN_SPAN_BUCKETS - 1) / (length > 0 ? length : 1);
  int64_t b = 0;
  for (int64_t i = 0; i < c->n; i++)
    for (const int64_t own = bucket_of(c, c->visible_ns[i]); b <= own && b <= PLN_SPAN_BUCKETS; b++)
      c->bucket[b] = (int16_t)i;
  for (; b <= PLN_SPAN_BUCKETS; b++) c->bucket[b] = (int16_t)c->n;
}

void pln_chunk_make(pln_chunk *c, const pln_market *m, int64_t first, int64_t n) {
  assert(n >= 0 && n <= PLN_SPAN_CHUNK && first + n <= m->end);
  c->first = first;
  c->n = n;
  c->end_rows = first + n == m->end ? n - 1 : n;
  c->ts_ns = m->ts_ns + first;
  c->open = m->open + first;
  c->high = m->high + first;
  c->low = m->low + first;
  c->close = m->close + first;
  if (n == 0) return;
  for (int64_t i = 0; i < n; i++) c->visible_ns[i] = pln_market_visible(m, first + i);
  for (int64_t i = n; i < n + 4; i++) c->visible_ns[i] = INT64_MAX;
  make_blocks(c);
  make_buckets(c);
}

int64_t pln_chunk_find(const pln_chunk *c, int64_t ts_ns) {
  if (c->n == 0 || ts_ns < c->visible_ns[0]) return -1;
  if (ts_ns >= c->visible_ns[c->n - 1]) return c->n - 1;
  const int64_t b = bucket_of(c, ts_ns);
  int64_t low = c->bucket[b], high = c->bucket[b + 1]; /* the answer + 1 lies within [low, high] */
  while (high - low > 4) {
    const int64_t mid = low + (high - low) / 2;
    if (c->visible_ns[mid] <= ts_ns)
      low = mid + 1;
    else
      high = mid;
  }
  const int64_t *v = c->visible_ns + low; /* later bars are visible later still: no need to stop at `high` */
  return low - 1 + (v[0] <= ts_ns) + (v[1] <= ts_ns) + (v[2] <= ts_ns) + (v[3] <= ts_ns);
}

static pln_extremes extremes(const pln_chunk *c, int64_t from, int64_t until) {
  const int64_t first = from / PLN_SPAN_BLOCK, last = (until - 1) / PLN_SPAN_BLOCK;
  if (first < last) {
    pln_extremes e = join(c->behind[from], c->ahead[until - 1]);
    const int64_t between = last - first - 1;
    if (between == 0) return e;
    const int64_t level = 63 - __builtin_clzll((uint64_t)between);
    e = join(e, c->blocks[level][first + 1]);
    return join(e, c->blocks[level][last - (1 << level)]);
  }
  if (from % PLN_SPAN_BLOCK == 0) return c->ahead[until - 1];
  if (until % PLN_SPAN_BLOCK == 0 || until == c->n) return c->behind[from];
  pln_extremes e = of_bar(c, from);
  for (int64_t i = from + 1; i < until; i++) e = join(e, of_bar(c, i));
  return e;
}

static inline double equity_of(const pln_lane *lane, const pln_chunk *c, int64_t bar) {
  return lane->portfolio->account.cash + lane->portfolio->holdings[0].weight * c->close[bar];
}

/* Whether equity was at the peak or above it at the best of these closes. */
static inline bool reaches(const pln_lane *lane, const pln_extremes *e) {
  const double weight = lane->portfolio->holdings[0].weight;
  const double best = weight > 0 ? e->close_max : -e->close_min_neg;
  return lane->portfolio->account.cash + weight * best >= lane->falls.peak;
}

/* The first bar of the block that reaches the peak, of [from, until), which is within a block and has one. */
static int64_t find_in_block(const pln_lane *lane, const pln_chunk *c, int64_t from, int64_t until) {
  if (from % PLN_SPAN_BLOCK != 0) {
    while (from < until && !(equity_of(lane, c, from) >= lane->falls.peak)) from++;
    return from;
  }
  while (from < until) { /* extremes from the block's begin on only grow */
    const int64_t middle = from + (until - from) / 2;
    if (reaches(lane, &c->ahead[middle]))
      until = middle;
    else
      from = middle + 1;
  }
  return from;
}

/* The first bar of [from, until) whose equity is at the peak or above it; `until` where there is none. */
static int64_t find_peak(const pln_lane *lane, const pln_chunk *c, int64_t from, int64_t until) {
  int64_t block = from / PLN_SPAN_BLOCK;
  const int64_t last = (until - 1) / PLN_SPAN_BLOCK;
  if (block == last) return find_in_block(lane, c, from, until);
  if (reaches(lane, &c->behind[from])) return find_in_block(lane, c, from, (block + 1) * PLN_SPAN_BLOCK);
  block++;
  for (int64_t level = PLN_SPAN_LEVELS - 1; level >= 0; level--)
    while (block + (1 << level) <= last && !reaches(lane, &c->blocks[level][block])) block += 1 << level;
  const int64_t end = block == last ? until : (block + 1) * PLN_SPAN_BLOCK;
  return find_in_block(lane, c, block * PLN_SPAN_BLOCK, end);
}

/* Rows of which the greatest and the least equity are known. */
static void add_rows(pln_lane *lane, const pln_chunk *c, int64_t from, int64_t until, double greatest,
                     double least) {
  pln_drawdowns *d = &lane->falls;
  if (greatest < d->peak) {
    if (least < d->low) d->low = least;
    return;
  }
  const bool is_long = lane->portfolio->holdings[0].weight > 0;
  for (int64_t i = from; i < until; i++) {
    double equity = equity_of(lane, c, i);
    if (!(equity >= d->peak)) {
      const int64_t next = i + 1 < until ? find_peak(lane, c, i + 1, until) : until;
      const pln_extremes e = extremes(c, i, next);
      const double low = lane->portfolio->account.cash +
                         lane->portfolio->holdings[0].weight * (is_long ? -e.close_min_neg : e.close_max);
      if (low < d->low) d->low = low;
      if (next == until) return;
      i = next;
      equity = equity_of(lane, c, i);
    }
    pln_lane_equity(lane, c->first_row + i, c->ts_ns[i], equity);
  }
}

/* The level at which the lot's stop is if its best price becomes `best`. */
static double stop_at(const pln_portfolio *p, pln_lot *lot, bool is_long, double best) {
  int32_t trailing;
  const double before = lot->best;
  lot->best = best;
  const double stop = pln_lot_stop(p, lot, is_long, &trailing);
  lot->best = before;
  return stop;
}

/* What pln_portfolio_see does with whole bars of these extremes. */
static void see(pln_portfolio *p, pln_lot *lot, bool is_long, double high, double low) {
  lot->high = high > lot->high ? high : lot->high;
  lot->low = low < lot->low ? low : lot->low;
  const double before = lot->best;
  lot->best = is_long ? lot->high : lot->low;
  if (!p->is_trailing || lot->best == before) return;
  int32_t trailing;
  const double stop = pln_lot_stop(p, lot, is_long, &trailing);
  pln_holding *h = &p->holdings[0];
  if (stop > 0) *(is_long ? &h->touch_low : &h->touch_high) = stop;
}

static bool is_touched(pln_portfolio *p, const pln_extremes *e) {
  const pln_holding *h = &p->holdings[0];
  const double low = -e->low_min_neg, high = e->high_max;
  if (low <= h->touch_low || high >= h->touch_high) return true;
  if (!p->is_trailing) return false;
  pln_lot *lot = &h->lots[0];
  if (h->count > 0) return high > lot->best && low <= stop_at(p, lot, true, high);
  return low < lot->best && high >= stop_at(p, lot, false, low);
}

/* True where the whole span was taken. Else nothing was. */
static bool take_whole(pln_lane *lane, const pln_chunk *c, int64_t from, int64_t until) {
  pln_portfolio *p = lane->portfolio;
  const pln_holding *h = &p->holdings[0];
  pln_account *a = &p->account;
  const pln_extremes e = extremes(c, from, until);
  const bool is_long = h->weight > 0;
  if (is_touched(p, &e)) return false;
  const double up = a->cash + h->weight * e.close_max, down = a->cash + h->weight * -e.close_min_neg;
  const double greatest = is_long ? up : down, least = is_long ? down : up;
  const bool peaks = greatest > a->peak_equity;
  const bool rules = p->config.risk.max_drawdown_pct > 0;
  const double bound = peaks && rules ? pln_portfolio_floor(p, greatest) : p->floor;
  if (least <= bound) return false;
  add_rows(lane, c, from, until, greatest, least);
  if (peaks) pln_portfolio_peak(p, greatest);
  see(p, &h->lots[0], is_long, e.high_max, -e.low_min_neg);
  return true;
}

static int64_t take_bars(pln_lane *lane, const pln_chunk *c, int64_t from, int64_t until) {
  pln_portfolio *p = lane->portfolio;
  const pln_holding *h = &p->holdings[0];
  pln_account *a = &p->account;
  for (int64_t i = from; i < until; i++) {
    if (c->low[i] <= h->touch_low || c->high[i] >= h->touch_high) return i;
    const double equity = a->cash + h->weight * c->close[i];
    if (equity <= p->floor) return i;
    if (equity > a->peak_equity) pln_portfolio_peak(p, equity);
    pln_lane_equity(lane, c->first_row + i, c->ts_ns[i], equity);
    see(p, &h->lots[0], h->weight > 0, c->high[i], c->low[i]);
  }
  return until;
}

static int64_t take_held(pln_lane *lane, const pln_chunk *c, int64_t from, int64_t until) {
  while (from < until) {
    if (until - from <= LEAF) return take_bars(lane, c, from, until);
    if (take_whole(lane, c, from, until)) return until;
    const int64_t middle = from + (until - from) / 2;
    const int64_t taken = take_held(lane, c, from, middle);
    if (taken < middle) return taken;
    from = middle;
  }
  return until;
}

/* Equity is the cash: true where no bar needs more attention than that. */
static bool take_flat(pln_lane *lane, const pln_chunk *c, int64_t from, int64_t until) {
  pln_portfolio *p = lane->portfolio;
  const double cash = p->account.cash;
  if (cash <= p->floor) return false;
  if (cash > p->account.peak_equity) pln_portfolio_peak(p, cash);
  pln_lane_equity(lane, c->first_row + from, c->ts_ns[from], cash);
  if (cash == lane->falls.peak) { /* each of the rows is a peak */
    lane->falls.peak_row = c->first_row + until - 1;
    lane->falls.peak_ts_ns = c->ts_ns[until - 1];
  }
  return true;
}

static void put_rows(const pln_lane *lane, pln_chunk *c, int64_t from, int64_t until) {
  const double cash = lane->portfolio->account.cash, weight = lane->portfolio->holdings[0].weight;
  const int8_t bits = (int8_t)(weight > 0 ? 1 : weight < 0 ? 2 : 0);
  for (int64_t i = from; i < until; i++) {
    const double value = weight == 0 ? 0 : weight * c->close[i];
    c->equity[i] = cash + value;
    c->cash[i] = cash;
    c->gross[i] = fabs(value);
    c->exposure[i] = bits;
  }
}

void pln_lane_period(pln_lane *lane, const pln_chunk *c, int64_t bar, double equity) {
  const int64_t period = lane->period++;
  if (lane->combo.period_equity) lane->combo.period_equity[period] = equity;
  if (!lane->is_sweep) return;
  const int64_t before = period > 0 ? c->period_rows[period - 1] : -1;
  const int32_t status = pln_stats_take_period(lane->combo.stats, c->period_ns[period],
                                               c->period_rows[period] - before, equity, c->close[bar]);
  if (status) lane->result.status = status;
}

/* Those periods that end within these bars, in which the position did not change. */
static void end_periods(pln_lane *lane, const pln_chunk *c, int64_t from, int64_t until) {
  const double cash = lane->portfolio->account.cash, weight = lane->portfolio->holdings[0].weight;
  for (int64_t bar; (bar = pln_lane_period_end(lane, c)) < until;) {
    assert(bar >= from);
    pln_lane_period(lane, c, bar, weight == 0 ? cash : cash + weight * c->close[bar]);
  }
}

int64_t pln_span_take(pln_lane *lane, pln_chunk *c, int64_t from, int64_t until) {
  if (from >= until) return from;
  pln_portfolio *p = lane->portfolio;
  pln_holding *h = &p->holdings[0];
  assert(p->exposure == 0 && h->n_lots <= 1 && (h->n_lots == 1) == (h->weight != 0));
  if (h->n_lots > 0)
    until = take_held(lane, c, from, until);
  else if (!take_flat(lane, c, from, until))
    until = from;
  if (until == from) return from;
  const int64_t n = until - from;
  pln_lane_commit(lane);
  lane->result.exposed_rows += h->n_lots > 0 ? n - 1 : 0;
  lane->result.long_rows += h->weight > 0 ? n - 1 : 0;
  lane->result.short_rows += h->weight < 0 ? n - 1 : 0;
  lane->result.n_rows += n;
  lane->row_bits = h->weight > 0 ? 1 : h->weight < 0 ? 2 : 0;
  const double last = c->close[until - 1];
  p->positions[0].last_price = last;
  p->account.equity = h->n_lots > 0 ? p->account.cash + h->weight * last : p->account.cash;
  h->last_bar = c->first + until - 1;
  h->last_ts_ns = c->ts_ns[until - 1];
  if (h->n_lots > 0) p->positions[0].bars_held = h->last_bar - h->lots[0].entry_bar + 1;
  if (lane->has_rows) put_rows(lane, c, from, until);
  if (lane->has_periods) end_periods(lane, c, from, until);
  return until;
}
