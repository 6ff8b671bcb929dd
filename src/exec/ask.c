#include "core/error.h"
#include "exec/exec.h"
#include <stdlib.h>

/* Models in Lua are asked before a bar is met, once for each order that it could fill and once for the
 * protective levels of each position that it could touch; C never calls Lua. An answer holds for that bar. */

int32_t pln_exec_ask_costs(pln_exec *exec) {
  if (exec->is_started) return pln_fail(PLN_ERR_STATE, "the run has begun: models come before it");
  if (exec->config.fill == PLN_FILL_THIS_CLOSE)
    return pln_fail(
        PLN_ERR_ARGUMENT,
        "a model in Lua is asked before a bar, which fill: this_close has seen already: use next_open");
  exec->asks.is_on = 1;
  return PLN_OK;
}

int32_t pln_asks_start(pln_exec *x) {
  if (!x->asks.is_on) return PLN_OK;
  x->asks.exits = calloc((size_t)x->n_portfolios * (size_t)x->n_markets, sizeof *x->asks.exits);
  if (!x->asks.exits)
    return pln_fail(PLN_ERR_MEMORY, "no memory for the answers of %d portfolios", x->n_portfolios);
  for (int32_t i = 0; i < x->n_portfolios * x->n_markets; i++) x->asks.exits[i].ts_ns = INT64_MIN;
  return PLN_OK;
}

void pln_asks_begin(pln_exec *x) {
  x->asks.item = 0;
  for (int32_t i = 0; i < x->n_portfolios * x->n_markets; i++) x->asks.exits[i].wanted = 0;
}

static void ask(pln_exec *x, const pln_order *o, double quantity, double price, int64_t bar) {
  const pln_market *m = &x->markets[o->instrument];
  x->asks.is_open = 1;
  x->asks.request = (pln_cost_request){.order = o->id,
                                       .ts_ns = m->ts_ns[bar],
                                       .quantity = quantity,
                                       .price = price,
                                       .limit_price = o->limit_price,
                                       .stop_price = o->stop_price,
                                       .open = m->open[bar],
                                       .high = m->high[bar],
                                       .low = m->low[bar],
                                       .close = m->close[bar],
                                       .volume = m->bars->volume ? m->bars->volume[bar] : 0,
                                       .portfolio = o->portfolio,
                                       .instrument = o->instrument,
                                       .side = o->side,
                                       .type = o->type,
                                       .tag = o->tag};
}

/* Whether a bar may fill an order, and at which price at best known. */
static bool may_fill(const pln_market *m, const pln_pending *p, double *price) {
  const int64_t i = m->next - 1;
  const pln_order *o = &p->order;
  const bool buy = o->side == PLN_SIDE_BUY;
  *price = m->open[i];
  if (m->bid) return true;
  if (o->type == PLN_ORDER_LIMIT || p->is_triggered) {
    if (o->limit_price > 0) *price = o->limit_price;
    return o->limit_price == 0 || (buy ? m->low[i] <= o->limit_price : m->high[i] >= o->limit_price);
  }
  if (o->type == PLN_ORDER_STOP || o->type == PLN_ORDER_STOP_LIMIT) {
    *price = o->stop_price;
    return buy ? m->high[i] >= o->stop_price : m->low[i] <= o->stop_price;
  }
  return true;
}

static bool ask_order(pln_exec *x, pln_pending *p) {
  const pln_order *o = &p->order;
  pln_market *m = &x->markets[o->instrument];
  double price;
  if (pln_order_is_final(o) || !pln_market_fills(m)) return false;
  if (!pln_order_waits(m, p) && !pln_latency_arrives(m, p)) return false;
  if (!may_fill(m, p, &price)) return false;
  const pln_holding *h = &x->portfolios[o->portfolio]->holdings[o->instrument];
  const double count = pln_fill_asked(x, p, h->count, &(pln_hit){.price = price, .bar = m->next - 1});
  if (count == 0) return false;
  ask(x, o, pln_step_value(&h->lot, count), price, m->next - 1);
  pln_answer *exit = &x->asks.exits[o->portfolio * x->n_markets + o->instrument];
  exit->wanted = x->asks.request.quantity;
  exit->wanted_side = o->side;
  return true;
}

