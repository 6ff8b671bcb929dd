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
    return phase == PLN_MATCH_AT_OPEN ? bar->open : 0;
  case PLN_ORDER_LIMIT:
    return pln_match_limit(p->order.limit_price, buy, bar, phase);
  case PLN_ORDER_STOP:
    return pln_match_stop(p->order.stop_price, buy, bar, phase);
  default:
    assert(p->order.type == PLN_ORDER_STOP_LIMIT);
    if (!p->is_triggered) return stop_limit_price(p, buy, bar, phase);
    return p->trigger_bar_done ? pln_match_limit(p->order.limit_price, buy, bar, phase) : 0;
  }
}

/* Which way the price has to go within the bar to reach the order: 1 up, -1 down, 0 it does not reach it. */
static int32_t touch_of(const pln_pending *p, const pln_bar *bar) {
  const bool buy = p->order.side == PLN_SIDE_BUY;
  const bool limit = p->order.type == PLN_ORDER_LIMIT || p->is_triggered;
  if (p->order.type == PLN_ORDER_MARKET || (p->is_triggered && !p->trigger_bar_done)) return 0;
  const double price = limit ? pln_match_limit(p->order.limit_price, buy, bar, PLN_MATCH_WITHIN)
                             : pln_match_stop(p->order.stop_price, buy, bar, PLN_MATCH_WITHIN);
  return price == 0 ? 0 : limit == buy ? -1 : 1;
}

static bool is_waiting(const pln_market *m, const pln_pending *p) {
  return !pln_order_is_final(&p->order) && m->ts_ns[m->next - 1] >= p->order.created_ns;
}

static bool reduces_only(const pln_exec *x, const pln_pending *p) {
  const double held = x->portfolios[p->order.portfolio]->holdings[p->order.instrument].count;
  return p->mode == PLN_MODE_CLOSE ||
         ((p->mode == PLN_MODE_COUNT || p->is_target) && held * p->order.side < 0 && p->count <= fabs(held));
}

static pln_bar bar_of(const pln_market *m) {
  const int64_t i = m->next - 1;
  return (pln_bar){.open = m->open[i], .high = m->high[i], .low = m->low[i], .close = m->close[i]};
}

static int64_t day_of(pln_market *m) {
  const int64_t ts = m->ts_ns[m->next - 1], day = 86400000000000;
  if (!m->timezone) m->timezone = pln_timezone_get(m->bars->timezone);
  const int64_t local = m->timezone ? pln_timezone_to_local(m->timezone, ts) : ts;
  return local / day - (local % day < 0);
}

bool pln_match_accept(pln_exec *x, pln_market *m, pln_pending *p) {
  if (!is_waiting(m, p)) return false;
  if (p->order.tif == PLN_TIF_DAY) {
    const int64_t day = day_of(m);
    if (p->order.status == PLN_STATUS_PENDING) p->day = day;
    if (day > p->day) {
      pln_orders_end(x, p, PLN_STATUS_EXPIRED, PLN_REFUSAL_EXPIRED);
      return false;
    }
  }
  if (p->order.status == PLN_STATUS_PENDING) pln_orders_move(x, p, PLN_STATUS_ACCEPTED, PLN_REFUSAL_NONE);
  return true;
}

static void try_order(pln_exec *x, pln_market *m, pln_pending *p, const pln_bar *bar, pln_match_phase phase) {
  const int32_t type = p->order.type;
  if (type == PLN_ORDER_MARKET && x->config.fill == PLN_FILL_THIS_CLOSE) return;
  const double price = pln_match_price(p, bar, phase);
  if (price == 0) return;
  pln_fill_order(x, p,
                 &(pln_hit){.price = price,
                            .worsens = type == PLN_ORDER_MARKET || type == PLN_ORDER_STOP,
                            .at_open = phase == PLN_MATCH_AT_OPEN,
                            .at_market = type == PLN_ORDER_MARKET,
                            .type = type,
                            .bar = m->next - 1});
}

/* Whether the range reaches live prices both above and below the open, so that policy has to say which was
 * first. */
static bool is_ambiguous(const pln_exec *x, int32_t portfolio, int32_t k, const pln_bar *bar) {
  const pln_portfolio *p = x->portfolios[portfolio];
  const pln_holding *h = &p->holdings[k];
  const pln_market *m = &x->markets[k];
  bool up = false, down = false;
  for (int64_t i = 0; i < h->n_lots; i++) {
    const bool is_long = h->count > 0;
    const pln_levels l = pln_exit_levels(p, m, &h->lots[i], is_long);
    const double below = is_long ? l.stop : l.target, above = is_long ? l.target : l.stop;
    if (below > 0 && bar->low <= below) down = true;
    if (above > 0 && bar->high >= above) up = true;
  }
  for (int64_t i = 0; i < x->n_pending && !(up && down); i++) {
    const pln_pending *o = &x->pending[i];
    if (o->order.portfolio != portfolio || o->order.instrument != k || !is_waiting(m, o)) continue;
    const int32_t touch = touch_of(o, bar);
    up = up || touch > 0;
    down = down || touch < 0;
  }
  return up && down;
}

static bool is_for(const pln_pending *p, int32_t portfolio, int32_t k) {
  return p->order.portfolio == portfolio && p->order.instrument == k;
}

