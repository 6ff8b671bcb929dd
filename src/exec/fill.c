#include "exec/exec.h"
#include <assert.h>

pln_fill_info pln_fill_book(pln_exec *x, pln_pending *p, double count, double price,
                            const pln_cost_parts *parts, const pln_hit *hit) {
  pln_order *o = &p->order;
  pln_portfolio *pf = x->portfolios[o->portfolio];
  const pln_holding *h = &pf->holdings[o->instrument];
  const double quantity = pln_step_value(&h->lot, count);
  const double notional = quantity * price * h->point;
  const double exchange = p->costs.exchange;
  double fee = 0;
  if (!hit->is_free) {
    const double conversion = pln_fx_fee(pf, o->instrument, notional);
    o->fees -= p->conversion;
    fee = pln_cost_charge(x, p, quantity, notional, hit) + conversion;
    p->conversion += conversion;
    o->fees += p->conversion;
  }
  pln_fill fill = {.order = o->id,
                   .ts_ns = x->markets[o->instrument].ts_ns[hit->bar],
                   .bar = hit->bar,
                   .quantity = quantity,
                   .price = price,
                   .reference_price = hit->price,
                   .fee = fee,
                   .rate = h->rate,
                   .portfolio = o->portfolio,
                   .instrument = o->instrument,
                   .side = o->side,
                   .source = o->source,
                   .tag = o->tag,
                   .owner = o->source >= 0 ? o->source : p->owner};
  pln_orders_record_fill(x, &fill);
  pln_quality_fill(x, p, &fill, parts, p->costs.exchange - exchange);
  o->average_fill_price =
      o->filled > 0 ? (o->filled * o->average_fill_price + quantity * price) / (o->filled + quantity) : price;
  o->filled += quantity;
  if (o->parent > 0 && (x->extras & PLN_EXTRA_ALGOS)) pln_algo_filled(x, p, quantity, price, fee);
  if (x->rooms) x->rooms[o->portfolio * x->n_markets + o->instrument].lots -= count;
  pf->account.n_fills++;
  pf->account.slippage_cost += o->side * (price - hit->price) * quantity * h->point;
  return (pln_fill_info){.price = price,
                         .fee = fee,
                         .ts_ns = fill.ts_ns,
                         .bar = fill.bar,
                         .order = o->id,
                         .source = o->source,
                         .reason = o->reason};
}

void pln_fill_close_part(pln_exec *x, pln_pending *p, double count, double whole, int64_t only,
                         const pln_hit *hit) {
  const pln_order *o = &p->order;
  const pln_step *lot = &x->portfolios[o->portfolio]->holdings[o->instrument].lot;
  pln_cost_parts parts;
  const double price = pln_cost_fill_price(x, p, pln_step_value(lot, whole), hit, false, &parts);
  const pln_fill_info info = pln_fill_book(x, p, count, price, &parts, hit);
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
  if (pf->has_exits) pln_exits_begin(x, o->portfolio, o->instrument, lot, hit);
}

/* What the account can pay of `count` lots, where models price what they cost: linear rules do not know it.
 */
static double afford(pln_exec *x, const pln_pending *p, double count, double before, const pln_hit *hit,
                     const pln_worth *worth, int32_t *refusal) {
  const pln_order *o = &p->order;
  pln_portfolio *pf = x->portfolios[o->portfolio];
  const pln_step *lot = &pf->holdings[o->instrument].lot;
  if (pf->account.bankrupt || pf->account.halted) return count; /* for the rules to say */
  const double available = pf->has_margin
                               ? worth->equity - pln_margin_of_account(pf, o->instrument, hit->price)
                               : worth->equity * pf->config.leverage - worth->gross;
  const double n =
      pln_cost_affordable(x, o->portfolio, o->instrument, o->side, available, hit->price, p, before);
  if (n >= count) return count;
  *refusal = n > 0 ? PLN_REFUSAL_REDUCED_CASH : PLN_REFUSAL_CASH;
  const double asked = pln_step_value(lot, count);
  if (n > 0)
    pln_portfolio_refuse(pf, *refusal, x->view.now_ns, o->instrument, asked, pln_step_value(lot, n));
  else
    pln_portfolio_refuse(pf, *refusal, x->view.now_ns, o->instrument,
                         asked * hit->price * pf->holdings[o->instrument].point,
                         available > 0 ? available : 0);
  return n;
}

