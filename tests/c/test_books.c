#include "exec_util.h"

/* Books: strategies with positions of their own in one account. Reckoned by hand. */

typedef struct shop {
  pln_bars bars;
  pln_portfolio *account, *books[2];
  pln_exec *exec;
} shop;

static shop *make(double (*rows)[4], int64_t n, const pln_portfolio_config *p, const pln_exec_config *c) {
  shop *s = must(calloc(1, sizeof *s));
  pln_exec_config config = *c;
  config.record_equity = config.record_orders = 1;
  rig_bars(&s->bars, rows, n);
  s->exec = must(pln_exec_new(&config));
  const pln_instrument spec = {.lot_size = 1, .multiplier = 1};
  assert_int_equal(pln_exec_add_instrument(s->exec, &s->bars, &spec), 0);
  s->account = must(pln_portfolio_new(p, 1));
  assert_int_equal(pln_exec_add_portfolio(s->exec, s->account), 0);
  for (int32_t i = 0; i < 2; i++) {
    pln_portfolio_config book = *p;
    book.capital = p->capital * (i ? 0.25 : 0.75);
    s->books[i] = must(pln_portfolio_new(&book, 1));
    assert_int_equal(pln_exec_add_book(s->exec, 0, s->books[i]), i + 1);
    assert_int_equal(pln_exec_add_source(s->exec, i + 1, 0, i ? 0.25 : 0.75), i);
  }
  return s;
}

static void shop_free(shop *s) {
  pln_exec_free(s->exec);
  for (int32_t i = 0; i < 2; i++) pln_portfolio_free(s->books[i]);
  pln_portfolio_free(s->account);
  rig_bars_free(&s->bars);
  free(s);
}

static void push(shop *s, int32_t source, int64_t bar, int32_t direction) {
  const pln_signal g = {.ts_ns = rig_visible(bar), .direction = direction, .strength = 1, .confidence = 1};
  assert_int_equal(pln_exec_push_signals(s->exec, source, &g, 1), 0);
}

static void run_to(shop *s, int64_t bar) {
  assert_int_equal(pln_exec_run(s->exec, rig_visible(bar)), PLN_EXEC_DONE);
}

static void end(shop *s) {
  assert_int_equal(pln_exec_run(s->exec, INT64_MAX), PLN_EXEC_DONE);
  assert_int_equal(pln_exec_finish(s->exec), 0);
}

static double held(const shop *s, int32_t book) { return pln_portfolio_positions(s->books[book])->quantity; }

static void prices(double (*rows)[4], int64_t n, const double *price) {
  for (int64_t i = 0; i < n; i++)
    for (int j = 0; j < 4; j++) rows[i][j] = price[i];
}

/* The account is what its books make of it, at every bar. */
static void check_sums(const shop *s) {
  const pln_account *a = pln_portfolio_account(s->account), *b = pln_portfolio_account(s->books[0]),
                    *c = pln_portfolio_account(s->books[1]);
  NEAR(a->equity, b->equity + c->equity);
  NEAR(a->cash, b->cash + c->cash);
  NEAR(a->fees, b->fees + c->fees);
  NEAR(a->realized_pnl, b->realized_pnl + c->realized_pnl);
  NEAR(a->gross_exposure, b->gross_exposure + c->gross_exposure);
  NEAR(a->turnover, b->turnover + c->turnover);
  assert_int_equal(a->n_orders, b->n_orders + c->n_orders);
  assert_int_equal(a->n_fills, b->n_fills + c->n_fills);
  assert_int_equal(a->n_trades, b->n_trades + c->n_trades);
}

static void opposite_positions_coexist(void **state) {
  (void)state;
  const double price[] = {100, 100, 100, 110, 110, 120, 120, 120};
  double rows[8][4];
  prices(rows, 8, price);
  pln_portfolio_config p = rig_portfolio();
  p.leverage = 2;
  shop *s = make(rows, 8, &p, &(pln_exec_config){.commission = {.per_order = 1}});
  push(s, 0, 0, 1);
  push(s, 1, 1, -1);
  push(s, 0, 4, 0);
  push(s, 1, 5, 0);
  run_to(s, 1);
  assert_true(held(s, 0) == 74 && held(s, 1) == 0); /* (7500 - 1) / 100 */
  run_to(s, 2);
  assert_true(held(s, 0) == 74 && held(s, 1) == -24); /* a quarter of 9999, less 1, of the whole account */
  const pln_account *a = pln_portfolio_account(s->account);
  NEAR(a->gross_exposure, 9800);
  NEAR(a->net_exposure, 5000);
  NEAR(a->equity, 9998);
  assert_true(pln_portfolio_positions(s->account)->quantity == 50);
  for (int64_t bar = 3; bar < 8; bar++) {
    run_to(s, bar);
    check_sums(s);
  }
  end(s);
  check_sums(s);
  /* 74 gained 20 and paid 2, 24 lost 20 and paid 2. */
  NEAR(pln_portfolio_account(s->books[0])->equity, 7500 + 1480 - 2);
  NEAR(pln_portfolio_account(s->books[1])->equity, 2500 - 480 - 2);
  NEAR(a->equity, 10000 + 1000 - 4);
  const pln_trade *trades;
  assert_int_equal(pln_portfolio_trades(s->account, &trades), 2);
  for (int i = 0; i < 2; i++) {
    assert_int_equal(trades[i].id, i + 1);
    assert_int_equal(trades[i].book, i + 1);
    NEAR(trades[i].pnl, i ? -482 : 1478);
  }
  assert_int_equal(pln_portfolio_trades(s->books[1], &trades), 1);
  assert_int_equal(trades[0].id, 1);
  const pln_equity_rows *all = pln_portfolio_equity(s->account), *one = pln_portfolio_equity(s->books[0]),
                        *two = pln_portfolio_equity(s->books[1]);
  const int8_t bits[] = {0, 1, 3, 3, 3, 7, 6, 0};
  assert_int_equal(all->n_rows, 8);
  assert_memory_equal(all->exposure, bits, 8);
  for (int64_t i = 0; i < 8; i++) {
    NEAR(all->equity[i], one->equity[i] + two->equity[i]);
    NEAR(all->cash[i], one->cash[i] + two->cash[i]);
  }
  shop_free(s);
}

