#include "core/error.h"
#include "exec/exec.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define BIT(status) (1u << (status))
#define ENDS (BIT(PLN_STATUS_CANCELED) | BIT(PLN_STATUS_REJECTED) | BIT(PLN_STATUS_EXPIRED))
/* Where each status may go. PENDING has yet to meet a bar; ACCEPTED has met one and works on. */
static const uint32_t may_follow[] = {
    [PLN_STATUS_NEW] = BIT(PLN_STATUS_PENDING) | BIT(PLN_STATUS_REJECTED),
    [PLN_STATUS_PENDING] = BIT(PLN_STATUS_ACCEPTED) | ENDS,
    [PLN_STATUS_ACCEPTED] = BIT(PLN_STATUS_PARTIALLY_FILLED) | BIT(PLN_STATUS_FILLED) | ENDS,
    [PLN_STATUS_PARTIALLY_FILLED] = BIT(PLN_STATUS_FILLED),
    [PLN_STATUS_FILLED] = 0,
    [PLN_STATUS_CANCELED] = 0,
    [PLN_STATUS_REJECTED] = 0,
    [PLN_STATUS_EXPIRED] = 0,
};

/* Makes room for one more of `size` bytes; false when out of memory. */
static bool grow(pln_exec *x, void **array, int64_t n, int64_t *capacity, size_t size) {
  if (n < *capacity) return true;
  const int64_t wanted = *capacity ? 2 * *capacity : 16;
  void *p = realloc(*array, (size_t)wanted * size);
  if (!p) {
    x->status = pln_fail(PLN_ERR_MEMORY, "no memory for %lld orders or fills", (long long)wanted);
    return false;
  }
  *array = p;
  *capacity = wanted;
  return true;
}

static bool keeps_records(const pln_exec *x) { return x->config.record_orders || x->n_callers > 0; }

void pln_orders_move(pln_exec *x, pln_pending *p, int32_t status, int32_t refusal) {
  pln_order *o = &p->order;
  assert(o->status >= 0 && status <= PLN_STATUS_EXPIRED);
  assert(may_follow[o->status] & BIT(status));
  o->status = status;
  o->updated_ns = x->view.now_ns;
  if (refusal) o->refusal = refusal;
  if (!pln_order_is_final(o)) return;
  if (status != PLN_STATUS_FILLED)
    pln_quality_missed(x, p, o->quantity - o->filled,
                       x->portfolios[o->portfolio]->positions[o->instrument].last_price);
  x->new_orders++;
  if (keeps_records(x) && grow(x, (void **)&x->orders, x->n_records, &x->records_capacity, sizeof *x->orders))
    x->orders[x->n_records++] = *o;
}

void pln_orders_end(pln_exec *x, pln_pending *p, int32_t status, int32_t refusal) {
  const pln_order *o = &p->order;
  const double asked = o->quantity > 0 ? o->quantity : p->size;
  pln_portfolio_refuse(x->portfolios[o->portfolio], refusal, x->view.now_ns, o->instrument, asked, 0);
  pln_orders_move(x, p, status, refusal);
}

void pln_orders_record_fill(pln_exec *x, pln_fill *fill) {
  fill->id = ++x->n_fills;
  x->new_fills++;
  if (keeps_records(x) &&
      grow(x, (void **)&x->fills, x->n_fill_records, &x->fills_capacity, sizeof *x->fills))
    x->fills[x->n_fill_records++] = *fill;
}

static void drop_told(pln_exec *x) {
  const int64_t orders = x->n_records - x->new_orders, fills = x->n_fill_records - x->new_fills;
  if (orders > 0) {
    memmove(x->orders, x->orders + orders, (size_t)x->new_orders * sizeof *x->orders);
    x->n_records = x->new_orders;
  }
  if (fills > 0) {
    memmove(x->fills, x->fills + fills, (size_t)x->new_fills * sizeof *x->fills);
    x->n_fill_records = x->new_fills;
  }
}

void pln_orders_forget(pln_exec *x) {
  if (!x->config.record_orders) drop_told(x);
}

pln_pending *pln_orders_queue(pln_exec *x, const pln_pending *made) {
  if (!grow(x, (void **)&x->pending, x->n_pending, &x->pending_capacity, sizeof *x->pending)) return NULL;
  pln_pending *p = &x->pending[x->n_pending++];
  *p = *made;
  p->order.id = ++x->n_orders;
  if (x->portfolios[p->order.portfolio]->config.fill_price_quirk) p->queue_key = pln_queue_key(x, p);
  p->order.created_ns = p->order.updated_ns = x->view.now_ns;
  p->costs.arrival = x->portfolios[p->order.portfolio]->positions[p->order.instrument].last_price;
  x->portfolios[p->order.portfolio]->account.n_orders++;
  pln_orders_move(x, p, PLN_STATUS_PENDING, PLN_REFUSAL_NONE);
  return p;
}

