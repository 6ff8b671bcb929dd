#include "exec/review.h"
#include "core/error.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* ---- making ---- */

static void measure_room(const pln_rules *rules, int32_t *bars, int64_t *scenarios) {
  for (int32_t i = 0; i < rules->n; i++) {
    const pln_rule *r = &rules->list[i];
    double window = 0, paths = 0;
    if (r->kind == PLN_RISK_MAX_CORRELATION) window = r->value[PLN_RULE_WINDOW_AT_CORRELATION];
    if (r->kind == PLN_RISK_MAX_VALUE_AT_RISK || r->kind == PLN_RISK_MAX_EXPECTED_SHORTFALL) {
      window = r->value[PLN_RULE_WINDOW];
      if ((int32_t)r->value[PLN_RULE_METHOD] == PLN_METHOD_MONTE_CARLO) paths = r->value[PLN_RULE_PATHS];
    }
    if (window > *bars) *bars = (int32_t)window;
    if (paths > (double)*scenarios) *scenarios = (int64_t)paths;
  }
}

static int32_t check_rules(const pln_exec *x, const pln_rules *rules, const pln_portfolio *p) {
  for (int32_t i = 0; i < rules->n; i++) {
    const pln_rule *r = &rules->list[i];
    if (r->gauge >= x->gauges.n_gauges)
      return pln_fail(PLN_ERR_ARGUMENT, "rule %s reads gauge %d, but there are %d",
                      pln_risk_kind_info(r->kind)->name, r->gauge, x->gauges.n_gauges);
    if (r->kind == PLN_RISK_MAX_RISK_SCORE && (!p || !p->has_score))
      return pln_fail(PLN_ERR_STATE,
                      "rule max_risk_score needs the portfolio's score: pln_portfolio_set_score");
    if (r->kind == PLN_RISK_LOSS_STREAK && !p)
      return pln_fail(PLN_ERR_UNSUPPORTED, "rule loss_streak is of a portfolio, not across them");
  }
  return PLN_OK;
}

int32_t pln_review_start(pln_exec *x) {
  int32_t bars = 0;
  int64_t scenarios = 0;
  bool any = x->rules.n > 0 || x->config.record_decisions;
  measure_room(&x->rules, &bars, &scenarios);
  int32_t status = check_rules(x, &x->rules, NULL);
  double peak = 0;
  for (int32_t j = 0; j < x->n_portfolios && !status; j++) {
    const pln_portfolio *p = x->portfolios[j];
    if (p->master &&
        (x->rules.n > 0 || p->rules.n > 0 || p->has_score || p->master->rules.n > 0 || p->master->has_score))
      return pln_fail(PLN_ERR_UNSUPPORTED,
                      "risk rules and scores go without books: give an account to each strategy");
    any = any || p->rules.n > 0 || p->has_score;
    measure_room(&p->rules, &bars, &scenarios);
    if (p->has_score && p->score.bars > bars) bars = p->score.bars;
    if (p->has_score && p->score.gauge >= x->gauges.n_gauges)
      status = pln_fail(PLN_ERR_ARGUMENT, "the risk score reads gauge %d, but there are %d", p->score.gauge,
                        x->gauges.n_gauges);
    if (!status) status = check_rules(x, &p->rules, p);
    peak += p->account.equity;
  }
  if (status || !any) return status;
  pln_review *r = calloc(1, sizeof *r);
  if (!r) return pln_fail(PLN_ERR_MEMORY, "no memory for the review of orders");
  x->review = r;
  r->peak = r->equity = peak;
  r->slots = calloc((size_t)x->n_portfolios * (size_t)x->n_markets, sizeof *r->slots);
  if (!r->slots) return pln_fail(PLN_ERR_MEMORY, "no memory for the review of orders");
  return pln_review_reserve(r, x->n_markets, bars, scenarios > bars ? scenarios : bars);
}

void pln_review_free(pln_review *r) {
  if (!r) return;
  free(r->slots);
  free(r->returns);
  free(r->in);
  free(r->times);
  free(r->fixed);
  free(r->each);
  free(r->work);
  free(r->signed_values);
  free(r->drawn);
  free(r->decisions);
  free(r);
}