static bool ask_exit(pln_exec *x, int32_t item, bool at_the_end) {
  const int32_t j = item / x->n_markets, k = item % x->n_markets;
  const pln_holding *h = &x->portfolios[j]->holdings[k];
  const pln_market *m = &x->markets[k];
  const int64_t i = m->next - 1;
  const pln_answer *exit = &x->asks.exits[item];
  if (i < 0 || (h->n_lots == 0 && (at_the_end || exit->wanted == 0))) return false;
  if (!at_the_end) {
    if (!pln_market_fills(m)) return false;
    const bool touched =
        h->n_lots > 0 && (m->bid || m->low[i] <= h->touch_low || m->high[i] >= h->touch_high);
    if (!touched && exit->wanted == 0) return false;
  }
  const int32_t held = h->count > 0 ? 1 : h->count < 0 ? -1 : exit->wanted_side;
  const pln_order order = {.portfolio = j, .instrument = k, .side = -held, .type = PLN_ORDER_STOP};
  ask(x, &order, h->n_lots > 0 ? pln_step_value(&h->lot, fabs(h->count)) : exit->wanted,
      at_the_end && !pln_finish_at_open(x, h, i) ? m->close[i] : m->open[i], i);
  return true;
}

bool pln_asks_next(pln_exec *x) {
  const int64_t exits = (int64_t)x->n_portfolios * x->n_markets;
  for (; x->asks.item < x->n_pending; x->asks.item++)
    if (ask_order(x, &x->pending[x->asks.item])) return true;
  for (; x->asks.item < x->n_pending + exits; x->asks.item++)
    if (ask_exit(x, (int32_t)(x->asks.item - x->n_pending), false)) return true;
  return false;
}

bool pln_asks_next_at_end(pln_exec *x) {
  if (!x->asks.is_ending) x->asks.item = 0;
  x->asks.is_ending = 1;
  for (; x->asks.item < (int64_t)x->n_portfolios * x->n_markets; x->asks.item++)
    if (ask_exit(x, (int32_t)x->asks.item, true)) return true;
  return false;
}

const pln_cost_request *pln_exec_cost_request(const pln_exec *exec) { return &exec->asks.request; }

int32_t pln_exec_answer_cost(pln_exec *exec, double price_offset, double fee, double max_quantity) {
  pln_asks *a = &exec->asks;
  if (!a->is_open) return pln_fail(PLN_ERR_STATE, "nothing was asked");
  if (!isfinite(price_offset) || !isfinite(fee) || isnan(max_quantity) || max_quantity < 0)
    return pln_fail(PLN_ERR_ARGUMENT,
                    "offset %g, fee %g, largest quantity %g: expected finite numbers, the last 0 or more",
                    price_offset, fee, max_quantity);
  const pln_cost_request *r = &a->request;
  pln_answer *answer = !a->is_ending && a->item < exec->n_pending
                           ? &exec->pending[a->item].costs.answer
                           : &a->exits[r->portfolio * exec->n_markets + r->instrument];
  answer->ts_ns = r->ts_ns;
  answer->offset = price_offset;
  answer->fee = fee;
  answer->most = max_quantity;
  answer->asked = r->quantity;
  a->is_open = 0;
  a->item++;
  return PLN_OK;
}

const pln_answer *pln_asks_answer(const pln_exec *x, const pln_pending *p, int64_t bar) {
  if (!x->asks.is_on || bar < 0) return NULL;
  const int64_t ts_ns = x->markets[p->order.instrument].ts_ns[bar];
  if (p->costs.answer.ts_ns == ts_ns && p->costs.answer.asked > 0) return &p->costs.answer;
  const pln_answer *exit = &x->asks.exits[p->order.portfolio * x->n_markets + p->order.instrument];
  return exit->ts_ns == ts_ns ? exit : NULL;
}

double pln_asks_room(const pln_exec *x, const pln_pending *p, int64_t bar) {
  const pln_answer *answer = pln_asks_answer(x, p, bar);
  if (!answer || !isfinite(answer->most)) return INFINITY;
  const pln_step *lot = &x->portfolios[p->order.portfolio]->holdings[p->order.instrument].lot;
  return answer->most / lot->step < PLN_STEP_MAX_COUNT ? pln_step_floor(lot, answer->most) : INFINITY;
}
