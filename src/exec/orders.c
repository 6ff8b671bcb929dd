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
    [PLN_STATUS_PARTIALLY_FILLED] = BIT(PLN_STATUS_PARTIALLY_FILLED) | BIT(PLN_STATUS_FILLED) |
                                    BIT(PLN_STATUS_CANCELED) | BIT(PLN_STATUS_EXPIRED),
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
  const bool unwanted = o->refusal == PLN_REFUSAL_OCO || o->refusal == PLN_REFUSAL_PARENT ||
                        o->refusal == PLN_REFUSAL_REDUCE_ONLY; /* another order did its work */
  if (status != PLN_STATUS_FILLED && !unwanted)
    pln_quality_missed(x, p, o->quantity - o->filled,
                       x->portfolios[o->portfolio]->positions[o->instrument].last_price);
  x->new_orders++;
  if (keeps_records(x) && grow(x, (void **)&x->orders, x->n_records, &x->records_capacity, sizeof *x->orders))
    x->orders[x->n_records++] = *o;
  if (x->extras & PLN_EXTRA_ALGOS && o->parent > 0) pln_algo_ended(x, p);
  if (x->extras & PLN_EXTRA_LINKS) pln_links_ended(x, p);
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
  if (p->active_ns < x->view.now_ns) p->active_ns = x->view.now_ns;
  if (x->models.n_of_kind[PLN_MODEL_LATENCY] > 0) p->arrives_ns = x->view.now_ns + pln_latency_of(x, p);
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

pln_pending *pln_orders_find(pln_exec *x, int64_t id) {
  int64_t low = 0, high = x->n_pending; /* in order of their ids */
  while (low < high) {
    const int64_t middle = low + (high - low) / 2;
    if (x->pending[middle].order.id < id)
      low = middle + 1;
    else
      high = middle;
  }
  if (low == x->n_pending || x->pending[low].order.id != id) return NULL;
  return pln_order_is_final(&x->pending[low].order) ? NULL : &x->pending[low];
}

int32_t pln_orders_check_caller(const pln_exec *x, int32_t caller) {
  if (caller < 0 || caller >= x->n_sources || x->sources[caller].kind != PLN_SOURCE_CALLER)
    return pln_fail(PLN_ERR_ARGUMENT, "%d is not a caller of this container", caller);
  if (x->is_finished) return pln_fail(PLN_ERR_STATE, "the run is finished: it takes no more orders");
  if (pln_review_is_asking(x)) return pln_fail(PLN_ERR_STATE, "a risk rule is asked: it places no orders");
  return PLN_OK;
}

int32_t pln_exec_cancel(pln_exec *exec, int32_t caller, int64_t order_id) {
  const int32_t status = pln_orders_check_caller(exec, caller);
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
  const int32_t status = pln_orders_check_caller(exec, caller);
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
