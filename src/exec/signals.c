#include "core/error.h"
#include "exec/exec.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

int32_t pln_exec_push_signals(pln_exec *exec, int32_t source, const pln_signal *signals, int64_t n) {
  if (source < 0 || source >= exec->n_sources || exec->sources[source].kind != PLN_SOURCE_SIGNALS)
    return pln_fail(PLN_ERR_ARGUMENT, "%d is not a signal source of this container", source);
  if (exec->is_finished) return pln_fail(PLN_ERR_STATE, "the run is finished: it takes no more signals");
  pln_source *s = &exec->sources[source];
  int64_t last = s->n > s->head ? s->signals[s->n - 1].ts_ns : INT64_MIN;
  for (int64_t i = 0; i < n; i++) {
    const pln_signal *g = &signals[i];
    if (g->ts_ns < last || (exec->is_started && g->ts_ns <= exec->horizon_ns))
      return pln_fail(
          PLN_ERR_ARGUMENT, "signal %lld of source %d is for %lld ns, but times up to %lld ns are already %s",
          (long long)i, source, (long long)g->ts_ns, (long long)(g->ts_ns < last ? last : exec->horizon_ns),
          g->ts_ns < last ? "pushed" : "processed");
    if (g->direction < PLN_DIRECTION_SHORT || g->direction > PLN_DIRECTION_LONG)
      return pln_fail(PLN_ERR_ARGUMENT, "direction %d of a signal, expected -1, 0 or 1", g->direction);
    if (!(g->strength >= 0 && g->strength <= 1))
      return pln_fail(PLN_ERR_ARGUMENT, "strength %g of a signal, expected 0 to 1", g->strength);
    last = g->ts_ns;
  }
  if (s->head > 0) {
    memmove(s->signals, s->signals + s->head, (size_t)(s->n - s->head) * sizeof *s->signals);
    s->n -= s->head;
    s->head = 0;
  }
  if (s->n + n > s->capacity) {
    const int64_t capacity = 2 * s->capacity + n;
    pln_signal *grown = realloc(s->signals, (size_t)capacity * sizeof *grown);
    if (!grown) return pln_fail(PLN_ERR_MEMORY, "no memory for %lld signals", (long long)capacity);
    s->signals = grown;
    s->capacity = capacity;
  }
  if (n > 0) memcpy(s->signals + s->n, signals, (size_t)n * sizeof *signals);
  s->n += n;
  return PLN_OK;
}

int64_t pln_signals_next_ns(const pln_exec *x, const pln_source *s) {
  if (s->head == s->n) return INT64_MAX;
  const int64_t ts = s->signals[s->head].ts_ns;
  return ts > x->first_ns ? ts
                          : x->first_ns; /* levels from before the window are in force at its first instant */
}

void pln_signals_apply(pln_exec *x, int32_t source) {
  pln_source *s = &x->sources[source];
  while (pln_signals_next_ns(x, s) <= x->view.now_ns) {
    const pln_signal *g = &s->signals[s->head++];
    pln_target *t = pln_exec_target(x, s->portfolio, s->instrument);
    if (g->direction != s->direction) {
      s->is_blocked = 0;
      t->touched |= 2;
      t->source = source;
    } else if (g->strength != s->strength) {
      t->touched |= 1;
      if (!(t->touched & 2)) t->source = source;
    }
    s->direction = g->direction;
    s->strength = g->strength;
  }
}

/* The combined level of a portfolio's sources on an instrument, within -1 … 1. Without rebalancing a source's
 * level is its direction alone. */
static double combined(const pln_exec *x, int32_t portfolio, const pln_target *t) {
  const bool scaled = x->portfolios[portfolio]->config.rebalance;
  double level = 0;
  for (int32_t i = t->first; i >= 0; i = x->sources[i].next) {
    const pln_source *s = &x->sources[i];
    if (!s->is_blocked) level += s->weight * s->direction * (scaled ? s->strength : 1.0);
  }
  return level > 1 ? 1 : level < -1 ? -1 : level;
}

void pln_signals_stopped(pln_exec *x, int32_t portfolio, int32_t instrument, int32_t side) {
  bool any = false;
  pln_target *t = pln_exec_target(x, portfolio, instrument);
  for (int32_t i = t->first; i >= 0; i = x->sources[i].next) {
    pln_source *s = &x->sources[i];
    if (s->is_blocked || s->weight * s->direction * side <= 0) continue;
    s->is_blocked = 1;
    any = true;
  }
  if (!any) return;
  pln_portfolio_refuse(x->portfolios[portfolio], PLN_REFUSAL_STOPPED_OUT, x->view.now_ns, instrument,
                       t->acted, 0);
  t->acted = combined(x, portfolio, t);
}

