#include "exec/review.h"
#include <assert.h>

double pln_review_unit(const pln_exec *x, int32_t portfolio, int32_t k) {
  const pln_holding *h = &x->portfolios[portfolio]->holdings[k];
  return x->portfolios[portfolio]->positions[k].last_price * h->point * pln_step_value(&h->lot, 1);
}

double pln_slot_extreme(const pln_slot *s) {
  const double up = fmax(s->base, 0) + s->buys, down = fmax(-s->base, 0) + s->sells;
  return fmax(up, down);
}

static const pln_slot *slot_of(const pln_case *c, int32_t portfolio, int32_t k) {
  return &c->r->slots[portfolio * c->x->n_markets + k];
}

pln_slot pln_review_slot(const pln_case *c, double count) {
  pln_slot s = *slot_of(c, c->portfolio, c->k);
  if (c->side == 0) return s;
  if (!c->working)
    s.base += c->side * (c->closing + count);
  else if (c->side > 0)
    s.buys += count;
  else
    s.sells += count;
  return s;
}

double pln_review_position(const pln_case *c, double count) {
  const pln_slot s = pln_review_slot(c, count);
  if (c->side == 0) return s.base;
  return c->side > 0 ? fmax(s.base, 0) + s.buys : fmin(s.base, 0) - s.sells;
}

static int32_t first_of(const pln_case *c) { return c->scope ? 0 : c->portfolio; }
static int32_t last_of(const pln_case *c) { return c->scope ? c->x->n_portfolios - 1 : c->portfolio; }

/* |value| of an instrument over the scope, at worst. */
static double absolute(const pln_case *c, int32_t k, double count) {
  double sum = 0;
  for (int32_t j = first_of(c); j <= last_of(c); j++) {
    pln_slot s = *slot_of(c, j, k);
    if (j == c->portfolio && k == c->k) s = pln_review_slot(c, count);
    const double lots = pln_slot_extreme(&s);
    if (lots > 0) sum += lots * pln_review_unit(c->x, j, k);
  }
  return sum;
}

double pln_review_signed(const pln_case *c, int32_t k, double count) {
  double sum = 0;
  for (int32_t j = first_of(c); j <= last_of(c); j++) {
    const bool own = j == c->portfolio && k == c->k;
    const double lots = own ? pln_review_position(c, count) : slot_of(c, j, k)->base;
    if (lots != 0) sum += lots * pln_review_unit(c->x, j, k);
  }
  return sum;
}

static double gross(const pln_case *c, double count) {
  double sum = 0;
  for (int32_t k = 0; k < c->x->n_markets; k++) sum += absolute(c, k, count);
  return sum;
}

static double net(const pln_case *c, double count) {
  double sum = 0;
  for (int32_t k = 0; k < c->x->n_markets; k++) sum += pln_review_signed(c, k, count);
  return fabs(sum);
}

/* The share of the largest in all, or the sum of squared shares. */
static double concentration(const pln_case *c, double count, bool largest) {
  double sum = 0, squares = 0, most = 0;
  int32_t n = 0;
  for (int32_t k = 0; k < c->x->n_markets; k++) {
    const double v = absolute(c, k, count);
    sum += v;
    squares += v * v;
    most = fmax(most, v);
    n += v > 0;
  }
  if (c->rule && c->rule->kind == PLN_RISK_MAX_CONCENTRATION &&
      n < c->rule->value[PLN_RULE_MIN_AT_CONCENTRATION])
    return NAN;
  return sum > 0 ? (largest ? most / sum * 100.0 : squares / (sum * sum)) : 0;
}

static double group(const pln_case *c, double count) {
  const int32_t *groups = c->rule->groups, own = groups[c->k];
  double sum = 0;
  int32_t n = 0;
  if (own == 0) return NAN;
  for (int32_t k = 0; k < c->x->n_markets; k++) {
    if (groups[k] != own) continue;
    const double v = absolute(c, k, count);
    sum += v;
    n += v > 0;
  }
  return c->rule->unit == 2 ? n : c->rule->unit == 1 ? sum : sum / c->equity * 100.0;
}

static double positions(const pln_case *c, double count) {
  int32_t n = 0;
  for (int32_t k = 0; k < c->x->n_markets; k++) n += absolute(c, k, count) > 0;
  return n;
}

/* The position over the scope's portfolios, in the rule's unit. */
static double position(const pln_case *c, double count) {
  const double value = fabs(pln_review_signed(c, c->k, count));
  if (c->rule->unit == 1) return value;
  if (c->rule->unit == 0) return value / c->equity * 100.0;
  double lots = 0;
  for (int32_t j = first_of(c); j <= last_of(c); j++)
    lots += j == c->portfolio ? pln_review_position(c, count) : slot_of(c, j, c->k)->base;
  return pln_step_value(&c->x->portfolios[c->portfolio]->holdings[c->k].lot, fabs(lots));
}

static double average_volume(const pln_case *c) {
  return pln_gauge_at(&c->x->gauges, c->rule->gauge, c->k, c->x->view.now_ns);
}

/* The order's size: in units, currency or percent. */
static double order_size(const pln_case *c, double count) {
  const double lots = c->closing + count;
  if (c->rule->unit == 2) return pln_step_value(&c->x->portfolios[c->portfolio]->holdings[c->k].lot, lots);
  const double value = lots * pln_review_unit(c->x, c->portfolio, c->k);
  return c->rule->unit == 1 ? value : value / c->equity * 100.0;
}

