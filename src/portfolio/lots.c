#include "core/error.h"
#include "portfolio/portfolio.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Average cost: what was entered last becomes part of the lot before it. What was paid in all stays what it
 * was, at the entry rates too. */
static void merge_lots(pln_holding *h) {
  pln_lot *lot = &h->lots[h->n_lots - 2];
  const pln_lot *last = &h->lots[--h->n_lots];
  const double count = lot->count + last->count, cost = lot->count * lot->price + last->count * last->price;
  if (lot->point != last->point)
    lot->point = (lot->count * lot->price * lot->point + last->count * last->price * last->point) / cost;
  lot->count = count;
  lot->fee += last->fee;
  lot->income += last->income;
  if (last->high > lot->high) lot->high = last->high;
  if (last->low < lot->low) lot->low = last->low;
  pln_lot_set_price(lot, cost / count);
  if (h->count > 0 ? last->best > lot->best : last->best < lot->best) lot->best = last->best;
  if (last->stop > 0 || last->target > 0) {
    if (last->stop > 0) lot->stop = last->stop;
    if (last->target > 0) lot->target = last->target;
    lot->stop_bar = last->stop_bar;
    lot->target_bar = last->target_bar;
    lot->protect_ns = last->protect_ns;
  }
  pln_exits_merge(lot, last, h->count > 0);
}

void pln_portfolio_refresh(pln_portfolio *p, int32_t instrument) {
  pln_holding *h = &p->holdings[instrument];
  pln_position *pos = &p->positions[instrument];
  if (p->config.accounting == PLN_ACCOUNTING_AVERAGE)
    while (h->n_lots > 1) merge_lots(h);
  h->touch_low = -INFINITY;
  h->touch_high = INFINITY;
  h->basis = h->paid = 0;
  h->due_bar = h->due_ns = INT64_MAX;
  if (h->n_lots == 0) {
    assert(h->count == 0);
    h->weight = 0;
    const double last = pos->last_price;
    *pos = (pln_position){.last_price = last, .entry_bar = -1};
    return;
  }
  const bool is_long = h->count > 0;
  h->weight = pln_step_value(&h->lot, fabs(h->count)) * h->point;
  if (!is_long) h->weight = -h->weight;
  double cost = 0, count = 0, stop = 0, target = 0;
  for (int64_t i = 0; i < h->n_lots; i++) {
    const pln_lot *lot = &h->lots[i];
    int32_t moved;
    const double s = pln_lot_stop(p, lot, is_long, &moved), t = pln_lot_target(lot, is_long);
    cost += lot->count * lot->price;
    count += lot->count;
    if (s > 0 && (stop == 0 || (is_long ? s > stop : s < stop))) stop = s;
    if (t > 0 && (target == 0 || (is_long ? t < target : t > target))) target = t;
    if (lot->due_bar < h->due_bar) h->due_bar = lot->due_bar;
    if (lot->due_ns < h->due_ns) h->due_ns = lot->due_ns;
  }
  assert(count == fabs(h->count));
  pos->quantity = pln_step_value(&h->lot, count) * (is_long ? 1 : -1);
  pos->average_price = h->n_lots == 1 ? h->lots[0].price : cost / count;
  pos->unrealized_pnl = h->weight * (pos->last_price - pos->average_price);
  if (h->spec.settlement == PLN_SETTLE_FUTURES) {
    h->basis = h->weight * pos->average_price;
  } else if (p->has_fx) {
    for (int64_t i = 0; i < h->n_lots; i++)
      h->paid += pln_step_value(&h->lot, h->lots[i].count) * h->lots[i].price * h->lots[i].point;
    if (!is_long) h->paid = -h->paid;
    pos->unrealized_pnl = h->weight * pos->last_price - h->paid;
  }
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
  p->account.cash -= h->spec.settlement == PLN_SETTLE_FUTURES ? fill->fee : side * notional + fill->fee;
  p->account.fees += fill->fee;
  p->account.turnover += notional;
  p->exposure |= side > 0 ? 1 : 2;
  h->count += side * count;
  pln_lot *lot = &h->lots[h->n_lots++];
  *lot = (pln_lot){.count = count,
                   .price = fill->price,
                   .point = h->point,
                   .fee = fill->fee,
                   .high = fill->price,
                   .low = fill->price,
                   .best = fill->price,
                   .opened = count,
                   .due_bar = INT64_MAX,
                   .due_ns = INT64_MAX,
                   .stop_reason = PLN_EXIT_STOP_LOSS,
                   .entry_ts_ns = fill->ts_ns,
                   .entry_bar = fill->bar,
                   .order = fill->order,
                   .source = fill->source};
  return lot;
}

