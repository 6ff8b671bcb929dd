#include "core/error.h"
#include "core/random.h"
#include "exec/review.h"
#include <stdlib.h>

enum { FEWEST = 20 }; /* returns that a measure of loss needs, where the window is not shorter */

int32_t pln_review_reserve(pln_review *r, int32_t n_markets, int32_t bars, int64_t scenarios) {
  const size_t k = (size_t)n_markets, n = (size_t)(bars > 0 ? bars : 1),
               m = (size_t)(scenarios > 0 ? scenarios : 1);
  r->bars = bars;
  r->most = scenarios;
  r->returns = calloc(k * n, sizeof *r->returns);
  r->in = calloc(k, sizeof *r->in);
  r->times = calloc(n + 1, sizeof *r->times);
  r->fixed = calloc(m, sizeof *r->fixed);
  r->each = calloc(m, sizeof *r->each);
  r->work = calloc(m, sizeof *r->work);
  r->signed_values = calloc(k, sizeof *r->signed_values);
  r->drawn = calloc(10000, sizeof *r->drawn);
  if (!r->returns || !r->in || !r->times || !r->fixed || !r->each || !r->work || !r->signed_values ||
      !r->drawn)
    return pln_fail(PLN_ERR_MEMORY, "no memory for risk rules over windows of %d bars", bars);
  return PLN_OK;
}

/* The number of bars that are visible at a time, of those that were processed. */
static int64_t visible_at(const pln_market *m, int64_t time_ns) {
  int64_t low = 0, high = m->next;
  while (low < high) {
    const int64_t middle = low + (high - low) / 2;
    if (pln_market_visible(m, middle) > time_ns)
      high = middle;
    else
      low = middle + 1;
  }
  return low;
}

/* Returns of one instrument between the given times, by what was seen of it then; how many rows at the
 * beginning have none. */
static int64_t fill_returns(pln_review *r, const pln_market *m, int32_t k, int64_t n) {
  double *out = &r->returns[(int64_t)k * r->bars];
  int64_t seen = visible_at(m, r->times[0]), missing = 0;
  double before = seen > 0 ? m->close[seen - 1] : NAN;
  for (int64_t t = 0; t < n; t++) {
    while (seen < m->next && pln_market_visible(m, seen) <= r->times[t + 1]) seen++;
    const double now = seen > 0 ? m->close[seen - 1] : NAN;
    out[t] = now / before - 1;
    if (isnan(out[t])) missing = t + 1;
    before = now;
  }
  return missing;
}

int64_t pln_review_window(const pln_case *c, int32_t bars) {
  pln_review *r = c->r;
  const pln_market *clock = &c->x->markets[c->k];
  const int64_t last = clock->next - 1, n = last < bars ? last : bars;
  if (n < 1) return 0;
  for (int64_t t = 0; t <= n; t++) r->times[t] = pln_market_visible(clock, last - n + t);
  int64_t missing = 0;
  for (int32_t k = 0; k < c->x->n_markets; k++) {
    r->signed_values[k] = pln_review_signed(c, k, 0);
    r->in[k] = k == c->k || r->signed_values[k] != 0;
    if (!r->in[k]) continue;
    const int64_t none = fill_returns(r, &c->x->markets[k], k, n);
    if (none > missing) missing = none;
  }
  if (missing == 0) return n;
  for (int32_t k = 0; k < c->x->n_markets; k++) {
    double *out = &r->returns[(int64_t)k * r->bars];
    for (int64_t t = missing; r->in[k] && t < n; t++) out[t - missing] = out[t];
  }
  for (int64_t t = missing; t <= n; t++) r->times[t - missing] = r->times[t];
  return n - missing;
}

/* Changes of value in the rows of the window: of what is held, and of each lot of the order. */
static void past_changes(const pln_case *c, int64_t n) {
  pln_review *r = c->r;
  const double unit = c->side * pln_review_unit(c->x, c->portfolio, c->k);
  for (int64_t t = 0; t < n; t++) r->fixed[t] = 0;
  for (int32_t k = 0; k < c->x->n_markets; k++) {
    const double *returns = &r->returns[(int64_t)k * r->bars], value = r->signed_values[k];
    for (int64_t t = 0; value != 0 && t < n; t++) r->fixed[t] += value * returns[t];
  }
  const double *own = &r->returns[(int64_t)c->k * r->bars];
  for (int64_t t = 0; t < n; t++) r->each[t] = unit * own[t];
}

/* Paths of `horizon` rows drawn with replacement, the same rows for all instruments, compounded. The numbers
 * depend on the seed, the instant and the instrument alone. */
