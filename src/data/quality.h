#pragma once
#include "abi/quality.h"
#include "data/csv_rows.h"

/* Rules on values and order, over raw rows: afterwards times strictly increase and every price is finite.
 * `ticks`: rows may share a time. 0, or a status where a rule rejects. */
int32_t pln_quality_rows(pln_rows *rows, const pln_quality_config *config, int ticks,
                         pln_quality_report *report);
/* Rules on neighbours, over rows in order: gaps, jumps, outliers, session. */
int32_t pln_quality_sequence(pln_rows *rows, const pln_quality_config *config, const pln_timeframe *timeframe,
                             const pln_timezone *zone, pln_quality_report *report);

/* What the parts of the quality pass share. */
typedef struct pln_quality_rule_info {
  const char *name;
  int32_t policy;   /* default */
  uint32_t allowed; /* bits of pln_quality_policy */
} pln_quality_rule_info;

extern const pln_quality_rule_info pln_quality_rules[PLN_QUALITY_RULES];

typedef struct pln_quality_report_owner {
  pln_quality_report report; /* first */
  pln_quality_issue *issues;
  char **files;
  char *text;
} pln_quality_report_owner;

void pln_quality_report_clear(pln_quality_report_owner *owner);
