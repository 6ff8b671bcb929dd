#include "exec/exec.h"
#include <assert.h>

static double slipped(const pln_exec *x, int32_t k, int32_t side, double price, bool worsens, bool entry) {
  const double share = (worsens ? x->concession : 0) + (entry ? x->entry_concession : 0);
  const pln_step *tick = &x->markets[k].tick;
  if (share > 0) price *= 1.0 + side * share;
  if (tick->step > 0 && (worsens || share > 0)) price = pln_step_round(tick, price, side > 0);
  return price;
}

pln_worth pln_fill_worth(const pln_exec *x, int32_t portfolio, int32_t instrument, double price) {
  const pln_portfolio *p = x->portfolios[portfolio];
  pln_worth w = {.equity = p->account.cash};
  double value = 0;
  for (int32_t k = 0; k < p->n_instruments; k++) {
    const double weight = p->holdings[k].weight;
    if (weight == 0) continue;
    const double v = weight * (k == instrument ? price : p->positions[k].last_price);
    value += v;
    w.gross += fabs(v);
  }
  w.equity += value;
  return w;
}

double pln_fill_size(const pln_exec *x, int32_t portfolio, int32_t instrument, int32_t side, int32_t mode,
                     double size, double price, pln_worth worth, bool at_fill) {
  const pln_portfolio *p = x->portfolios[portfolio];
  const pln_holding *h = &p->holdings[instrument];
  const double unit = price * h->multiplier;
  const double paid = slipped(x, instrument, side, price, true, true) * h->multiplier;
  double budget = size, fraction = 1;
  if (mode == PLN_MODE_PERCENT || mode == PLN_MODE_TO_PERCENT) {
    /* All of it, at the fill, is the largest fraction below 1: as backtesting.py has it. */
    fraction = at_fill && size == 100 ? 1.0 - 0x1p-52 : size / 100.0;
    const double leverage = p->config.leverage, margin = worth.equity - worth.gross / leverage;
    /* There, a fraction is of the margin that is left; here, of the equity, and leverage only bounds. */
    const bool quirk = p->config.fill_price_quirk && at_fill;
    budget = quirk ? (margin > 0 ? margin : 0) * leverage * fraction : worth.equity * fraction;
  }
  if (!(budget > 0)) return 0;
  const double n = p->config.fill_price_quirk && at_fill
                       ? pln_sizing_compat(budget, fraction, paid, unit, &x->costs, &h->lot)
                       : pln_sizing_affordable(budget, paid, &x->costs, &h->lot);
  return n < PLN_STEP_MAX_COUNT ? n : 0;
}

double pln_fill_aim(const pln_exec *x, int32_t portfolio, int32_t instrument, int32_t mode, double size,
                    double price, pln_worth worth, bool at_fill) {
  const pln_step *lot = &x->portfolios[portfolio]->holdings[instrument].lot;
  const int32_t side = size < 0 ? PLN_SIDE_SELL : PLN_SIDE_BUY;
  if (size == 0) return 0;
  const double n = mode == PLN_MODE_TO_QUANTITY ? pln_step_floor(lot, fabs(size))
                                                : pln_fill_size(x, portfolio, instrument, side, mode,
                                                                fabs(size), price, worth, at_fill);
  return side * n;
}

/* What this part of an order is charged: the per-order part and the minimum count once for all of its fills.
 */
static double charge(const pln_exec *x, pln_pending *p, double quantity, double notional) {
  p->variable += pln_costs_variable(&x->costs, quantity, notional);
  const double total = pln_costs_fee(&x->costs, p->variable), fee = total - p->order.fees;
  p->order.fees = total;
  return fee;
}

