#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "abi/core.h"
#include "abi/exec.h"
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Bars, an execution container and its portfolio, with everything that came out of it. */
typedef struct rig {
  pln_bars bars[4];
  pln_portfolio *portfolio;
  pln_exec *exec;
} rig;

#define RIG_STEP_NS 60000000000
static inline void rig_near(double a, double b) {
  if (fabs(a - b) > 1e-9 * (1 + fabs(b))) fail_msg("found %.17g, expected %.17g", a, b);
}
#define NEAR(a, b) rig_near((double)(a), (double)(b))

static inline void *must(void *p) {
  assert_non_null(p);
  return p;
}

/* Bars from rows of {open, high, low, close}; minute i opens at (i + 1) minutes. */
static inline void rig_bars(pln_bars *bars, double (*rows)[4], int64_t n) {
  double *columns = must(calloc((size_t)n * 5, sizeof(double)));
  int64_t *ts = must(calloc((size_t)n, sizeof *ts));
  for (int64_t i = 0; i < n; i++) {
    ts[i] = (i + 1) * RIG_STEP_NS;
    for (int64_t c = 0; c < 4; c++) columns[c * n + i] = rows[i][c];
  }
  *bars = (pln_bars){.n_bars = n,
                     .ts_ns = ts,
                     .open = columns,
                     .high = columns + n,
                     .low = columns + 2 * n,
                     .close = columns + 3 * n,
                     .volume = columns + 4 * n,
                     .timeframe = {.unit = PLN_TIMEFRAME_FIXED, .count = 1, .ns = RIG_STEP_NS},
                     .symbol = "T",
                     .timezone = "UTC",
                     .source = "test"};
}

static inline void rig_bars_free(pln_bars *bars) {
  free((void *)bars->ts_ns);
  free((void *)bars->open);
}

static inline pln_portfolio_config rig_portfolio(void) {
  return (pln_portfolio_config){
      .capital = 10000,
      .leverage = 1,
      .allow_short = 1,
      .sizing = {.type = PLN_SIZE_PERCENT_OF_EQUITY, .at = PLN_SIZE_AT_SIGNAL, .value = 100}};
}

static inline rig *rig_new(double (*rows)[4], int64_t n, const pln_exec_config *config,
                           const pln_portfolio_config *portfolio) {
  rig *r = must(calloc(1, sizeof *r));
  pln_exec_config c = *config;
  c.record_equity = 1;
  c.record_orders = 1;
  rig_bars(&r->bars[0], rows, n);
  r->exec = must(pln_exec_new(&c));
  assert_int_equal(
      pln_exec_add_instrument(r->exec, &r->bars[0], &(pln_instrument){.lot_size = 1, .multiplier = 1}), 0);
  r->portfolio = must(pln_portfolio_new(portfolio, 1));
  assert_int_equal(pln_exec_add_portfolio(r->exec, r->portfolio), 0);
  return r;
}

static inline void rig_free(rig *r) {
  pln_exec_free(r->exec);
  pln_portfolio_free(r->portfolio);
  rig_bars_free(&r->bars[0]);
  free(r);
}

static inline int64_t rig_visible(int64_t bar) { return (bar + 2) * RIG_STEP_NS; }

/* Runs a caller up to the visibility of `bar`, where orders can be placed. */
static inline void rig_to(rig *r, int64_t bar) {
  while (pln_exec_view_of(r->exec)->row < bar) assert_int_equal(pln_exec_next(r->exec, rig_visible(bar)), 0);
}

static inline void rig_end(rig *r) {
  int32_t result;
  while ((result = pln_exec_next(r->exec, INT64_MAX)) >= 0) {
  }
  assert_int_equal(result, PLN_EXEC_DONE);
  assert_int_equal(pln_exec_finish(r->exec), 0);
}

static inline const pln_account *rig_account(const rig *r) { return pln_portfolio_account(r->portfolio); }
static inline const pln_position *rig_position(const rig *r) { return pln_portfolio_positions(r->portfolio); }
static inline int64_t rig_refusals(const rig *r, int32_t code) {
  return pln_portfolio_refusals(r->portfolio)[code].count;
}

static inline const pln_trade *rig_trade(const rig *r, int64_t i) {
  const pln_trade *trades;
  const int64_t n = pln_portfolio_trades(r->portfolio, &trades);
  assert_true(i < n);
  return &trades[i];
}
