#include "core/error.h"
#include "exec/exec.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

int32_t pln_signals_check(const pln_exec *x, int32_t source, int64_t last_ns, const pln_signal *signals,
                          int64_t n) {
  if (source < 0 || source >= x->n_sources || x->sources[source].kind != PLN_SOURCE_SIGNALS)
    return pln_fail(PLN_ERR_ARGUMENT, "%d is not a signal source of this container", source);
  if (x->is_finished) return pln_fail(PLN_ERR_STATE, "the run is finished: it takes no more signals");
  int64_t last = last_ns;
  for (int64_t i = 0; i < n; i++) {
    const pln_signal *g = &signals[i];
    if (g->ts_ns < last || (x->is_started && g->ts_ns <= x->horizon_ns))
      return pln_fail(
          PLN_ERR_ARGUMENT, "signal %lld of source %d is for %lld ns, but times up to %lld ns are already %s",
          (long long)i, source, (long long)g->ts_ns, (long long)(g->ts_ns < last ? last : x->horizon_ns),
          g->ts_ns < last ? "pushed" : "processed");
    if (g->direction < PLN_DIRECTION_SHORT || g->direction > PLN_DIRECTION_LONG)
      return pln_fail(PLN_ERR_ARGUMENT, "direction %d of a signal, expected -1, 0 or 1", g->direction);
    if (!(g->strength >= 0 && g->strength <= 1))
      return pln_fail(PLN_ERR_ARGUMENT, "strength %g of a signal, expected 0 to 1", g->strength);
    last = g->ts_ns;
  }
  return PLN_OK;
}

