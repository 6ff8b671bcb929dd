#include "exec/exec.h"

/* Lots come to a working child: all that the parent has filled by now, or its own. */
static void begin(pln_exec *x, pln_pending *c, double count, double price, const pln_hit *hit) {
  const pln_order *o = &c->order;
  const pln_market *m = &x->markets[o->instrument];
  const pln_step *lot = &x->portfolios[o->portfolio]->holdings[o->instrument].lot;
  if (c->is_held) {
    const bool live = hit->at_open && hit->at_market && !x->config.children_next_bar;
    c->is_held = 0;
    c->active_ns = live ? m->ts_ns[hit->bar] : pln_market_visible(m, hit->bar);
    if (isnan(c->best)) {
      c->best = price;
      pln_trail_set(x, c);
    }
  }
  if (!c->follows) return;
  c->count += count;
  c->order.quantity = o->filled + pln_step_value(lot, c->count);
}

static void shrink(pln_exec *x, pln_pending *other, const pln_pending *p, double count) {
  pln_order *o = &other->order;
  const bool sized = other->mode == PLN_MODE_COUNT && !o->algo && o->instrument == p->order.instrument;
  if (p->order.status == PLN_STATUS_FILLED || !sized || other->count <= count) {
    pln_orders_end(x, other, PLN_STATUS_CANCELED, PLN_REFUSAL_OCO);
    return;
  }
  other->count -= count;
  o->quantity =
      o->filled + pln_step_value(&x->portfolios[o->portfolio]->holdings[o->instrument].lot, other->count);
}

void pln_links_group(pln_exec *x, const pln_pending *p, double count) {
  const pln_order *o = &p->order;
  for (int64_t i = 0; i < x->n_pending && o->oco != 0; i++) {
    pln_pending *c = &x->pending[i];
    if (c == p || pln_order_is_final(&c->order) || c->order.oco != o->oco) continue;
    if (c->order.source == o->source && c->order.portfolio == o->portfolio) shrink(x, c, p, count);
  }
}

void pln_links_filled(pln_exec *x, pln_pending *p, double count, double price, const pln_hit *hit) {
  for (int64_t i = 0; i < x->n_pending; i++) {
    pln_pending *c = &x->pending[i];
    if (c->order.parent == p->order.id && !pln_order_is_final(&c->order)) begin(x, c, count, price, hit);
  }
  pln_links_group(x, p, count);
  pln_links_flat(x, p->order.portfolio, p->order.instrument);
}

void pln_links_ended(pln_exec *x, const pln_pending *p) {
  if (p->order.algo ? p->order.status == PLN_STATUS_FILLED : p->order.filled > 0)
    return; /* its children work */
  for (int64_t i = 0; i < x->n_pending; i++) {
    pln_pending *c = &x->pending[i];
    if (c->order.parent != p->order.id || pln_order_is_final(&c->order)) continue;
    pln_orders_end(x, c, PLN_STATUS_CANCELED, PLN_REFUSAL_PARENT);
  }
}

void pln_links_flat(pln_exec *x, int32_t portfolio, int32_t instrument) {
  const double held = x->portfolios[portfolio]->holdings[instrument].count;
  for (int64_t i = 0; i < x->n_pending; i++) {
    pln_pending *p = &x->pending[i];
    if (!p->order.reduce_only || p->is_held || pln_order_is_final(&p->order)) continue;
    if (pln_order_is_for(p, portfolio, instrument) && held * p->order.side >= 0)
      pln_orders_end(x, p, PLN_STATUS_CANCELED, PLN_REFUSAL_REDUCE_ONLY);
  }
}
