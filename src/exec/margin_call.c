#include "exec/exec.h"

static bool is_liquidating(const pln_exec *x, int32_t portfolio) {
  for (int64_t i = 0; i < x->n_pending; i++) {
    const pln_order *o = &x->pending[i].order;
    if (o->portfolio == portfolio && o->reason == PLN_EXIT_MARGIN_CALL && !pln_order_is_final(o)) return true;
  }
  return false;
}

/* The position, not yet chosen, that has lost most; -1 = none. Chosen ones have an order to close them. */
static int32_t largest_loss(const pln_exec *x, int32_t portfolio, int64_t first) {
  const pln_portfolio *p = x->portfolios[portfolio];
  int32_t worst = -1;
  for (int32_t k = 0; k < p->n_instruments; k++) {
    bool chosen = p->holdings[k].n_lots == 0;
    for (int64_t i = first; i < x->n_pending && !chosen; i++) chosen = x->pending[i].order.instrument == k;
    if (chosen) continue;
    if (worst < 0 || p->positions[k].unrealized_pnl < p->positions[worst].unrealized_pnl) worst = k;
  }
  return worst;
}

void pln_margin_review(pln_exec *x, int32_t portfolio) {
  pln_portfolio *p = x->portfolios[portfolio];
  pln_account *a = &p->account;
  if (a->bankrupt || !(a->equity < a->margin_maintenance) || is_liquidating(x, portfolio)) return;
  a->n_margin_calls++;
  pln_orders_cancel(x, portfolio, -1, false, PLN_REFUSAL_MARGIN_CALL);
  pln_orders_sweep(x);
  const int64_t first = x->n_pending;
  double margin = a->margin_maintenance;
  while (p->config.margin_call == PLN_MARGIN_CALL_CLOSE_ALL || a->equity < margin) {
    const int32_t k = largest_loss(x, portfolio, first);
    if (k < 0 || !pln_orders_close(x, portfolio, k, PLN_EXIT_MARGIN_CALL)) return;
    margin -= pln_margin_of(p, k, fabs(p->positions[k].quantity), p->positions[k].last_price, true);
    pln_signals_stopped(x, portfolio, k, p->holdings[k].count > 0 ? PLN_SIDE_BUY : PLN_SIDE_SELL);
  }
}
