/* What happens to a lane: orders, fills, exits, marks. The same steps in the same order as the container
 * takes for one instrument and one source (signals.c, match.c, fill.c, exec.c), through the same functions of
 * the portfolio. */
#include "exec/replay.h"
#include <assert.h>

/* A price and what is known of it. */
typedef struct meeting {
  double price; /* before slippage and spread */
  int64_t now_ns;
  int64_t ts_ns;   /* open time of the bar */
  int64_t bar;     /* its index in the market */
  int32_t worsens; /* slippage and half the spread are paid */
  int32_t at_open;
} meeting;

static double slipped(const pln_lane *lane, const pln_step *tick, int32_t side, double price, bool worsens) {
  const double share = worsens ? lane->concession : 0;
  if (share > 0) price *= 1.0 + side * share;
  if (tick->step > 0 && worsens) price = pln_step_round(tick, price, side > 0);
  return price;
}

static double equity_at(const pln_portfolio *p, double price) {
  const double weight = p->holdings[0].weight;
  return weight == 0 ? p->account.cash : p->account.cash + weight * price;
}

/* Lots that a cash or percent size comes to. */
static double lots_of(const pln_lane *lane, const pln_step *tick, int32_t side, bool percent, double size,
                      double price, bool at_fill) {
  const pln_portfolio *p = lane->portfolio;
  const pln_holding *h = &p->holdings[0];
  const double paid = slipped(lane, tick, side, price, true) * h->point;
  double budget = size;
  if (percent) budget = equity_at(p, price) * (at_fill && size == 100 ? 1.0 - 0x1p-52 : size / 100.0);
  if (!(budget > 0)) return 0;
  const double n = pln_sizing_affordable(budget, paid, &lane->costs, &h->lot);
  return n < PLN_STEP_MAX_COUNT ? n : 0;
}

static void refuse(pln_lane *lane, int32_t refusal, int64_t now_ns, double asked) {
  pln_portfolio_refuse(lane->portfolio, refusal, now_ns, 0, asked, 0);
}

static void order(pln_lane *lane, pln_waiting *slot, int32_t side, int32_t mode, double count, double size,
                  int64_t now_ns) {
  assert(slot->id == 0);
  slot->id = ++lane->n_orders;
  slot->created_ns = now_ns;
  slot->count = count;
  slot->size = size;
  slot->mode = (int16_t)mode;
  slot->side = (int16_t)side;
  slot->reason = PLN_EXIT_SIGNAL;
  slot->adds = 0;
  lane->portfolio->account.n_orders++;
}

/* An order that ends unfilled. */
static void drop(pln_lane *lane, pln_waiting *slot, int32_t refusal, int64_t now_ns) {
  if (!slot->id) return;
  const pln_step *lot = &lane->portfolio->holdings[0].lot;
  refuse(lane, refusal, now_ns, slot->count > 0 ? pln_step_value(lot, slot->count) : slot->size);
  slot->id = 0;
}

static void drop_all(pln_lane *lane, int32_t refusal, int64_t now_ns) {
  drop(lane, &lane->close, refusal, now_ns);
  drop(lane, &lane->entry, refusal, now_ns);
}

/* What a fill of `quantity` units costs: its fee; the cost of slippage is counted. */
static double charge(pln_lane *lane, double quantity, double price, const meeting *at) {
  pln_portfolio *p = lane->portfolio;
  const double point = p->holdings[0].point;
  p->account.n_fills++;
  p->account.slippage_cost += fabs(price - at->price) * quantity * point;
  return pln_costs_fee(&lane->costs, pln_costs_variable(&lane->costs, quantity, quantity * price * point));
}

static int32_t put_trade(pln_portfolio *p, const pln_trade *trade) {
  const int32_t status = pln_portfolio_reserve_trades(p, 1);
  if (!status) p->trades[p->n_trades++] = *trade;
  return status;
}

/* Everything that is held, by one order: what pln_portfolio_close comes to for the one lot. The view of the
 * position is put right when a run ends. */