/* One account: what one book uses the other cannot have. */
static void the_limits_are_common(void **state) {
  (void)state;
  const double price[] = {100, 100, 100, 100, 100, 100};
  double rows[6][4];
  prices(rows, 6, price);
  for (int32_t i = 0; i < 2; i++) {
    pln_portfolio_config p = rig_portfolio();
    p.sizing.value = 200;
    if (i) p.leverage = 10, p.risk.max_exposure_pct = 120;
    shop *s = make(rows, 6, &p, &(pln_exec_config){0});
    push(s, 0, 0, 1);
    push(s, 1, 2, -1);
    end(s);
    /* 150 percent for the first, of which the account pays 100, or the rule allows 120; nothing is left. */
    assert_true(held(s, 0) == (i ? 120 : 100));
    assert_true(held(s, 1) == 0);
    const int32_t code = i ? PLN_REFUSAL_EXPOSURE_LIMIT : PLN_REFUSAL_CASH;
    assert_int_equal(pln_portfolio_refusals(s->books[1])[code].count, 1);
    assert_int_equal(pln_portfolio_refusals(s->account)[code].count, 1);
    shop_free(s);
  }
}

/* A stop is its book's; a drawdown is the account's. */
static void stops_and_halts(void **state) {
  (void)state;
  const double price[] = {100, 100, 100, 94, 94, 80, 80, 80};
  double rows[8][4];
  prices(rows, 8, price);
  pln_portfolio_config p = rig_portfolio();
  p.risk.stop_loss_pct = 5;
  shop *s = make(rows, 8, &p, &(pln_exec_config){0});
  push(s, 0, 0, 1);
  push(s, 1, 0, -1);
  run_to(s, 4);
  assert_true(held(s, 0) == 0 && held(s, 1) == -25);
  push(s, 1, 5, 0);
  end(s);
  NEAR(pln_portfolio_account(s->account)->equity, 10000 - 75 * 6 + 25 * 20);
  shop_free(s);

  p = rig_portfolio();
  p.leverage = 4;
  p.sizing.value = 200;
  p.risk.max_drawdown_pct = 10;
  s = make(rows, 8, &p, &(pln_exec_config){0});
  push(s, 0, 0, 1);
  push(s, 1, 0, -1);
  push(s, 1, 6, -1);
  end(s); /* 150 fell by 6, 50 short gained it: down 6 percent; then to 80 */
  assert_int_equal(pln_portfolio_account(s->account)->halted, 1);
  assert_true(held(s, 0) == 0 && held(s, 1) == 0);
  NEAR(pln_portfolio_account(s->account)->equity, 10000 - 100 * 20);
  check_sums(s);
  const pln_trade *trades;
  assert_int_equal(pln_portfolio_trades(s->account, &trades), 2);
  assert_int_equal(trades[1].exit_reason, PLN_EXIT_DRAWDOWN_HALT);
  shop_free(s);
}

static void ruin_is_of_the_account(void **state) {
  (void)state;
  const double price[] = {100, 100, 100, 50, 50, 50};
  double rows[6][4];
  prices(rows, 6, price);
  pln_portfolio_config p = rig_portfolio();
  p.leverage = 10;
  p.sizing.value = 400;
  shop *s = make(rows, 6, &p, &(pln_exec_config){0});
  push(s, 0, 0, 1); /* 300 at 100: lost 15000 */
  push(s, 1, 3, 1);
  end(s);
  assert_int_equal(pln_portfolio_account(s->account)->bankrupt, 1);
  assert_true(pln_portfolio_account(s->account)->equity == 0 && pln_portfolio_account(s->account)->cash == 0);
  assert_true(held(s, 0) == 0 && held(s, 1) == 0);
  assert_int_equal(pln_portfolio_refusals(s->account)[PLN_REFUSAL_BANKRUPT].count, 1);
  shop_free(s);
  /* A book that has lost its share goes on, as long as the account has money. */
  p.leverage = 4;
  p.sizing.value = 100;
  double few[8][4];
  const double up[] = {100, 100, 100, 300, 300, 300, 300, 300};
  prices(few, 8, up);
  s = make(few, 8, &p, &(pln_exec_config){0});
  push(s, 0, 0, 1);
  push(s, 1, 0, -1); /* 25 short: lost 5000 of its 2500 */
  push(s, 1, 5, 1);
  end(s);
  NEAR(pln_portfolio_account(s->account)->equity, 10000 + 75 * 200 - 25 * 200);
  NEAR(pln_portfolio_account(s->books[1])->equity, -2500);
  assert_true(held(s, 1) > 0);
  check_sums(s);
  shop_free(s);
}

