#include "exec/exec.h"
#include <assert.h>

double pln_match_limit(double limit, bool buy, const pln_bar *bar, pln_match_phase phase) {
  const bool at_open = buy ? bar->open <= limit : bar->open >= limit;
  if (phase == PLN_MATCH_AT_OPEN) return at_open ? bar->open : 0;
  return !at_open && (buy ? bar->low <= limit : bar->high >= limit) ? limit : 0;
}

double pln_match_stop(double stop, bool buy, const pln_bar *bar, pln_match_phase phase) {
  const bool at_open = buy ? bar->open >= stop : bar->open <= stop;
  if (phase == PLN_MATCH_AT_OPEN) return at_open ? bar->open : 0;
  return !at_open && (buy ? bar->high >= stop : bar->low <= stop) ? stop : 0;
}

/* The bar of the trigger fills a stop-limit only where the price goes on from the stop to the limit: a limit
 * on the stop's near side may have been passed before the trigger, so it waits for the next bar. */
static double stop_limit_price(pln_pending *p, bool buy, const pln_bar *bar, pln_match_phase phase) {
  const double stop = p->order.stop_price, limit = p->order.limit_price;
  const double trigger = pln_match_stop(stop, buy, bar, phase);
  if (trigger == 0) return 0;
  p->is_triggered = 1;
  if (buy ? limit <= stop : limit >= stop) return 0;
  if (buy ? trigger <= limit : trigger >= limit) return trigger;
  p->trigger_bar_done = 1; /* triggered at the open, beyond the limit: a limit for the rest of the bar */
  return 0;
}

double pln_match_price(pln_pending *p, const pln_bar *bar, pln_match_phase phase) {
  const bool buy = p->order.side == PLN_SIDE_BUY;
  switch (p->order.type) {
  case PLN_ORDER_MARKET:
  case PLN_ORDER_MARKET_ON_OPEN:
    return phase == PLN_MATCH_AT_OPEN ? bar->open : 0;
  case PLN_ORDER_MARKET_ON_CLOSE:
    return 0;
  case PLN_ORDER_LIMIT:
    return pln_match_limit(p->order.limit_price, buy, bar, phase);
  case PLN_ORDER_TRAILING_STOP:
    if (p->order.stop_price == 0) return 0; /* it has no level yet */
    /* fall through */
  case PLN_ORDER_STOP:
    if (p->is_triggered) return phase == PLN_MATCH_AT_OPEN ? bar->open : 0;
    return pln_match_stop(p->order.stop_price, buy, bar, phase);
  default:
    assert(p->order.type == PLN_ORDER_STOP_LIMIT || p->order.type == PLN_ORDER_TRAILING_STOP_LIMIT);
    if (p->order.stop_price == 0) return 0;
    if (!p->is_triggered) return stop_limit_price(p, buy, bar, phase);
    return p->trigger_bar_done ? pln_match_limit(p->order.limit_price, buy, bar, phase) : 0;
  }
}

double pln_match_level(const pln_pending *p, bool *up) {
  const pln_order *o = &p->order;
  const bool buy = o->side == PLN_SIDE_BUY;
  switch (o->type) {
  case PLN_ORDER_LIMIT:
    *up = !buy;
    return o->limit_price;
  case PLN_ORDER_STOP:
  case PLN_ORDER_TRAILING_STOP:
    *up = buy;
    return p->is_triggered ? 0 : o->stop_price;
  case PLN_ORDER_STOP_LIMIT:
  case PLN_ORDER_TRAILING_STOP_LIMIT:
    *up = p->is_triggered ? !buy : buy;
    return !p->is_triggered ? o->stop_price : p->trigger_bar_done ? o->limit_price : 0;
  default:
    return 0;
  }
}

int32_t pln_match_touch(const pln_pending *p, const pln_bar *bar) {
  bool up;
  const double level = pln_match_level(p, &up);
  if (level == 0) return 0;
  if (up) return bar->open < level && bar->high >= level ? 1 : 0;
  return bar->open > level && bar->low <= level ? -1 : 0;
}
