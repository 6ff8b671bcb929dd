#include "exec/exec.h"

static bool is_trailing(const pln_order *o) {
  return o->type == PLN_ORDER_TRAILING_STOP || o->type == PLN_ORDER_TRAILING_STOP_LIMIT;
}

bool pln_trail_set(pln_exec *x, pln_pending *p) {
  pln_order *o = &p->order;
  const bool buy = o->side == PLN_SIDE_BUY;
  double distance = o->trail;
  if (o->trail_type == PLN_TRAIL_PERCENT) distance = p->best * (o->trail / 100.0);
  if (o->trail_type == PLN_TRAIL_GAUGE)
    distance = o->trail * pln_gauge_at(&x->gauges, p->gauge, o->instrument, x->view.now_ns);
  if (!(isfinite(distance) && distance > 0)) return false;
  const pln_step *tick = &x->markets[o->instrument].tick;
  double level = buy ? p->best + distance : p->best - distance;
  if (!(level > 0)) return true; /* further away than the price itself: never reached */
  if (tick->step > 0) level = pln_step_round(tick, level, buy);
  if (o->stop_price != 0 && (buy ? level >= o->stop_price : level <= o->stop_price)) return true;
  o->stop_price = level;
  if (o->type != PLN_ORDER_TRAILING_STOP_LIMIT) return true;
  o->limit_price = buy ? level + p->limit_offset : level - p->limit_offset;
  if (tick->step > 0 && o->limit_price > 0) o->limit_price = pln_step_round(tick, o->limit_price, !buy);
  return true;
}

void pln_trail_follow(pln_exec *x) {
  for (int64_t i = 0; i < x->n_pending; i++) {
    pln_pending *p = &x->pending[i];
    const pln_market *m = &x->markets[p->order.instrument];
    if (!m->is_visible || !is_trailing(&p->order) || p->is_triggered || !pln_order_waits(m, p)) continue;
    const double *highs = x->config.trail_closes ? m->close : m->high;
    const double *lows = x->config.trail_closes ? m->close : m->low;
    const double high = highs[m->next - 1], low = lows[m->next - 1];
    if (p->order.side == PLN_SIDE_BUY ? low < p->best : high > p->best)
      p->best = p->order.side == PLN_SIDE_BUY ? low : high;
    pln_trail_set(x, p);
  }
}
