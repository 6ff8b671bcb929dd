#include "portfolio/snapshot.h"
#include "core/error.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

int32_t pln_portfolio_save(const pln_portfolio *p, int32_t instrument, pln_portfolio_snapshot *out) {
  const pln_holding *h = &p->holdings[instrument];
  if (h->n_lots > out->lots_capacity) {
    const int64_t capacity = 2 * h->n_lots + 4;
    pln_lot *lots = realloc(out->lots, (size_t)capacity * sizeof *lots);
    if (!lots) return pln_fail(PLN_ERR_MEMORY, "no memory for a copy of %lld lots", (long long)h->n_lots);
    out->lots = lots;
    out->lots_capacity = capacity;
  }
  if (p->kelly.capacity > out->returns_capacity) {
    double *returns = realloc(out->returns, (size_t)p->kelly.capacity * sizeof *returns);
    if (!returns) return pln_fail(PLN_ERR_MEMORY, "no memory for a copy of %d returns", p->kelly.capacity);
    out->returns = returns;
    out->returns_capacity = p->kelly.capacity;
  }
  if (p->kelly.capacity > 0)
    memcpy(out->returns, p->kelly.returns, (size_t)p->kelly.capacity * sizeof *out->returns);
  if (p->rules.n > out->rules_capacity) {
    pln_rule *rules = realloc(out->rules, (size_t)p->rules.n * sizeof *rules);
    if (!rules) return pln_fail(PLN_ERR_MEMORY, "no memory for a copy of %d rules", p->rules.n);
    out->rules = rules;
    out->rules_capacity = p->rules.n;
  }
  if (p->rules.n > 0) memcpy(out->rules, p->rules.list, (size_t)p->rules.n * sizeof *out->rules);
  out->portfolio = *p;
  if (p->master) out->master = *p->master;
  out->holding = *h;
  out->position = p->positions[instrument];
  if (h->n_lots > 0) memcpy(out->lots, h->lots, (size_t)h->n_lots * sizeof *h->lots);
  return PLN_OK;
}

/* The struct as it was, with its trades where they are now. */
static void put_back(pln_portfolio *p, const pln_portfolio *saved) {
  pln_trade *trades = p->trades;
  const int64_t capacity = p->trades_capacity;
  assert(p->rows.n_rows == saved->rows.n_rows && p->holdings == saved->holdings);
  *p = *saved;
  p->trades = trades;
  p->trades_capacity = capacity;
}

void pln_portfolio_restore(pln_portfolio *p, int32_t instrument, const pln_portfolio_snapshot *saved) {
  pln_holding *h = &p->holdings[instrument];
  pln_lot *lots = h->lots;
  const int64_t capacity = h->capacity;
  if (p->kelly.capacity > 0)
    memcpy(p->kelly.returns, saved->returns, (size_t)p->kelly.capacity * sizeof *saved->returns);
  if (p->rules.n > 0) memcpy(p->rules.list, saved->rules, (size_t)p->rules.n * sizeof *saved->rules);
  put_back(p, &saved->portfolio);
  if (p->master) put_back(p->master, &saved->master);
  *h = saved->holding;
  h->lots = lots;
  h->capacity = capacity;
  p->positions[instrument] = saved->position;
  if (h->n_lots > 0) memcpy(h->lots, saved->lots, (size_t)h->n_lots * sizeof *h->lots);
}

void pln_portfolio_snapshot_free(pln_portfolio_snapshot *snapshot) {
  free(snapshot->lots);
  free(snapshot->returns);
  free(snapshot->rules);
  *snapshot = (pln_portfolio_snapshot){0};
}
