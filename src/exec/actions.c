#include "core/error.h"
#include "exec/exec.h"
#include <stdlib.h>
#include <string.h>

static int32_t check_open(const pln_exec *x) {
  return x->is_started ? pln_fail(PLN_ERR_STATE, "the run has begun: nothing can be added any more") : PLN_OK;
}

static int32_t check_action(const pln_action *a, int64_t index, int64_t before_ns) {
  if (a->ts_ns < before_ns)
    return pln_fail(PLN_ERR_ARGUMENT,
                    "action %lld is of %lld ns, before the one at %lld ns: sort them by time",
                    (long long)index, (long long)a->ts_ns, (long long)before_ns);
  if (a->kind == PLN_ACTION_SPLIT && !(isfinite(a->value) && a->value > 0))
    return pln_fail(PLN_ERR_ARGUMENT,
                    "split ratio %g of action %lld, expected new units for each old one, above 0", a->value,
                    (long long)index);
  if (a->kind == PLN_ACTION_DIVIDEND && !(isfinite(a->value) && a->value >= 0))
    return pln_fail(PLN_ERR_ARGUMENT, "dividend %g of action %lld, expected 0 or more", a->value,
                    (long long)index);
  if (a->kind == PLN_ACTION_DELIST && !(isnan(a->value) || (isfinite(a->value) && a->value >= 0)))
    return pln_fail(PLN_ERR_ARGUMENT,
                    "final price %g of action %lld, expected 0 or more, or NaN (last close)", a->value,
                    (long long)index);
  if (a->kind == PLN_ACTION_CASH && !isfinite(a->value))
    return pln_fail(PLN_ERR_ARGUMENT, "amount %g of action %lld is not finite", a->value, (long long)index);
  return PLN_OK;
}

/* Appends checked copies to *array. */
static int32_t append(pln_action **array, int64_t *count, const pln_action *actions, int64_t n,
                      bool of_cash) {
  int64_t last = *count > 0 ? (*array)[*count - 1].ts_ns : INT64_MIN;
  for (int64_t i = 0; i < n; i++) {
    const pln_action *a = &actions[i];
    if (a->kind < PLN_ACTION_SPLIT || a->kind > PLN_ACTION_CASH || (a->kind == PLN_ACTION_CASH) != of_cash)
      return pln_fail(PLN_ERR_ARGUMENT, "action %lld is of kind %d, which %s does not have", (long long)i,
                      a->kind, of_cash ? "a portfolio" : "an instrument");
    const int32_t status = check_action(a, i, last);
    if (status) return status;
    last = a->ts_ns;
  }
  if (n <= 0) return PLN_OK;
  pln_action *grown = realloc(*array, (size_t)(*count + n) * sizeof *grown);
  if (!grown) return pln_fail(PLN_ERR_MEMORY, "no memory for %lld actions", (long long)(*count + n));
  memcpy(grown + *count, actions, (size_t)n * sizeof *grown);
  *array = grown;
  *count += n;
  return PLN_OK;
}

int32_t pln_exec_add_actions(pln_exec *exec, int32_t instrument, const pln_action *actions, int64_t n) {
  if (check_open(exec)) return PLN_ERR_STATE;
  if (instrument < 0 || instrument >= exec->n_markets)
    return pln_fail(PLN_ERR_ARGUMENT, "instrument %d does not exist: there are %d", instrument,
                    exec->n_markets);
  pln_market *m = &exec->markets[instrument];
  const int32_t status = append(&m->actions, &m->n_actions, actions, n, false);
  for (int64_t i = 0; !status && i < n; i++)
    if (actions[i].kind == PLN_ACTION_ENTER) m->is_outside = 1;
  return status;
}

int32_t pln_exec_add_cash_flows(pln_exec *exec, int32_t portfolio, const pln_action *flows, int64_t n) {
  if (check_open(exec)) return PLN_ERR_STATE;
  if (portfolio < 0 || portfolio >= exec->n_portfolios)
    return pln_fail(PLN_ERR_ARGUMENT, "portfolio %d does not exist: there are %d", portfolio,
                    exec->n_portfolios);
  pln_portfolio *p = exec->portfolios[portfolio];
  const int32_t status = append(&p->cash_actions, &p->n_cash_actions, flows, n, true);
  return status || n <= 0 ? status : pln_recorder_reserve_flow(p);
}

