#include "exec/exec.h"

static double typical(const pln_market *m, int64_t i) { return (m->high[i] + m->low[i] + m->close[i]) / 3.0; }

/* Takes the bars up to `bar` into the order's average price. */
static void follow(const pln_market *m, pln_pending *p, int64_t bar) {
  pln_order_costs *c = &p->costs;
  int64_t i = c->vwap_next - 1;
  if (c->vwap_next == 0) {
    i = bar;
    while (i > 0 && m->ts_ns[i - 1] >= p->order.created_ns) i--;
  }
  for (; i <= bar; i++) {
    const double price = typical(m, i), volume = m->bars->volume ? m->bars->volume[i] : 0;
    c->vwap_sum += price * volume;
    c->vwap_volume += volume;
    c->vwap_plain += price;
    c->vwap_bars++;
  }
  c->vwap_next = bar + 2;
}

void pln_quality_fill(pln_exec *x, pln_pending *p, const pln_fill *fill, const pln_cost_parts *parts,
                      double exchange) {
  const pln_order *o = &p->order;
  pln_portfolio *pf = x->portfolios[o->portfolio];
  pln_execution_quality *q = &pf->quality;
  pln_order_costs *c = &p->costs;
  const double size = fill->quantity * pf->holdings[o->instrument].point;
  q->exchange_fees += exchange;
  q->commission += fill->fee - exchange;
  q->spread += parts->spread * size;
  q->slippage += parts->slippage * size;
  q->impact += parts->impact * size;
  q->price_improvement += parts->improvement * size;
  q->notional += fill->price * size;
  follow(&x->markets[o->instrument], p, fill->bar);
  if (c->arrival > 0) q->arrival_cost += o->side * (fill->price - c->arrival) * size;
  const double mean =
      c->vwap_volume > 0 ? c->vwap_sum / c->vwap_volume : c->vwap_plain / (double)c->vwap_bars;
  q->vwap_cost += o->side * (fill->price - mean) * size;
}

void pln_quality_missed(pln_exec *x, const pln_pending *p, double quantity, double price) {
  pln_portfolio *pf = x->portfolios[p->order.portfolio];
  if (!(p->costs.arrival > 0) || !(price > 0) || !(quantity > 0)) return;
  pf->quality.opportunity_cost +=
      p->order.side * (price - p->costs.arrival) * quantity * pf->holdings[p->order.instrument].point;
}