static void close_all(pln_lane *lane, const pln_step *tick, const meeting *at, int64_t id, int32_t reason) {
  pln_portfolio *p = lane->portfolio;
  pln_holding *h = &p->holdings[0];
  pln_account *a = &p->account;
  const pln_lot *lot = &h->lots[0];
  const bool is_long = h->count > 0;
  const int32_t side = is_long ? PLN_SIDE_BUY : PLN_SIDE_SELL;
  const double price = slipped(lane, tick, -side, at->price, at->worsens), quantity = lane->quantity;
  const double fee = charge(lane, quantity, price, at), fees = lot->fee + fee;
  const double notional = quantity * price * h->point;
  a->cash += (is_long ? notional : -notional) - fee;
  a->fees += fee;
  a->turnover += notional;
  a->n_trades++;
  p->exposure |= (is_long ? 1 : 2) | 4;
  if (lane->gives_trades) {
    pln_trade t = pln_lot_trade(p, 0, lot, fabs(h->count), is_long, price, fees, 0);
    t.id = a->n_trades;
    t.exit_ts_ns = at->ts_ns;
    t.exit_bar = at->bar;
    t.exit_order = id;
    t.exit_reason = reason;
    a->realized_pnl += t.pnl;
    const int32_t status =
        lane->is_sweep && !lane->combo.keep_trades ? pln_lane_tell_trades(lane, &t, 1) : put_trade(p, &t);
    if (status) lane->result.status = status;
  } else {
    a->realized_pnl += pln_lot_gain(h, lot, side, quantity, price) - fees;
  }
  h->n_lots = 0;
  h->count = h->weight = 0;
  h->touch_low = -INFINITY;
  h->touch_high = INFINITY;
  p->positions[0].bars_held = 0;
}

/* What pln_portfolio_refresh comes to for a lot that was just opened, but for the view of the position. */
static void hold(pln_lane *lane, const pln_lot *lot, double quantity) {
  pln_portfolio *p = lane->portfolio;
  pln_holding *h = &p->holdings[0];
  const bool is_long = h->count > 0;
  int32_t trailing;
  const double stop = pln_lot_stop(p, lot, is_long, &trailing), target = lot->target;
  lane->quantity = quantity;
  h->weight = is_long ? quantity * h->point : -(quantity * h->point);
  if (stop > 0) *(is_long ? &h->touch_low : &h->touch_high) = stop;
  if (target > 0) *(is_long ? &h->touch_high : &h->touch_low) = target;
}

/* A rule closes what is held. */
static void leave(pln_lane *lane, const pln_step *tick, const meeting *at, int32_t reason) {
  const bool is_long = lane->portfolio->holdings[0].count > 0;
  lane->portfolio->account.n_orders++;
  close_all(lane, tick, at, ++lane->n_orders, reason);
  if (reason > PLN_EXIT_TRAILING_STOP || lane->is_blocked) return;
  assert(reason != PLN_EXIT_SIGNAL);
  if (lane->weight * lane->direction * (is_long ? 1 : -1) <= 0) return;
  lane->is_blocked = 1; /* the source waits for its direction to change */
  refuse(lane, PLN_REFUSAL_STOPPED_OUT, at->now_ns, lane->acted);
  lane->acted = 0;
}

static void fill_close(pln_lane *lane, const pln_step *tick, const meeting *at) {
  pln_waiting *o = &lane->close;
  if (lane->portfolio->holdings[0].count * o->side >= 0) {
    drop(lane, o, PLN_REFUSAL_REPLACED, at->now_ns);
    return;
  }
  close_all(lane, tick, at, o->id, o->reason);
  o->id = 0;
}

