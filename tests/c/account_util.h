#pragma once
#include "exec_util.h"

/* A container with up to four instruments, one portfolio and one caller on the first one's bars. */
typedef struct books {
  pln_bars bars[4];
  int32_t n;
  pln_exec *exec;
  pln_portfolio *portfolio;
} books;

static inline pln_instrument plain_instrument(void) {
  return (pln_instrument){.lot_size = 1, .multiplier = 1};
}

/* Bars that open, trade and close at one price each. */
static inline void flat_bars(pln_bars *bars, const double *prices, int64_t n) {
  double rows[64][4];
  assert_true(n > 0 && n <= 64);
  if (n <= 0 || n > 64) return; /* the compiler does not know that the line above ends the test */
  for (int64_t i = 0; i < n; i++)
    for (int32_t c = 0; c < 4; c++) rows[i][c] = prices[i];
  rig_bars(bars, rows, n);
}

static inline void books_open(books *b, const pln_exec_config *config) {
  *b = (books){0};
  pln_exec_config c = *config;
  c.record_equity = c.record_orders = 1;
  b->exec = must(pln_exec_new(&c));
}
static inline void books_add(books *b, const double *prices, int64_t n, const pln_instrument *spec) {
  flat_bars(&b->bars[b->n], prices, n);
  assert_int_equal(pln_exec_add_instrument(b->exec, &b->bars[b->n], spec), b->n);
  b->n++;
}
static inline void books_account(books *b, const pln_portfolio_config *config) {
  b->portfolio = must(pln_portfolio_new(config, b->n));
  assert_int_equal(pln_exec_add_portfolio(b->exec, b->portfolio), 0);
}
static inline void books_caller(books *b) {
  assert_int_equal(pln_exec_add_caller(b->exec, 0, &b->bars[0]), 0);
}
static inline void books_close(books *b) {
  pln_exec_free(b->exec);
  pln_portfolio_free(b->portfolio);
  for (int32_t k = 0; k < b->n; k++) rig_bars_free(&b->bars[k]);
}

/* To the close of a bar of the first instrument. */
static inline void books_to(books *b, int64_t bar) {
  while (pln_exec_view_of(b->exec)->row < bar) assert_int_equal(pln_exec_next(b->exec, rig_visible(bar)), 0);
}
static inline void books_end(books *b) {
  int32_t result;
  while ((result = pln_exec_next(b->exec, INT64_MAX)) >= 0) {
  }
  assert_int_equal(result, PLN_EXEC_DONE);
  assert_int_equal(pln_exec_finish(b->exec), 0);
}
/* A market order of signed units. */
static inline int64_t books_trade(books *b, int32_t instrument, double units) {
  return pln_exec_submit(b->exec, 0,
                         &(pln_order_request){.instrument = instrument,
                                              .side = units > 0 ? 1 : -1,
                                              .type = PLN_ORDER_MARKET,
                                              .size_type = PLN_ORDER_SIZE_QUANTITY,
                                              .size = fabs(units)});
}
static inline const pln_account *books_account_of(const books *b) {
  return pln_portfolio_account(b->portfolio);
}
static inline const pln_position *books_position(const books *b, int32_t k) {
  return &pln_portfolio_positions(b->portfolio)[k];
}
static inline const pln_trade *books_trade_at(const books *b, int64_t i) {
  const pln_trade *trades;
  assert_true(i < pln_portfolio_trades(b->portfolio, &trades));
  return &trades[i];
}
static inline int64_t books_refusals(const books *b, int32_t code) {
  return pln_portfolio_refusals(b->portfolio)[code].count;
}
static inline int64_t bar_open(int64_t bar) { return (bar + 1) * RIG_STEP_NS; }