int32_t pln_exec_add_rule(pln_exec *exec, const pln_risk_rule *rule) {
  if (exec->is_started) return pln_fail(PLN_ERR_STATE, "the run has begun: nothing can be added any more");
  return pln_rules_add(&exec->rules, rule, exec->n_markets);
}

bool pln_review_is_asking(const pln_exec *x) { return x->review && x->review->is_asking; }

/* ---- decisions ---- */

void pln_review_decide(pln_exec *x, const pln_decision *d) {
  pln_review *r = x->review;
  if (!x->config.record_decisions || !r) return;
  if (r->n_decisions == r->capacity) {
    const int64_t capacity = r->capacity ? 2 * r->capacity : 64;
    pln_decision *grown = realloc(r->decisions, (size_t)capacity * sizeof *grown);
    if (!grown) {
      x->status = pln_fail(PLN_ERR_MEMORY, "no memory for %lld decisions", (long long)capacity);
      return;
    }
    r->decisions = grown;
    r->capacity = capacity;
  }
  r->decisions[r->n_decisions++] = *d;
}

int64_t pln_review_n_decisions(const pln_exec *x) { return x->review ? x->review->n_decisions : 0; }

void pln_review_take_back(pln_exec *x, int64_t n_decisions) {
  if (x->review) x->review->n_decisions = n_decisions;
}

void pln_review_filled(pln_exec *x, const pln_order *o, double asked, double allowed, int32_t refusal) {
  if (allowed >= asked) return; /* the fill says so itself */
  const pln_refusal_count *c = &x->portfolios[o->portfolio]->refusals[refusal];
  pln_review_decide(x, &(pln_decision){.ts_ns = x->view.now_ns,
                                       .order = o->id,
                                       .portfolio = o->portfolio,
                                       .instrument = o->instrument,
                                       .kind = -1,
                                       .action = allowed == 0 ? PLN_RISK_REFUSE : PLN_RISK_RESIZE,
                                       .refusal = refusal,
                                       .asked = asked,
                                       .allowed = allowed,
                                       .value = c->last_asked,
                                       .limit = c->last_allowed});
}

int64_t pln_exec_decisions(const pln_exec *exec, const pln_decision **out) {
  *out = exec->review ? exec->review->decisions : NULL;
  return exec->review ? exec->review->n_decisions : 0;
}

void pln_exec_clear_decisions(pln_exec *exec) {
  if (exec->review) exec->review->n_decisions = 0;
}

/* ---- what is held and waits ---- */

/* Lots that an order asks for at the last close. */
static double asked_of(const pln_exec *x, const pln_pending *p) {
  const pln_market *m = &x->markets[p->order.instrument];
  const pln_portfolio *pf = x->portfolios[p->order.portfolio];
  const pln_hit hit = {.price = pf->positions[p->order.instrument].last_price, .bar = m->next - 1};
  if (isnan(hit.price)) return p->count;
  return pln_fill_asked(x, p, pf->holdings[p->order.instrument].count, &hit);
}

static double against_of(const pln_slot *s, int32_t side) { return s->base * side < 0 ? fabs(s->base) : 0; }

static void add_to_slot(pln_slot *s, const pln_pending *p, double lots) {
  const int32_t side = p->order.side;
  if (p->order.type == PLN_ORDER_MARKET) {
    s->base += side * lots;
    return;
  }
  const double against = against_of(s, side), opens = lots > against ? lots - against : 0;
  *(side > 0 ? &s->buys : &s->sells) += opens;
}

static pln_slot *slot_of(pln_exec *x, const pln_order *o) {
  return &x->review->slots[o->portfolio * x->n_markets + o->instrument];
}

static void load_holdings(pln_exec *x) {
  for (int32_t j = 0; j < x->n_portfolios; j++)
    for (int32_t k = 0; k < x->n_markets; k++)
      x->review->slots[j * x->n_markets + k] = (pln_slot){.base = x->portfolios[j]->holdings[k].count};
}

/* Market orders come first: what they leave is what working orders close or add to. */
static void load_slots(pln_exec *x) {
  load_holdings(x);
  for (int32_t pass = 0; pass < 2; pass++)
    for (int64_t i = 0; i < x->n_pending; i++) {
      const pln_pending *p = &x->pending[i];
      if (pln_order_is_final(&p->order) || !p->is_reviewed) continue;
      if ((p->order.type == PLN_ORDER_MARKET) == (pass == 0))
        add_to_slot(slot_of(x, &p->order), p, asked_of(x, p));
    }
}

