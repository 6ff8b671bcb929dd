#include "exec/exec.h"

double pln_cost_price(const pln_exec *x, int32_t k, int32_t side, double price, bool worsens, bool entry) {
  const double share = (worsens ? x->concession : 0) + (entry ? x->entry_concession : 0);
  const pln_step *tick = &x->markets[k].tick;
  if (share > 0) price *= 1.0 + side * share;
  if (tick->step > 0 && (worsens || share > 0)) price = pln_step_round(tick, price, side > 0);
  return price;
}

double pln_cost_charge(const pln_exec *x, pln_pending *p, double quantity, double notional) {
  if (x->portfolios[p->order.portfolio]->config.fill_price_quirk) { /* there, each trade pays the whole */
    const double piece = pln_costs_fee(&x->costs, pln_costs_variable(&x->costs, quantity, notional));
    p->order.fees += piece;
    return piece;
  }
  p->variable += pln_costs_variable(&x->costs, quantity, notional);
  const double total = pln_costs_fee(&x->costs, p->variable), fee = total - p->order.fees;
  p->order.fees = total;
  return fee;
}
