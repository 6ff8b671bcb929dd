#include "core/error.h"
#include "exec/review.h"
#include <stdlib.h>

/* Watches of a portfolio, or of all of them: when they fire and when they let entries go on. */

static void announce(pln_exec *x, const pln_rule *rule, int32_t number, int32_t scope, int32_t portfolio,
                     int32_t action, double equity, double peak) {
  const double value = pln_rule_measure(rule, equity, peak);
  const int32_t refusal = pln_risk_refusal(rule->kind);
  pln_review_decide(x, &(pln_decision){.ts_ns = x->view.now_ns,
                                       .portfolio = portfolio,
                                       .instrument = -1,
                                       .rule = number,
                                       .kind = rule->kind,
                                       .scope = scope,
                                       .action = action,
                                       .refusal = action == PLN_RISK_HALT ? refusal : 0,
                                       .value = value,
                                       .limit = rule->limit});
}

/* The end of the local day of a row, in the zone of the first instrument's data. */
static int64_t day_end(pln_exec *x, int64_t row_ns) {
  pln_market *m = &x->markets[0];
  if (!m->timezone) m->timezone = pln_timezone_get(m->bars->timezone);
  const int64_t start = pln_timezone_day_start(m->timezone, row_ns);
  return pln_timezone_day_start(m->timezone,
                                start + INT64_C(129600000000000)); /* 36 h: past any change of clocks */
}

static void tick(pln_exec *x, pln_rules *rules, int64_t row_ns, int32_t portfolio, int32_t scope,
                 double equity, double peak) {
  const uint64_t resumed = pln_rules_tick(rules, row_ns, x->view.n_rows, equity, peak, day_end(x, row_ns));
  for (int32_t i = 0; i < rules->n && i < 64; i++)
    if (resumed >> i & 1)
      announce(x, &rules->list[i], i + 1, scope, portfolio, PLN_RISK_RESUME, equity, peak);
}

static void settle(pln_portfolio *p) {
  p->floor = pln_portfolio_floor(p, p->account.peak_equity);
  p->watch_ns = pln_rules_next_tick(&p->rules);
}

void pln_review_tick(pln_exec *x, int32_t portfolio, int64_t row_ns) {
  pln_portfolio *p = x->portfolios[portfolio];
  tick(x, &p->rules, row_ns, portfolio, 0, p->account.equity, p->account.peak_equity);
  settle(p);
}

/* Orders that would open something are canceled; all of them, where positions are closed. */
static void stop_entries(pln_exec *x, int32_t portfolio, const pln_rule *rule) {
  pln_portfolio *p = x->portfolios[portfolio];
  const bool closes = rule->kind == PLN_RISK_DAILY_LOSS
                          ? rule->value[PLN_RULE_CLOSE] > 0
                          : (int32_t)rule->value[PLN_RULE_THEN] == PLN_THEN_CLOSE;
  for (int64_t i = 0; i < x->n_pending; i++) {
    pln_pending *o = &x->pending[i];
    if (o->order.portfolio != portfolio || o->order.source < 0 || pln_order_is_final(&o->order)) continue;
    const double held = p->holdings[o->order.instrument].count;
    const bool reduces = o->mode == PLN_MODE_CLOSE || (held * o->order.side < 0 && o->count <= fabs(held));
    if (closes || !reduces) pln_orders_end(x, o, PLN_STATUS_CANCELED, pln_risk_refusal(rule->kind));
  }
  pln_orders_sweep(x);
  for (int32_t k = 0; closes && k < x->n_markets; k++)
    if (p->holdings[k].n_lots > 0) pln_orders_close(x, portfolio, k, PLN_EXIT_RISK_RULE);
}

void pln_review_watch(pln_exec *x, int32_t portfolio, int64_t row_ns) {
  pln_portfolio *p = x->portfolios[portfolio];
  for (int32_t i = 0; i < p->rules.n; i++) {
    pln_rule *rule = &p->rules.list[i];
    if (p->account.equity > pln_rule_level(rule, p->account.peak_equity)) continue;
    announce(x, rule, i + 1, 0, portfolio, PLN_RISK_HALT, p->account.equity, p->account.peak_equity);
    pln_rule_halt(rule, row_ns, x->view.n_rows);
    stop_entries(x, portfolio, rule);
  }
  settle(p);
}

void pln_review_mark_all(pln_exec *x, int64_t row_ns) {
  pln_review *r = x->review;
  double equity = 0;
  for (int32_t j = 0; j < x->n_portfolios; j++) equity += x->portfolios[j]->account.equity;
  tick(x, &x->rules, row_ns, -1, 1, r->equity, r->peak);
  r->equity = equity;
  if (equity > r->peak) r->peak = equity;
  for (int32_t i = 0; i < x->rules.n; i++) {
    pln_rule *rule = &x->rules.list[i];
    if (equity > pln_rule_level(rule, r->peak)) continue;
    announce(x, rule, i + 1, 1, -1, PLN_RISK_HALT, equity, r->peak);
    pln_rule_halt(rule, row_ns, x->view.n_rows);
    for (int32_t j = 0; j < x->n_portfolios; j++) stop_entries(x, j, rule);
  }
}

/* Room for one more score; false when out of memory. */
static bool reserve_score(pln_exec *x, pln_portfolio *p) {
  if (p->n_score_rows < p->score_capacity) return true;
  const int64_t capacity = p->score_capacity ? 2 * p->score_capacity : 1024;
  int64_t *ts_ns = realloc(p->score_ts_ns, (size_t)capacity * sizeof *ts_ns);
  if (ts_ns) p->score_ts_ns = ts_ns;
  double *values = realloc(p->score_values, (size_t)capacity * sizeof *values);
  if (values) p->score_values = values;
  if (ts_ns && values) {
    p->score_capacity = capacity;
    return true;
  }
  x->status = pln_fail(PLN_ERR_MEMORY, "no memory for %lld risk scores", (long long)capacity);
  return false;
}

void pln_review_score_mark(pln_exec *x, int32_t portfolio, int64_t row_ns) {
  pln_portfolio *p = x->portfolios[portfolio];
  pln_account *a = &p->account;
  a->risk_score = pln_exec_risk_score(x, portfolio);
  if (a->risk_score > a->risk_score_max) a->risk_score_max = a->risk_score;
  p->score_sum += a->risk_score;
  a->risk_score_mean = p->score_sum / (double)++p->n_scores;
  if (!reserve_score(x, p)) return;
  p->score_ts_ns[p->n_score_rows] = row_ns;
  p->score_values[p->n_score_rows++] = a->risk_score;
}