int32_t pln_exec_push_signals(pln_exec *exec, int32_t source, const pln_signal *signals, int64_t n) {
  const bool known = source >= 0 && source < exec->n_sources;
  pln_source *s = known ? &exec->sources[source] : NULL;
  const int64_t last = known && s->n > s->head ? s->signals[s->n - 1].ts_ns : INT64_MIN;
  const int32_t status = pln_signals_check(exec, source, last, signals, n);
  if (status) return status;
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
      s->is_blocked = PLN_BLOCK_NONE;
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

static bool has_budgets(const pln_portfolio *pf) {
  return pf->config.scaling.long_pct > 0 || pf->config.scaling.short_pct > 0;
}

void pln_signals_stopped(pln_exec *x, int32_t portfolio, int32_t instrument, int32_t side) {
  bool any = false;
  pln_target *t = pln_exec_target(x, portfolio, instrument);
  for (int32_t i = t->first; i >= 0; i = x->sources[i].next) {
    pln_source *s = &x->sources[i];
    if (s->is_blocked || s->weight * s->direction * side <= 0) continue;
    s->is_blocked = PLN_BLOCK_EXIT;
    any = true;
  }
  if (!any) return;
  pln_portfolio_refuse(x->portfolios[portfolio], PLN_REFUSAL_STOPPED_OUT, x->view.now_ns, instrument,
                       t->acted, 0);
  t->acted = combined(x, portfolio, t);
  if (has_budgets(x->portfolios[portfolio])) t->touched |= 2; /* its share goes to the others */
}

static void queue(pln_exec *x, const pln_pending *made, int32_t portfolio, int32_t k) {
  const pln_step *lot = &x->portfolios[portfolio]->holdings[k].lot;
  pln_pending p = *made;
  p.order.portfolio = portfolio;
  p.order.source = pln_exec_target(x, portfolio, k)->source;
  p.order.instrument = k;
  p.order.quantity = pln_step_value(lot, p.count);
  p.order.reason = PLN_EXIT_SIGNAL;
  p.is_managed = 1;
  pln_orders_queue(x, &p);
}

static bool is_later(const pln_portfolio *pf, const pln_want *want) {
  return pf->config.sizing.at == PLN_SIZE_AT_FILL && want->mode != PLN_MODE_TO_QUANTITY;
}

/* Orders that bring the position from what is held to a size on a side. */
static void aim(pln_exec *x, int32_t portfolio, int32_t k, int32_t side, const pln_want *want) {
  pln_portfolio *pf = x->portfolios[portfolio];
  const pln_holding *h = &pf->holdings[k];
  const double size = want->size, last = pf->positions[k].last_price;
  const bool adds = h->count * side > 0, later = is_later(pf, want);
  const int64_t now = x->view.now_ns;
  int32_t refusal = want->refusal;
  if (!refusal && want->mode == PLN_MODE_TO_QUANTITY && size / h->lot.step >= PLN_STEP_MAX_COUNT)
    refusal = PLN_REFUSAL_INVALID_QUANTITY;
  if (!refusal && later && !adds) {
    queue(x,
          &(pln_pending){.order.side = side,
                         .mode = pln_size_plain(want->mode),
                         .size = size,
                         .distance = want->distance,
                         .cap = want->cap},
          portfolio, k);
    return;
  }
  if (!refusal && isnan(last)) refusal = PLN_REFUSAL_NO_PRICE;
  if (refusal) {
    pln_portfolio_refuse(pf, refusal, now, k, size, 0);
    return;
  }
  const pln_worth worth = pln_fill_worth(x, portfolio, k, last);
  const double goal = side * pln_fill_lots(x, portfolio, k, side, want, last, worth, later);
  const double delta = adds ? goal - h->count : goal;
  if (goal == 0) pln_portfolio_refuse(pf, PLN_REFUSAL_ZERO_QUANTITY, now, k, size, 0);
  if (delta == 0) return;
  queue(x,
        &(pln_pending){.order.side = delta > 0 ? PLN_SIDE_BUY : PLN_SIDE_SELL,
                       .mode = later ? want->mode : PLN_MODE_COUNT,
                       .count = fabs(delta),
                       .size = side * size,
                       .distance = want->distance,
                       .cap = want->cap},
        portfolio, k);
}

bool pln_signals_wait(const pln_exec *x, int32_t portfolio, int32_t k) {
  for (int64_t i = 0; i < x->n_pending; i++) {
    const pln_pending *p = &x->pending[i];
    if (p->is_managed && p->order.portfolio == portfolio && p->order.instrument == k &&
        !pln_order_is_final(&p->order))
      return true;
  }
  return false;
}

/* Whether a position of the target's side is so near to it that it is left alone: no band that is on is
 * exceeded (L. Swedroe's 5/25 rule has both). */
static bool is_within_band(const pln_exec *x, int32_t portfolio, int32_t k, int32_t side,
                           const pln_want *want) {
  const pln_portfolio *pf = x->portfolios[portfolio];
  const pln_scaling *s = &pf->config.scaling;
  const pln_holding *h = &pf->holdings[k];
  const double last = pf->positions[k].last_price;
  if (s->band_pct == 0 && s->band_relative_pct == 0) return false;
  if (h->count * side <= 0 || want->refusal || pln_signals_wait(x, portfolio, k)) return false;
  const pln_worth worth = pln_fill_worth(x, portfolio, k, last);
  const double goal = pln_fill_lots(x, portfolio, k, side, want, last, worth, is_later(pf, want));
  const double away = fabs(goal - fabs(h->count));
  const double value = pln_step_value(&h->lot, away) * h->point * last;
  if (s->band_pct > 0 && value > worth.equity * s->band_pct / 100.0) return false;
  return !(s->band_relative_pct > 0 && away > goal * s->band_relative_pct / 100.0);
}

/* Goes from what is held to a target; `level` (its sign counts) 0: out. False where a band keeps it as it is.
 */
static bool move(pln_exec *x, int32_t portfolio, int32_t k, double level, const pln_want *want) {
  const pln_holding *h = &x->portfolios[portfolio]->holdings[k];
  const int32_t side = level > 0 ? PLN_SIDE_BUY : PLN_SIDE_SELL;
  if (level != 0 && is_within_band(x, portfolio, k, side, want)) return false;
  if (x->n_pending > 0) {
    pln_orders_cancel(x, portfolio, k, true, PLN_REFUSAL_REPLACED);
    pln_orders_sweep(x);
  }
  if (h->count != 0 && h->count * level <= 0)
    queue(x,
          &(pln_pending){.order.side = h->count > 0 ? PLN_SIDE_SELL : PLN_SIDE_BUY,
                         .mode = PLN_MODE_CLOSE,
                         .count = fabs(h->count)},
          portfolio, k);
  if (level != 0) aim(x, portfolio, k, side, want);
  return true;
}

/* Nothing is entered any more; what there is, is closed or about to be. */
static bool is_over(const pln_portfolio *pf) { return pf->account.bankrupt || pf->account.halted; }

static void refuse_over(pln_exec *x, int32_t portfolio, int32_t k, double level) {
  pln_portfolio *pf = x->portfolios[portfolio];
  const int32_t refusal = pf->account.bankrupt ? PLN_REFUSAL_BANKRUPT : PLN_REFUSAL_HALTED;
  if (level != 0) pln_portfolio_refuse(pf, refusal, x->view.now_ns, k, level, 0);
}

/* The level that may be gone to, 0 where there is none; refused where the level is `news`. */
static double permitted(pln_exec *x, int32_t portfolio, int32_t k, double level, bool news) {
  pln_portfolio *pf = x->portfolios[portfolio];
  int32_t refusal = PLN_REFUSAL_NONE;
  if (level < 0 && !pf->config.allow_short) refusal = PLN_REFUSAL_SHORT_NOT_ALLOWED;
  const int32_t gate = pln_actions_refusal(x, portfolio, k);
  if (level != 0 && !refusal && (gate == PLN_REFUSAL_NOT_TRADABLE || gate == PLN_REFUSAL_DELISTED))
    refusal = gate;
  if (!refusal) return level;
  if (news) pln_portfolio_refuse(pf, refusal, x->view.now_ns, k, level, 0);
  return 0;
}

/* `again`: at a time of rebalancing, where the level need not have changed. */
static void act(pln_exec *x, int32_t portfolio, int32_t k, pln_target *t, bool again) {
  pln_portfolio *pf = x->portfolios[portfolio];
  double level = combined(x, portfolio, t);
  const bool changed = level != t->acted && (pf->config.rebalance || (t->touched & 2));
  if (!changed && !(again && level != 0)) return;
  const double before = t->acted;
  if (changed) t->acted = level;
  if (is_over(pf)) {
    if (changed) refuse_over(x, portfolio, k, level);
    return;
  }
  level = permitted(x, portfolio, k, level, changed);
  if (!changed && level == 0) return;
  pln_want want = {0};
  if (level != 0)
    want = pln_size_want(x, portfolio, k, level > 0 ? PLN_SIDE_BUY : PLN_SIDE_SELL, fabs(level), 0);
  if (!move(x, portfolio, k, level, &want)) t->acted = before;
}

/* Budgets: each side's percentage of the equity, shared by the instruments whose level is on that side. */
static void share_out(pln_exec *x, int32_t portfolio, bool again) {
  pln_portfolio *pf = x->portfolios[portfolio];
  const pln_scaling *s = &pf->config.scaling;
  double sum[2] = {0};
  for (int32_t k = 0; k < x->n_markets; k++) {
    const double level = combined(x, portfolio, pln_exec_target(x, portfolio, k));
    sum[level < 0] += fabs(level);
  }
  for (int32_t k = 0; k < x->n_markets; k++) {
    pln_target *t = pln_exec_target(x, portfolio, k);
    const double level = combined(x, portfolio, t);
    const bool changed = level != t->acted;
    const double budget = level > 0 ? s->long_pct : s->short_pct;
    const double share = level == 0 || is_over(pf) || permitted(x, portfolio, k, level, changed) == 0
                             ? 0
                             : budget * level / sum[level < 0];
    t->acted = level;
    if (is_over(pf)) {
      if (changed) refuse_over(x, portfolio, k, level);
      continue;
    }
    if (share == t->share && !(again && share != 0)) continue;
    const pln_want want = {.mode = PLN_MODE_TO_PERCENT, .size = fabs(share)};
    if (move(x, portfolio, k, share, &want)) t->share = share;
  }
}

void pln_signals_act(pln_exec *x) {
  if (x->next_event_ns <= x->view.now_ns) pln_schedule_act(x);
  for (int32_t portfolio = 0; portfolio < x->n_portfolios; portfolio++) {
    const pln_portfolio *pf = x->portfolios[portfolio];
    const bool due = portfolio < x->n_agendas && x->agendas[portfolio].is_due;
    const bool again = due || (pf->config.scaling.every_bar && x->is_marked);
    if (due) x->agendas[portfolio].is_due = 0;
    bool any = again;
    for (int32_t k = 0; k < x->n_markets; k++) {
      pln_target *t = pln_exec_target(x, portfolio, k);
      if (t->touched & 2 || (t->touched && pf->config.rebalance)) any = true;
      if ((t->touched || again) && !has_budgets(pf)) act(x, portfolio, k, t, again);
      t->touched = 0;
    }
    if (any && has_budgets(pf)) share_out(x, portfolio, again);
  }
}
