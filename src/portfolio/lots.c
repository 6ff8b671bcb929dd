#include "core/error.h"
#include "portfolio/portfolio.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

double pln_lot_stop(const pln_portfolio *p, const pln_lot *lot, bool is_long, int32_t *trailing) {
  double stop = lot->stop;
  *trailing = 0;
  if (p->is_trailing) {
    const double share = p->config.risk.trailing_stop_pct / 100.0;
    const double level = lot->best * (is_long ? 1.0 - share : 1.0 + share);
    if (level > 0 && (stop == 0 || (is_long ? level > stop : level < stop))) {
      stop = level;
      *trailing = 1;
    }
  }
  return stop;
}

void pln_portfolio_refresh(pln_portfolio *p, int32_t instrument) {
  pln_holding *h = &p->holdings[instrument];
  pln_position *pos = &p->positions[instrument];
  h->touch_low = -INFINITY;
  h->touch_high = INFINITY;
  h->weight = pln_step_value(&h->lot, fabs(h->count)) * h->point;
  if (h->count < 0) h->weight = -h->weight;
  if (h->n_lots == 0) {
    assert(h->count == 0);
    const double last = pos->last_price;
    *pos = (pln_position){.last_price = last, .entry_bar = -1};
    return;
  }
  const bool is_long = h->count > 0;
  double cost = 0, count = 0, stop = 0, target = 0;
  for (int64_t i = 0; i < h->n_lots; i++) {
    const pln_lot *lot = &h->lots[i];
    int32_t trailing;
    const double s = pln_lot_stop(p, lot, is_long, &trailing), t = lot->target;
    cost += lot->count * lot->price;
    count += lot->count;
    if (s > 0 && (stop == 0 || (is_long ? s > stop : s < stop))) stop = s;
    if (t > 0 && (target == 0 || (is_long ? t < target : t > target))) target = t;
  }
  assert(count == fabs(h->count));
  pos->quantity = pln_step_value(&h->lot, count) * (is_long ? 1 : -1);
  pos->average_price = h->n_lots == 1 ? h->lots[0].price : cost / count;
  pos->unrealized_pnl = h->weight * (pos->last_price - pos->average_price);
  pos->stop_price = stop;
  pos->target_price = target;
  pos->entry_bar = h->lots[0].entry_bar;
  if (stop > 0) *(is_long ? &h->touch_low : &h->touch_high) = stop;
  if (target > 0) *(is_long ? &h->touch_high : &h->touch_low) = target;
}

pln_lot *pln_portfolio_open(pln_portfolio *p, int32_t instrument, int32_t side, double count,
                            const pln_fill_info *fill) {
  pln_holding *h = &p->holdings[instrument];
  assert(count > 0 && count == floor(count) && h->count * side >= 0);
  if (h->n_lots == h->capacity) {
    const int64_t capacity = h->capacity ? 2 * h->capacity : 4;
    pln_lot *lots = realloc(h->lots, (size_t)capacity * sizeof *lots);
    if (!lots) return pln_fail(PLN_ERR_MEMORY, "no memory for %lld open lots", (long long)capacity), NULL;
    h->lots = lots;
    h->capacity = capacity;
  }
  const double quantity = pln_step_value(&h->lot, count);
  const double notional = quantity * fill->price * h->point;
  p->account.cash -= side * notional + fill->fee;
  p->account.fees += fill->fee;
  p->account.turnover += notional;
  p->exposure |= side > 0 ? 1 : 2;
  h->count += side * count;
  pln_lot *lot = &h->lots[h->n_lots++];
  *lot = (pln_lot){.count = count,
                   .price = fill->price,
                   .fee = fill->fee,
                   .high = fill->price,
                   .low = fill->price,
                   .best = fill->price,
                   .entry_ts_ns = fill->ts_ns,
                   .entry_bar = fill->bar,
                   .order = fill->order,
                   .source = fill->source};
  return lot;
}

static pln_trade trade_of(const pln_portfolio *p, int32_t instrument, const pln_lot *lot, double count,
                          bool is_long) {
  const pln_holding *h = &p->holdings[instrument];
  return (pln_trade){.entry_ts_ns = lot->entry_ts_ns,
                     .entry_bar = lot->entry_bar,
                     .quantity = pln_step_value(&h->lot, count),
                     .entry_price = lot->price,
                     .entry_order = lot->order,
                     .instrument = instrument,
                     .source = lot->source,
                     .side = is_long ? PLN_SIDE_BUY : PLN_SIDE_SELL};
}

