#include "exec_util.h"

/* Order semantics that backtesting.py's own tests publish, on its data; with its quirks where it needs them.
 */

typedef struct table {
  int64_t n;
  double rows[4000][4];
  char dates[4000][11];
} table;

static table *load(const char *name, const char *from) {
  const char *folder = getenv("PLN_TEST_SHARED");
  char path[4096], line[256];
  snprintf(path, sizeof path, "%s/data/backtesting_py/%s", folder && *folder ? folder : "../shared", name);
  FILE *f = fopen(path, "r");
  if (!f) {
    print_message("skipped: no %s\n", path);
    skip();
  }
  table *t = must(calloc(1, sizeof *t));
  assert_non_null(fgets(line, sizeof line, f));
  while (fgets(line, sizeof line, f)) {
    double *r = t->rows[t->n];
    assert_int_equal(sscanf(line, "%10[^,],%lf,%lf,%lf,%lf", t->dates[t->n], &r[0], &r[1], &r[2], &r[3]), 5);
    if (strcmp(t->dates[t->n], from) >= 0) t->n++;
  }
  fclose(f);
  return t;
}

static int64_t row_of(const table *t, const char *date) {
  for (int64_t i = 0; i < t->n; i++)
    if (strcmp(t->dates[i], date) == 0) return i;
  fail_msg("no row of %s", date);
  return -1;
}

static rig *caller(table *t, int64_t n, const pln_exec_config *c, double leverage) {
  pln_portfolio_config p = rig_portfolio();
  p.sizing.at = PLN_SIZE_AT_FILL;
  p.fill_price_quirk = 1;
  p.leverage = leverage;
  rig *r = rig_new(t->rows, n, c, &p);
  assert_int_equal(pln_exec_add_caller(r->exec, 0, &r->bars[0]), 0);
  return r;
}

static int64_t order(rig *r, int32_t side, double quantity, double stop, double limit, double sl, double tp) {
  const int32_t type = stop > 0 && limit > 0 ? PLN_ORDER_STOP_LIMIT
                       : stop > 0            ? PLN_ORDER_STOP
                       : limit > 0           ? PLN_ORDER_LIMIT
                                             : PLN_ORDER_MARKET;
  return pln_exec_submit(
      r->exec, 0,
      &(pln_order_request){.side = side,
                           .type = type,
                           .size_type = quantity > 0 ? PLN_ORDER_SIZE_QUANTITY : PLN_ORDER_SIZE_DEFAULT,
                           .size = quantity,
                           .stop_price = stop,
                           .limit_price = limit,
                           .stop_loss = sl,
                           .take_profit = tp});
}

static void flatten(rig *r) {
  assert_true(pln_exec_submit(r->exec, 0, &(pln_order_request){.size_type = PLN_ORDER_SIZE_TARGET_QUANTITY}) >
              0);
}

static double cents(double x) { return rint(x * 100) / 100; }

static void spread_and_commission(void **state) {
  (void)state;
  const double fixed[] = {0, 100}, second[] = {9685.31, 9784.50}, third[] = {9749.33, 9718.69};
  table *t = load("GOOG.csv", "");
  for (int i = 0; i < 2; i++) {
    const double spread = i == 0 ? 0.01 : 0;
    const pln_exec_config c = {.commission = {.pct = 1, .per_order = fixed[i]},
                               .entry_spread_bps = spread * 1e4};
    rig *r = caller(t, 20, &c, 1);
    rig_to(r, 1);
    assert_true(order(r, PLN_SIDE_BUY, 0, 0, 0, 0, 0) > 0);
    rig_to(r, 2);
    flatten(r);
    rig_end(r);
    const pln_equity_rows *rows = pln_portfolio_equity(r->portfolio);
    assert_true(rig_trade(r, 0)->entry_price == t->rows[2][0] * (1 + spread));
    assert_true(cents(rows->equity[2]) == second[i]);
    assert_true(cents(rows->equity[3]) == third[i]);
    rig_free(r);
  }
  free(t);
}

static void commissions_at_a_gapped_target(void **state) {
  (void)state;
  const double closes[] = {1, 1, 1, 2, 4, 1, 2};
  table *t = must(calloc(1, sizeof *t));
  for (int64_t i = 0; i < 7; i++)
    for (int j = 0; j < 4; j++) t->rows[i][j] = closes[i];
  rig *r = caller(t, 7, &(pln_exec_config){.commission = {.pct = 1, .per_order = 10}}, 1);
  rig_to(r, 1);
  assert_true(order(r, PLN_SIDE_BUY, 100, 0, 0, 0, 3) > 0);
  rig_end(r);
  assert_true(rig_trade(r, 0)->exit_price == 4);
  assert_int_equal(rig_trade(r, 0)->exit_reason, PLN_EXIT_TAKE_PROFIT);
  NEAR(rig_trade(r, 0)->fees, 10 + 1 + 10 + 4);
  NEAR(rig_account(r)->equity, 10000 + 300 - 25);
  rig_free(r);
  free(t);
}

/* One order on one day, and the trade that comes of it. */
static void one(const char *date, int32_t side, double stop, double sl, double tp, double entry, double exit,
                int64_t exit_after, int32_t reason) {
  table *t = load("GOOG.csv", "");
  const int64_t day = row_of(t, date);
  rig *r = caller(t, day + 5, &(pln_exec_config){0}, 1);
  rig_to(r, day);
  assert_true(order(r, side, 0, stop, 0, sl, tp) > 0);
  rig_end(r);
  pln_trade open;
  const pln_trade *trade = exit > 0 ? rig_trade(r, 0) : &open;
  if (exit == 0) assert_int_equal(pln_portfolio_open_trades(r->portfolio, &open, 1), 1);
  assert_int_equal(trade->entry_bar, day + 1);
  assert_true(trade->entry_price == entry);
  if (exit > 0) {
    assert_int_equal(trade->exit_bar, day + 1 + exit_after);
    assert_true(trade->exit_price == exit);
    assert_int_equal(trade->exit_reason, reason);
  }
  rig_free(r);
  free(t);
}

