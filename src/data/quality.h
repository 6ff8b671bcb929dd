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