/* Children of an algorithm are one entry together. */
static int64_t entry_of(const pln_order *o) { return o->parent ? o->parent : o->id; }

/* How much of an entry the portfolio's hours and its bounds of pyramiding let through. */
static pln_limits may_enter(pln_exec *x, const pln_order *o, double count, const pln_hit *hit) {
  pln_portfolio *pf = x->portfolios[o->portfolio];
  const int32_t k = o->instrument;
  const pln_market *m = &x->markets[k];
  if (x->openings) {
    const bool at_close = hit->at_market && !hit->at_open;
    const int64_t time_ns = at_close ? pln_market_visible(m, hit->bar) : m->ts_ns[hit->bar];
    const double quantity = pln_step_value(&pf->holdings[k].lot, count);
    const int32_t refusal = pln_schedule_refusal(x, o->portfolio, k, quantity, time_ns);
    if (refusal) return (pln_limits){.refusal = refusal};
  }
  return pln_size_addition(pf, k, o->side, count, hit->price, entry_of(o), x->view.now_ns);
}

/* Opens what the rules allow of `count` lots, after `closed` have been closed in the same bar. Returns the
 * refusal that reduced or stopped it. */
static int32_t open_part(pln_exec *x, pln_pending *p, double count, double closed, const pln_hit *hit) {
  const pln_order *o = &p->order;
  pln_portfolio *pf = x->portfolios[o->portfolio];
  const int32_t k = o->instrument;
  int32_t gate = pln_actions_refusal(x, o->portfolio, k);
  if (!gate && o->side < 0 && x->models.n_of_kind[PLN_MODEL_FINANCING] > 0)
    gate = pln_financing_refusal(x, k, x->markets[k].ts_ns[hit->bar]);
  if (gate) {
    pln_portfolio_refuse(pf, gate, x->view.now_ns, k, pln_step_value(&pf->holdings[k].lot, count), 0);
    return gate;
  }
  if (pf->has_exits && !pln_exits_known(x, o->portfolio, k, hit)) {
    pln_portfolio_refuse(pf, PLN_REFUSAL_UNPROTECTED, x->view.now_ns, k,
                         pln_step_value(&pf->holdings[k].lot, count), 0);
    return PLN_REFUSAL_UNPROTECTED;
  }
  const pln_step *lot_size = &pf->holdings[k].lot;
  const double before = pln_step_value(lot_size, closed);
  const pln_worth worth = pln_fill_worth(x, o->portfolio, k, hit->price);
  const pln_limits added = may_enter(x, o, count, hit);
  if (added.count == 0) return added.refusal;
  pln_costs costs = x->costs;
  costs.rate += pln_fx_fee(pf, k, 1);
  int32_t refusal = added.refusal;
  double wanted = added.count;
  if (o->filled > 0) costs.per_order = costs.minimum = 0; /* charged with the part that closed */
  if (pln_cost_is_modelled(x)) {
    wanted = afford(x, p, wanted, before, hit, &worth, &refusal);
    costs = (pln_costs){0};
    if (wanted == 0) return refusal;
  }
  pln_cost_parts parts;
  double price = pln_cost_fill_price(x, p, before + pln_step_value(lot_size, wanted), hit, true, &parts);
  const pln_limits limits = pln_risk_allow(pf, k, o->side, wanted, price, hit->price, worth.equity,
                                           worth.gross, &costs, x->view.now_ns);
  if (limits.refusal) refusal = limits.refusal;
  if (limits.count == 0) return refusal;
  if (limits.count <
      wanted) /* the rules bind at the price of what was asked; a smaller order moves it less */
    price = pln_cost_fill_price(x, p, before + pln_step_value(lot_size, limits.count), hit, true, &parts);
  const pln_fill_info info = pln_fill_book(x, p, limits.count, price, &parts, hit);
  pln_lot *lot = pln_portfolio_open(pf, k, o->side, limits.count, &info);
  if (!lot) {
    x->status = PLN_ERR_MEMORY;
    return refusal;
  }
  protect(x, p, lot, hit);
  pln_size_entered(pf, k, entry_of(o), hit->price);
  pln_portfolio_refresh(pf, k);
  return refusal;
}

