#pragma once
#include "abi/data.h"
#include <stdint.h>

/* Gauges: features that rules, sizing and cost models read (an ATR, a volatility, an average volume). One
 * gauge is one feature over all instruments; of each it has the rows of some stream of that instrument and a
 * column that was computed for them. Columns are borrowed and shared between containers; a gauge itself holds
 * no state but where it looked last. */
typedef struct pln_gauge_series {
  const int64_t *ts_ns;
  const int64_t *visible_ns; /* NULL: ts_ns + length_ns */
  int64_t length_ns;
  int64_t n_rows;
  const double *column; /* NULL: the instrument has none */
  int64_t row;          /* rows before it are visible at the time that was asked for last */
} pln_gauge_series;

typedef struct pln_gauges {
  pln_gauge_series *series; /* [gauge * n_instruments + instrument] */
  int32_t n_gauges;
  int32_t n_instruments;
} pln_gauges;

/* Adds a gauge without columns. Its number, or a status. */
int32_t pln_gauges_add(pln_gauges *gauges);
void pln_gauges_set(pln_gauges *gauges, int32_t gauge, int32_t instrument, const pln_bars *bars,
                    const double *column);
void pln_gauges_free(pln_gauges *gauges);
/* The value in the last row that is visible at time_ns; NaN before the first, before the feature is warm, or
 * where the instrument has no column. */
double pln_gauge_at(pln_gauges *gauges, int32_t gauge, int32_t instrument, int64_t time_ns);