static void queue(pln_exec *x, int32_t portfolio, int32_t k, int32_t side, int32_t mode, double count,
                  double size) {
  const pln_step *lot = &x->portfolios[portfolio]->holdings[k].lot;
  pln_orders_queue(x, &(pln_pending){.order = {.portfolio = portfolio,
                                               .source = pln_exec_target(x, portfolio, k)->source,
                                               .instrument = k,
                                               .side = side,
                                               .quantity = pln_step_value(lot, count),
                                               .reason = PLN_EXIT_SIGNAL},
                                     .count = count,
                                     .size = size,
                                     .mode = mode,
                                     .is_managed = 1});
}

/* Orders that bring the position from what is held to `level` of the portfolio's sizing. */
static void aim(pln_exec *x, int32_t portfolio, int32_t k, double level) {
  pln_portfolio *pf = x->portfolios[portfolio];
  const pln_holding *h = &pf->holdings[k];
  const pln_sizing *sizing = &pf->config.sizing;
  const double size = sizing->value * fabs(level), last = pf->positions[k].last_price;
  const int32_t side = level > 0 ? PLN_SIDE_BUY : PLN_SIDE_SELL;
  const bool adds = h->count * side > 0;
  const int64_t now = x->view.now_ns;
  if (sizing->type == PLN_SIZE_QUANTITY && size / h->lot.step >= PLN_STEP_MAX_COUNT) {
    pln_portfolio_refuse(pf, PLN_REFUSAL_INVALID_QUANTITY, now, k, size, 0);
    return;
  }
  if (sizing->type != PLN_SIZE_QUANTITY && sizing->at == PLN_SIZE_AT_FILL && !adds) {
    queue(x, portfolio, k, side, sizing->type == PLN_SIZE_CASH ? PLN_MODE_CASH : PLN_MODE_PERCENT, 0, size);
    return;
  }
  if (isnan(last)) {
    pln_portfolio_refuse(pf, PLN_REFUSAL_NO_PRICE, now, k, size, 0);
    return;
  }
  const bool later = sizing->at == PLN_SIZE_AT_FILL && sizing->type != PLN_SIZE_QUANTITY;
  const int32_t modes[] = {PLN_MODE_TO_QUANTITY, PLN_MODE_TO_CASH, PLN_MODE_TO_PERCENT};
  const int32_t mode = modes[sizing->type];
  const pln_worth worth = pln_fill_worth(x, portfolio, k, last);
  const double goal = pln_fill_aim(x, portfolio, k, mode, side * size, last, worth, later);
  const double delta = adds ? goal - h->count : goal;
  if (goal == 0) pln_portfolio_refuse(pf, PLN_REFUSAL_ZERO_QUANTITY, now, k, size, 0);
  if (delta == 0) return;
  queue(x, portfolio, k, delta > 0 ? PLN_SIDE_BUY : PLN_SIDE_SELL, later ? mode : PLN_MODE_COUNT, fabs(delta),
        side * size);
}

static void act(pln_exec *x, int32_t portfolio, int32_t k, pln_target *t) {
  pln_portfolio *pf = x->portfolios[portfolio];
  const pln_holding *h = &pf->holdings[k];
  const int64_t now = x->view.now_ns;
  double level = combined(x, portfolio, t);
  if (level == t->acted || !(pf->config.rebalance || (t->touched & 2))) return;
  t->acted = level;
  if (pf->account.bankrupt || pf->account.halted) {
    const int32_t refusal = pf->account.bankrupt ? PLN_REFUSAL_BANKRUPT : PLN_REFUSAL_HALTED;
    if (level != 0) pln_portfolio_refuse(pf, refusal, now, k, level, 0);
    return; /* everything is closed or about to be */
  }
  if (level < 0 && !pf->config.allow_short) {
    pln_portfolio_refuse(pf, PLN_REFUSAL_SHORT_NOT_ALLOWED, now, k, level, 0);
    level = 0;
  }
  const int32_t gate = pln_actions_refusal(x, portfolio, k);
  if (level != 0 && (gate == PLN_REFUSAL_NOT_TRADABLE || gate == PLN_REFUSAL_DELISTED)) {
    pln_portfolio_refuse(pf, gate, now, k, level, 0);
    level = 0;
  }
  if (x->n_pending > 0) {
    pln_orders_cancel(x, portfolio, k, true, PLN_REFUSAL_REPLACED);
    pln_orders_sweep(x);
  }
  if (h->count != 0 && h->count * level <= 0)
    queue(x, portfolio, k, h->count > 0 ? PLN_SIDE_SELL : PLN_SIDE_BUY, PLN_MODE_CLOSE, fabs(h->count), 0);
  if (level != 0) aim(x, portfolio, k, level);
}

void pln_signals_act(pln_exec *x) {
  for (int32_t portfolio = 0; portfolio < x->n_portfolios; portfolio++)
    for (int32_t k = 0; k < x->n_markets; k++) {
      pln_target *t = pln_exec_target(x, portfolio, k);
      if (!t->touched) continue;
      act(x, portfolio, k, t);
      t->touched = 0;
    }
}