/* ---- judging ---- */

static double equity_of(const pln_exec *x, int32_t portfolio, int32_t scope) {
  if (!scope) return x->portfolios[portfolio]->account.equity;
  double sum = 0;
  for (int32_t j = 0; j < x->n_portfolios; j++) sum += x->portfolios[j]->account.equity;
  return sum;
}

typedef struct verdict {
  double allowed; /* lots of the opening part */
  double value;
} verdict;

/* The largest size whose measure is within the limit, or not beyond what it is without the order: the
 * measures rise with the size from where they do. */
static double largest(const pln_case *c, double most, double limit) {
  double low = 0, high = most;
  while (high - low > 1) {
    const double middle = floor(low + (high - low) / 2);
    if (pln_review_value(c, middle) <= limit)
      low = middle;
    else
      high = middle;
  }
  return low;
}

static verdict judge(const pln_case *c, double opening) {
  const pln_rule *rule = c->rule;
  const double lenient = rule->limit + 1e-9 * fabs(rule->limit);
  const bool resizes = rule->action == PLN_RISK_RESIZE;
  pln_review_prepare(c);
  verdict v = {.allowed = opening, .value = pln_review_value(c, opening)};
  if (rule->kind >= PLN_RISK_DAILY_LOSS) {
    if (rule->is_halted) v.allowed = 0;
    if (rule->kind == PLN_RISK_DRAWDOWN && (int32_t)rule->value[PLN_RULE_THEN] == PLN_THEN_SCALE &&
        v.value >= rule->limit)
      v.allowed = floor(opening * rule->value[PLN_RULE_SCALE_AT_DRAWDOWN]);
    return v;
  }
  if (isnan(v.value) || v.value <= lenient) return v;
  if (rule->kind == PLN_RISK_MAX_CORRELATION && resizes) {
    v.allowed = floor(opening * rule->value[PLN_RULE_SCALE_AT_CORRELATION]);
  } else if (!pln_review_is_sized(rule->kind)) {
    v.allowed = rule->kind == PLN_RISK_MAX_POSITIONS && v.value <= pln_review_value(c, 0) ? opening : 0;
  } else {
    const double before = pln_review_value(c, 0), bound = before > lenient ? before : lenient;
    if (v.value <= bound) return v;
    v.allowed = resizes ? largest(c, opening, bound) : 0;
  }
  return v;
}

/* The verdict of one rule on the order under review: takes from what it may open, counts and records it. */
static void apply_verdict(pln_exec *x, const pln_rule *rule, int32_t scope, int32_t number, verdict v,
                          double limit) {
  pln_review *r = x->review;
  const pln_order *o = &x->pending[r->at].order;
  pln_portfolio *p = x->portfolios[o->portfolio];
  const pln_step *lot = &p->holdings[o->instrument].lot;
  const double before = r->closing + r->opening;
  const bool takes = v.allowed < r->opening;
  pln_decision d = {.ts_ns = x->view.now_ns,
                    .order = o->id,
                    .portfolio = o->portfolio,
                    .instrument = o->instrument,
                    .rule = number,
                    .kind = rule->kind,
                    .scope = scope,
                    .action = PLN_RISK_ALLOW,
                    .asked = pln_step_value(lot, before),
                    .value = v.value,
                    .limit = limit};
  if (takes) {
    r->opening = v.allowed;
    r->refusal = d.refusal = pln_risk_refusal(rule->kind);
    d.action = r->closing + r->opening > 0 ? PLN_RISK_RESIZE : PLN_RISK_REFUSE;
    pln_portfolio_refuse(p, d.refusal, x->view.now_ns, o->instrument, v.value, limit);
  }
  d.allowed = pln_step_value(lot, r->closing + r->opening);
  pln_review_decide(x, &d);
}

