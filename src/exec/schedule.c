#include "core/error.h"
#include "exec/exec.h"
#include <assert.h>
#include <stdlib.h>

static int32_t check_new(const pln_exec *x, int32_t portfolio) {
  if (x->is_started) return pln_fail(PLN_ERR_STATE, "the run has begun: nothing can be added any more");
  if (portfolio < 0 || portfolio >= x->n_portfolios)
    return pln_fail(PLN_ERR_ARGUMENT, "portfolio %d does not exist: there are %d", portfolio,
                    x->n_portfolios);
  return PLN_OK;
}

/* The arrays are made for the portfolios that there are: a later one has to come with its own. */
static void *grow(void *array, size_t had, size_t wanted, size_t size) {
  char *p = realloc(array, wanted * size);
  if (!p) {
    pln_fail(PLN_ERR_MEMORY, "no memory for the schedule of a portfolio");
    return NULL;
  }
  for (size_t i = had * size; i < wanted * size; i++) p[i] = 0;
  return p;
}

int32_t pln_exec_set_rebalancing(pln_exec *exec, int32_t portfolio, const int64_t *times_ns, int64_t n) {
  if (check_new(exec, portfolio)) return PLN_ERR_ARGUMENT;
  for (int64_t i = 1; i < n; i++)
    if (times_ns[i] <= times_ns[i - 1])
      return pln_fail(PLN_ERR_ARGUMENT, "time %lld of rebalancing is not after the one before", (long long)i);
  if (portfolio >= exec->n_agendas) {
    pln_agenda *made =
        grow(exec->agendas, (size_t)exec->n_agendas, (size_t)portfolio + 1, sizeof *exec->agendas);
    if (!made) return PLN_ERR_MEMORY;
    exec->agendas = made;
    exec->n_agendas = portfolio + 1;
  }
  exec->agendas[portfolio] = (pln_agenda){.times_ns = times_ns, .n = n};
  return PLN_OK;
}

int32_t pln_exec_set_hours(pln_exec *exec, int32_t portfolio, int32_t instrument, const pln_hours *hours,
                           int64_t n) {
  if (check_new(exec, portfolio)) return PLN_ERR_ARGUMENT;
  if (instrument < 0 || instrument >= exec->n_markets)
    return pln_fail(PLN_ERR_ARGUMENT, "instrument %d does not exist: there are %d", instrument,
                    exec->n_markets);
  for (int64_t i = 0; i < n; i++) {
    const pln_hours *h = &hours[i];
    const bool ordered =
        h->from_ns <= h->until_ns && h->until_ns <= h->close_ns &&
        (h->flat_ns == INT64_MAX || (h->until_ns <= h->flat_ns && h->flat_ns <= h->close_ns)) &&
        (h->reenter_ns == INT64_MAX || (h->from_ns <= h->reenter_ns && h->reenter_ns <= h->until_ns));
    if (!ordered || (i > 0 && h->from_ns < hours[i - 1].close_ns))
      return pln_fail(PLN_ERR_ARGUMENT,
                      "hours %lld: expected from <= reenter <= until <= flat <= close, after the ones before",
                      (long long)i);
  }
  const int32_t at = portfolio * exec->n_markets + instrument;
  if (at >= exec->n_openings) {
    pln_opening *made =
        grow(exec->openings, (size_t)exec->n_openings, (size_t)at + 1, sizeof *exec->openings);
    if (!made) return PLN_ERR_MEMORY;
    exec->openings = made;
    exec->n_openings = at + 1;
  }
  exec->openings[at] = (pln_opening){.hours = hours, .n = n};
  return PLN_OK;
}

/* The next time of an opening; INT64_MAX when there is none. Steps over spans of which nothing is left. */
static int64_t opening_next_ns(pln_opening *o) {
  for (; o->next < o->n; o->next++, o->is_in = 0) {
    const pln_hours *h = &o->hours[o->next];
    if (!o->is_in && h->reenter_ns != INT64_MAX) return h->reenter_ns;
    if (h->flat_ns != INT64_MAX) return h->flat_ns;
  }
  return INT64_MAX;
}

/* Past the time that opening_next_ns told. */
static void opening_pass(pln_opening *o) {
  const pln_hours *h = &o->hours[o->next];
  if (!o->is_in && h->reenter_ns != INT64_MAX) {
    o->is_in = 1;
    return;
  }
  o->next++;
  o->is_in = 0;
}

