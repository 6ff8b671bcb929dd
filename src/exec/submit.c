#include "core/error.h"
#include "exec/exec.h"
#include <stddef.h>

static bool is_trailing(int32_t type) {
  return type == PLN_ORDER_TRAILING_STOP || type == PLN_ORDER_TRAILING_STOP_LIMIT;
}

/* What goes together, of the fields that most orders leave at 0. */
static int32_t check_extras(const pln_exec *x, const pln_order_request *r, bool target) {
  const bool at_session = r->type == PLN_ORDER_MARKET_ON_OPEN || r->type == PLN_ORDER_MARKET_ON_CLOSE;
  if (at_session ? r->tif != PLN_TIF_GTC && r->tif != PLN_TIF_OPG && r->tif != PLN_TIF_CLS
                 : r->tif == PLN_TIF_OPG || r->tif == PLN_TIF_CLS)
    return pln_fail(PLN_ERR_ARGUMENT,
                    "orders on open have OPG, on close CLS as time in force, and no others");
  if (r->tif == PLN_TIF_GTD && r->expires_ns <= x->view.now_ns)
    return pln_fail(PLN_ERR_ARGUMENT, "a GTD order expires at %lld ns, which is not after now, %lld ns",
                    (long long)r->expires_ns, (long long)x->view.now_ns);
  if (is_trailing(r->type) && (r->trail_type < PLN_TRAIL_AMOUNT || r->trail_type > PLN_TRAIL_GAUGE))
    return pln_fail(PLN_ERR_ARGUMENT, "trail type %d does not exist", r->trail_type);
  if (is_trailing(r->type) && r->trail_type == PLN_TRAIL_GAUGE &&
      (r->gauge < 0 || r->gauge >= x->gauges.n_gauges))
    return pln_fail(PLN_ERR_ARGUMENT, "gauge %d does not exist: there are %d", r->gauge, x->gauges.n_gauges);
  if (r->parent < 0 || r->oco < 0) return pln_fail(PLN_ERR_ARGUMENT, "parent and oco are 0 (none) or more");
  if (target && (r->parent > 0 || r->oco > 0 || r->bracket || r->algo))
    return pln_fail(PLN_ERR_ARGUMENT, "an order for a target has no parent, group, bracket or algorithm");
  if (r->algo < PLN_ALGO_NONE || r->algo > PLN_ALGO_ICEBERG)
    return pln_fail(PLN_ERR_ARGUMENT, "algorithm %d does not exist", r->algo);
  if (r->bracket && (r->algo || r->parent > 0))
    return pln_fail(PLN_ERR_ARGUMENT, "an algorithm or a child has no bracket of its own");
  return r->algo ? pln_algo_check(r) : PLN_OK;
}

static int32_t check_request(const pln_exec *x, const pln_order_request *r) {
  const bool target =
      r->size_type == PLN_ORDER_SIZE_TARGET_QUANTITY || r->size_type == PLN_ORDER_SIZE_TARGET_PERCENT;
  if (r->instrument < 0 || r->instrument >= x->n_markets)
    return pln_fail(PLN_ERR_ARGUMENT, "instrument %d of an order does not exist: there are %d", r->instrument,
                    x->n_markets);
  if (!target && r->side != PLN_SIDE_BUY && r->side != PLN_SIDE_SELL)
    return pln_fail(PLN_ERR_ARGUMENT, "side %d of an order, expected 1 (buy) or -1 (sell)", r->side);
  if (r->type < PLN_ORDER_MARKET || r->type > PLN_ORDER_MARKET_ON_CLOSE)
    return pln_fail(PLN_ERR_ARGUMENT, "order type %d does not exist", r->type);
  if (r->tif < PLN_TIF_GTC || r->tif > PLN_TIF_CLS)
    return pln_fail(PLN_ERR_ARGUMENT, "time in force %d does not exist", r->tif);
  if (r->size_type < PLN_ORDER_SIZE_QUANTITY || r->size_type > PLN_ORDER_SIZE_DEFAULT)
    return pln_fail(PLN_ERR_ARGUMENT, "size type %d does not exist", r->size_type);
  if (r->size_at != PLN_SIZE_AT_SIGNAL && r->size_at != PLN_SIZE_AT_FILL)
    return pln_fail(PLN_ERR_ARGUMENT, "size_at %d does not exist", r->size_at);
  return check_extras(x, r, target);
}

