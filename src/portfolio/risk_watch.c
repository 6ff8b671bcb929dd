#include "portfolio/risk_rules.h"
#include <math.h>

/* Rules that watch the account and halt entries. They are looked at when the equity falls to their level,
 * when a day or a cool-down ends, and when a trade closes: bars in between cost nothing. */

enum { MASKED = 64 };

static bool watches_marks(const pln_rule *r) {
  return r->kind == PLN_RISK_DAILY_LOSS ||
         (r->kind == PLN_RISK_DRAWDOWN && r->value[PLN_RULE_THEN] != PLN_THEN_SCALE);
}

static void resume(pln_rule *r, double equity) {
  r->is_halted = 0;
  r->streak = 0;
  r->until_ns = r->until_row = INT64_MAX;
  if (r->kind != PLN_RISK_DRAWDOWN) return;
  r->reference = equity;
  r->is_rebased = 1;
}

uint64_t pln_rules_tick(pln_rules *rules, int64_t row_ns, int64_t row, double equity, double peak,
                        int64_t day_end_ns) {
  uint64_t resumed = 0;
  for (int32_t i = 0; i < rules->n; i++) {
    pln_rule *r = &rules->list[i];
    if (r->is_rebased && equity > r->reference) r->reference = equity;
    if (r->is_rebased && r->reference >= peak) r->is_rebased = 0;
    if (r->is_halted && (row_ns >= r->until_ns || row >= r->until_row)) {
      resume(r, equity);
      if (i < MASKED) resumed |= UINT64_C(1) << i;
    }
    if (r->kind != PLN_RISK_DAILY_LOSS || row_ns < r->day_end_ns) continue;
    r->reference = equity;
    r->day_end_ns = day_end_ns;
  }
  return resumed;
}

int64_t pln_rules_next_tick(const pln_rules *rules) {
  int64_t next = INT64_MAX;
  for (int32_t i = 0; i < rules->n; i++) {
    const pln_rule *r = &rules->list[i];
    if (r->is_halted && r->until_row != INT64_MAX) return INT64_MIN;
    if (r->is_rebased) return INT64_MIN;
    if (r->is_halted && r->until_ns < next) next = r->until_ns;
    if (r->kind == PLN_RISK_DAILY_LOSS && r->day_end_ns < next) next = r->day_end_ns;
  }
  return next;
}

double pln_rule_level(const pln_rule *r, double peak) {
  if (r->is_halted || !watches_marks(r)) return -INFINITY;
  if (r->kind == PLN_RISK_DRAWDOWN) return (r->is_rebased ? r->reference : peak) * (1.0 - r->limit / 100.0);
  return r->unit == 0 ? r->reference * (1.0 - r->limit / 100.0) : r->reference - r->limit;
}

double pln_rules_floor(const pln_rules *rules, double peak) {
  double floor = -INFINITY;
  for (int32_t i = 0; i < rules->n; i++) {
    const double level = pln_rule_level(&rules->list[i], peak);
    if (level > floor) floor = level;
  }
  return floor;
}

void pln_rule_halt(pln_rule *r, int64_t row_ns, int64_t row) {
  const double day = 86400e9;
  double bars = 0, days = 0;
  r->is_halted = 1;
  r->until_ns = r->until_row = INT64_MAX;
  if (r->kind == PLN_RISK_DAILY_LOSS) {
    r->until_ns = r->day_end_ns;
    return;
  }
  if (r->kind == PLN_RISK_DRAWDOWN) {
    bars = r->value[PLN_RULE_COOLDOWN_BARS];
    days = r->value[PLN_RULE_COOLDOWN_DAYS];
  } else {
    bars = r->value[PLN_RULE_PAUSE_BARS];
    days = r->value[PLN_RULE_PAUSE_DAYS];
  }
  if (bars > 0) r->until_row = row + (int64_t)bars;
  if (days > 0) r->until_ns = row_ns + (int64_t)(days * day);
}

double pln_rule_measure(const pln_rule *r, double equity, double peak) {
  if (r->kind == PLN_RISK_LOSS_STREAK) return r->streak;
  const double reference = r->kind == PLN_RISK_DRAWDOWN && !r->is_rebased ? peak : r->reference;
  const double loss = reference - equity;
  return r->kind == PLN_RISK_DAILY_LOSS && r->unit == 1 ? loss : loss / reference * 100.0;
}

void pln_rules_trade(pln_rules *rules, double pnl, int64_t row_ns, int64_t row) {
  for (int32_t i = 0; i < rules->n; i++) {
    pln_rule *r = &rules->list[i];
    if (r->kind != PLN_RISK_LOSS_STREAK) continue;
    r->streak = pnl < 0 ? r->streak + 1 : 0;
    if (r->is_halted || r->streak < r->limit) continue;
    pln_rule_halt(r, row_ns, row);
  }
}
