#pragma once
#include "abi/risk.h"
#include <stdbool.h>
#include <stdint.h>
/* Rules of a portfolio or of a container, with what they have to keep. */

typedef struct pln_rule {
  int32_t kind, action, gauge;
  int32_t unit; /* which parameter the limit is */
  double limit;
  double value[PLN_RISK_MAX_VALUES];
  int32_t *groups; /* NULL: none */
  /* ORDER_RATE: the times of the last orders, a ring of `limit` */
  int64_t *times;
  int64_t n_times, head;
  /* watches */
  double reference; /* DAILY_LOSS: equity of the day before; DRAWDOWN: the peak */
  int64_t day_end_ns;
  int64_t until_ns, until_row; /* halted until then; INT64_MAX = not by this */
  int32_t is_halted;
  int32_t is_rebased; /* DRAWDOWN: its peak is of a resumption */
  int32_t streak;
} pln_rule;

typedef struct pln_rules {
  pln_rule *list;
  int32_t n;
  int32_t n_marks; /* rules that look at each mark's equity */
  int32_t n_streaks;
} pln_rules;

/* Checks and adds; its number (0, 1, …) or a status. */
int32_t pln_rules_add(pln_rules *rules, const pln_risk_rule *rule, int32_t n_instruments);
void pln_rules_free(pln_rules *rules);
/* The refusal code of a kind. */
static inline int32_t pln_risk_refusal(int32_t kind) { return PLN_REFUSAL_RISK_FIRST + kind; }

/* Parameters by their place in the description (risk_kinds.c). */
enum {
  PLN_RULE_WINDOW_AT_CORRELATION = 1,
  PLN_RULE_SCALE_AT_CORRELATION = 2,
  PLN_RULE_MIN_AT_CORRELATION = 3,
  PLN_RULE_MIN_AT_CONCENTRATION = 2,
  PLN_RULE_METHOD = 2,
  PLN_RULE_CONFIDENCE = 3,
  PLN_RULE_WINDOW = 4,
  PLN_RULE_HORIZON = 5,
  PLN_RULE_PATHS = 6,
  PLN_RULE_SEED = 7,
  PLN_RULE_PER = 1,
  PLN_RULE_CLOSE = 2,
  PLN_RULE_THEN = 1,
  PLN_RULE_SCALE_AT_DRAWDOWN = 2,
  PLN_RULE_COOLDOWN_BARS = 3,
  PLN_RULE_COOLDOWN_DAYS = 4,
  PLN_RULE_PAUSE_BARS = 1,
  PLN_RULE_PAUSE_DAYS = 2
};
typedef enum pln_rule_method {
  PLN_METHOD_PARAMETRIC,
  PLN_METHOD_HISTORICAL,
  PLN_METHOD_MONTE_CARLO
} pln_rule_method;
typedef enum pln_rule_then { PLN_THEN_HALT, PLN_THEN_CLOSE, PLN_THEN_SCALE } pln_rule_then;

/* Watches: risk_watch.c. */
/* Before a mark: a new day begins, a cool-down is over. `equity` is that of the mark before. Returns a bit
 * mask of rules (of the first 64) that resume. */
uint64_t pln_rules_tick(pln_rules *rules, int64_t row_ns, int64_t row, double equity, double peak,
                        int64_t day_end_ns);
/* The time of the next row that needs a tick: INT64_MIN = each. */
int64_t pln_rules_next_tick(const pln_rules *rules);
/* The equity at or below which some watch fires. */
double pln_rules_floor(const pln_rules *rules, double peak);
/* The level of one, -inf where it cannot fire. */
double pln_rule_level(const pln_rule *rule, double peak);
/* A watch fires. */
void pln_rule_halt(pln_rule *rule, int64_t row_ns, int64_t row);
/* What it measures now, in its limit's unit. */
double pln_rule_measure(const pln_rule *rule, double equity, double peak);
/* A trade was closed. */
void pln_rules_trade(pln_rules *rules, double pnl, int64_t row_ns, int64_t row);

/* Measures of losses: risk_value.c. */
/* Of n changes of value in currency (the array is reordered): positive = a loss. */
double pln_value_at_risk(double *changes, int64_t n, pln_rule_method method, double confidence_pct,
                         double horizon);
double pln_expected_shortfall(double *changes, int64_t n, pln_rule_method method, double confidence_pct,
                              double horizon);
/* Pearson's; NaN where one of them does not vary. */
double pln_correlation(const double *a, const double *b, int64_t n);