/* Books one fill of `count` lots in order, account and records; returns what the lots need to know of it. */
static pln_fill_info book(pln_exec *x, pln_pending *p, double count, double price, const pln_hit *hit) {
  pln_order *o = &p->order;
  pln_portfolio *pf = x->portfolios[o->portfolio];
  const pln_holding *h = &pf->holdings[o->instrument];
  const double quantity = pln_step_value(&h->lot, count);
  const double fee = charge(x, p, quantity, quantity * price * h->multiplier);
  pln_fill fill = {.order = o->id,
                   .ts_ns = x->markets[o->instrument].ts_ns[hit->bar],
                   .bar = hit->bar,
                   .quantity = quantity,
                   .price = price,
                   .reference_price = hit->price,
                   .fee = fee,
                   .portfolio = o->portfolio,
                   .instrument = o->instrument,
                   .side = o->side,
                   .source = o->source,
                   .tag = o->tag,
                   .owner = o->source >= 0 ? o->source : p->owner};
  pln_orders_record_fill(x, &fill);
  o->average_fill_price =
      o->filled > 0 ? (o->filled * o->average_fill_price + quantity * price) / (o->filled + quantity) : price;
  o->filled += quantity;
  pf->account.n_fills++;
  pf->account.slippage_cost += fabs(price - hit->price) * quantity * h->multiplier;
  return (pln_fill_info){.price = price,
                         .fee = fee,
                         .ts_ns = fill.ts_ns,
                         .bar = fill.bar,
                         .order = o->id,
                         .source = o->source,
                         .reason = o->reason};
}

static void close_part(pln_exec *x, pln_pending *p, double count, int64_t only, const pln_hit *hit) {
  const pln_order *o = &p->order;
  const double price = slipped(x, o->instrument, o->side, hit->price, hit->worsens, false);
  const pln_fill_info info = book(x, p, count, price, hit);
  const int32_t status = pln_portfolio_close(x->portfolios[o->portfolio], o->instrument, count, only, &info);
  if (status) x->status = status;
}

static void protect(pln_exec *x, const pln_pending *p, pln_lot *lot, const pln_hit *hit) {
  const pln_order *o = &p->order;
  const pln_market *m = &x->markets[o->instrument];
  const pln_portfolio *pf = x->portfolios[o->portfolio];
  const bool is_long = o->side == PLN_SIDE_BUY, live = hit->at_open && hit->at_market;
  pln_risk_protect(pf, lot, is_long, p->stop_loss, p->take_profit, &m->tick);
  lot->at_open = hit->at_open;
  lot->stop_bar = lot->target_bar = live ? hit->bar : hit->bar + 1;
  lot->protect_ns = live ? m->ts_ns[hit->bar] : pln_market_visible(m, hit->bar);
  if (!pf->config.fill_price_quirk || hit->type != PLN_ORDER_STOP || lot->target == 0) return;
  /* There, the target is live in the bar of a stop entry that does not touch the stop: both lie the same way.
   */
  const double high = m->high[hit->bar], low = m->low[hit->bar];
  if (is_long ? lot->target <= high && lot->stop < low
              : lot->target >= low && (lot->stop == 0 || lot->stop > high)) {
    lot->target_bar = hit->bar;
    lot->protect_ns = m->ts_ns[hit->bar];
  }
}

/* Opens what the rules allow of `count` lots. Returns the refusal that reduced or stopped it. */
static int32_t open_part(pln_exec *x, pln_pending *p, double count, const pln_hit *hit) {
  const pln_order *o = &p->order;
  pln_portfolio *pf = x->portfolios[o->portfolio];
  const int32_t k = o->instrument;
  const double price = slipped(x, k, o->side, hit->price, hit->worsens, true);
  const double seen = pf->config.fill_price_quirk ? x->markets[k].close[hit->bar] : hit->price;
  const pln_worth worth = pln_fill_worth(x, o->portfolio, k, seen);
  pln_costs costs = x->costs;
  if (o->filled > 0) costs.per_order = costs.minimum = 0; /* charged with the part that closed */
  const pln_limits limits = pln_risk_allow(pf, k, o->side, count, price, hit->price, worth.equity,
                                           worth.gross, &costs, x->view.now_ns);
  if (limits.count == 0) return limits.refusal;
  const pln_fill_info info = book(x, p, limits.count, price, hit);
  pln_lot *lot = pln_portfolio_open(pf, k, o->side, limits.count, &info);
  if (!lot) {
    x->status = PLN_ERR_MEMORY;
    return limits.refusal;
  }
  protect(x, p, lot, hit);
  pln_portfolio_refresh(pf, k);
  return limits.refusal;
}

/* Lots that an order asks for when it meets its price; 0: nothing to do, or nothing that the lot size allows.
 */