/* A bar that is tried out both ways leaves one trade, of the book and of the account. */
static void bars_that_are_tried_out(void **state) {
  (void)state;
  double rows[6][4];
  const double price[] = {100, 100, 100, 100, 100, 100};
  prices(rows, 6, price);
  rows[3][1] = 108; /* reaches stop and target of both */
  rows[3][2] = 92;
  const int32_t policies[] = {PLN_INTRABAR_PESSIMISTIC, PLN_INTRABAR_OPTIMISTIC, PLN_INTRABAR_OHLC};
  for (int32_t i = 0; i < 3; i++) {
    pln_portfolio_config p = rig_portfolio();
    p.leverage = 2;
    p.risk.stop_loss_pct = p.risk.take_profit_pct = 5;
    p.sizing = (pln_sizing){.type = PLN_SIZE_KELLY,
                            .value = 100,
                            .fraction = 1,
                            .window = 4,
                            .min_trades = 4,
                            .at = PLN_SIZE_AT_SIGNAL};
    shop *s = make(rows, 6, &p, &(pln_exec_config){.intrabar = policies[i], .commission = {.per_order = 1}});
    push(s, 0, 0, 1);
    push(s, 1, 0, -1);
    for (int64_t bar = 1; bar < 6; bar++) {
      run_to(s, bar);
      check_sums(s);
    }
    end(s);
    check_sums(s);
    const pln_trade *trades;
    assert_int_equal(pln_portfolio_trades(s->account, &trades), 2);
    for (int64_t k = 0; k < 2; k++) {
      assert_int_equal(trades[k].id, k + 1);
      assert_int_equal(trades[k].exit_bar, 3);
    }
    const int64_t stops =
        (trades[0].exit_reason == PLN_EXIT_STOP_LOSS) + (trades[1].exit_reason == PLN_EXIT_STOP_LOSS);
    assert_int_equal(stops, i == 0   ? 2
                            : i == 1 ? 0
                                     : 1); /* up first: the target of one, the stop of the other */
    shop_free(s);
  }
}

static void a_flat_market_keeps_the_capital_to_the_bit(void **state) {
  (void)state;
  const double price[] = {100, 100, 100, 100};
  double rows[4][4];
  prices(rows, 4, price);
  pln_portfolio_config p = rig_portfolio();
  p.capital = 10000.1;
  shop *s = make(rows, 4, &p, &(pln_exec_config){0});
  end(s);
  const pln_equity_rows *e = pln_portfolio_equity(s->account);
  for (int64_t i = 0; i < 4; i++) assert_true(e->equity[i] == 10000.1);
  shop_free(s);
}

static void what_has_no_books(void **state) {
  (void)state;
  const double price[] = {100, 100};
  double rows[2][4];
  prices(rows, 2, price);
  pln_portfolio_config p = rig_portfolio();
  shop *s = make(rows, 2, &p, &(pln_exec_config){0});
  assert_int_equal(pln_exec_add_source(s->exec, 0, 0, 1), PLN_ERR_ARGUMENT);
  pln_portfolio *other = must(pln_portfolio_new(&p, 1));
  assert_int_equal(pln_exec_add_book(s->exec, 1, other), PLN_ERR_ARGUMENT); /* a book of a book */
  assert_int_equal(pln_exec_add_book(s->exec, 9, other), PLN_ERR_ARGUMENT);
  p.margin_call = PLN_MARGIN_CALL_CLOSE_ALL;
  pln_portfolio *called = must(pln_portfolio_new(&p, 1));
  const int32_t id = pln_exec_add_portfolio(s->exec, called);
  assert_int_equal(pln_exec_add_book(s->exec, id, other), PLN_ERR_UNSUPPORTED);
  shop_free(s);
  pln_portfolio_free(other);
  pln_portfolio_free(called);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(opposite_positions_coexist),
      cmocka_unit_test(the_limits_are_common),
      cmocka_unit_test(stops_and_halts),
      cmocka_unit_test(ruin_is_of_the_account),
      cmocka_unit_test(bars_that_are_tried_out),
      cmocka_unit_test(a_flat_market_keeps_the_capital_to_the_bit),
      cmocka_unit_test(what_has_no_books),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