int32_t pln_actions_refusal(const pln_exec *x, int32_t portfolio, int32_t k) {
  const pln_market *m = &x->markets[k];
  if (m->spec.is_rate) return PLN_REFUSAL_NOT_TRADABLE;
  if (m->is_delisted) return PLN_REFUSAL_DELISTED;
  if (m->is_outside) return PLN_REFUSAL_NOT_MEMBER;
  if (!(x->portfolios[portfolio]->holdings[k].point > 0)) return PLN_REFUSAL_NO_PRICE;
  return PLN_REFUSAL_NONE;
}

/* Prices and distances of an order of a split instrument, in new units; never better for the order than what
 * was asked. */
static void split_prices(const pln_market *m, pln_pending *p, double ratio) {
  pln_order *o = &p->order;
  const bool buy = o->side == PLN_SIDE_BUY;
  o->limit_price /= ratio;
  o->stop_price /= ratio;
  o->average_fill_price /= ratio;
  if (o->trail_type == PLN_TRAIL_AMOUNT) o->trail /= ratio;
  p->stop_loss /= ratio;
  p->take_profit /= ratio;
  p->distance /= ratio;
  p->best /= ratio;
  p->limit_offset /= ratio;
  p->costs.arrival /= ratio;
  p->costs.vwap_plain /= ratio;
  p->costs.vwap_volume *= ratio;
  if (m->tick.step == 0) return;
  if (o->limit_price > 0) o->limit_price = pln_step_round(&m->tick, o->limit_price, !buy);
  if (o->stop_price > 0) o->stop_price = pln_step_round(&m->tick, o->stop_price, buy);
}

/* Its quantities, in whole lots; false where nothing is left of it. */
static bool split_counts(const pln_step *lot, pln_pending *p, double ratio) {
  pln_order *o = &p->order;
  o->filled *= ratio;
  if (p->mode == PLN_MODE_TO_QUANTITY) p->size *= ratio;
  if (p->count == 0) return true; /* sized at the fill, or when its parent fills */
  p->count = floor(pln_snap_count(p->count * ratio));
  if (o->algo) {
    p->algo.total = floor(pln_snap_count(p->algo.total * ratio));
    if (p->algo.visible > 0) p->algo.visible = fmax(1, floor(pln_snap_count(p->algo.visible * ratio)));
    o->filled = pln_step_value(lot, p->algo.total - p->count);
  }
  o->quantity = o->filled + pln_step_value(lot, p->count);
  return p->count > 0;
}

static void split_orders(pln_exec *x, int32_t k, double ratio) {
  for (int64_t i = 0; i < x->n_pending; i++) {
    pln_pending *p = &x->pending[i];
    if (p->order.instrument != k || pln_order_is_final(&p->order)) continue;
    split_prices(&x->markets[k], p, ratio);
    if (!split_counts(&x->portfolios[p->order.portfolio]->holdings[k].lot, p, ratio))
      pln_orders_end(x, p, PLN_STATUS_CANCELED, PLN_REFUSAL_ZERO_QUANTITY);
  }
  pln_orders_sweep(x);
}

static void apply_split(pln_exec *x, int32_t k, double ratio) {
  for (int32_t j = 0; j < x->n_portfolios && !x->status; j++) {
    pln_portfolio *p = x->portfolios[j];
    x->status = pln_portfolio_split(p, k, ratio, p->positions[k].last_price / ratio);
  }
  if (!x->status) split_orders(x, k, ratio);
}

static void apply_dividend(pln_exec *x, int32_t k, double amount) {
  for (int32_t j = 0; j < x->n_portfolios; j++) {
    pln_portfolio *p = x->portfolios[j];
    const pln_holding *h = &p->holdings[k];
    if (h->n_lots > 0) pln_portfolio_earn(p, k, p->positions[k].quantity * amount * h->rate);
  }
}

/* Whoever holds the benchmark has more units after a split, and buys more of it with a dividend. */
static void keep_benchmark(pln_exec *x, const pln_market *m, const pln_action *a) {
  double growth = 1;
  if (a->kind == PLN_ACTION_SPLIT) growth = a->value;
  if (a->kind == PLN_ACTION_DIVIDEND) {
    int64_t before = m->next - 1; /* the last bar that opened before the ex-date */
    while (before >= 0 && m->ts_ns[before] >= a->ts_ns) before--;
    if (before >= 0 && m->close[before] > a->value) growth = m->close[before] / (m->close[before] - a->value);
  }
  x->benchmark_close /= growth; /* until its next bar what is recorded stays the same */
  for (int32_t j = 0; j < x->n_portfolios; j++) x->portfolios[j]->benchmark_factor *= growth;
}

