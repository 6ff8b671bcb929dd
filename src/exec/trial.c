#include "core/error.h"
#include "exec/exec.h"
#include <stdlib.h>
#include <string.h>

static bool reserve(const pln_exec *x, pln_trial *t) {
  if (!t->blocked && !(t->blocked = calloc((size_t)x->n_sources + 1, sizeof *t->blocked))) return false;
  if (x->n_pending <= t->pending_capacity) return true;
  const int64_t capacity = 2 * x->n_pending;
  pln_pending *pending = realloc(t->pending, (size_t)capacity * sizeof *pending);
  if (!pending) return false;
  t->pending = pending;
  t->pending_capacity = capacity;
  return true;
}

void pln_trial_begin(pln_exec *x, pln_trial *t, int32_t portfolio, int32_t k) {
  if (!reserve(x, t))
    x->status = pln_fail(PLN_ERR_MEMORY, "no memory for a copy of %lld orders", (long long)x->n_pending);
  if (!x->status) x->status = pln_portfolio_save(x->portfolios[portfolio], k, &t->portfolio);
  if (x->status) return;
  if (x->n_pending > 0) memcpy(t->pending, x->pending, (size_t)x->n_pending * sizeof *x->pending);
  for (int32_t i = 0; i < x->n_sources; i++) t->blocked[i] = x->sources[i].is_blocked;
  t->n_orders = x->n_orders;
  t->n_fills = x->n_fills;
  t->n_records = x->n_records;
  t->n_fill_records = x->n_fill_records;
  t->new_orders = x->new_orders;
  t->new_fills = x->new_fills;
  t->n_decisions = pln_review_n_decisions(x);
  t->target = *pln_exec_target(x, portfolio, k);
  for (int32_t i = 0; i < x->models.n; i++)
    if (x->models.list[i].months) t->months[i] = x->models.list[i].months[portfolio];
  if (x->rooms) t->room = x->rooms[portfolio * x->n_markets + k];
}

void pln_trial_undo(pln_exec *x, const pln_trial *t, int32_t portfolio, int32_t k) {
  pln_portfolio_restore(x->portfolios[portfolio], k, &t->portfolio);
  if (x->n_pending > 0) memcpy(x->pending, t->pending, (size_t)x->n_pending * sizeof *x->pending);
  for (int32_t i = 0; i < x->n_sources; i++) x->sources[i].is_blocked = t->blocked[i];
  x->n_orders = t->n_orders;
  x->n_fills = t->n_fills;
  x->n_records = t->n_records;
  x->n_fill_records = t->n_fill_records;
  x->new_orders = t->new_orders;
  x->new_fills = t->new_fills;
  pln_review_take_back(x, t->n_decisions);
  *pln_exec_target(x, portfolio, k) = t->target;
  for (int32_t i = 0; i < x->models.n; i++)
    if (x->models.list[i].months) x->models.list[i].months[portfolio] = t->months[i];
  if (x->rooms) x->rooms[portfolio * x->n_markets + k] = t->room;
}

void pln_trial_free(pln_trial *t) {
  pln_portfolio_snapshot_free(&t->portfolio);
  free(t->pending);
  free(t->blocked);
}