static void fill_entry(pln_lane *lane, const pln_market *m, const meeting *at) {
  pln_portfolio *p = lane->portfolio;
  pln_waiting *o = &lane->entry;
  const pln_holding *h = &p->holdings[0];
  if (o->adds || h->count != 0) { /* more than one lot, or a part of it */
    lane->result.status = PLN_ERR_UNSUPPORTED;
    return;
  }
  const double count =
      o->mode == PLN_MODE_COUNT
          ? o->count
          : lots_of(lane, &m->tick, o->side, o->mode == PLN_MODE_PERCENT, o->size, at->price, true);
  if (count == 0) {
    drop(lane, o, PLN_REFUSAL_ZERO_QUANTITY, at->now_ns);
    return;
  }
  const double price = slipped(lane, &m->tick, o->side, at->price, true);
  const pln_limits limits =
      pln_risk_allow(p, 0, o->side, count, price, at->price, p->account.cash, 0, &lane->costs, at->now_ns);
  const int64_t id = o->id;
  o->id = 0;
  if (limits.count == 0) return;
  const double quantity = pln_step_value(&h->lot, limits.count);
  const pln_fill_info info = {.price = price,
                              .fee = charge(lane, quantity, price, at),
                              .ts_ns = at->ts_ns,
                              .bar = at->bar,
                              .order = id};
  pln_lot *lot = pln_portfolio_open(p, 0, o->side, limits.count, &info);
  if (!lot) {
    lane->result.status = PLN_ERR_MEMORY;
    return;
  }
  if (lane->is_protected) pln_risk_protect(p, lot, o->side == PLN_SIDE_BUY, 0, 0, &m->tick);
  lot->at_open = at->at_open;
  lot->stop_bar = lot->target_bar = at->at_open ? at->bar : at->bar + 1;
  hold(lane, lot, quantity);
}

typedef struct levels {
  double stop, target; /* live in this bar, 0 = none */
  int32_t trailing;
} levels;

static levels levels_of(const pln_portfolio *p, const pln_step *tick, const pln_lot *lot, bool is_long,
                        int64_t bar) {
  levels l = {.target = lot->target};
  l.stop = pln_lot_stop(p, lot, is_long, &l.trailing);
  if (l.trailing && tick->step > 0) l.stop = pln_step_round(tick, l.stop, !is_long);
  if (lot->stop_bar > bar) l.stop = 0;
  if (lot->target_bar > bar) l.target = 0;
  return l;
}

/* Protective levels against the bar: at the open the stop, then the target; within the bar the same. */
static void try_exits(pln_lane *lane, const pln_step *tick, const pln_chunk *c, int64_t i, meeting at) {
  const pln_portfolio *p = lane->portfolio;
  const pln_holding *h = &p->holdings[0];
  const bool is_long = h->count > 0;
  const double open = c->open[i];
  const levels l = levels_of(p, tick, &h->lots[0], is_long, at.bar);
  const double below = is_long ? l.stop : l.target, above = is_long ? l.target : l.stop;
  const bool passed_stop = l.stop > 0 && (is_long ? open <= l.stop : open >= l.stop);
  const bool passed_target = l.target > 0 && (is_long ? open >= l.target : open <= l.target);
  int32_t reason = l.trailing ? PLN_EXIT_TRAILING_STOP : PLN_EXIT_STOP_LOSS;
  at.at_open = (passed_stop || passed_target) && open != 0;
  if (at.at_open) {
    at.price = open;
    at.worsens = passed_stop;
    leave(lane, tick, &at, passed_stop ? reason : PLN_EXIT_TAKE_PROFIT);
    return;
  }
  const bool down = below > 0 && c->low[i] <= below, up = above > 0 && c->high[i] >= above;
  if (down && up) lane->result.ambiguous_bars++;
  at.worsens = (is_long ? down : up) && !passed_stop;
  if (!at.worsens && (passed_target || !(is_long ? up : down))) return;
  at.price = at.worsens ? l.stop : l.target;
  leave(lane, tick, &at, at.worsens ? reason : PLN_EXIT_TAKE_PROFIT);
}

static void match(pln_lane *lane, const pln_market *m, const pln_chunk *c, int64_t i) {
  const meeting at = {.price = c->open[i],
                      .now_ns = c->visible_ns[i],
                      .ts_ns = c->ts_ns[i],
                      .bar = c->first + i,
                      .worsens = 1,
                      .at_open = 1};
  if (lane->fill == PLN_FILL_NEXT_OPEN && at.price != 0) { /* 0 is no price */
    if (lane->close.id && lane->close.created_ns <= at.ts_ns) fill_close(lane, &m->tick, &at);
    if (lane->entry.id && lane->entry.created_ns <= at.ts_ns) fill_entry(lane, m, &at);
  }
  const pln_holding *h = &lane->portfolio->holdings[0];
  if (h->n_lots > 0 && (c->low[i] <= h->touch_low || c->high[i] >= h->touch_high))
    try_exits(lane, &m->tick, c, i, at);
}

