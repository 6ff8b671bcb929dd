#pragma once
/* What the tests of a run's statistics share. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "abi/stats.h"
#include "abi/time.h"
#include "core/error.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

/* Rows as a portfolio's recorder would hold them. */
typedef struct table {
  int64_t n;
  int64_t *ts_ns;
  double *equity, *cash, *benchmark, *flow, *gross; /* the last two may be NULL */
  int8_t *exposure;
  pln_trade *trades;
  int64_t n_trades;
} table;

enum { MOST = 4000 };
static const int64_t DAY = 86400LL * 1000000000;
static const pln_timeframe ONE_DAY = {PLN_TIMEFRAME_DAY, 1, 86400LL * 1000000000};
static const pln_timeframe ONE_HOUR = {PLN_TIMEFRAME_FIXED, 1, 3600LL * 1000000000};

static inline table new_table(int64_t room) {
  const size_t n = (size_t)room;
  return (table){.ts_ns = calloc(n, 8),
                 .equity = calloc(n, 8),
                 .cash = calloc(n, 8),
                 .benchmark = calloc(n, 8),
                 .exposure = calloc(n, 1),
                 .trades = calloc(MOST, sizeof(pln_trade))};
}

static inline void free_table(table *t) {
  free(t->ts_ns);
  free(t->equity);
  free(t->cash);
  free(t->benchmark);
  free(t->flow);
  free(t->gross);
  free(t->exposure);
  free(t->trades);
}

static inline pln_stats *new_stats(pln_timeframe timeframe, const char *zone, int64_t first_row) {
  const pln_stats_config config = {.capital = 10000,
                                   .timezone = zone,
                                   .timeframe = timeframe,
                                   .first_trading_row = first_row,
                                   .keep_returns = 1};
  pln_stats *stats = pln_stats_new(&config);
  assert_non_null(stats);
  return stats;
}

static inline void feed(pln_stats *stats, const table *t, int64_t first, int64_t n) {
  const pln_equity_rows rows = {.n_rows = n,
                                .capacity = n,
                                .ts_ns = t->ts_ns + first,
                                .equity = t->equity + first,
                                .cash = t->cash + first,
                                .benchmark = t->benchmark + first,
                                .exposure = t->exposure + first,
                                .flow = t->flow ? t->flow + first : NULL,
                                .gross = t->gross ? t->gross + first : NULL};
  assert_int_equal(pln_stats_add_rows(stats, &rows), 0);
}

static inline double figure(const double *out, const char *name) {
  const int32_t i = pln_metric_find(name);
  if (i < 0) fail_msg("%s", pln_error_last()->text);
  return out[i];
}

static inline double *computed(pln_stats *stats) {
  double *out = calloc((size_t)pln_metric_count(), sizeof *out);
  assert_int_equal(pln_stats_compute(stats, NULL, 0, out), 0);
  pln_stats_free(stats);
  return out;
}

static inline void assert_close(const char *name, double found, double expected, double tolerance) {
  if (isnan(expected) && isnan(found)) return;
  if (!(fabs(found - expected) <= tolerance * fmax(1e-300, fabs(expected))))
    fail_msg("%s: found %.17g, expected %.17g", name, found, expected);
}
