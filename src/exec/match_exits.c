#include "exec/exec.h"
#include <stddef.h>

/* When what the exits read at an entry has to be known: at the open of its bar, or with a fill at the close,
 * now. */
static int64_t known_ns(const pln_exec *x, int32_t k, const pln_hit *hit) {
  return hit->at_market && !hit->at_open ? x->view.now_ns : x->markets[k].ts_ns[hit->bar];
}

bool pln_exits_known(pln_exec *x, int32_t portfolio, int32_t k, const pln_hit *hit) {
  return pln_exits_ready(x->portfolios[portfolio], k, known_ns(x, k, hit));
}

/* The next time after `from_ns` at which local clocks show `time_s` seconds since midnight. */
static int64_t next_time(const pln_timezone *zone, int64_t from_ns, int32_t time_s) {
  const int64_t day = 86400000000000, local = pln_timezone_to_local(zone, from_ns);
  const int64_t midnight = local - (local % day + day) % day;
  int64_t due = pln_timezone_to_utc(zone, midnight + time_s * INT64_C(1000000000), 0, NULL);
  if (due <= from_ns) due = pln_timezone_to_utc(zone, midnight + day + time_s * INT64_C(1000000000), 0, NULL);
  return due;
}

void pln_exits_begin(pln_exec *x, int32_t portfolio, int32_t k, pln_lot *lot, const pln_hit *hit) {
  pln_portfolio *p = x->portfolios[portfolio];
  pln_market *m = &x->markets[k];
  int64_t due_ns = INT64_MAX;
  if (p->config.exits.has_time) {
    if (!m->timezone) m->timezone = pln_timezone_get(m->bars->timezone);
    due_ns = next_time(m->timezone, m->ts_ns[hit->bar], p->config.exits.time_s);
  }
  pln_exits_protect(p, k, lot, known_ns(x, k, hit), due_ns, &m->tick);
}

pln_levels pln_exit_levels(const pln_portfolio *p, const pln_market *m, const pln_lot *lot, bool is_long) {
  pln_levels l = {.target = pln_lot_target(lot, is_long)};
  l.is_rung = l.target == lot->ladder && l.target != lot->target;
  l.stop = pln_lot_stop(p, lot, is_long, &l.reason);
  if (l.reason && m->tick.step > 0) l.stop = pln_step_round(&m->tick, l.stop, !is_long);
  if (!l.reason) l.reason = lot->stop_reason;
  if (lot->stop_bar >= m->next) l.stop = 0;
  if (lot->target_bar >= m->next) l.target = 0;
  return l;
}

static bool is_due(const pln_market *m, const pln_lot *lot) {
  const int64_t i = m->next - 1;
  return i >= lot->due_bar || m->ts_ns[i] >= lot->due_ns;
}

/* How a lot leaves in this phase of the bar; price 0: it does not. */
static pln_hit exit_of(const pln_exec *x, const pln_market *m, const pln_lot *lot, const pln_levels *l,
                       const pln_bar *bar, pln_match_phase phase, bool is_long, int32_t kinds,
                       int32_t *reason) {
  pln_hit hit = {.at_open = phase == PLN_MATCH_AT_OPEN, .bar = m->next - 1};
  if (l->stop > 0 && (kinds & PLN_EXIT_STOPS)) {
    hit.price = pln_match_stop(l->stop, !is_long, bar, phase);
    hit.type = PLN_ORDER_STOP;
    hit.worsens = 1;
    *reason = l->reason;
    if (hit.price > 0) return hit;
  }
  const bool at_close = x->config.fill != PLN_FILL_NEXT_OPEN;
  if (!at_close && phase == PLN_MATCH_AT_OPEN && (kinds & PLN_EXIT_STOPS) && is_due(m, lot)) {
    *reason = PLN_EXIT_TIME;
    hit = (pln_hit){.price = bar->open, .worsens = 1, .at_open = 1, .at_market = 1, .bar = hit.bar};
    return hit;
  }
  hit.worsens = 0;
  if (l->target > 0 && (kinds & PLN_EXIT_TARGETS)) {
    hit.price = pln_match_limit(l->target, !is_long, bar, phase);
    hit.type = PLN_ORDER_LIMIT;
    *reason = l->is_rung ? PLN_EXIT_LADDER : PLN_EXIT_TAKE_PROFIT;
    if (hit.price > 0) return hit;
  }
  if (at_close && (kinds & PLN_EXIT_DUE) && is_due(m, lot)) {
    *reason = PLN_EXIT_TIME;
    hit = (pln_hit){.price = bar->close, .worsens = 1, .at_market = 1, .bar = hit.bar};
  }
  return hit;
}

void pln_exits_try(pln_exec *x, int32_t portfolio, int32_t k, const pln_bar *bar, pln_match_phase phase,
                   int32_t kinds) {
  pln_portfolio *p = x->portfolios[portfolio];
  pln_holding *h = &p->holdings[k];
  const pln_market *m = &x->markets[k];
  for (int64_t i = 0; i < h->n_lots && !x->status;) {
    const bool is_long = h->count > 0;
    pln_lot *lot = &h->lots[i];
    const pln_levels l = pln_exit_levels(p, m, lot, is_long);
    int32_t reason = PLN_EXIT_SIGNAL;
    pln_hit hit = exit_of(x, m, lot, &l, bar, phase, is_long, kinds, &reason);
    if (hit.price == 0) {
      i++;
      continue;
    }
    if (reason == PLN_EXIT_LADDER) {
      if (pln_fill_room(x, portfolio, k, hit.bar) == 0) {
        i++;
        continue;
      }
      hit.count = pln_exits_climb(p, lot, is_long, &m->tick);
      if (hit.count == 0) { /* less than a lot: on to the next rung */
        pln_portfolio_refresh(p, k);
        continue;
      }
    }
    const int64_t before = h->n_lots;
    pln_fill_exit(x, portfolio, k, i, reason, lot->protect_ns, &hit);
    /* The bar's volume did not suffice for all of the lot. */
    if (h->n_lots == before && reason != PLN_EXIT_LADDER) i++;
  }
}