static double asked_count(const pln_exec *x, const pln_pending *p, double held, const pln_hit *hit) {
  const pln_order *o = &p->order;
  const pln_portfolio *pf = x->portfolios[o->portfolio];
  if (p->mode == PLN_MODE_COUNT) return p->count;
  if (p->mode == PLN_MODE_CLOSE) return held * o->side < 0 ? fabs(held) : 0;
  const double seen = pf->config.fill_price_quirk ? x->markets[o->instrument].close[hit->bar] : hit->price;
  const pln_worth worth = pln_fill_worth(x, o->portfolio, o->instrument, seen);
  if (p->mode == PLN_MODE_CASH || p->mode == PLN_MODE_PERCENT)
    return pln_fill_size(x, o->portfolio, o->instrument, o->side, p->mode, p->size, hit->price, worth, true);
  const double aim = pln_fill_aim(x, o->portfolio, o->instrument, p->mode, p->size, hit->price, worth, true);
  const double delta = (aim - held) * o->side;
  return delta > 0 ? delta : 0;
}

void pln_fill_order(pln_exec *x, pln_pending *p, const pln_hit *hit) {
  pln_order *o = &p->order;
  pln_portfolio *pf = x->portfolios[o->portfolio];
  const pln_holding *h = &pf->holdings[o->instrument];
  const double count = asked_count(x, p, h->count, hit);
  if (count == 0) {
    const bool gone = p->mode == PLN_MODE_CLOSE || p->mode >= PLN_MODE_TO_QUANTITY;
    pln_orders_end(x, p, gone ? PLN_STATUS_CANCELED : PLN_STATUS_REJECTED,
                   gone ? PLN_REFUSAL_REPLACED : PLN_REFUSAL_ZERO_QUANTITY);
    return;
  }
  o->quantity = pln_step_value(&h->lot, count);
  const double against = h->count * o->side < 0 ? fabs(h->count) : 0;
  const double closing = count < against ? count : against, opening = count - closing;
  int32_t refusal = PLN_REFUSAL_NONE;
  if (closing > 0) {
    close_part(x, p, closing, -1, hit);
    if (opening > 0) pln_orders_move(x, p, PLN_STATUS_PARTIALLY_FILLED, PLN_REFUSAL_NONE);
  }
  if (opening > 0 && !x->status) refusal = open_part(x, p, opening, hit);
  if (o->filled > 0) {
    o->quantity = o->filled;
    pln_orders_move(x, p, PLN_STATUS_FILLED, refusal);
  } else {
    pln_orders_move(x, p, PLN_STATUS_REJECTED, refusal); /* counted by the rule itself */
  }
}

void pln_fill_exit(pln_exec *x, int32_t portfolio, int32_t instrument, int64_t only, int32_t reason,
                   int64_t created_ns, const pln_hit *hit) {
  pln_portfolio *pf = x->portfolios[portfolio];
  const pln_holding *h = &pf->holdings[instrument];
  const int32_t side = h->count > 0 ? PLN_SIDE_SELL : PLN_SIDE_BUY;
  const double count = only >= 0 ? h->lots[only].count : fabs(h->count);
  pln_pending p = {.order = {.id = ++x->n_orders,
                             .created_ns = created_ns,
                             .quantity = pln_step_value(&h->lot, count),
                             .portfolio = portfolio,
                             .source = -1,
                             .instrument = instrument,
                             .side = side,
                             .type = hit->type,
                             .reason = reason},
                   .owner = only >= 0 ? h->lots[only].source : -1};
  if (hit->type == PLN_ORDER_STOP) p.order.stop_price = hit->price;
  if (hit->type == PLN_ORDER_LIMIT) p.order.limit_price = hit->price;
  pf->account.n_orders++;
  pln_orders_move(x, &p, PLN_STATUS_PENDING, PLN_REFUSAL_NONE);
  pln_orders_move(x, &p, PLN_STATUS_ACCEPTED, PLN_REFUSAL_NONE);
  close_part(x, &p, count, only, hit);
  pln_orders_move(x, &p, PLN_STATUS_FILLED, PLN_REFUSAL_NONE);
  if (reason == PLN_EXIT_STOP_LOSS || reason == PLN_EXIT_TAKE_PROFIT || reason == PLN_EXIT_TRAILING_STOP)
    pln_signals_stopped(x, portfolio, instrument, -side);
}