pln_pending *pln_orders_close(pln_exec *x, int32_t portfolio, int32_t instrument, int32_t reason) {
  const pln_holding *h = &x->portfolios[portfolio]->holdings[instrument];
  return pln_orders_queue(x, &(pln_pending){.order = {.portfolio = portfolio,
                                                      .source = -1,
                                                      .instrument = instrument,
                                                      .side = h->count > 0 ? PLN_SIDE_SELL : PLN_SIDE_BUY,
                                                      .quantity = pln_step_value(&h->lot, fabs(h->count)),
                                                      .reason = reason},
                                            .count = fabs(h->count),
                                            .mode = PLN_MODE_CLOSE,
                                            .owner = -1});
}

void pln_orders_sweep(pln_exec *x) {
  int64_t n = 0;
  for (int64_t i = 0; i < x->n_pending; i++) {
    if (pln_order_is_final(&x->pending[i].order)) continue;
    if (n < i) x->pending[n] = x->pending[i];
    n++;
  }
  x->n_pending = n;
}

int32_t pln_orders_cancel(pln_exec *x, int32_t portfolio, int32_t instrument, bool managed_only,
                          int32_t refusal) {
  int32_t n = 0;
  for (int64_t i = 0; i < x->n_pending; i++) {
    pln_pending *p = &x->pending[i];
    if (p->order.portfolio != portfolio || pln_order_is_final(&p->order)) continue;
    if (instrument >= 0 && p->order.instrument != instrument) continue;
    if (managed_only && !p->is_managed) continue;
    pln_orders_end(x, p, PLN_STATUS_CANCELED, refusal);
    n++;
  }
  return n;
}

static int32_t check_caller(const pln_exec *x, int32_t caller) {
  if (caller < 0 || caller >= x->n_sources || x->sources[caller].kind != PLN_SOURCE_CALLER)
    return pln_fail(PLN_ERR_ARGUMENT, "%d is not a caller of this container", caller);
  if (x->is_finished) return pln_fail(PLN_ERR_STATE, "the run is finished: it takes no more orders");
  return PLN_OK;
}

static int32_t check_request(const pln_exec *x, const pln_order_request *r) {
  const bool target =
      r->size_type == PLN_ORDER_SIZE_TARGET_QUANTITY || r->size_type == PLN_ORDER_SIZE_TARGET_PERCENT;
  if (r->instrument < 0 || r->instrument >= x->n_markets)
    return pln_fail(PLN_ERR_ARGUMENT, "instrument %d of an order does not exist: there are %d", r->instrument,
                    x->n_markets);
  if (!target && r->side != PLN_SIDE_BUY && r->side != PLN_SIDE_SELL)
    return pln_fail(PLN_ERR_ARGUMENT, "side %d of an order, expected 1 (buy) or -1 (sell)", r->side);
  if (r->type < PLN_ORDER_MARKET || r->type > PLN_ORDER_STOP_LIMIT)
    return pln_fail(PLN_ERR_ARGUMENT, "order type %d does not exist", r->type);
  if (r->tif < PLN_TIF_GTC || r->tif > PLN_TIF_IOC)
    return pln_fail(PLN_ERR_ARGUMENT, "time in force %d does not exist", r->tif);
  if (r->size_type < PLN_ORDER_SIZE_QUANTITY || r->size_type > PLN_ORDER_SIZE_DEFAULT)
    return pln_fail(PLN_ERR_ARGUMENT, "size type %d does not exist", r->size_type);
  if (r->size_at != PLN_SIZE_AT_SIGNAL && r->size_at != PLN_SIZE_AT_FILL)
    return pln_fail(PLN_ERR_ARGUMENT, "size_at %d does not exist", r->size_at);
  return PLN_OK;
}