static double collar(const pln_case *c) {
  const pln_order *o = &c->x->pending[c->r->at].order;
  const double last = c->x->portfolios[c->portfolio]->positions[c->k].last_price;
  double far = 0;
  if (o->limit_price > 0) far = fabs(o->limit_price / last - 1);
  if (o->stop_price > 0) far = fmax(far, fabs(o->stop_price / last - 1));
  return far * 100.0;
}

/* Orders in the period up to now, this one included. */
static double rate(const pln_case *c) {
  static const int64_t periods[] = {INT64_C(1000000000), INT64_C(60000000000), INT64_C(3600000000000),
                                    INT64_C(86400000000000)};
  const pln_rule *rule = c->rule;
  const int64_t since = c->x->view.now_ns - periods[(int32_t)rule->value[PLN_RULE_PER]];
  const int64_t size = (int64_t)rule->limit + 1;
  int64_t n = 1;
  for (int64_t i = 0; i < rule->n_times; i++) n += rule->times[(rule->head + size - 1 - i) % size] > since;
  return (double)n;
}

static double watched(const pln_case *c) {
  const pln_portfolio *p = c->x->portfolios[c->portfolio];
  return pln_rule_measure(c->rule, c->equity, c->scope ? c->r->peak : p->account.peak_equity);
}

bool pln_review_is_sized(int32_t kind) {
  return kind <= PLN_RISK_MAX_ORDER_SIZE && kind != PLN_RISK_MAX_CORRELATION &&
         kind != PLN_RISK_MAX_POSITIONS;
}

void pln_review_prepare(const pln_case *c) {
  if (c->rule->kind == PLN_RISK_MAX_VALUE_AT_RISK || c->rule->kind == PLN_RISK_MAX_EXPECTED_SHORTFALL)
    pln_review_scenarios(c);
}

double pln_review_value(const pln_case *c, double count) {
  const pln_rule *rule = c->rule;
  const double percent = 100.0 / c->equity;
  switch (rule->kind) {
  case PLN_RISK_MAX_POSITION:
    return position(c, count);
  case PLN_RISK_MAX_GROSS_EXPOSURE:
    return rule->unit == 1 ? gross(c, count) : gross(c, count) * percent;
  case PLN_RISK_MAX_NET_EXPOSURE:
    return rule->unit == 1 ? net(c, count) : net(c, count) * percent;
  case PLN_RISK_MAX_LEVERAGE:
    return gross(c, count) / c->equity;
  case PLN_RISK_MAX_CONCENTRATION:
    return concentration(c, count, rule->unit == 0);
  case PLN_RISK_MAX_GROUP:
    return group(c, count);
  case PLN_RISK_MAX_POSITIONS:
    return positions(c, count);
  case PLN_RISK_MAX_ORDER_VOLUME:
    return pln_step_value(&c->x->portfolios[c->portfolio]->holdings[c->k].lot, c->closing + count) /
           average_volume(c) * 100.0;
  case PLN_RISK_MAX_POSITION_VOLUME:
    return pln_step_value(&c->x->portfolios[c->portfolio]->holdings[c->k].lot,
                          fabs(pln_review_position(c, count))) /
           average_volume(c);
  case PLN_RISK_MAX_CORRELATION:
    return pln_review_correlation(c);
  case PLN_RISK_MAX_VALUE_AT_RISK:
  case PLN_RISK_MAX_EXPECTED_SHORTFALL:
    return rule->unit == 1 ? pln_review_loss(c, count) : pln_review_loss(c, count) * percent;
  case PLN_RISK_MAX_RISK_SCORE:
    return pln_review_score(c, count);
  case PLN_RISK_MAX_ORDER_SIZE:
    return order_size(c, count);
  case PLN_RISK_PRICE_COLLAR:
    return collar(c);
  case PLN_RISK_ORDER_RATE:
    return rate(c);
  default:
    return watched(c);
  }
}

/* Composite score: what each of its parts measures. */
double pln_review_score(const pln_case *c, double count) {
  const pln_score_config *s = &c->x->portfolios[c->portfolio]->score;
  const double percent = 100.0 / c->equity;
  double measure[PLN_SCORE_PARTS] = {0};
  pln_case own = *c;
  own.rule = NULL;
  measure[PLN_SCORE_EXPOSURE] = gross(c, count) * percent;
  measure[PLN_SCORE_CONCENTRATION] = concentration(&own, count, false);
  measure[PLN_SCORE_DRAWDOWN] = c->x->portfolios[c->portfolio]->account.drawdown_pct;
  if (s->weight[PLN_SCORE_LIQUIDITY] > 0 && s->gauge >= 0)
    for (int32_t k = 0; k < c->x->n_markets; k++) {
      const double unit = pln_review_unit(c->x, c->portfolio, k), lots = absolute(c, k, count) / unit;
      const double volume = pln_gauge_at(&c->x->gauges, s->gauge, k, c->x->view.now_ns);
      const double days = pln_step_value(&c->x->portfolios[c->portfolio]->holdings[k].lot, lots) / volume;
      if (days > measure[PLN_SCORE_LIQUIDITY]) measure[PLN_SCORE_LIQUIDITY] = days;
    }
  if (s->weight[PLN_SCORE_VOLATILITY] > 0 || s->weight[PLN_SCORE_VALUE_AT_RISK] > 0)
    pln_review_spread(c, count, &measure[PLN_SCORE_VOLATILITY], &measure[PLN_SCORE_VALUE_AT_RISK]);
  double sum = 0, weights = 0;
  for (int32_t i = 0; i < PLN_SCORE_PARTS; i++) {
    weights += s->weight[i];
    if (measure[i] > 0) sum += s->weight[i] * fmin(1.0, measure[i] / s->full[i]);
  }
  return sum / weights * 100.0;
}
