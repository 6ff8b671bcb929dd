#include "portfolio/risk_rules.h"
#include "core/error.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static int32_t check_value(const pln_risk_info *info, const pln_risk_param *p, double value) {
  if (!(isfinite(value) && value >= p->min && value <= p->max))
    return pln_fail(PLN_ERR_ARGUMENT, "rule %s: %s is %g, expected %g to %g", info->name, p->name, value,
                    p->min, p->max);
  if (p->is_integer && value != floor(value))
    return pln_fail(PLN_ERR_ARGUMENT, "rule %s: %s is %g, expected a whole number", info->name, p->name,
                    value);
  return PLN_OK;
}

/* Limit, other parameters and defaults. */
static int32_t take_values(pln_rule *made, const pln_risk_rule *rule, const pln_risk_info *info) {
  int32_t n_limits = 0, n_given = 0;
  for (int32_t i = 0; i < info->n_params; i++) {
    const pln_risk_param *p = &info->params[i];
    double value = rule->value[i];
    n_limits += p->is_limit;
    if (isnan(value) && p->is_limit) continue;
    if (isnan(value)) value = p->fallback;
    const int32_t status = check_value(info, p, value);
    if (status) return status;
    made->value[i] = value;
    if (!p->is_limit) continue;
    n_given++;
    made->unit = i;
    made->limit = value;
  }
  if (n_limits > 0 && n_given != 1)
    return pln_fail(PLN_ERR_ARGUMENT, "rule %s has %d limits, expected one", info->name, n_given);
  return PLN_OK;
}

static int32_t check_rule(const pln_risk_rule *rule, const pln_risk_info *info, int32_t n_instruments) {
  if (rule->action != PLN_RISK_DEFAULT && rule->action != PLN_RISK_RESIZE && rule->action != PLN_RISK_REFUSE)
    return pln_fail(PLN_ERR_ARGUMENT, "rule %s: action %d does not exist", info->name, rule->action);
  if (info->gauge && rule->gauge < 0)
    return pln_fail(PLN_ERR_ARGUMENT, "rule %s needs the gauge of an average volume", info->name);
  if (info->takes_groups && rule->n_groups != n_instruments)
    return pln_fail(PLN_ERR_ARGUMENT, "rule %s has groups of %d instruments, but there are %d", info->name,
                    rule->n_groups, n_instruments);
  return PLN_OK;
}

int32_t pln_rules_add(pln_rules *rules, const pln_risk_rule *rule, int32_t n_instruments) {
  const pln_risk_info *info = pln_risk_kind_info(rule->kind);
  if (!info) return pln_fail(PLN_ERR_ARGUMENT, "risk rules of kind %d do not exist", rule->kind);
  pln_rule made = {.kind = rule->kind,
                   .gauge = info->gauge ? rule->gauge : -1,
                   .action = rule->action    ? rule->action
                             : info->resizes ? PLN_RISK_RESIZE
                                             : PLN_RISK_REFUSE,
                   .day_end_ns = INT64_MIN,
                   .until_ns = INT64_MAX,
                   .until_row = INT64_MAX};
  int32_t status = check_rule(rule, info, n_instruments);
  if (!status) status = take_values(&made, rule, info);
  if (status) return status;
  if (made.kind == PLN_RISK_LOSS_STREAK && made.value[PLN_RULE_PAUSE_BARS] == 0 &&
      made.value[PLN_RULE_PAUSE_DAYS] == 0)
    return pln_fail(PLN_ERR_ARGUMENT, "rule loss_streak needs pause_bars or pause_days");
  pln_rule *list = realloc(rules->list, (size_t)(rules->n + 1) * sizeof *list);
  if (list) rules->list = list;
  if (list && info->takes_groups) made.groups = malloc((size_t)n_instruments * sizeof *made.groups);
  if (list && made.kind == PLN_RISK_ORDER_RATE)
    made.times = calloc((size_t)made.limit + 1, sizeof *made.times);
  if (!list || (info->takes_groups && !made.groups) || (made.kind == PLN_RISK_ORDER_RATE && !made.times)) {
    free(made.groups);
    free(made.times);
    return pln_fail(PLN_ERR_MEMORY, "no memory for a risk rule");
  }
  if (made.groups) memcpy(made.groups, rule->groups, (size_t)n_instruments * sizeof *made.groups);
  list[rules->n] = made;
  const bool watches = made.kind == PLN_RISK_DAILY_LOSS ||
                       (made.kind == PLN_RISK_DRAWDOWN && made.value[PLN_RULE_THEN] != PLN_THEN_SCALE);
  rules->n_marks += watches;
  rules->n_streaks += made.kind == PLN_RISK_LOSS_STREAK;
  return rules->n++;
}

void pln_rules_free(pln_rules *rules) {
  for (int32_t i = 0; i < rules->n; i++) {
    free(rules->list[i].groups);
    free(rules->list[i].times);
  }
  free(rules->list);
  *rules = (pln_rules){0};
}