double pln_lot_gain(const pln_holding *h, const pln_lot *lot, int32_t side, double quantity, double price) {
  if (h->spec.settlement == PLN_SETTLE_FUTURES || lot->point == h->point)
    return side * (quantity * h->point) * (price - lot->price);
  return side * quantity * (price * h->point - lot->price * lot->point);
}

pln_trade pln_lot_trade(const pln_portfolio *p, int32_t instrument, const pln_lot *lot, double count,
                        bool is_long, double price, double fees, double income) {
  const pln_holding *h = &p->holdings[instrument];
  const double high = price > lot->high ? price : lot->high, low = price < lot->low ? price : lot->low;
  pln_trade t = {.entry_ts_ns = lot->entry_ts_ns,
                 .entry_bar = lot->entry_bar,
                 .quantity = pln_step_value(&h->lot, count),
                 .entry_price = lot->price,
                 .exit_price = price,
                 .fees = fees,
                 .income = income,
                 .entry_rate = lot->point == h->point ? h->rate : lot->point / h->spec.multiplier,
                 .exit_rate = h->rate,
                 .entry_order = lot->order,
                 .instrument = instrument,
                 .source = lot->source,
                 .side = is_long ? PLN_SIDE_BUY : PLN_SIDE_SELL};
  t.pnl = pln_lot_gain(h, lot, t.side, t.quantity, price) - fees;
  if (income != 0) t.pnl += income;
  t.return_pct = t.pnl / (lot->price * t.quantity * lot->point) * 100.0;
  t.mae = is_long ? lot->price - low : high - lot->price;
  t.mfe = is_long ? high - lot->price : lot->price - low;
  return t;
}

int32_t pln_portfolio_reserve_trades(pln_portfolio *p, int64_t n) {
  if (p->master && pln_portfolio_reserve_trades(p->master, n)) return PLN_ERR_MEMORY;
  if (p->n_trades + n <= p->trades_capacity) return PLN_OK;
  const int64_t capacity = 2 * p->trades_capacity + n + 16;
  pln_trade *trades = realloc(p->trades, (size_t)capacity * sizeof *trades);
  if (!trades) return pln_fail(PLN_ERR_MEMORY, "no memory for %lld trades", (long long)capacity);
  p->trades = trades;
  p->trades_capacity = capacity;
  return PLN_OK;
}

void pln_portfolio_earn(pln_portfolio *p, int32_t instrument, double amount) {
  pln_holding *h = &p->holdings[instrument];
  assert(h->n_lots > 0);
  double left = amount;
  for (int64_t i = 0; i < h->n_lots; i++) { /* the last one takes what is left */
    const double share = i == h->n_lots - 1 ? left : amount * (h->lots[i].count / fabs(h->count));
    h->lots[i].income += share;
    left -= share;
  }
  p->account.cash += amount;
  p->account.income += amount;
}