/* The portfolio's own sizing, in full. */
static int32_t size_by_model(const pln_exec *x, pln_pending *p, const pln_order_request *r) {
  pln_order *o = &p->order;
  const pln_portfolio *pf = x->portfolios[o->portfolio];
  const pln_holding *h = &pf->holdings[o->instrument];
  const double last = pf->positions[o->instrument].last_price;
  const pln_want want = pln_size_want(x, o->portfolio, o->instrument, o->side, 1, r->stop_loss);
  const bool units = want.mode == PLN_MODE_TO_QUANTITY;
  p->size = want.size;
  p->distance = want.distance;
  p->cap = want.cap;
  o->refusal = want.refusal;
  if (!o->refusal && units && want.size / h->lot.step >= PLN_STEP_MAX_COUNT)
    o->refusal = PLN_REFUSAL_INVALID_QUANTITY;
  if (o->refusal) return 0;
  if (pf->config.sizing.at == PLN_SIZE_AT_FILL && !units && !r->algo) {
    p->mode = pln_size_plain(want.mode);
    return 0;
  }
  if (isnan(last) && (!units || want.cap > 0)) {
    o->refusal = PLN_REFUSAL_NO_PRICE;
    return 0;
  }
  const pln_worth worth = pln_fill_worth(x, o->portfolio, o->instrument, last);
  p->count = pln_fill_lots(x, o->portfolio, o->instrument, o->side, &want, last, worth, false);
  if (p->count == 0) o->refusal = PLN_REFUSAL_ZERO_QUANTITY;
  return 0;
}

/* Turns the request's size into count, mode and (for targets) side. 1: there is nothing to do. */
static int32_t size_order(const pln_exec *x, pln_pending *p, const pln_order_request *r) {
  pln_order *o = &p->order;
  const pln_portfolio *pf = x->portfolios[o->portfolio];
  const pln_holding *h = &pf->holdings[o->instrument];
  const double last = pf->positions[o->instrument].last_price;
  const int32_t type = r->size_type, at = r->size_at;
  const double size = r->size;
  if (type == PLN_ORDER_SIZE_DEFAULT && r->parent > 0) {
    p->follows = 1;
    return 0;
  }
  if (type == PLN_ORDER_SIZE_DEFAULT) return size_by_model(x, p, r);
  const bool target = type == PLN_ORDER_SIZE_TARGET_QUANTITY || type == PLN_ORDER_SIZE_TARGET_PERCENT;
  const bool units = type == PLN_ORDER_SIZE_QUANTITY || type == PLN_ORDER_SIZE_TARGET_QUANTITY;
  p->size = size;
  if (!isfinite(size) || (!target && size <= 0) ||
      (units && fabs(size) / h->lot.step >= PLN_STEP_MAX_COUNT)) {
    o->refusal = PLN_REFUSAL_INVALID_QUANTITY;
    return 0;
  }
  if (type == PLN_ORDER_SIZE_QUANTITY) {
    p->count = pln_step_count(&h->lot, size);
    if (p->count == 0) o->refusal = PLN_REFUSAL_ZERO_QUANTITY;
    if (x->config.off_lot == PLN_OFF_STEP_REJECT && pln_step_value(&h->lot, p->count) != size)
      o->refusal = PLN_REFUSAL_OFF_LOT;
    return 0;
  }
  const int32_t mode = type == PLN_ORDER_SIZE_CASH              ? PLN_MODE_CASH
                       : type == PLN_ORDER_SIZE_PERCENT         ? PLN_MODE_PERCENT
                       : type == PLN_ORDER_SIZE_TARGET_QUANTITY ? PLN_MODE_TO_QUANTITY
                                                                : PLN_MODE_TO_PERCENT;
  const bool later = at == PLN_SIZE_AT_FILL && !units && !r->algo; /* an algorithm cuts a known quantity */
  if (later && !target) {
    p->mode = mode;
    return 0;
  }
  if (isnan(last) && !units) {
    o->refusal = PLN_REFUSAL_NO_PRICE;
    return 0;
  }
  const pln_worth worth = pln_fill_worth(x, o->portfolio, o->instrument, last);
  if (!target) {
    p->count = pln_fill_size(x, o->portfolio, o->instrument, o->side, mode, size, last, worth, false);
    if (p->count == 0) o->refusal = PLN_REFUSAL_ZERO_QUANTITY;
    return 0;
  }
  const double aim = pln_fill_aim(x, o->portfolio, o->instrument, mode, size, last, worth, later);
  const double delta = aim - h->count;
  if (delta == 0) return 1;
  /* What is held may change before the fill (a stop, another order): the difference is reckoned there. */
  o->side = delta > 0 ? PLN_SIDE_BUY : PLN_SIDE_SELL;
  p->count = fabs(delta);
  p->mode = later ? mode : PLN_MODE_TO_QUANTITY;
  if (!later) p->size = aim < 0 ? -pln_step_value(&h->lot, -aim) : pln_step_value(&h->lot, aim);
  return 0;
}