/* The mark left the portfolio at or below its floor: the drawdown rule fires, or it is bankrupt. */
static __attribute__((noinline, cold)) void attend(pln_lane *lane, const pln_market *m, int64_t now_ns) {
  pln_portfolio *p = lane->portfolio;
  const pln_holding *h = &p->holdings[0];
  if (p->account.equity > 0) {
    p->account.halted = 1;
    p->floor = pln_portfolio_floor(p, p->account.peak_equity);
    drop_all(lane, PLN_REFUSAL_HALTED, now_ns);
    if (h->n_lots == 0) return;
    order(lane, &lane->close, h->count > 0 ? PLN_SIDE_SELL : PLN_SIDE_BUY, PLN_MODE_CLOSE, fabs(h->count), 0,
          now_ns);
    lane->close.reason = PLN_EXIT_DRAWDOWN_HALT;
    return;
  }
  drop_all(lane, PLN_REFUSAL_BANKRUPT, now_ns);
  if (h->n_lots > 0)
    leave(lane, &m->tick,
          &(meeting){.price = p->positions[0].last_price,
                     .now_ns = now_ns,
                     .ts_ns = m->ts_ns[h->last_bar],
                     .bar = h->last_bar},
          PLN_EXIT_BANKRUPT);
  pln_portfolio_ruin(p);
}

void pln_lane_bar(pln_lane *lane, const pln_market *m, pln_chunk *c, int64_t bar) {
  pln_portfolio *p = lane->portfolio;
  pln_account *a = &p->account;
  const pln_holding *h = &p->holdings[0];
  lane->result.n_visited++;
  if (pln_lane_waits(lane) || c->low[bar] <= h->touch_low || c->high[bar] >= h->touch_high)
    match(lane, m, c, bar);
  pln_portfolio_see(p, 0, c->first + bar, c->ts_ns[bar], c->high[bar], c->low[bar], c->close[bar]);
  a->equity = equity_at(p, c->close[bar]);
  if (a->equity > a->peak_equity) pln_portfolio_peak(p, a->equity);
  int32_t bits = p->exposure | (h->weight > 0 ? 1 : h->weight < 0 ? 2 : 0);
  if (a->equity <= p->floor) attend(lane, m, c->visible_ns[bar]);
  bits |= p->exposure;
  p->exposure = 0;
  pln_lane_commit(lane);
  lane->row_bits = bits;
  lane->result.n_rows++;
  if (bar == c->end_rows) return; /* finish may still change it */
  pln_lane_equity(lane, c->first_row + bar, c->ts_ns[bar], a->equity);
  if (lane->has_periods && pln_lane_period_end(lane, c) == bar) pln_lane_period(lane, c, bar, a->equity);
  if (!lane->has_rows) return;
  c->equity[bar] = a->equity;
  c->cash[bar] = a->cash;
  c->gross[bar] = h->weight == 0 ? 0 : fabs(h->weight * c->close[bar]);
  c->exposure[bar] = (int8_t)bits;
}

static void enter(pln_lane *lane, const pln_market *m, double level, int64_t now_ns) {
  pln_portfolio *p = lane->portfolio;
  const pln_holding *h = &p->holdings[0];
  const pln_sizing *sizing = &p->config.sizing;
  const double size = sizing->value * fabs(level), last = p->positions[0].last_price;
  const int32_t side = level > 0 ? PLN_SIDE_BUY : PLN_SIDE_SELL;
  const bool by_quantity = sizing->type == PLN_SIZE_QUANTITY;
  const bool percent = sizing->type == PLN_SIZE_PERCENT_OF_EQUITY, adds = h->count * side > 0;
  if (by_quantity && size / h->lot.step >= PLN_STEP_MAX_COUNT) {
    refuse(lane, PLN_REFUSAL_INVALID_QUANTITY, now_ns, size);
    return;
  }
  if (!by_quantity && sizing->at == PLN_SIZE_AT_FILL && !adds) {
    order(lane, &lane->entry, side, percent ? PLN_MODE_PERCENT : PLN_MODE_CASH, 0, size, now_ns);
    return;
  }
  if (isnan(last)) {
    refuse(lane, PLN_REFUSAL_NO_PRICE, now_ns, size);
    return;
  }
  /* Where the position is on that side already, the order is for the difference. */
  const bool later = !by_quantity && sizing->at == PLN_SIZE_AT_FILL;
  const double goal = side * (by_quantity ? pln_step_floor(&h->lot, size)
                                          : lots_of(lane, &m->tick, side, percent, size, last, later));
  const double delta = adds ? goal - h->count : goal;
  if (goal == 0) refuse(lane, PLN_REFUSAL_ZERO_QUANTITY, now_ns, size);
  if (delta == 0) return;
  order(lane, &lane->entry, delta > 0 ? PLN_SIDE_BUY : PLN_SIDE_SELL, PLN_MODE_COUNT, fabs(delta),
        side * size, now_ns);
  lane->entry.adds = adds;
}