/* Takes `taken` lots out of a lot and emits the trade; `exit_fee` is its share of the fill's. */
static void close_lot(pln_portfolio *p, int32_t instrument, pln_lot *lot, double taken, double exit_fee,
                      const pln_fill_info *fill) {
  const pln_holding *h = &p->holdings[instrument];
  const bool is_long = h->count > 0, all = taken == lot->count;
  const double entry_fee = all ? lot->fee : lot->fee * (taken / lot->count);
  const double income = all ? lot->income : lot->income * (taken / lot->count);
  pln_trade t = pln_lot_trade(p, instrument, lot, taken, is_long, fill->price, entry_fee + exit_fee, income);
  t.exit_ts_ns = fill->ts_ns;
  t.exit_bar = fill->bar;
  t.exit_order = fill->order;
  t.exit_reason = fill->reason;
  if (h->spec.settlement == PLN_SETTLE_FUTURES)
    p->account.cash += pln_lot_gain(h, lot, t.side, t.quantity, fill->price);
  pln_portfolio_emit(p, &t);
  if (p->rules.n_streaks) pln_portfolio_streak(p, t.pnl);
  lot->count -= taken;
  lot->fee -= entry_fee;
  lot->income -= income;
}

int32_t pln_portfolio_close(pln_portfolio *p, int32_t instrument, double count, int64_t only,
                            const pln_fill_info *fill) {
  pln_holding *h = &p->holdings[instrument];
  const bool is_long = h->count > 0, newest = only < 0 && p->config.accounting == PLN_ACCOUNTING_LIFO;
  assert(count > 0 && count <= fabs(h->count));
  const int32_t status = pln_portfolio_reserve_trades(p, only >= 0 ? 1 : h->n_lots);
  if (status) return status;
  const double quantity = pln_step_value(&h->lot, count);
  const double notional = quantity * fill->price * h->point;
  p->account.cash += (h->spec.settlement == PLN_SETTLE_FUTURES ? 0
                      : is_long                                ? notional
                                                               : -notional) -
                     fill->fee;
  p->account.fees += fill->fee;
  p->account.turnover += notional;
  p->exposure |= (is_long ? 1 : 2) | 4;
  double left = count, fee_left = fill->fee;
  const int64_t first = only >= 0 ? only : newest ? h->n_lots - 1 : 0;
  int64_t emptied = 0;
  for (int64_t i = first; left > 0; i += newest ? -1 : 1) {
    assert(i >= 0 && i < h->n_lots && (only < 0 || i == only));
    pln_lot *lot = &h->lots[i];
    const double taken = lot->count < left ? lot->count : left;
    /* The last lot takes what is left of the fee, so that the parts add up to the whole. */
    const double exit_fee = taken == left ? fee_left : fill->fee * (taken / count);
    close_lot(p, instrument, lot, taken, exit_fee, fill);
    left -= taken;
    fee_left -= exit_fee;
    if (lot->count == 0) emptied++;
  }
  if (emptied && !newest)
    memmove(&h->lots[first], &h->lots[first + emptied],
            (size_t)(h->n_lots - first - emptied) * sizeof *h->lots);
  h->n_lots -= emptied;
  h->count += is_long ? -count : count;
  pln_portfolio_refresh(p, instrument);
  return PLN_OK;
}

int64_t pln_portfolio_open_trades(const pln_portfolio *portfolio, pln_trade *out, int64_t capacity) {
  int64_t n = 0;
  for (int32_t i = 0; i < portfolio->n_books; i++)
    n += pln_portfolio_open_trades(portfolio->books[i], out + n, capacity - n);
  for (int64_t i = 0; i < n; i++) out[i].id = portfolio->account.n_trades + i + 1;
  for (int32_t k = 0; k < portfolio->n_instruments; k++) {
    const pln_holding *h = &portfolio->holdings[k];
    for (int64_t i = 0; i < h->n_lots && n < capacity; i++) {
      const pln_lot *lot = &h->lots[i];
      pln_trade t = pln_lot_trade(portfolio, k, lot, lot->count, h->count > 0,
                                  portfolio->positions[k].last_price, lot->fee, lot->income);
      t.id = portfolio->account.n_trades + n + 1;
      t.is_open = 1;
      t.book = portfolio->book;
      t.exit_reason = PLN_EXIT_END_OF_WINDOW;
      t.exit_bar = h->last_bar;
      t.exit_ts_ns = h->last_ts_ns;
      out[n++] = t;
    }
  }
  return n;
}