/* Fills in what depends on the price at which a trade ended or is marked. */
static void settle(const pln_portfolio *p, pln_trade *t, const pln_lot *lot, double price) {
  const double multiplier = p->holdings[t->instrument].point;
  const double high = price > lot->high ? price : lot->high, low = price < lot->low ? price : lot->low;
  const bool is_long = t->side == PLN_SIDE_BUY;
  t->exit_price = price;
  t->pnl = t->side * (t->quantity * multiplier) * (price - lot->price) - t->fees;
  t->return_pct = t->pnl / (lot->price * t->quantity * multiplier) * 100.0;
  t->mae = is_long ? lot->price - low : high - lot->price;
  t->mfe = is_long ? high - lot->price : lot->price - low;
}

int32_t pln_portfolio_close(pln_portfolio *p, int32_t instrument, double count, int64_t only,
                            const pln_fill_info *fill) {
  pln_holding *h = &p->holdings[instrument];
  const bool is_long = h->count > 0;
  assert(count > 0 && count <= fabs(h->count));
  const int64_t most = only >= 0 ? 1 : h->n_lots;
  if (p->n_trades + most > p->trades_capacity) {
    const int64_t capacity = 2 * p->trades_capacity + most + 16;
    pln_trade *trades = realloc(p->trades, (size_t)capacity * sizeof *trades);
    if (!trades) return pln_fail(PLN_ERR_MEMORY, "no memory for %lld trades", (long long)capacity);
    p->trades = trades;
    p->trades_capacity = capacity;
  }
  const double quantity = pln_step_value(&h->lot, count);
  const double notional = quantity * fill->price * h->point;
  p->account.cash += (is_long ? notional : -notional) - fill->fee;
  p->account.fees += fill->fee;
  p->account.turnover += notional;
  p->exposure |= (is_long ? 1 : 2) | 4;
  double left = count, fee_left = fill->fee;
  int64_t first = only >= 0 ? only : 0, emptied = 0;
  for (int64_t i = first; left > 0; i++) {
    assert(i < h->n_lots && (only < 0 || i == only));
    pln_lot *lot = &h->lots[i];
    const double taken = lot->count < left ? lot->count : left;
    /* The last lot takes what is left of the fee, so that the parts add up to the whole. */
    const double exit_fee = taken == left ? fee_left : fill->fee * (taken / count);
    const double entry_fee = taken == lot->count ? lot->fee : lot->fee * (taken / lot->count);
    pln_trade t = trade_of(p, instrument, lot, taken, is_long);
    t.id = ++p->account.n_trades;
    t.exit_ts_ns = fill->ts_ns;
    t.exit_bar = fill->bar;
    t.exit_order = fill->order;
    t.exit_reason = fill->reason;
    t.fees = entry_fee + exit_fee;
    settle(p, &t, lot, fill->price);
    p->trades[p->n_trades++] = t;
    p->account.realized_pnl += t.pnl;
    left -= taken;
    fee_left -= exit_fee;
    lot->count -= taken;
    lot->fee -= entry_fee;
    if (lot->count == 0) emptied++;
  }
  if (emptied) {
    memmove(&h->lots[first], &h->lots[first + emptied],
            (size_t)(h->n_lots - first - emptied) * sizeof *h->lots);
    h->n_lots -= emptied;
  }
  h->count += is_long ? -count : count;
  pln_portfolio_refresh(p, instrument);
  return PLN_OK;
}

int64_t pln_portfolio_open_trades(const pln_portfolio *portfolio, pln_trade *out, int64_t capacity) {
  int64_t n = 0;
  for (int32_t k = 0; k < portfolio->n_instruments; k++) {
    const pln_holding *h = &portfolio->holdings[k];
    for (int64_t i = 0; i < h->n_lots && n < capacity; i++) {
      pln_trade t = trade_of(portfolio, k, &h->lots[i], h->lots[i].count, h->count > 0);
      t.id = portfolio->account.n_trades + n + 1;
      t.is_open = 1;
      t.fees = h->lots[i].fee;
      t.exit_reason = PLN_EXIT_END_OF_WINDOW;
      t.exit_bar = h->last_bar;
      t.exit_ts_ns = h->last_ts_ns;
      settle(portfolio, &t, &h->lots[i], portfolio->positions[k].last_price);
      out[n++] = t;
    }
  }
  return n;
}