double pln_fill_room(pln_exec *x, int32_t portfolio, int32_t instrument, int64_t bar) {
  if (!x->rooms) return INFINITY;
  pln_room *room = &x->rooms[portfolio * x->n_markets + instrument];
  if (room->bar == bar) return room->lots > 0 ? room->lots : 0;
  const pln_market *m = &x->markets[instrument];
  const double volume = m->bars->volume ? m->bars->volume[bar] * (x->config.max_volume_pct / 100.0) : 0;
  const pln_step *lot = &x->portfolios[portfolio]->holdings[instrument].lot;
  room->bar = bar;
  room->lots =
      volume > 0 ? volume / lot->step < PLN_STEP_MAX_COUNT ? pln_step_floor(lot, volume) : volume : 0;
  return room->lots;
}

/* An order that finds nothing to do where it meets its price. */
static void end_idle(pln_exec *x, pln_pending *p) {
  pln_order *o = &p->order;
  const bool gone = p->mode == PLN_MODE_CLOSE || p->mode >= PLN_MODE_TO_QUANTITY;
  if (o->filled > 0) { /* the parts before this one were all that it took */
    o->quantity = o->filled;
    pln_orders_move(x, p, PLN_STATUS_FILLED, PLN_REFUSAL_NONE);
    return;
  }
  pln_orders_end(x, p, gone ? PLN_STATUS_CANCELED : PLN_STATUS_REJECTED,
                 gone ? PLN_REFUSAL_REPLACED : PLN_REFUSAL_ZERO_QUANTITY);
}

/* Lots that volume and reduce-only leave of `asked`, in this bar; ends the order where it does not wait for
 * the rest.
 */
static double allowed(pln_exec *x, pln_pending *p, double asked, double against, const pln_hit *hit) {
  pln_order *o = &p->order;
  double count = asked;
  if (o->reduce_only && count > against) {
    count = against;
    o->refusal = PLN_REFUSAL_REDUCE_ONLY;
    if (count == 0) {
      pln_orders_end(x, p, PLN_STATUS_CANCELED, PLN_REFUSAL_REDUCE_ONLY);
      return 0;
    }
  }
  double room = pln_fill_room(x, o->portfolio, o->instrument, hit->bar);
  if (x->asks.is_on) room = fmin(room, pln_asks_room(x, p, hit->bar));
  if (room >= count) return count;
  if (o->tif == PLN_TIF_FOK || (o->tif == PLN_TIF_IOC && room == 0)) {
    pln_orders_end(x, p, PLN_STATUS_EXPIRED, PLN_REFUSAL_VOLUME);
    return 0;
  }
  return room;
}

/* Fills `count` lots of what was asked. */
static int32_t fill_parts(pln_exec *x, pln_pending *p, double count, double against, const pln_hit *hit) {
  const double closing = count < against ? count : against, opening = count - closing;
  if (closing > 0) {
    pln_fill_close_part(x, p, closing, count, -1, hit);
    if (opening > 0) pln_orders_move(x, p, PLN_STATUS_PARTIALLY_FILLED, PLN_REFUSAL_NONE);
  }
  if (opening == 0 || x->status) return PLN_REFUSAL_NONE;
  const double before = p->order.filled;
  const int32_t refusal = open_part(x, p, opening, closing, hit);
  if (x->config.record_decisions) {
    const pln_step *lot = &x->portfolios[p->order.portfolio]->holdings[p->order.instrument].lot;
    pln_review_filled(x, &p->order, pln_step_value(lot, opening), p->order.filled - before, refusal);
  }
  return refusal;
}

/* A part is filled and the rest waits. */
static void keep_rest(pln_exec *x, pln_pending *p, double rest) {
  const int32_t type = p->order.type;
  if (p->mode >= PLN_MODE_CASH && p->mode < PLN_MODE_TO_QUANTITY) p->mode = PLN_MODE_COUNT;
  p->count = rest;
  if (type == PLN_ORDER_STOP || type == PLN_ORDER_TRAILING_STOP) p->is_triggered = 1;
  pln_orders_move(x, p, PLN_STATUS_PARTIALLY_FILLED, PLN_REFUSAL_NONE);
  if (p->order.tif == PLN_TIF_IOC) pln_orders_end(x, p, PLN_STATUS_EXPIRED, PLN_REFUSAL_VOLUME);
}