static void stop_in_the_entry_bar(void **state) {
  (void)state;
  one("2012-10-17", PLN_SIDE_BUY, 0, 720, 0, 755.54, 720, 0, PLN_EXIT_STOP_LOSS);
}

static void stop_entry_is_protected_from_the_next_bar(void **state) {
  (void)state;
  one("2012-10-17", PLN_SIDE_BUY, 758, 720, 0, 758, 705.58, 1, PLN_EXIT_STOP_LOSS);
}

static void stop_entry_between_stop_and_target(void **state) {
  (void)state;
  one("2004-09-09", PLN_SIDE_BUY, 104, 103, 110, 104, 110, 2, PLN_EXIT_TAKE_PROFIT);
}

static void target_in_the_bar_of_a_stop_entry(void **state) {
  (void)state;
  one("2004-08-23", PLN_SIDE_SELL, 108, 113, 105, 108, 105, 0, PLN_EXIT_TAKE_PROFIT);
}

static void gapped_stop_fills_at_the_open(void **state) {
  (void)state;
  one("2004-08-27", PLN_SIDE_BUY, 0, 99.5, 0, 105.28, 99.19, 3, PLN_EXIT_STOP_LOSS);
}

static void margin_call(void **state) {
  (void)state;
  table *t = load("GOOG.csv", "");
  rig *r = caller(t, t->n, &(pln_exec_config){0}, 10);
  rig_to(r, row_of(t, "2006-10-19"));
  assert_true(order(r, PLN_SIDE_BUY, 100, 484, 466, 0, 0) > 0);
  rig_to(r, row_of(t, "2007-10-31") - 1);
  flatten(r);
  const int64_t second = row_of(t, "2008-11-11");
  rig_to(r, second);
  assert_true(order(r, PLN_SIDE_SELL, 200, t->rows[second][2], 324.90, 0, 0) > 0);
  rig_end(r);
  const pln_trade *a = rig_trade(r, 0), *b = rig_trade(r, 1);
  assert_string_equal(t->dates[a->entry_bar], "2006-11-01");
  assert_true(rint(a->pnl) == 23469);
  assert_string_equal(t->dates[b->entry_bar], "2008-11-14");
  assert_string_equal(t->dates[b->exit_bar], "2009-09-21");
  assert_true(rint(b->pnl) == -34420);
  assert_int_equal(b->exit_reason, PLN_EXIT_BANKRUPT);
  const pln_equity_rows *rows = pln_portfolio_equity(r->portfolio);
  assert_true(rint(rig_account(r)->peak_equity) == 46961);
  assert_int_equal(rows->n_rows, t->n);
  for (int64_t i = b->exit_bar; i < t->n; i++) assert_true(rows->equity[i] == 0 && rows->cash[i] == 0);
  assert_true(rows->equity[b->exit_bar - 1] > 0);
  assert_int_equal(rig_account(r)->bankrupt, 1);
  rig_free(r);
  free(t);
}

static void fractional_units(void **state) {
  (void)state;
  table *t = load("BTCUSD.csv", "2015");
  pln_portfolio_config p = rig_portfolio();
  p.capital = 100;
  p.sizing.at = PLN_SIZE_AT_FILL;
  rig *r = must(calloc(1, sizeof *r));
  rig_bars(&r->bars[0], t->rows, t->n);
  r->exec = must(pln_exec_new(&(pln_exec_config){.record_equity = 1}));
  pln_exec_add_instrument(r->exec, &r->bars[0], &(pln_instrument){.lot_size = 1e-6, .multiplier = 1});
  r->portfolio = must(pln_portfolio_new(&p, 1));
  pln_exec_add_portfolio(r->exec, r->portfolio);
  pln_exec_add_source(r->exec, 0, 0, 1);
  for (int64_t i = 3; i < t->n; i++) {
    double gap[2];
    for (int64_t j = 0; j < 2; j++) {
      const double(*c)[4] = (const double(*)[4]) & t->rows[i - 1 + j];
      gap[j] = (c[0][3] + c[-1][3]) / 2 - (c[0][3] + c[-1][3] + c[-2][3]) / 3;
    }
    const int32_t direction = gap[0] < 0 && gap[1] > 0 ? 1 : gap[0] > 0 && gap[1] < 0 ? -1 : 0;
    const pln_signal s = {.ts_ns = rig_visible(i), .direction = direction, .strength = 1};
    if (direction) assert_int_equal(pln_exec_push_signals(r->exec, 0, &s, 1), 0);
  }
  assert_int_equal(pln_exec_run(r->exec, INT64_MAX), PLN_EXEC_DONE);
  assert_int_equal(pln_exec_finish(r->exec), 0);
  const int64_t open = rig_position(r)->quantity != 0;
  assert_int_equal(rig_account(r)->n_trades + open, 42);
  assert_true(rig_trade(r, 0)->entry_price == 236.69);
  rig_free(r);
  free(t);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(spread_and_commission),
      cmocka_unit_test(commissions_at_a_gapped_target),
      cmocka_unit_test(stop_in_the_entry_bar),
      cmocka_unit_test(stop_entry_is_protected_from_the_next_bar),
      cmocka_unit_test(stop_entry_between_stop_and_target),
      cmocka_unit_test(target_in_the_bar_of_a_stop_entry),
      cmocka_unit_test(gapped_stop_fills_at_the_open),
      cmocka_unit_test(margin_call),
      cmocka_unit_test(fractional_units),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
