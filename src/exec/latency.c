#include "exec/exec.h"

/* An order that is late comes to the market within a bar. What is left of that bar for it is the rest of a
 * path of three straight pieces of equal length: from the open to the extreme that is worse for the order, to
 * the other one, to the close. So it never meets a price from before it arrived. */

int64_t pln_latency_of(const pln_exec *x, const pln_pending *p) {
  double delay = 0;
  for (int32_t i = 0; i < x->models.n; i++) {
    const pln_model *m = &x->models.list[i];
    if (m->desc->info.kind != PLN_MODEL_LATENCY) continue;
    if (m->instrument >= 0 && m->instrument != p->order.instrument) continue;
    delay +=
        m->desc->delay_ns(&m->values, pln_model_hash(x->models.seed, (uint64_t)i, (uint64_t)p->order.id));
  }
  return (int64_t)delay;
}

static double lower(double a, double b) { return a < b ? a : b; }
static double higher(double a, double b) { return a > b ? a : b; }

/* The rest of a bar for one side from a share of its time on. */
static pln_bar rest_of(const pln_bar *bar, bool buy, double share, const pln_step *tick) {
  const double first = buy ? bar->high : bar->low, second = buy ? bar->low : bar->high, at = 3 * share;
  pln_bar rest = {.close = bar->close};
  if (at < 1)
    rest.open = bar->open + (first - bar->open) * at;
  else if (at < 2)
    rest.open = first + (second - first) * (at - 1);
  else
    rest.open = second + (bar->close - second) * (at - 2);
  if (tick->step > 0) rest.open = pln_step_round(tick, rest.open, buy);
  rest.high = higher(rest.open, rest.close);
  rest.low = lower(rest.open, rest.close);
  if (at < 1) {
    rest.high = higher(rest.high, first);
    rest.low = lower(rest.low, first);
  }
  if (at < 2) {
    rest.high = higher(rest.high, second);
    rest.low = lower(rest.low, second);
  }
  return rest;
}

bool pln_latency_arrives(const pln_market *m, const pln_pending *p) {
  const int64_t open_ns = m->ts_ns[m->next - 1];
  return !pln_order_is_final(&p->order) && !p->is_held && p->arrives_ns > open_ns &&
         p->active_ns <= open_ns && p->arrives_ns < pln_market_visible(m, m->next - 1);
}

static void match_one(pln_exec *x, pln_market *m, pln_pending *p, const pln_sides *sides) {
  const int64_t open_ns = m->ts_ns[m->next - 1], arrives_ns = p->arrives_ns;
  const double share =
      (double)(arrives_ns - open_ns) / (double)(pln_market_visible(m, m->next - 1) - open_ns);
  const pln_sides rest = {.buy = rest_of(&sides->buy, true, share, &m->tick),
                          .sell = rest_of(&sides->sell, false, share, &m->tick)};
  p->arrives_ns = 0; /* it is here */
  /* Both extremes are still to come: for the position that it opens, the whole bar is. */
  if (pln_match_accept(x, m, p)) pln_match_try(x, m, p, &rest, PLN_MATCH_AT_OPEN, share < 1.0 / 3);
  if (pln_order_waits(m, p) && p->order.tif != PLN_TIF_IOC && p->order.tif != PLN_TIF_FOK)
    pln_match_try(x, m, p, &rest, PLN_MATCH_WITHIN, false);
  if (pln_order_waits(m, p) && (p->order.tif == PLN_TIF_IOC || p->order.tif == PLN_TIF_FOK))
    pln_orders_end(x, p, PLN_STATUS_EXPIRED, PLN_REFUSAL_EXPIRED);
  p->arrives_ns = arrives_ns; /* for the rest of this bar it has had its chance */
}

void pln_latency_match(pln_exec *x, int32_t portfolio, int32_t k, const pln_sides *sides, int64_t first,
                       int64_t n) {
  pln_market *m = &x->markets[k];
  for (int64_t i = first; i < n; i++) {
    pln_pending *p = &x->pending[i];
    if (pln_order_is_for(p, portfolio, k) && pln_latency_arrives(m, p)) match_one(x, m, p, sides);
  }
}