static void fill_order(pln_exec *x, pln_pending *p, const pln_hit *hit) {
  pln_order *o = &p->order;
  const pln_holding *h = &x->portfolios[o->portfolio]->holdings[o->instrument];
  const double asked = pln_fill_asked(x, p, h->count, hit);
  if (asked == 0) {
    end_idle(x, p);
    return;
  }
  const double before = o->filled, against = h->count * o->side < 0 ? fabs(h->count) : 0;
  const double count = allowed(x, p, asked, against, hit);
  if (pln_order_is_final(o) || count == 0) return;
  o->quantity = before + pln_step_value(&h->lot, asked);
  const int32_t refusal = fill_parts(x, p, count, against, hit);
  const bool rests = count < asked && !(o->reduce_only && count == against);
  if (o->filled == 0) {
    pln_orders_move(x, p, PLN_STATUS_REJECTED, refusal); /* counted by the rule itself */
  } else if (rests && !refusal) {
    keep_rest(x, p, asked - count);
  } else {
    pln_quality_missed(x, p, o->quantity - o->filled, hit->price);
    o->quantity = o->filled;
    pln_orders_move(x, p, PLN_STATUS_FILLED, refusal);
  }
}

/* Fill or kill: where the rules would reduce it, it is as if it had not been tried. */
static void fill_or_kill(pln_exec *x, pln_pending *p, const pln_hit *hit) {
  const int32_t portfolio = p->order.portfolio, k = p->order.instrument;
  pln_trial_begin(x, &x->kill, portfolio, k);
  if (x->status) return;
  fill_order(x, p, hit);
  if (p->order.status != PLN_STATUS_FILLED || p->order.refusal == PLN_REFUSAL_NONE) return;
  const int32_t refusal = p->order.refusal;
  pln_trial_undo(x, &x->kill, portfolio, k);
  pln_orders_move(x, p, PLN_STATUS_EXPIRED, refusal);
}

void pln_fill_order(pln_exec *x, pln_pending *p, const pln_hit *hit) {
  pln_order *o = &p->order;
  const double before = o->filled;
  if (o->tif == PLN_TIF_FOK)
    fill_or_kill(x, p, hit);
  else
    fill_order(x, p, hit);
  if (o->filled == before || !(x->extras & PLN_EXTRA_LINKS)) return;
  const pln_step *lot = &x->portfolios[o->portfolio]->holdings[o->instrument].lot;
  pln_links_filled(x, p, rint((o->filled - before) / lot->step), o->average_fill_price, hit);
}

void pln_fill_exit(pln_exec *x, int32_t portfolio, int32_t instrument, int64_t only, int32_t reason,
                   int64_t created_ns, const pln_hit *hit) {
  pln_portfolio *pf = x->portfolios[portfolio];
  const pln_holding *h = &pf->holdings[instrument];
  const int32_t side = h->count > 0 ? PLN_SIDE_SELL : PLN_SIDE_BUY;
  const double whole = only >= 0 ? h->lots[only].count : fabs(h->count);
  double count = hit->count > 0 ? hit->count : whole;
  if (only >= 0) {
    const double room = pln_fill_room(x, portfolio, instrument, hit->bar);
    if (room < count) count = room;
    if (count == 0) return;
  }
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
  p.costs = (pln_order_costs){.arrival = hit->price, .vwap_next = hit->bar + 1};
  pln_fill_close_part(x, &p, count, count, only, hit);
  pln_orders_move(x, &p, PLN_STATUS_FILLED, PLN_REFUSAL_NONE);
  if (pln_exit_is_protective(reason) && (count == whole || reason != PLN_EXIT_LADDER))
    pln_signals_stopped(x, portfolio, instrument, -side);
  if (x->extras & PLN_EXTRA_LINKS) pln_links_flat(x, portfolio, instrument);
}