static bool is_price(double price) { return isfinite(price) && price > 0; }

static bool is_on(const pln_step *step, double x) {
  return x / step->step >= PLN_STEP_MAX_COUNT || pln_step_round(step, x, false) == x;
}

void pln_orders_price(const pln_exec *x, pln_pending *p) {
  pln_order *o = &p->order;
  const pln_step *tick = &x->markets[o->instrument].tick;
  const bool buy = o->side == PLN_SIDE_BUY;
  const bool limit = o->type == PLN_ORDER_LIMIT || o->type == PLN_ORDER_STOP_LIMIT;
  const bool stop = o->type == PLN_ORDER_STOP || o->type == PLN_ORDER_STOP_LIMIT;
  if ((limit && !is_price(o->limit_price)) || (stop && !is_price(o->stop_price)) ||
      (p->stop_loss != 0 && !is_price(p->stop_loss)) || (p->take_profit != 0 && !is_price(p->take_profit)))
    o->refusal = PLN_REFUSAL_INVALID_PRICE;
  if (o->refusal || tick->step == 0) return;
  if (x->config.off_tick == PLN_OFF_STEP_REJECT &&
      ((limit && !is_on(tick, o->limit_price)) || (stop && !is_on(tick, o->stop_price)) ||
       !is_on(tick, p->stop_loss) || !is_on(tick, p->take_profit))) {
    o->refusal = PLN_REFUSAL_OFF_TICK;
    return;
  }
  if (limit) o->limit_price = pln_step_round(tick, o->limit_price, !buy);
  if (stop) o->stop_price = pln_step_round(tick, o->stop_price, buy);
  if (limit && o->limit_price == 0) o->refusal = PLN_REFUSAL_INVALID_PRICE; /* less than a tick */
}

/* The prices of the request. */
static void price_order(pln_exec *x, pln_pending *p, const pln_order_request *r) {
  pln_order *o = &p->order;
  const bool limit = o->type == PLN_ORDER_LIMIT || o->type == PLN_ORDER_STOP_LIMIT;
  const bool stop = o->type == PLN_ORDER_STOP || o->type == PLN_ORDER_STOP_LIMIT;
  o->limit_price = limit ? r->limit_price : 0;
  o->stop_price = stop ? r->stop_price : 0;
  p->stop_loss = r->stop_loss;
  p->take_profit = r->take_profit;
  pln_orders_price(x, p);
  if (o->refusal || !is_trailing(o->type)) return;
  o->trail = r->trail;
  o->trail_type = r->trail_type;
  p->gauge = r->gauge;
  p->limit_offset = r->limit_offset;
  p->best = p->is_held ? NAN : x->portfolios[o->portfolio]->positions[o->instrument].last_price;
  if (!is_price(o->trail) || !(isfinite(p->limit_offset) && p->limit_offset >= 0))
    o->refusal = PLN_REFUSAL_INVALID_PRICE;
  else if (!p->is_held && isnan(p->best))
    o->refusal = PLN_REFUSAL_NO_PRICE;
  else if (!p->is_held && !pln_trail_set(x, p))
    o->refusal = PLN_REFUSAL_NO_GAUGE;
}