static void expire_ioc(pln_exec *x, const pln_market *m, int32_t portfolio, int32_t k, int64_t first) {
  for (int64_t i = first; i < x->n_pending; i++) {
    pln_pending *p = &x->pending[i];
    if (is_for(p, portfolio, k) && is_waiting(m, p) && p->order.tif == PLN_TIF_IOC &&
        p->order.type != PLN_ORDER_MARKET)
      pln_orders_end(x, p, PLN_STATUS_EXPIRED, PLN_REFUSAL_EXPIRED);
  }
}

/* The time within the bar being: the open; then, as nobody knows which extreme came first, what is worst for
 * the position; the targets last. Nothing is queued while this runs. */
static void match_phases(pln_exec *x, int32_t portfolio, int32_t k, const pln_bar *bar, int64_t first) {
  const pln_holding *h = &x->portfolios[portfolio]->holdings[k];
  pln_market *m = &x->markets[k];
  const int64_t n = x->n_pending;
  for (int64_t i = first; i < n; i++) {
    pln_pending *p = &x->pending[i];
    if (is_for(p, portfolio, k) && pln_match_accept(x, m, p)) try_order(x, m, p, bar, PLN_MATCH_AT_OPEN);
  }
  pln_exits_try(x, portfolio, k, bar, PLN_MATCH_AT_OPEN, PLN_EXIT_STOPS | PLN_EXIT_TARGETS);
  expire_ioc(x, m, portfolio, k, first);

  if (is_ambiguous(x, portfolio, k, bar)) x->view.ambiguous_bars++;
  pln_exits_try(x, portfolio, k, bar, PLN_MATCH_WITHIN, PLN_EXIT_STOPS);
  for (int64_t i = first; i < n; i++) {
    pln_pending *p = &x->pending[i];
    if (is_for(p, portfolio, k) && is_waiting(m, p) && p->order.type == PLN_ORDER_STOP &&
        h->count * p->order.side < 0)
      try_order(x, m, p, bar, PLN_MATCH_WITHIN);
  }
  for (int64_t i = first; i < n; i++) {
    pln_pending *p = &x->pending[i];
    if (is_for(p, portfolio, k) && is_waiting(m, p)) try_order(x, m, p, bar, PLN_MATCH_WITHIN);
  }
  pln_exits_try(x, portfolio, k, bar, PLN_MATCH_WITHIN, PLN_EXIT_TARGETS);
}

static void match_bar(pln_exec *x, int32_t portfolio, int32_t k) {
  const pln_portfolio *pf = x->portfolios[portfolio];
  const pln_holding *h = &pf->holdings[k];
  const pln_bar bar = bar_of(&x->markets[k]);
  int64_t first = 0;
  const int64_t n = x->n_pending;
  while (first < n && !is_for(&x->pending[first], portfolio, k)) first++;
  if (first == n && bar.low > h->touch_low && bar.high < h->touch_high) return;

  if (pf->config.fill_price_quirk) {
    if (is_ambiguous(x, portfolio, k, &bar)) x->view.ambiguous_bars++;
    pln_queue_match(x, portfolio, k);
    return;
  }
  match_phases(x, portfolio, k, &bar, first);
  for (int64_t i = first; i < n; i++)
    if (is_for(&x->pending[i], portfolio, k)) x->pending[i].trigger_bar_done = x->pending[i].is_triggered;
}

/* At the open, what frees money goes first, over all instruments: a rotation can pay for what it buys. */
static void match_reductions(pln_exec *x) {
  for (int32_t k = 0; k < x->n_markets; k++) {
    pln_market *m = &x->markets[k];
    if (!pln_market_fills(m)) continue;
    const pln_bar bar = bar_of(m);
    for (int64_t i = 0; i < x->n_pending; i++) {
      pln_pending *p = &x->pending[i];
      if (p->order.instrument != k || p->order.type != PLN_ORDER_MARKET || !reduces_only(x, p)) continue;
      if (x->portfolios[p->order.portfolio]->config.fill_price_quirk) continue;
      if (pln_match_accept(x, m, p)) try_order(x, m, p, &bar, PLN_MATCH_AT_OPEN);
    }
  }
}

void pln_match_instant(pln_exec *x) {
  if (x->n_pending > 0 && x->config.fill == PLN_FILL_NEXT_OPEN) match_reductions(x);
  for (int32_t portfolio = 0; portfolio < x->n_portfolios; portfolio++)
    for (int32_t k = 0; k < x->n_markets; k++)
      if (pln_market_fills(&x->markets[k])) match_bar(x, portfolio, k);
  pln_orders_sweep(x);
}

void pln_match_close(pln_exec *x) {
  for (int32_t pass = 0; pass < 2; pass++) { /* again, what frees money goes first */
    for (int64_t i = 0; i < x->n_pending; i++) {
      pln_pending *p = &x->pending[i];
      const pln_market *m = &x->markets[p->order.instrument];
      if (pln_order_is_final(&p->order) || p->order.type != PLN_ORDER_MARKET || !pln_market_fills(m))
        continue;
      if (x->portfolios[p->order.portfolio]->config.fill_price_quirk) continue; /* with the next bar */
      if (pass == 0 && !reduces_only(x, p)) continue;
      if (p->order.status == PLN_STATUS_PENDING) pln_orders_move(x, p, PLN_STATUS_ACCEPTED, PLN_REFUSAL_NONE);
      pln_fill_order(
          x, p, &(pln_hit){.price = m->close[m->next - 1], .worsens = 1, .at_market = 1, .bar = m->next - 1});
    }
  }
  pln_orders_sweep(x);
}
