#include "exec/exec.h"

pln_sides pln_market_sides(const pln_market *m, int64_t i) {
  pln_sides s;
  s.sell = (pln_bar){.open = m->open[i], .high = m->high[i], .low = m->low[i], .close = m->close[i]};
  s.buy = s.sell;
  if (!m->bid) return s;
  s.sell = (pln_bar){m->bid->open[i], m->bid->high[i], m->bid->low[i], m->bid->close[i]};
  s.buy = (pln_bar){m->ask->open[i], m->ask->high[i], m->ask->low[i], m->ask->close[i]};
  return s;
}

static bool reduces_only(const pln_exec *x, const pln_pending *p) {
  const double held = x->portfolios[p->order.portfolio]->holdings[p->order.instrument].count;
  if (p->mode == PLN_MODE_CLOSE) return true;
  if (held * p->order.side >= 0) return false;
  if (p->order.reduce_only) return true;
  if (p->mode == PLN_MODE_TO_QUANTITY)
    return p->size * held >= 0; /* what was held when it was made may be gone */
  return (p->mode == PLN_MODE_COUNT || p->is_target) && p->count <= fabs(held);
}

bool pln_match_accept(pln_exec *x, pln_market *m, pln_pending *p) {
  pln_order *o = &p->order;
  const int64_t i = m->next - 1;
  if (!pln_order_waits(m, p)) return false;
  if (o->tif != PLN_TIF_GTC) {
    bool over = o->tif == PLN_TIF_GTD && m->ts_ns[i] >= o->expires_ns;
    if (o->tif == PLN_TIF_DAY || o->tif == PLN_TIF_CLS) {
      const int64_t day = pln_session_day(m, m->ts_ns[i]);
      if (o->status == PLN_STATUS_PENDING) p->day = day;
      over = day > p->day;
    }
    if (over) {
      pln_orders_end(x, p, PLN_STATUS_EXPIRED, PLN_REFUSAL_EXPIRED);
      return false;
    }
    if (o->tif == PLN_TIF_OPG && !pln_session_opens(m, i)) return false;
  }
  if (o->status == PLN_STATUS_PENDING) pln_orders_move(x, p, PLN_STATUS_ACCEPTED, PLN_REFUSAL_NONE);
  return true;
}

static bool worsens(int32_t type) {
  return type != PLN_ORDER_LIMIT && type != PLN_ORDER_STOP_LIMIT && type != PLN_ORDER_TRAILING_STOP_LIMIT;
}

void pln_match_try(pln_exec *x, pln_market *m, pln_pending *p, const pln_sides *sides, pln_match_phase phase,
                   bool at_open) {
  const int32_t type = p->order.type;
  const pln_bar *bar = pln_sides_of(sides, p->order.side);
  if (type == PLN_ORDER_MARKET && x->config.fill != PLN_FILL_NEXT_OPEN) return;
  const double price = pln_match_price(p, bar, phase);
  if (price == 0) return;
  pln_fill_order(x, p,
                 &(pln_hit){.price = price,
                            .worsens = worsens(type),
                            .at_open = at_open,
                            .at_market = type == PLN_ORDER_MARKET || type == PLN_ORDER_MARKET_ON_OPEN,
                            .type = type,
                            .bar = m->next - 1});
}

static void exits_try(pln_exec *x, int32_t portfolio, int32_t k, const pln_sides *sides,
                      pln_match_phase phase, int32_t kinds) {
  const pln_holding *h = &x->portfolios[portfolio]->holdings[k];
  if (h->n_lots == 0) return;
  pln_exits_try(x, portfolio, k, h->count > 0 ? &sides->sell : &sides->buy, phase, kinds);
}

/* What the bar reaches after its open: live prices above it and below it (both: the policy has to say which
 * was first), how many orders, how many orders and levels. */
typedef struct pln_reach {
  bool up, down;
  int32_t orders, all;
} pln_reach;