static void ask(pln_exec *x, int32_t scope, int32_t index) {
  pln_review *r = x->review;
  const pln_order *o = &x->pending[r->at].order;
  const pln_portfolio *p = x->portfolios[o->portfolio];
  const pln_holding *h = &p->holdings[o->instrument];
  const double lots = r->closing + r->opening;
  r->request = (pln_risk_request){.ts_ns = x->view.now_ns,
                                  .order = o->id,
                                  .portfolio = o->portfolio,
                                  .instrument = o->instrument,
                                  .rule = index,
                                  .scope = scope,
                                  .side = o->side,
                                  .type = o->type,
                                  .quantity = pln_step_value(&h->lot, lots),
                                  .reduces = pln_step_value(&h->lot, r->closing),
                                  .limit_price = o->limit_price,
                                  .stop_price = o->stop_price,
                                  .price = p->positions[o->instrument].last_price,
                                  .position = p->positions[o->instrument].quantity,
                                  .value = lots * pln_review_unit(x, o->portfolio, o->instrument)};
  r->is_asking = 1;
}

const pln_risk_request *pln_exec_risk_request(const pln_exec *exec) {
  return exec->review && exec->review->is_asking ? &exec->review->request : NULL;
}

int32_t pln_exec_answer_risk(pln_exec *exec, int32_t action, double quantity, double value, double limit) {
  pln_review *r = exec->review;
  if (!r || !r->is_asking) return pln_fail(PLN_ERR_STATE, "no risk rule was asked anything");
  if (action < PLN_RISK_ALLOW || action > PLN_RISK_REFUSE)
    return pln_fail(PLN_ERR_ARGUMENT, "action %d of a risk rule, expected ALLOW, RESIZE or REFUSE", action);
  if (action == PLN_RISK_RESIZE && !(isfinite(quantity) && quantity >= 0))
    return pln_fail(PLN_ERR_ARGUMENT, "a risk rule resizes to %g, expected a quantity that is not negative",
                    quantity);
  const pln_order *o = &exec->pending[r->at].order;
  const pln_portfolio *p = exec->portfolios[o->portfolio];
  const pln_rules *rules = r->request.scope ? &exec->rules : &p->rules;
  verdict v = {.allowed = r->opening, .value = value};
  if (action == PLN_RISK_REFUSE) v.allowed = 0;
  if (action == PLN_RISK_RESIZE && quantity < r->request.quantity) {
    const double lots = pln_step_floor(&p->holdings[o->instrument].lot, quantity) - r->closing;
    v.allowed = lots > 0 ? lots : 0;
  }
  r->is_asking = 0;
  apply_verdict(exec, &rules->list[r->request.rule], r->request.scope, r->request.rule + 1, v, limit);
  r->next_rule++;
  return PLN_OK;
}

static void note_rate(pln_rules *rules, int64_t now_ns) {
  for (int32_t i = 0; i < rules->n; i++) {
    pln_rule *rule = &rules->list[i];
    if (rule->kind != PLN_RISK_ORDER_RATE) continue;
    const int64_t size = (int64_t)rule->limit + 1;
    rule->times[rule->head] = now_ns;
    rule->head = (rule->head + 1) % size;
    if (rule->n_times < size) rule->n_times++;
  }
}

/* The order goes on with what it may open, or ends here. */
static void conclude(pln_exec *x) {
  pln_review *r = x->review;
  pln_pending *p = &x->pending[r->at];
  pln_order *o = &p->order;
  pln_portfolio *pf = x->portfolios[o->portfolio];
  const pln_holding *h = &pf->holdings[o->instrument];
  const double lots = r->closing + r->opening;
  p->is_reviewed = 1;
  r->is_begun = 0;
  if (lots < r->wanted && lots == 0) {
    pln_orders_move(x, p, PLN_STATUS_REJECTED, r->refusal); /* counted by the rule itself */
    return;
  }
  if (lots < r->wanted) {
    o->refusal = r->refusal;
    if (p->mode >= PLN_MODE_TO_QUANTITY) {
      const double aim = h->count + o->side * lots;
      p->mode = PLN_MODE_TO_QUANTITY;
      p->size = aim < 0 ? -pln_step_value(&h->lot, -aim) : pln_step_value(&h->lot, aim);
    } else {
      p->mode = PLN_MODE_COUNT;
    }
    p->count = lots;
    o->quantity = pln_step_value(&h->lot, lots);
  }
  add_to_slot(slot_of(x, o), p, lots);
  note_rate(&pf->rules, x->view.now_ns);
  note_rate(&x->rules, x->view.now_ns);
}