static void replace_targets(pln_exec *x, int32_t caller, int32_t instrument) {
  for (int64_t i = 0; i < x->n_pending; i++) {
    pln_pending *p = &x->pending[i];
    if (p->is_target && p->order.source == caller && p->order.instrument == instrument &&
        !pln_order_is_final(&p->order))
      pln_orders_end(x, p, PLN_STATUS_CANCELED, PLN_REFUSAL_REPLACED);
  }
  pln_orders_sweep(x);
}

enum { PLN_MAX_PENDING = 100000 };

/* The orders that a bracket is made of, after their parent. A status. */
static int32_t queue_bracket(pln_exec *x, const pln_order *parent, double stop, double target) {
  for (int32_t j = 0; j < 2; j++) {
    const double price = j == 0 ? stop : target;
    if (price == 0) continue;
    pln_pending c = {.order = {.portfolio = parent->portfolio,
                               .source = parent->source,
                               .instrument = parent->instrument,
                               .side = -parent->side,
                               .type = j == 0 ? PLN_ORDER_STOP : PLN_ORDER_LIMIT,
                               .stop_price = j == 0 ? price : 0,
                               .limit_price = j == 1 ? price : 0,
                               .reason = j == 0 ? PLN_EXIT_STOP_LOSS : PLN_EXIT_TAKE_PROFIT,
                               .tag = parent->tag,
                               .parent = parent->id,
                               .oco = -parent->id,
                               .reduce_only = 1},
                     .owner = -1,
                     .is_held = 1,
                     .follows = 1};
    pln_orders_price(x, &c); /* the parent's were checked: this only rounds */
    if (!pln_orders_queue(x, &c)) return x->status;
  }
  return PLN_OK;
}

static int64_t reject(pln_exec *x, pln_pending *p) {
  p->order.id = ++x->n_orders;
  p->order.created_ns = x->view.now_ns;
  x->portfolios[p->order.portfolio]->account.n_orders++;
  pln_orders_end(x, p, PLN_STATUS_REJECTED, p->order.refusal);
  return x->status;
}

/* What a request asks for besides price and size; what it needs is looked for from now on. */
static void put_extras(pln_exec *x, pln_pending *p, const pln_order_request *r) {
  pln_order *o = &p->order;
  if (o->type == PLN_ORDER_MARKET_ON_OPEN) o->tif = PLN_TIF_OPG;
  if (o->type == PLN_ORDER_MARKET_ON_CLOSE) {
    o->tif = PLN_TIF_CLS;
    x->extras |= PLN_EXTRA_CLOSES;
  }
  if (is_trailing(o->type)) x->extras |= PLN_EXTRA_TRAILS;
  o->expires_ns = o->tif == PLN_TIF_GTD ? r->expires_ns : 0;
  o->oco = r->oco;
  o->reduce_only = r->reduce_only != 0;
  o->parent = r->parent;
  if (r->parent > 0) {
    const pln_pending *parent = pln_orders_find(x, r->parent);
    if (!parent || parent->order.portfolio != o->portfolio || parent->order.algo)
      o->refusal = PLN_REFUSAL_PARENT;
    p->is_held = !parent || parent->order.filled == 0;
    if (!p->is_held && p->follows)
      p->count = rint(parent->order.filled / x->portfolios[o->portfolio]->holdings[o->instrument].lot.step);
  }
  if (r->oco || r->parent || o->reduce_only || r->bracket || r->algo) x->extras |= PLN_EXTRA_LINKS;
  if (r->algo && !o->refusal) pln_algo_put(x, p, r);
}