static void apply_delisting(pln_exec *x, int32_t k, double final_price) {
  pln_market *m = &x->markets[k];
  m->is_delisted = 1;
  for (int32_t j = 0; j < x->n_portfolios && !x->status; j++) {
    pln_portfolio *p = x->portfolios[j];
    pln_orders_cancel(x, j, k, false, PLN_REFUSAL_DELISTED);
    pln_orders_sweep(x);
    if (isfinite(final_price)) p->positions[k].last_price = final_price;
    if (p->holdings[k].n_lots > 0)
      pln_fill_exit(
          x, j, k, -1, PLN_EXIT_DELISTED, x->view.now_ns,
          &(pln_hit){.price = p->positions[k].last_price, .is_free = 1, .bar = p->holdings[k].last_bar});
  }
}

/* What is held goes at the open of the bar before which the symbol left: that was known by then. */
static void apply_leave(pln_exec *x, int32_t k, int64_t ts_ns) {
  x->markets[k].is_outside = 1;
  for (int32_t j = 0; j < x->n_portfolios && !x->status; j++) {
    const pln_portfolio *p = x->portfolios[j];
    if (p->config.on_leave != PLN_ON_LEAVE_CLOSE || p->holdings[k].n_lots == 0) continue;
    pln_pending *order = pln_orders_close(x, j, k, PLN_EXIT_LEFT_UNIVERSE);
    if (order) order->order.created_ns = order->active_ns = ts_ns;
  }
}

static void apply_enter(pln_exec *x, int32_t k) {
  x->markets[k].is_outside = 0;
  for (int32_t j = 0; j < x->n_portfolios; j++) {
    pln_target *t = pln_exec_target(x, j, k);
    if (t->first < 0 || x->portfolios[j]->holdings[k].n_lots > 0) continue;
    t->acted = 0;
    t->touched |= 2;
    t->source = t->first;
  }
}

static void apply(pln_exec *x, int32_t k, const pln_action *a) {
  if (k == x->config.benchmark) keep_benchmark(x, &x->markets[k], a);
  switch (a->kind) {
  case PLN_ACTION_SPLIT:
    apply_split(x, k, a->value);
    break;
  case PLN_ACTION_DIVIDEND:
    apply_dividend(x, k, a->value);
    break;
  case PLN_ACTION_DELIST:
    apply_delisting(x, k, a->value);
    break;
  case PLN_ACTION_HALT:
    x->markets[k].is_halted = 1;
    break;
  case PLN_ACTION_RESUME:
    x->markets[k].is_halted = 0;
    break;
  case PLN_ACTION_ENTER:
    apply_enter(x, k);
    break;
  default:
    apply_leave(x, k, a->ts_ns);
    break;
  }
}

static void apply_flow(pln_exec *x, int32_t j, const pln_action *a) {
  pln_portfolio *p = x->portfolios[j];
  double free_cash;
  if (!pln_portfolio_flow(p, a->value, &free_cash))
    pln_portfolio_refuse(p, PLN_REFUSAL_WITHDRAWAL, x->view.now_ns, 0, fabs(a->value), free_cash);
}

/* The next action of an instrument that is due by newest_ns; NULL without one. */
static const pln_action *due_of(const pln_market *m, int64_t newest_ns) {
  if (m->next_action == m->n_actions) return NULL;
  const pln_action *a = &m->actions[m->next_action];
  const int64_t bar = m->next - (m->is_visible ? 1 : 0); /* the one that is at hand, or comes next */
  return a->ts_ns <= newest_ns && (bar >= m->end || m->ts_ns[bar] >= a->ts_ns) ? a : NULL;
}

/* The bar from which on a market needs more than a mark. */
static void set_quick_end(const pln_exec *x, pln_market *m) {
  int64_t next_ns = m->next_action < m->n_actions ? m->actions[m->next_action].ts_ns : INT64_MAX;
  for (int32_t j = 0; j < x->n_portfolios; j++) {
    const pln_portfolio *p = x->portfolios[j];
    if (p->next_cash_action == p->n_cash_actions) continue;
    const int64_t ts_ns = p->cash_actions[p->next_cash_action].ts_ns;
    if (ts_ns < next_ns) next_ns = ts_ns;
  }
  int64_t low = 0, high = m->end;
  while (low < high) {
    const int64_t mid = low + (high - low) / 2;
    if (m->ts_ns[mid] < next_ns)
      low = mid + 1;
    else
      high = mid;
  }
  m->quick_end = m->is_halted || m->is_delisted ? 0 : low;
}