static pln_reach reach_of(const pln_exec *x, int32_t portfolio, int32_t k, const pln_sides *sides,
                          int64_t first) {
  const pln_portfolio *p = x->portfolios[portfolio];
  const pln_holding *h = &p->holdings[k];
  const pln_market *m = &x->markets[k];
  const bool is_long = h->count > 0;
  const pln_bar *closing = is_long ? &sides->sell : &sides->buy;
  pln_reach r = {0};
  for (int64_t i = 0; i < h->n_lots; i++) {
    const pln_levels l = pln_exit_levels(p, m, &h->lots[i], is_long);
    const double below = is_long ? l.stop : l.target, above = is_long ? l.target : l.stop;
    if (below > 0 && closing->low <= below) r.down = true, r.all++;
    if (above > 0 && closing->high >= above) r.up = true, r.all++;
  }
  for (int64_t i = first; i < x->n_pending; i++) {
    const pln_pending *o = &x->pending[i];
    if (!pln_order_is_for(o, portfolio, k) || !pln_order_waits(m, o)) continue;
    const int32_t touch = pln_match_touch(o, pln_sides_of(sides, o->order.side));
    if (touch == 0) continue;
    r.up = r.up || touch > 0;
    r.down = r.down || touch < 0;
    r.orders++;
    r.all++;
  }
  return r;
}

static void expire_at_once(pln_exec *x, const pln_market *m, int32_t portfolio, int32_t k, int64_t first) {
  for (int64_t i = first; i < x->n_pending; i++) {
    pln_pending *p = &x->pending[i];
    if (pln_order_is_for(p, portfolio, k) && pln_order_waits(m, p) &&
        (p->order.tif == PLN_TIF_IOC || p->order.tif == PLN_TIF_FOK) && p->order.type != PLN_ORDER_MARKET)
      pln_orders_end(x, p, PLN_STATUS_EXPIRED, PLN_REFUSAL_EXPIRED);
  }
}

/* As nobody knows which extreme came first, what is worst for the position; the targets last. */
void pln_match_within(pln_exec *x, int32_t portfolio, int32_t k, const pln_sides *sides, int64_t first,
                      int64_t n) {
  const pln_holding *h = &x->portfolios[portfolio]->holdings[k];
  pln_market *m = &x->markets[k];
  exits_try(x, portfolio, k, sides, PLN_MATCH_WITHIN, PLN_EXIT_STOPS);
  for (int64_t i = first; i < n; i++) {
    pln_pending *p = &x->pending[i];
    if (pln_order_is_for(p, portfolio, k) && pln_order_waits(m, p) &&
        (p->order.type == PLN_ORDER_STOP || p->order.type == PLN_ORDER_TRAILING_STOP) &&
        h->count * p->order.side < 0)
      pln_match_try(x, m, p, sides, PLN_MATCH_WITHIN, false);
  }
  for (int64_t i = first; i < n; i++) {
    pln_pending *p = &x->pending[i];
    if (pln_order_is_for(p, portfolio, k) && pln_order_waits(m, p))
      pln_match_try(x, m, p, sides, PLN_MATCH_WITHIN, false);
  }
  exits_try(x, portfolio, k, sides, PLN_MATCH_WITHIN, PLN_EXIT_TARGETS);
}

/* The time within the bar being: the open, then what the policy says. Nothing is queued while this runs. */
static void match_phases(pln_exec *x, int32_t portfolio, int32_t k, const pln_sides *sides, int64_t first) {
  pln_market *m = &x->markets[k];
  const int64_t n = x->n_pending;
  for (int64_t i = first; i < n; i++) {
    pln_pending *p = &x->pending[i];
    if (pln_order_is_for(p, portfolio, k) && pln_match_accept(x, m, p))
      pln_match_try(x, m, p, sides, PLN_MATCH_AT_OPEN, true);
  }
  if (x->extras & PLN_EXTRA_LINKS) { /* children that stand before their parent, which was replaced */
    for (int64_t i = first; i < n; i++) {
      pln_pending *p = &x->pending[i];
      if (pln_order_is_for(p, portfolio, k) && p->order.status == PLN_STATUS_PENDING &&
          pln_match_accept(x, m, p))
        pln_match_try(x, m, p, sides, PLN_MATCH_AT_OPEN, true);
    }
  }
  exits_try(x, portfolio, k, sides, PLN_MATCH_AT_OPEN, PLN_EXIT_STOPS | PLN_EXIT_TARGETS);
  if (x->models.n_of_kind[PLN_MODEL_LATENCY] > 0) pln_latency_match(x, portfolio, k, sides, first, n);
  expire_at_once(x, m, portfolio, k, first);

  const pln_reach reach = reach_of(x, portfolio, k, sides, first);
  if (reach.up && reach.down) x->view.ambiguous_bars++;
  if (reach.all > 0) pln_path_match(x, portfolio, k, sides, first, n, reach.orders, reach.all);
  if (x->config.fill != PLN_FILL_NEXT_OPEN) exits_try(x, portfolio, k, sides, PLN_MATCH_WITHIN, PLN_EXIT_DUE);
}