static void drawn_changes(const pln_case *c, int64_t rows, int64_t paths, int32_t horizon) {
  pln_review *r = c->r;
  const double unit = c->side * pln_review_unit(c->x, c->portfolio, c->k);
  pln_random random;
  pln_random_seed(&random, (uint64_t)c->rule->value[PLN_RULE_SEED],
                  (uint64_t)c->x->view.now_ns ^ ((uint64_t)c->k << 48));
  for (int64_t path = 0; path < paths; path++) {
    for (int32_t h = 0; h < horizon; h++) r->drawn[h] = (int32_t)(pln_random_uniform(&random) * (double)rows);
    r->fixed[path] = 0;
    for (int32_t k = 0; k < c->x->n_markets; k++) {
      if (!r->in[k]) continue;
      const double *returns = &r->returns[(int64_t)k * r->bars];
      double growth = 1;
      for (int32_t h = 0; h < horizon; h++) growth *= 1 + returns[r->drawn[h]];
      r->fixed[path] += r->signed_values[k] * (growth - 1);
      if (k == c->k) r->each[path] = unit * (growth - 1);
    }
  }
}

void pln_review_scenarios(const pln_case *c) {
  pln_review *r = c->r;
  const pln_rule *rule = c->rule;
  const int32_t bars = (int32_t)rule->value[PLN_RULE_WINDOW];
  const int64_t n = pln_review_window(c, bars);
  r->n_scenarios = 0;
  if (n < (bars < FEWEST ? bars : FEWEST)) return;
  if ((int32_t)rule->value[PLN_RULE_METHOD] == PLN_METHOD_MONTE_CARLO) {
    r->n_scenarios = (int64_t)rule->value[PLN_RULE_PATHS];
    drawn_changes(c, n, r->n_scenarios, (int32_t)rule->value[PLN_RULE_HORIZON]);
  } else {
    r->n_scenarios = n;
    past_changes(c, n);
  }
}

double pln_review_loss(const pln_case *c, double count) {
  pln_review *r = c->r;
  const double *value = c->rule->value;
  const int64_t n = r->n_scenarios;
  if (n == 0) return NAN;
  for (int64_t i = 0; i < n; i++) r->work[i] = r->fixed[i] + count * r->each[i];
  const pln_rule_method method = (pln_rule_method)value[PLN_RULE_METHOD];
  const double loss =
      c->rule->kind == PLN_RISK_MAX_VALUE_AT_RISK
          ? pln_value_at_risk(r->work, n, method, value[PLN_RULE_CONFIDENCE], value[PLN_RULE_HORIZON])
          : pln_expected_shortfall(r->work, n, method, value[PLN_RULE_CONFIDENCE], value[PLN_RULE_HORIZON]);
  return loss > 0 ? loss : 0;
}

double pln_review_correlation(const pln_case *c) {
  pln_review *r = c->r;
  const int64_t n = pln_review_window(c, (int32_t)c->rule->value[PLN_RULE_WINDOW_AT_CORRELATION]);
  double most = NAN;
  if ((double)n < c->rule->value[PLN_RULE_MIN_AT_CORRELATION]) return NAN;
  for (int32_t k = 0; k < c->x->n_markets; k++) {
    if (k == c->k || r->signed_values[k] == 0) continue;
    const double rho =
        pln_correlation(&r->returns[(int64_t)c->k * r->bars], &r->returns[(int64_t)k * r->bars], n);
    const double together = r->signed_values[k] > 0 ? c->side * rho : -c->side * rho;
    if (!isnan(together) && !(most >= together)) most = together;
  }
  return most;
}

void pln_review_spread(const pln_case *c, double count, double *volatility, double *loss) {
  pln_review *r = c->r;
  const pln_score_config *s = &c->x->portfolios[c->portfolio]->score;
  const int64_t n = pln_review_window(c, s->bars);
  if (n < (s->bars < FEWEST ? s->bars : FEWEST)) return;
  past_changes(c, n);
  double sum = 0, squares = 0;
  for (int64_t i = 0; i < n; i++) {
    r->work[i] = r->fixed[i] + count * r->each[i];
    sum += r->work[i];
  }
  for (int64_t i = 0; i < n; i++) squares += (r->work[i] - sum / (double)n) * (r->work[i] - sum / (double)n);
  const double years = (double)(r->times[n] - r->times[0]) / (365.25 * 86400e9);
  *volatility = sqrt(squares / (double)(n - 1)) * sqrt((double)n / years) / c->equity * 100.0;
  *loss = pln_value_at_risk(r->work, n, PLN_METHOD_PARAMETRIC, s->confidence_pct, 1) / c->equity * 100.0;
}