/* The portfolio's own sizing, in full. */
static int32_t size_by_model(const pln_exec *x, pln_pending *p, double stop_loss) {
  pln_order *o = &p->order;
  const pln_portfolio *pf = x->portfolios[o->portfolio];
  const pln_holding *h = &pf->holdings[o->instrument];
  const double last = pf->positions[o->instrument].last_price;
  const pln_want want = pln_size_want(x, o->portfolio, o->instrument, o->side, 1, stop_loss);
  const bool units = want.mode == PLN_MODE_TO_QUANTITY;
  p->size = want.size;
  p->distance = want.distance;
  p->cap = want.cap;
  o->refusal = want.refusal;
  if (!o->refusal && units && want.size / h->lot.step >= PLN_STEP_MAX_COUNT)
    o->refusal = PLN_REFUSAL_INVALID_QUANTITY;
  if (o->refusal) return 0;
  if (pf->config.sizing.at == PLN_SIZE_AT_FILL && !units) {
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
  if (type == PLN_ORDER_SIZE_DEFAULT) return size_by_model(x, p, r->stop_loss);
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
    return 0;
  }
  const int32_t mode = type == PLN_ORDER_SIZE_CASH              ? PLN_MODE_CASH
                       : type == PLN_ORDER_SIZE_PERCENT         ? PLN_MODE_PERCENT
                       : type == PLN_ORDER_SIZE_TARGET_QUANTITY ? PLN_MODE_TO_QUANTITY
                                                                : PLN_MODE_TO_PERCENT;
  const bool later = at == PLN_SIZE_AT_FILL && !units;
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

/* Prices of the request on the tick: never better for the order than what was asked. */
static void price_order(const pln_exec *x, pln_pending *p, const pln_order_request *r) {
  pln_order *o = &p->order;
  const pln_step *tick = &x->markets[o->instrument].tick;
  const bool buy = o->side == PLN_SIDE_BUY;
  const bool limit = o->type == PLN_ORDER_LIMIT || o->type == PLN_ORDER_STOP_LIMIT;
  const bool stop = o->type == PLN_ORDER_STOP || o->type == PLN_ORDER_STOP_LIMIT;
  o->limit_price = limit ? r->limit_price : 0;
  o->stop_price = stop ? r->stop_price : 0;
  p->stop_loss = r->stop_loss;
  p->take_profit = r->take_profit;
  if ((limit && !is_price(r->limit_price)) || (stop && !is_price(r->stop_price)) ||
      (r->stop_loss != 0 && !is_price(r->stop_loss)) || (r->take_profit != 0 && !is_price(r->take_profit))) {
    o->refusal = PLN_REFUSAL_INVALID_PRICE;
    return;
  }
  if (tick->step == 0) return;
  if (limit) o->limit_price = pln_step_round(tick, o->limit_price, !buy);
  if (stop) o->stop_price = pln_step_round(tick, o->stop_price, buy);
  if (limit && o->limit_price == 0) o->refusal = PLN_REFUSAL_INVALID_PRICE; /* less than a tick */
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

int64_t pln_exec_submit(pln_exec *exec, int32_t caller, const pln_order_request *request) {
  int32_t status = check_caller(exec, caller);
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
  if (!p.order.refusal) {
    const pln_pending *queued = pln_orders_queue(exec, &p);
    return queued ? queued->order.id : exec->status;
  }
  p.order.id = ++exec->n_orders;
  p.order.created_ns = exec->view.now_ns;
  exec->portfolios[portfolio]->account.n_orders++;
  pln_orders_end(exec, &p, PLN_STATUS_REJECTED, p.order.refusal);
  return exec->status;
}

int32_t pln_exec_cancel(pln_exec *exec, int32_t caller, int64_t order_id) {
  const int32_t status = check_caller(exec, caller);
  if (status) return status;
  for (int64_t i = 0; i < exec->n_pending; i++) {
    pln_pending *p = &exec->pending[i];
    if (p->order.id != order_id || p->order.portfolio != exec->sources[caller].portfolio) continue;
    pln_orders_end(exec, p, PLN_STATUS_CANCELED, PLN_REFUSAL_CANCELED);
    pln_orders_sweep(exec);
    return 1;
  }
  return 0;
}

int32_t pln_exec_cancel_all(pln_exec *exec, int32_t caller, int32_t instrument) {
  const int32_t status = check_caller(exec, caller);
  if (status) return status;
  int32_t n = 0;
  for (int64_t i = 0; i < exec->n_pending; i++) {
    pln_pending *p = &exec->pending[i];
    if (p->order.source != caller || pln_order_is_final(&p->order)) continue;
    if (instrument >= 0 && p->order.instrument != instrument) continue;
    pln_orders_end(exec, p, PLN_STATUS_CANCELED, PLN_REFUSAL_CANCELED);
    n++;
  }
  pln_orders_sweep(exec);
  return n;
}

int64_t pln_exec_pending(const pln_exec *exec, int32_t portfolio, const pln_order **out) {
  pln_exec *x = (pln_exec *)exec; /* the snapshot is scratch, no part of the state */
  int64_t n = 0;
  for (int64_t i = 0; i < x->n_pending; i++) {
    if (x->pending[i].order.portfolio != portfolio) continue;
    if (!grow(x, (void **)&x->snapshot, n, &x->snapshot_capacity, sizeof *x->snapshot)) break;
    x->snapshot[n++] = x->pending[i].order;
  }
  *out = x->snapshot;
  return n;
}

int64_t pln_exec_orders(const pln_exec *exec, const pln_order **out) {
  *out = exec->orders;
  return exec->n_records;
}

int64_t pln_exec_fills(const pln_exec *exec, const pln_fill **out) {
  *out = exec->fills;
  return exec->n_fill_records;
}

void pln_exec_clear_records(pln_exec *exec) { drop_told(exec); }