/* Each order against the whole bar, in the order in which they were made, as queues without a time within the
 * bar do. */
static void match_as_made(pln_exec *x, int32_t portfolio, int32_t k, const pln_sides *sides, int64_t first) {
  pln_market *m = &x->markets[k];
  const int64_t n = x->n_pending;
  for (int64_t i = first; i < n; i++) {
    pln_pending *p = &x->pending[i];
    if (!pln_order_is_for(p, portfolio, k) || !pln_match_accept(x, m, p)) continue;
    pln_match_try(x, m, p, sides, PLN_MATCH_AT_OPEN, true);
    const bool at_once = p->order.tif == PLN_TIF_IOC || p->order.tif == PLN_TIF_FOK;
    if (!at_once && pln_order_waits(m, p)) pln_match_try(x, m, p, sides, PLN_MATCH_WITHIN, false);
  }
  if (x->models.n_of_kind[PLN_MODEL_LATENCY] > 0) pln_latency_match(x, portfolio, k, sides, first, n);
  expire_at_once(x, m, portfolio, k, first);
  exits_try(x, portfolio, k, sides, PLN_MATCH_AT_OPEN, PLN_EXIT_STOPS | PLN_EXIT_TARGETS);
  exits_try(x, portfolio, k, sides, PLN_MATCH_WITHIN, PLN_EXIT_STOPS);
  exits_try(x, portfolio, k, sides, PLN_MATCH_WITHIN, PLN_EXIT_TARGETS);
}

static void match_bar(pln_exec *x, int32_t portfolio, int32_t k) {
  const pln_portfolio *pf = x->portfolios[portfolio];
  const pln_holding *h = &pf->holdings[k];
  const pln_sides sides = pln_market_sides(&x->markets[k], x->markets[k].next - 1);
  const pln_bar *closing = h->count > 0 ? &sides.sell : &sides.buy;
  int64_t first = 0;
  const int64_t n = x->n_pending;
  while (first < n && !pln_order_is_for(&x->pending[first], portfolio, k)) first++;
  if (first == n && closing->low > h->touch_low && closing->high < h->touch_high &&
      !pln_exits_due(&x->markets[k], h, x->markets[k].next - 1))
    return;

  if (pf->config.fill_price_quirk) {
    const pln_reach reach = reach_of(x, portfolio, k, &sides, first);
    if (reach.up && reach.down) x->view.ambiguous_bars++;
    pln_queue_match(x, portfolio, k);
    return;
  }
  if (x->config.intrabar == PLN_INTRABAR_AS_MADE) {
    const pln_reach reach = reach_of(x, portfolio, k, &sides, first);
    if (reach.up && reach.down) x->view.ambiguous_bars++;
    match_as_made(x, portfolio, k, &sides, first);
  } else {
    match_phases(x, portfolio, k, &sides, first);
  }
  for (int64_t i = first; i < n; i++)
    if (pln_order_is_for(&x->pending[i], portfolio, k))
      x->pending[i].trigger_bar_done = x->pending[i].is_triggered;
}