static void find_next(pln_exec *x) {
  int64_t t = INT64_MAX;
  for (int32_t i = 0; i < x->n_agendas; i++) {
    const pln_agenda *a = &x->agendas[i];
    if (a->next < a->n && a->times_ns[a->next] < t) t = a->times_ns[a->next];
  }
  for (int32_t i = 0; i < x->n_openings; i++) {
    const int64_t next = opening_next_ns(&x->openings[i]);
    if (next < t) t = next;
  }
  x->next_event_ns = t > x->last_ns ? INT64_MAX : t; /* what follows the data does not exist */
}

void pln_schedule_start(pln_exec *x) {
  for (int32_t i = 0; i < x->n_agendas; i++) {
    pln_agenda *a = &x->agendas[i];
    while (a->next < a->n && a->times_ns[a->next] < x->first_ns) a->next++;
  }
  for (int32_t i = 0; i < x->n_openings; i++)
    while (opening_next_ns(&x->openings[i]) < x->first_ns) opening_pass(&x->openings[i]);
  find_next(x);
}

static void close_for_session(pln_exec *x, int32_t portfolio, int32_t k) {
  pln_portfolio *p = x->portfolios[portfolio];
  const pln_holding *h = &p->holdings[k];
  pln_target *t = pln_exec_target(x, portfolio, k);
  for (int32_t i = t->first; i >= 0; i = x->sources[i].next)
    if (x->sources[i].direction != 0 && !x->sources[i].is_blocked) x->sources[i].is_blocked = PLN_BLOCK_FLAT;
  t->acted = t->share = 0;
  t->touched = 0;
  pln_orders_cancel(x, portfolio, k, true, PLN_REFUSAL_FLAT_BY_CLOSE);
  pln_orders_sweep(x);
  if (h->count == 0 || p->account.halted || p->account.bankrupt) return;
  pln_orders_queue(x, &(pln_pending){.order = {.portfolio = portfolio,
                                               .source = -1,
                                               .instrument = k,
                                               .side = h->count > 0 ? PLN_SIDE_SELL : PLN_SIDE_BUY,
                                               .quantity = pln_step_value(&h->lot, fabs(h->count)),
                                               .reason = PLN_EXIT_FLAT_BY_CLOSE},
                                     .count = fabs(h->count),
                                     .mode = PLN_MODE_CLOSE,
                                     .owner = h->lots[0].source});
}

static void reenter(pln_exec *x, int32_t portfolio, int32_t k) {
  pln_target *t = pln_exec_target(x, portfolio, k);
  for (int32_t i = t->first; i >= 0; i = x->sources[i].next)
    if (x->sources[i].is_blocked == PLN_BLOCK_FLAT) x->sources[i].is_blocked = PLN_BLOCK_NONE;
  if (x->portfolios[portfolio]->holdings[k].count == 0 && !pln_signals_wait(x, portfolio, k))
    t->acted = t->share = 0; /* an entry that was refused is one that is to be made */
  t->touched |= 2;
}

void pln_schedule_act(pln_exec *x) {
  const int64_t now = x->view.now_ns;
  for (int32_t i = 0; i < x->n_agendas; i++) {
    pln_agenda *a = &x->agendas[i];
    while (a->next < a->n && a->times_ns[a->next] <= now) {
      a->next++;
      a->is_due = 1;
    }
  }
  for (int32_t i = 0; i < x->n_openings; i++) {
    pln_opening *o = &x->openings[i];
    while (opening_next_ns(o) <= now) {
      const bool enters = !o->is_in && o->hours[o->next].reenter_ns != INT64_MAX;
      (enters ? reenter : close_for_session)(x, i / x->n_markets, i % x->n_markets);
      opening_pass(o);
    }
  }
  find_next(x);
}

int32_t pln_schedule_refusal(pln_exec *x, int32_t portfolio, int32_t instrument, double quantity,
                             int64_t time_ns) {
  const int32_t at = portfolio * x->n_markets + instrument;
  if (at >= x->n_openings || !x->openings[at].hours) return PLN_REFUSAL_NONE;
  const pln_hours *hours = x->openings[at].hours;
  int64_t low = 0, high = x->openings[at].n;
  while (low < high) { /* spans before `low` begin at or before the time */
    const int64_t middle = low + (high - low) / 2;
    if (hours[middle].from_ns <= time_ns)
      low = middle + 1;
    else
      high = middle;
  }
  const pln_hours *h = low > 0 ? &hours[low - 1] : NULL;
  if (h && time_ns < h->until_ns) return PLN_REFUSAL_NONE;
  const int32_t refusal = h && time_ns >= h->flat_ns && time_ns < h->close_ns ? PLN_REFUSAL_FLAT_BY_CLOSE
                                                                              : PLN_REFUSAL_TRADING_HOURS;
  pln_portfolio_refuse(x->portfolios[portfolio], refusal, x->view.now_ns, instrument, quantity, 0);
  return refusal;
}