static void look_ahead(pln_exec *x) {
  int64_t next_ns = INT64_MAX;
  for (int32_t k = 0; k < x->n_markets; k++) {
    pln_market *m = &x->markets[k];
    set_quick_end(x, m);
    if (m->next_action < m->n_actions && m->actions[m->next_action].ts_ns < next_ns)
      next_ns = m->actions[m->next_action].ts_ns;
  }
  for (int32_t j = 0; j < x->n_portfolios; j++) {
    const pln_portfolio *p = x->portfolios[j];
    if (p->next_cash_action < p->n_cash_actions && p->cash_actions[p->next_cash_action].ts_ns < next_ns)
      next_ns = p->cash_actions[p->next_cash_action].ts_ns;
  }
  x->action_ns = next_ns;
}

void pln_actions_start(pln_exec *x) {
  for (int32_t k = 0; k < x->n_markets; k++) {
    pln_market *m = &x->markets[k];
    /* Prices from before the window are in the units of their bar; what the instrument is, is known. */
    for (; m->next > 0 && m->next_action < m->n_actions; m->next_action++) {
      const pln_action *a = &m->actions[m->next_action];
      if (a->ts_ns > m->ts_ns[m->next - 1]) break;
      if (a->kind == PLN_ACTION_DELIST) m->is_delisted = 1;
      if (a->kind == PLN_ACTION_HALT || a->kind == PLN_ACTION_RESUME)
        m->is_halted = a->kind == PLN_ACTION_HALT;
      if (a->kind == PLN_ACTION_ENTER || a->kind == PLN_ACTION_LEAVE)
        m->is_outside = a->kind == PLN_ACTION_LEAVE;
    }
    while (m->n_actions > m->next_action && m->actions[m->n_actions - 1].ts_ns >= x->config.trade_until_ns)
      m->n_actions--;
  }
  for (int32_t j = 0; j < x->n_portfolios; j++) {
    pln_portfolio *p = x->portfolios[j];
    while (p->next_cash_action < p->n_cash_actions &&
           p->cash_actions[p->next_cash_action].ts_ns < x->config.trade_from_ns)
      p->next_cash_action++;
    while (p->n_cash_actions > p->next_cash_action &&
           p->cash_actions[p->n_cash_actions - 1].ts_ns >= x->config.trade_until_ns)
      p->n_cash_actions--;
  }
  look_ahead(x);
}

void pln_actions_apply(pln_exec *x, int64_t newest_ns) {
  while (!x->status) {
    const pln_action *first = NULL;
    int32_t k_first = -1, j_first = -1;
    for (int32_t k = 0; k < x->n_markets; k++) {
      const pln_action *a = due_of(&x->markets[k], newest_ns);
      if (!a || (first && a->ts_ns >= first->ts_ns)) continue;
      first = a;
      k_first = k;
    }
    for (int32_t j = 0; j < x->n_portfolios; j++) {
      const pln_portfolio *p = x->portfolios[j];
      if (p->next_cash_action == p->n_cash_actions) continue;
      const pln_action *a = &p->cash_actions[p->next_cash_action];
      if (a->ts_ns > newest_ns || (first && a->ts_ns >= first->ts_ns)) continue;
      first = a;
      j_first = j;
    }
    if (!first) break;
    if (j_first >= 0) {
      x->portfolios[j_first]->next_cash_action++;
      apply_flow(x, j_first, first);
    } else {
      x->markets[k_first].next_action++;
      apply(x, k_first, first);
    }
  }
  look_ahead(x);
}

void pln_actions_finish(pln_exec *x) {
  for (int32_t k = 0; k < x->n_markets && !x->status; k++) {
    const pln_market *m = &x->markets[k];
    if (m->next < m->bars->n_bars || m->is_delisted) continue; /* the window ended, not the instrument */
    for (int64_t i = m->next_action; i < m->n_actions && !x->status; i++)
      if (m->actions[i].kind == PLN_ACTION_DELIST) apply_delisting(x, k, m->actions[i].value);
  }
}