/* At the open, what frees money goes first, over all instruments: a rotation can pay for what it buys. */
static void match_reductions(pln_exec *x) {
  for (int32_t k = 0; k < x->n_markets; k++) {
    pln_market *m = &x->markets[k];
    if (!pln_market_fills(m)) continue;
    const pln_sides sides = pln_market_sides(m, m->next - 1);
    for (int64_t i = 0; i < x->n_pending; i++) {
      pln_pending *p = &x->pending[i];
      if (p->order.instrument != k || p->order.type != PLN_ORDER_MARKET || !reduces_only(x, p)) continue;
      if (x->portfolios[p->order.portfolio]->config.fill_price_quirk) continue;
      if (pln_match_accept(x, m, p)) pln_match_try(x, m, p, &sides, PLN_MATCH_AT_OPEN, true);
    }
  }
}

static void fill_at_close(pln_exec *x, pln_pending *p) {
  pln_market *m = &x->markets[p->order.instrument];
  if (p->order.status == PLN_STATUS_PENDING) {
    if (p->order.tif == PLN_TIF_DAY) p->day = pln_session_day(m, m->ts_ns[m->next - 1]);
    pln_orders_move(x, p, PLN_STATUS_ACCEPTED, PLN_REFUSAL_NONE);
  }
  pln_fill_order(x, p,
                 &(pln_hit){.price = pln_market_close(m, m->next - 1, p->order.side),
                            .worsens = 1,
                            .at_market = 1,
                            .type = p->order.type,
                            .bar = m->next - 1});
}

void pln_match_at_close(pln_exec *x, int32_t portfolio, int32_t k) {
  for (int32_t pass = 0; pass < 2; pass++) { /* again, what frees money goes first */
    for (int64_t i = 0; i < x->n_pending; i++) {
      pln_pending *p = &x->pending[i];
      pln_market *m = &x->markets[p->order.instrument];
      const bool on_close = p->order.type == PLN_ORDER_MARKET_ON_CLOSE;
      if (!on_close && !(p->order.type == PLN_ORDER_MARKET && x->config.fill == PLN_FILL_NEXT_CLOSE))
        continue;
      if ((portfolio >= 0 && p->order.portfolio != portfolio) || (k >= 0 && p->order.instrument != k))
        continue;
      if (x->portfolios[p->order.portfolio]->config.fill_price_quirk) continue; /* its queue has them */
      if (!pln_market_fills(m) || (pass == 0 && !reduces_only(x, p))) continue;
      if (!pln_order_waits(m, p) && !pln_latency_arrives(m, p)) continue;
      if (on_close && !pln_session_closes(m, m->next - 1)) continue;
      fill_at_close(x, p);
    }
  }
}

void pln_match_instant(pln_exec *x) {
  if (x->n_pending > 0 && x->config.fill == PLN_FILL_NEXT_OPEN && x->config.intrabar != PLN_INTRABAR_AS_MADE)
    match_reductions(x);
  for (int32_t portfolio = 0; portfolio < x->n_portfolios; portfolio++)
    for (int32_t k = 0; k < x->n_markets; k++)
      if (pln_market_fills(&x->markets[k])) match_bar(x, portfolio, k);
  if (x->extras & PLN_EXTRA_CLOSES) {
    /* All of these closes are known by now: sizes and limits are reckoned with them. */
    for (int32_t k = 0; k < x->n_markets; k++)
      for (int32_t j = 0; x->markets[k].is_visible && j < x->n_portfolios; j++)
        x->portfolios[j]->positions[k].last_price = x->markets[k].close[x->markets[k].next - 1];
    pln_match_at_close(x, -1, -1);
  }
  if (x->extras & PLN_EXTRA_TRAILS) pln_trail_follow(x);
  pln_orders_sweep(x);
}

void pln_match_close(pln_exec *x) {
  for (int32_t pass = 0; pass < 2; pass++) { /* what frees money goes first */
    for (int64_t i = 0; i < x->n_pending; i++) {
      pln_pending *p = &x->pending[i];
      const pln_market *m = &x->markets[p->order.instrument];
      if (pln_order_is_final(&p->order) || p->order.type != PLN_ORDER_MARKET || !pln_market_fills(m))
        continue;
      if (x->portfolios[p->order.portfolio]->config.fill_price_quirk) continue; /* with the next bar */
      if (p->is_held || p->active_ns > x->view.now_ns) continue;
      if (pass == 0 && !reduces_only(x, p)) continue;
      fill_at_close(x, p);
    }
  }
  pln_orders_sweep(x);
}