static void begin(pln_exec *x) {
  pln_review *r = x->review;
  const pln_pending *p = &x->pending[r->at];
  const double against = against_of(slot_of(x, &p->order), p->order.side);
  r->wanted = asked_of(x, p);
  r->closing = r->wanted < against ? r->wanted : against;
  r->opening = r->wanted - r->closing;
  r->next_rule = 0;
  r->refusal = PLN_REFUSAL_NONE;
  r->is_begun = 1;
}

/* The rules over one order: true when one in Lua has to be asked. What only reduces passes. */
static bool review_order(pln_exec *x) {
  pln_review *r = x->review;
  const pln_order *o = &x->pending[r->at].order;
  const pln_portfolio *p = x->portfolios[o->portfolio];
  for (; r->opening > 0 && r->next_rule < p->rules.n + x->rules.n; r->next_rule++) {
    const int32_t scope = r->next_rule >= p->rules.n,
                  index = scope ? r->next_rule - p->rules.n : r->next_rule;
    const pln_rule *rule = scope ? &x->rules.list[index] : &p->rules.list[index];
    if (rule->kind == PLN_RISK_LUA) {
      ask(x, scope, index);
      return true;
    }
    const pln_case c = {.x = x,
                        .r = r,
                        .rule = rule,
                        .scope = scope,
                        .portfolio = o->portfolio,
                        .k = o->instrument,
                        .side = o->side,
                        .working = o->type != PLN_ORDER_MARKET,
                        .closing = r->closing,
                        .equity = equity_of(x, o->portfolio, scope)};
    apply_verdict(x, rule, scope, index + 1, judge(&c, r->opening), rule->limit);
  }
  return false;
}

int32_t pln_review_run(pln_exec *x) {
  pln_review *r = x->review;
  if (r->is_asking) return PLN_EXEC_ASK_RISK;
  if (!r->is_begun) {
    for (r->at = 0; r->at < x->n_pending && x->pending[r->at].is_reviewed;) r->at++;
    if (r->at == x->n_pending) return 0;
    for (int64_t i = r->at; i < x->n_pending; i++) /* rules' own orders, and closes, are not judged */
      if (x->pending[i].order.source < 0 || x->pending[i].mode == PLN_MODE_CLOSE)
        x->pending[i].is_reviewed = 1;
    load_slots(x);
  }
  for (; r->at < x->n_pending && !x->status; r->at++) {
    pln_pending *p = &x->pending[r->at];
    if (p->is_reviewed || pln_order_is_final(&p->order)) continue;
    if (!r->is_begun) begin(x);
    if (review_order(x)) return PLN_EXEC_ASK_RISK;
    conclude(x);
  }
  pln_orders_sweep(x);
  return 0;
}

/* ---- the score ---- */

double pln_exec_risk_score(pln_exec *exec, int32_t portfolio) {
  if (portfolio < 0 || portfolio >= exec->n_portfolios || !exec->review ||
      !exec->portfolios[portfolio]->has_score)
    return NAN;
  const pln_portfolio *p = exec->portfolios[portfolio];
  int32_t k = 0;
  while (k < exec->n_markets && p->holdings[k].count == 0) k++;
  pln_case c = {.x = exec,
                .r = exec->review,
                .portfolio = portfolio,
                .k = k < exec->n_markets ? k : 0,
                .equity = p->account.equity};
  if (!(c.equity > 0)) return 0;
  load_holdings(exec);
  return pln_review_score(&c, 0);
}

int64_t pln_exec_risk_scores(const pln_exec *exec, int32_t portfolio, const int64_t **ts_ns,
                             const double **values) {
  if (portfolio < 0 || portfolio >= exec->n_portfolios) return 0;
  *ts_ns = exec->portfolios[portfolio]->score_ts_ns;
  *values = exec->portfolios[portfolio]->score_values;
  return exec->portfolios[portfolio]->n_score_rows;
}

void pln_exec_clear_risk_scores(pln_exec *exec) {
  for (int32_t j = 0; j < exec->n_portfolios; j++) exec->portfolios[j]->n_score_rows = 0;
}