void pln_lane_turn(pln_lane *lane, const pln_market *m, const pln_turn *turn) {
  pln_portfolio *p = lane->portfolio;
  const pln_holding *h = &p->holdings[0];
  lane->direction = turn->direction;
  lane->is_blocked = 0;
  double level = lane->weight * lane->direction;
  level = level > 1 ? 1 : level < -1 ? -1 : level;
  if (level == lane->acted) return;
  lane->acted = level;
  if (p->account.bankrupt || p->account.halted) {
    if (level != 0)
      refuse(lane, p->account.bankrupt ? PLN_REFUSAL_BANKRUPT : PLN_REFUSAL_HALTED, turn->ts_ns, level);
    return; /* everything is closed or about to be */
  }
  if (level < 0 && !p->config.allow_short) {
    refuse(lane, PLN_REFUSAL_SHORT_NOT_ALLOWED, turn->ts_ns, level);
    level = 0;
  }
  drop_all(lane, PLN_REFUSAL_REPLACED, turn->ts_ns);
  if (h->count != 0 && h->count * level <= 0)
    order(lane, &lane->close, h->count > 0 ? PLN_SIDE_SELL : PLN_SIDE_BUY, PLN_MODE_CLOSE, fabs(h->count), 0,
          turn->ts_ns);
  if (level != 0) enter(lane, m, level, turn->ts_ns);
}

void pln_lane_fill_close(pln_lane *lane, const pln_market *m, pln_chunk *c, int64_t bar) {
  pln_portfolio *p = lane->portfolio;
  const meeting at = {.price = c->close[bar],
                      .now_ns = c->visible_ns[bar],
                      .ts_ns = c->ts_ns[bar],
                      .bar = c->first + bar,
                      .worsens = 1};
  if (lane->close.id) fill_close(lane, &m->tick, &at);
  if (lane->entry.id) fill_entry(lane, m, &at);
  lane->row_bits |= p->exposure; /* these fills belong to the bar that was just marked */
  if (lane->has_rows) c->exposure[bar] |= (int8_t)p->exposure;
  p->exposure = 0;
}

/* Closes what is held on the last bar, as by a market order. */
static void finalize(pln_lane *lane, const pln_market *m, int64_t now_ns) {
  const pln_holding *h = &lane->portfolio->holdings[0];
  if (h->n_lots == 0) return;
  const int64_t last = m->next - 1;
  const pln_lot *lot = &h->lots[0];
  const bool at_open = lane->fill == PLN_FILL_NEXT_OPEN && !(lot->entry_bar == last && !lot->at_open);
  leave(lane, &m->tick,
        &(meeting){.price = at_open ? m->open[last] : m->close[last],
                   .now_ns = now_ns,
                   .ts_ns = m->ts_ns[last],
                   .bar = last,
                   .worsens = 1,
                   .at_open = at_open},
        PLN_EXIT_END_OF_WINDOW);
}

void pln_lane_finish(pln_lane *lane, const pln_market *m, int64_t now_ns) {
  pln_portfolio *p = lane->portfolio;
  drop_all(lane, PLN_REFUSAL_END_OF_DATA, now_ns);
  if (lane->finalize) finalize(lane, m, now_ns);
  pln_portfolio_refresh(p, 0);
  pln_portfolio_mark(p);
  if (lane->finalize && p->account.equity <= 0 && !p->account.bankrupt) pln_portfolio_ruin(p);
  lane->row_bits |= p->exposure;
  p->exposure = 0;
}