int64_t pln_exec_submit(pln_exec *exec, int32_t caller, const pln_order_request *request) {
  int32_t status = pln_orders_check_caller(exec, caller);
  if (!status) status = check_request(exec, request);
  if (!status) status = exec->status;
  if (status) return status;
  if (exec->n_pending >= PLN_MAX_PENDING)
    return pln_fail(PLN_ERR_LIMIT,
                    "%lld orders are pending already, at most %d may be: cancel some, or let them expire",
                    (long long)exec->n_pending, (int)PLN_MAX_PENDING);
  const int32_t portfolio = exec->sources[caller].portfolio;
  const pln_portfolio *pf = exec->portfolios[portfolio];
  const bool working = request->type != PLN_ORDER_MARKET;
  pln_pending p = {.order = {.portfolio = portfolio,
                             .source = caller,
                             .instrument = request->instrument,
                             .side = request->side,
                             .type = request->type,
                             .tif = request->tif,
                             .reason = working ? PLN_EXIT_ORDER : PLN_EXIT_SIGNAL,
                             .tag = request->tag}};
  p.is_target = request->size_type == PLN_ORDER_SIZE_TARGET_QUANTITY ||
                request->size_type == PLN_ORDER_SIZE_TARGET_PERCENT;
  if (p.is_target) replace_targets(exec, caller, request->instrument);
  if (size_order(exec, &p, request)) return 0;
  put_extras(exec, &p, request);
  if (!p.order.refusal) price_order(exec, &p, request);
  const double held = pf->holdings[request->instrument].count;
  if (pf->account.bankrupt)
    p.order.refusal = PLN_REFUSAL_BANKRUPT;
  else if (pf->account.halted && held * p.order.side >= 0)
    p.order.refusal = PLN_REFUSAL_HALTED;
  const int32_t gate = pln_actions_refusal(exec, portfolio, request->instrument);
  if (gate == PLN_REFUSAL_NOT_TRADABLE || gate == PLN_REFUSAL_DELISTED) p.order.refusal = gate;
  if (p.mode == PLN_MODE_COUNT || p.mode == PLN_MODE_TO_QUANTITY)
    p.order.quantity = pln_step_value(&pf->holdings[request->instrument].lot, p.count);
  if (p.order.refusal) return reject(exec, &p);
  const double stop = p.stop_loss, target = p.take_profit;
  if (request->bracket) p.stop_loss = p.take_profit = 0;
  const pln_pending *queued = pln_orders_queue(exec, &p);
  if (!queued) return exec->status;
  const pln_order parent = queued->order;
  if (request->bracket && queue_bracket(exec, &parent, stop, target)) return exec->status;
  return parent.id;
}

static bool is_change(const pln_order_change *c) {
  return !isnan(c->quantity) || !isnan(c->limit_price) || !isnan(c->stop_price) || !isnan(c->trail) ||
         c->expires_ns != 0 || c->tif >= 0;
}

static int32_t check_change(const pln_exec *x, const pln_pending *p, const pln_order_change *c) {
  const pln_order *o = &p->order;
  const bool limit = o->type == PLN_ORDER_LIMIT || o->type == PLN_ORDER_STOP_LIMIT;
  const bool stop = o->type == PLN_ORDER_STOP || o->type == PLN_ORDER_STOP_LIMIT;
  if (o->algo || p->is_target)
    return pln_fail(PLN_ERR_ARGUMENT, "order %lld is an algorithm or a target: cancel it and place another",
                    (long long)o->id);
  if (!is_change(c))
    return pln_fail(PLN_ERR_ARGUMENT, "a change of order %lld that changes nothing", (long long)o->id);
  if ((!isnan(c->limit_price) && !limit) || (!isnan(c->stop_price) && !stop) ||
      (!isnan(c->trail) && !is_trailing(o->type)))
    return pln_fail(PLN_ERR_ARGUMENT, "order %lld has no such price to change: its type stays what it is",
                    (long long)o->id);
  const int32_t tif = c->tif >= 0 ? c->tif : o->tif;
  if (tif > PLN_TIF_CLS || ((tif == PLN_TIF_OPG || tif == PLN_TIF_CLS) && tif != o->tif) ||
      (c->tif >= 0 && tif != o->tif && (o->tif == PLN_TIF_OPG || o->tif == PLN_TIF_CLS)))
    return pln_fail(PLN_ERR_ARGUMENT, "time in force %d is not for order %lld", c->tif, (long long)o->id);
  const int64_t expires = c->expires_ns ? c->expires_ns : o->expires_ns;
  if (tif == PLN_TIF_GTD && (c->tif >= 0 || c->expires_ns) && expires <= x->view.now_ns)
    return pln_fail(PLN_ERR_ARGUMENT, "order %lld would expire at %lld ns, which is not after now",
                    (long long)o->id, (long long)expires);
  if (tif != PLN_TIF_GTD && c->expires_ns)
    return pln_fail(PLN_ERR_ARGUMENT, "only a GTD order has a time at which it expires");
  return PLN_OK;
}

/* What is left of the order under its new quantity; false: nothing. */
static bool resize(const pln_exec *x, pln_pending *q, const pln_pending *old, double quantity) {
  pln_order *o = &q->order;
  const pln_step *lot = &x->portfolios[o->portfolio]->holdings[o->instrument].lot;
  if (isnan(quantity)) {
    o->quantity = q->mode == PLN_MODE_COUNT ? pln_step_value(lot, q->count) : 0;
    return true;
  }
  if (!(quantity > 0) || quantity / lot->step >= PLN_STEP_MAX_COUNT) {
    o->refusal = PLN_REFUSAL_INVALID_QUANTITY;
    return true;
  }
  const double total = pln_step_floor(lot, quantity), done = rint(old->order.filled / lot->step);
  if (x->config.off_lot == PLN_OFF_STEP_REJECT && pln_step_value(lot, total) != quantity)
    o->refusal = PLN_REFUSAL_OFF_LOT;
  else if (total == 0)
    o->refusal = PLN_REFUSAL_ZERO_QUANTITY;
  q->mode = PLN_MODE_COUNT;
  q->follows = 0;
  q->count = total > done ? total - done : 0;
  o->quantity = pln_step_value(lot, q->count);
  return total > done || o->refusal;
}

int64_t pln_exec_replace(pln_exec *exec, int32_t caller, int64_t order_id, const pln_order_change *change) {
  int32_t status = pln_orders_check_caller(exec, caller);
  if (!status) status = exec->status;
  if (status) return status;
  const pln_pending *old = pln_orders_find(exec, order_id);
  if (!old || old->order.source != caller) return 0;
  status = check_change(exec, old, change);
  if (status) return status;
  pln_pending q = *old;
  pln_order *o = &q.order;
  o->status = PLN_STATUS_NEW;
  o->refusal = PLN_REFUSAL_NONE;
  o->filled = o->average_fill_price = o->fees = q.conversion = 0;
  q.costs = (pln_order_costs){0};
  o->replaces = order_id;
  q.active_ns = 0;
  if (!isnan(change->limit_price)) o->limit_price = change->limit_price;
  if (!isnan(change->stop_price)) {
    o->stop_price = change->stop_price;
    q.is_triggered = q.trigger_bar_done = 0;
  }
  if (change->tif >= 0) o->tif = change->tif;
  if (o->tif != PLN_TIF_GTD) o->expires_ns = 0;
  if (change->expires_ns) o->expires_ns = change->expires_ns;
  const bool left = resize(exec, &q, old, change->quantity);
  if (!o->refusal && left && !is_trailing(o->type)) pln_orders_price(exec, &q);
  if (!o->refusal && !isnan(change->trail)) {
    o->trail = change->trail;
    o->stop_price = 0;
    if (!is_price(o->trail))
      o->refusal = PLN_REFUSAL_INVALID_PRICE;
    else if (!isnan(q.best) && !pln_trail_set(exec, &q))
      o->refusal = PLN_REFUSAL_NO_GAUGE;
  }
  if (o->refusal) return reject(exec, &q);
  const pln_pending *queued = left ? pln_orders_queue(exec, &q) : NULL;
  if (left && !queued) return exec->status;
  const int64_t id = left ? queued->order.id : 0;
  for (int64_t i = 0; i < exec->n_pending; i++)
    if (exec->pending[i].order.parent == order_id) exec->pending[i].order.parent = id;
  pln_orders_end(exec, pln_orders_find(exec, order_id), PLN_STATUS_CANCELED, PLN_REFUSAL_REPLACED);
  pln_orders_sweep(exec);
  return id;
}
