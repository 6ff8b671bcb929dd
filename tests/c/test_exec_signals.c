#include "exec_util.h"

/* From target levels to orders; the rules of the portfolio. Reckoned by hand. */

static void push(rig *r, int32_t source, int64_t bar, int32_t direction, double strength) {
  const pln_signal s = {
      .ts_ns = rig_visible(bar), .direction = direction, .strength = strength, .confidence = 1};
  assert_int_equal(pln_exec_push_signals(r->exec, source, &s, 1), 0);
}

static rig *make(double (*rows)[4], int64_t n, const pln_exec_config *c, const pln_portfolio_config *p) {
  rig *r = rig_new(rows, n, c, p);
  assert_int_equal(pln_exec_add_source(r->exec, 0, 0, 1), 0);
  return r;
}

static void run_to(rig *r, int64_t bar) {
  assert_int_equal(pln_exec_run(r->exec, rig_visible(bar)), PLN_EXEC_DONE);
}

static void end(rig *r) {
  assert_int_equal(pln_exec_run(r->exec, INT64_MAX), PLN_EXEC_DONE);
  assert_int_equal(pln_exec_finish(r->exec), 0);
}

/* n bars at one price. */
static void level(double (*rows)[4], int64_t from, int64_t until, double price) {
  for (int64_t i = from; i < until; i++)
    for (int j = 0; j < 4; j++) rows[i][j] = price;
}

static void reversal_is_two_orders(void **state) {
  (void)state;
  double rows[8][4];
  level(rows, 0, 4, 100);
  level(rows, 4, 8, 125);
  const pln_portfolio_config p = rig_portfolio();
  rig *r = make(rows, 8, &(pln_exec_config){0}, &p);
  push(r, 0, 0, 1, 1);
  push(r, 0, 4, -1, 1);
  push(r, 0, 5, 0, 1);
  run_to(r, 1);
  assert_true(rig_position(r)->quantity == 100);
  run_to(r, 5);
  assert_true(rig_position(r)->quantity == -100);
  end(r);
  const pln_order *orders;
  assert_int_equal(pln_exec_orders(r->exec, &orders), 4);
  assert_true(orders[1].side == -1 && orders[2].side == -1 && orders[1].quantity == 100 &&
              orders[2].quantity == 100);
  assert_int_equal(rig_account(r)->n_trades, 2);
  assert_int_equal(rig_trade(r, 0)->source, 0);
  assert_int_equal(rig_trade(r, 1)->exit_bar, 6);
  NEAR(rig_account(r)->equity, 12500);
  const pln_equity_rows *rows_out = pln_portfolio_equity(r->portfolio);
  const int8_t bits[] = {0, 1, 1, 1, 1, 7, 6, 0};
  assert_memory_equal(rows_out->exposure, bits, 8);
  rig_free(r);
}

static void sizes(void **state) {
  (void)state;
  double rows[4][4];
  level(rows, 0, 1, 100);
  level(rows, 1, 4, 50);
  const struct {
    int32_t type, at;
    double value, expected;
  } cases[] = {{PLN_SIZE_QUANTITY, 0, 7, 7},
               {PLN_SIZE_CASH, 0, 2500, 24}, /* 2500 / (100 x 1.02) */
               {PLN_SIZE_CASH, 1, 2500, 49},
               {PLN_SIZE_PERCENT_OF_EQUITY, 0, 100, 98},
               {PLN_SIZE_PERCENT_OF_EQUITY, 1, 100, 196},
               {PLN_SIZE_PERCENT_OF_EQUITY, 1, 25, 49}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    pln_portfolio_config p = rig_portfolio();
    p.sizing = (pln_sizing){.type = cases[i].type, .at = cases[i].at, .value = cases[i].value};
    rig *r = make(rows, 4, &(pln_exec_config){.commission = {.pct = 2}}, &p);
    push(r, 0, 0, 1, 1);
    end(r);
    assert_true(rig_position(r)->quantity == cases[i].expected);
    rig_free(r);
  }
}

static void what_cannot_be_paid_is_reduced(void **state) {
  (void)state;
  double rows[4][4];
  level(rows, 0, 1, 100);
  level(rows, 1, 4, 125);
  pln_portfolio_config p = rig_portfolio();
  rig *r = make(rows, 4, &(pln_exec_config){0}, &p);
  push(r, 0, 0, 1, 1);
  end(r);
  assert_true(rig_position(r)->quantity == 80);
  const pln_refusal_count *c = &pln_portfolio_refusals(r->portfolio)[PLN_REFUSAL_REDUCED_CASH];
  assert_int_equal(c->count, 1);
  assert_true(c->first_asked == 100 && c->first_allowed == 80);
  assert_int_equal(c->first_ts_ns, rig_visible(1));
  NEAR(rig_account(r)->cash, 0);
  const pln_order *orders;
  assert_int_equal(pln_exec_orders(r->exec, &orders), 1);
  assert_true(orders[0].quantity == 80 && orders[0].refusal == PLN_REFUSAL_REDUCED_CASH);
  rig_free(r);
  p.sizing = (pln_sizing){.type = PLN_SIZE_QUANTITY, .value = 100};
  p.capital = 60;
  r = make(rows, 4, &(pln_exec_config){0}, &p);
  push(r, 0, 0, 1, 1);
  end(r);
  assert_int_equal(rig_refusals(r, PLN_REFUSAL_CASH), 1);
  assert_true(rig_position(r)->quantity == 0);
  rig_free(r);
  p.capital = 10000;
  p.leverage = 2;
  p.sizing.value = 1000;
  r = make(rows, 4, &(pln_exec_config){0}, &p);
  push(r, 0, 0, -1, 1);
  end(r);
  assert_true(rig_position(r)->quantity == -160); /* 20000 / 125 */
  NEAR(rig_account(r)->margin_used, 10000);
  rig_free(r);
}

static void percent_is_of_the_equity(void **state) {
  (void)state;
  double rows[4][4];
  level(rows, 0, 4, 100);
  const double percent[] = {100, 250, 400}, leverage[] = {3, 3, 3}, expected[] = {100, 250, 300};
  for (int i = 0; i < 3; i++) {
    pln_portfolio_config p = rig_portfolio();
    p.leverage = leverage[i];
    p.sizing.value = percent[i];
    rig *r = make(rows, 4, &(pln_exec_config){0}, &p);
    push(r, 0, 0, i == 1 ? -1 : 1, 1);
    end(r);
    assert_true(fabs(rig_position(r)->quantity) == expected[i]);
    assert_int_equal(rig_refusals(r, PLN_REFUSAL_REDUCED_CASH), i == 2);
    rig_free(r);
  }
}

static void short_sales_can_be_forbidden(void **state) {
  (void)state;
  double rows[6][4];
  level(rows, 0, 6, 100);
  pln_portfolio_config p = rig_portfolio();
  p.allow_short = 0;
  rig *r = make(rows, 6, &(pln_exec_config){0}, &p);
  push(r, 0, 0, 1, 1);
  push(r, 0, 2, -1, 1);
  end(r);
  assert_true(rig_position(r)->quantity == 0);
  assert_int_equal(rig_account(r)->n_trades, 1);
  assert_int_equal(rig_refusals(r, PLN_REFUSAL_SHORT_NOT_ALLOWED), 1);
  rig_free(r);
}

static void weights_and_strength(void **state) {
  (void)state;
  double rows[10][4];
  level(rows, 0, 10, 100);
  pln_portfolio_config p = rig_portfolio();
  for (p.rebalance = 0; p.rebalance < 2; p.rebalance++) {
    rig *r = rig_new(rows, 10, &(pln_exec_config){0}, &p);
    pln_exec_add_source(r->exec, 0, 0, 0.5);
    pln_exec_add_source(r->exec, 0, 0, 0.25);
    push(r, 0, 0, 1, 1);
    push(r, 0, 2, 1, 0.5);
    push(r, 1, 4, 1, 1);
    push(r, 1, 6, -1, 1);
    run_to(r, 1);
    assert_true(rig_position(r)->quantity == 50);
    run_to(r, 3);
    assert_true(rig_position(r)->quantity == (p.rebalance ? 25 : 50));
    run_to(r, 5); /* without rebalancing a strength is not looked at, even when another source changes */
    assert_true(rig_position(r)->quantity == (p.rebalance ? 50 : 75));
    assert_int_equal(rig_account(r)->n_trades, p.rebalance);
    end(r);
    assert_true(rig_position(r)->quantity == (p.rebalance ? 0 : 25));
    rig_free(r);
  }
}

static void stop_target_and_reentry(void **state) {
  (void)state;
  double rows[10][4];
  level(rows, 0, 10, 100);
  rows[3][2] = 94; /* touches the stop at 95 */
  pln_portfolio_config p = rig_portfolio();
  p.risk.stop_loss_pct = 5;
  p.risk.take_profit_pct = 10;
  rig *r = make(rows, 10, &(pln_exec_config){.slippage_bps = 100}, &p);
  push(r, 0, 0, 1, 1);
  push(r, 0, 4, 1, 0.9); /* the same direction: stays out */
  push(r, 0, 6, -1, 1);
  run_to(r, 1);
  NEAR(rig_position(r)->stop_price, 101 * 0.95);
  NEAR(rig_position(r)->target_price, 101 * 1.1);
  run_to(r, 5);
  assert_int_equal(rig_refusals(r, PLN_REFUSAL_STOPPED_OUT), 1);
  assert_int_equal(rig_trade(r, 0)->exit_reason, PLN_EXIT_STOP_LOSS);
  NEAR(rig_trade(r, 0)->exit_price, 95.95 * 0.99);
  assert_true(rig_position(r)->quantity == 0);
  end(r);
  assert_true(rig_position(r)->quantity < 0);
  assert_int_equal(rig_account(r)->n_trades, 1);
  rig_free(r);
}

static void a_level_that_is_just_met_is_touched(void **state) {
  (void)state;
  double rows[8][4];
  for (int side = -1; side <= 1; side += 2)
    for (int stop = 0; stop < 2; stop++) {
      level(rows, 0, 8, 100);
      const bool down = stop == (side > 0);
      rows[5][down ? 2 : 1] = down ? 95 : 105;
      pln_portfolio_config p = rig_portfolio();
      if (stop)
        p.risk.stop_loss_pct = 5;
      else
        p.risk.take_profit_pct = 5;
      rig *r = make(rows, 8, &(pln_exec_config){0}, &p);
      push(r, 0, 0, side, 1);
      end(r);
      const pln_trade *t = rig_trade(r, 0);
      assert_int_equal(t->exit_bar, 5);
      assert_int_equal(t->exit_reason, stop ? PLN_EXIT_STOP_LOSS : PLN_EXIT_TAKE_PROFIT);
      assert_true(t->exit_price == (down ? 95 : 105));
      NEAR(stop ? t->mae : t->mfe, 5);
      rig_free(r);
    }
}

static void trailing_stop(void **state) {
  (void)state;
  double rows[][4] = {{100, 100, 100, 100}, {100, 110, 98, 109},  {109, 109, 105, 106},
                      {106, 120, 104, 118}, {118, 118, 107, 110}, {110, 110, 110, 110}};
  pln_portfolio_config p = rig_portfolio();
  p.risk.trailing_stop_pct = 10;
  p.risk.stop_loss_pct = 50;
  rig *r = make(rows, 6, &(pln_exec_config){0}, &p);
  push(r, 0, 0, 1, 1);
  run_to(r, 1);
  NEAR(rig_position(r)->stop_price, 99);
  run_to(r, 3); /* within bar 3, the level is that of bar 2: 99; 104 does not touch it */
  NEAR(rig_position(r)->stop_price, 108);
  end(r);
  assert_int_equal(rig_trade(r, 0)->exit_bar, 4);
  NEAR(rig_trade(r, 0)->exit_price, 108);
  assert_int_equal(rig_trade(r, 0)->exit_reason, PLN_EXIT_TRAILING_STOP);
  rig_free(r);
  /* In the entry bar it stands below the entry; a bar that falls from its open touches it. */
  double falling[][4] = {{100, 100, 100, 100}, {100, 130, 89, 120}, {120, 120, 120, 120}};
  r = make(falling, 3, &(pln_exec_config){0}, &p);
  push(r, 0, 0, 1, 1);
  end(r);
  NEAR(rig_trade(r, 0)->exit_price, 90);
  assert_int_equal(rig_trade(r, 0)->exit_bar, 1);
  rig_free(r);
}

static void limits_of_position_and_exposure(void **state) {
  (void)state;
  double rows[4][4];
  level(rows, 0, 4, 100);
  for (int i = 0; i < 4; i++) {
    pln_portfolio_config p = rig_portfolio();
    p.sizing = (pln_sizing){.type = PLN_SIZE_QUANTITY, .value = 90};
    if (i < 2)
      p.risk.max_position_pct = i ? 0.5 : 40;
    else
      p.risk.max_exposure_pct = i == 3 ? 0.5 : 30;
    const int32_t codes[] = {PLN_REFUSAL_REDUCED_POSITION, PLN_REFUSAL_POSITION_LIMIT,
                             PLN_REFUSAL_REDUCED_EXPOSURE, PLN_REFUSAL_EXPOSURE_LIMIT};
    const double held[] = {40, 0, 30, 0};
    rig *r = make(rows, 4, &(pln_exec_config){0}, &p);
    push(r, 0, 0, 1, 1);
    end(r);
    assert_true(rig_position(r)->quantity == held[i]);
    assert_int_equal(rig_refusals(r, codes[i]), 1);
    NEAR(pln_portfolio_refusals(r->portfolio)[codes[i]].first_asked, 90);
    rig_free(r);
  }
}

static void drawdown_halt(void **state) {
  (void)state;
  double rows[8][4];
  level(rows, 0, 2, 100);
  level(rows, 2, 3, 79);
  level(rows, 3, 8, 70);
  pln_portfolio_config p = rig_portfolio();
  p.risk.max_drawdown_pct = 20;
  for (int32_t fill = 0; fill < 2; fill++) {
    rig *r = make(rows, 8, &(pln_exec_config){.fill = fill}, &p);
    push(r, 0, 0, 1, 1);
    push(r, 0, 5, -1, 1);
    end(r);
    assert_int_equal(rig_account(r)->halted, 1);
    assert_int_equal(rig_trade(r, 0)->exit_reason, PLN_EXIT_DRAWDOWN_HALT);
    assert_true(rig_trade(r, 0)->exit_price == (fill ? 79 : 70));
    assert_int_equal(rig_refusals(r, PLN_REFUSAL_HALTED), 1);
    assert_int_equal(rig_account(r)->n_trades, 1);
    NEAR(rig_account(r)->equity, fill ? 7900 : 7000);
    rig_free(r);
  }
}

static void window(void **state) {
  (void)state;
  double rows[10][4];
  for (int64_t i = 0; i < 10; i++) level(rows, i, i + 1, 100 + (double)i);
  pln_portfolio_config p = rig_portfolio();
  for (int32_t fill = 0; fill < 2; fill++) {
    const pln_exec_config c = {.trade_from_ns = 4 * RIG_STEP_NS,
                               .trade_until_ns = 8 * RIG_STEP_NS,
                               .finalize_trades = 1,
                               .fill = fill};
    rig *r = make(rows, 10, &c, &p);
    push(r, 0, 0, 1, 0.5); /* in force when the window begins */
    push(r, 0, 8, -1, 1);  /* after it */
    end(r);
    const pln_equity_rows *e = pln_portfolio_equity(r->portfolio);
    assert_int_equal(e->n_rows, 4);
    assert_int_equal(e->ts_ns[0], 4 * RIG_STEP_NS);
    const pln_trade *t = rig_trade(r, 0);
    assert_int_equal(t->entry_bar, fill ? 3 : 4);
    assert_int_equal(t->exit_bar, 6);
    assert_int_equal(t->exit_reason, PLN_EXIT_END_OF_WINDOW);
    assert_true(t->exit_price == 106);
    assert_int_equal(rig_account(r)->n_trades, 1);
    NEAR(e->equity[3], rig_account(r)->cash);
    NEAR(e->cash[3], rig_account(r)->cash);
    rig_free(r);
  }
}

static void signals_are_checked(void **state) {
  (void)state;
  double rows[6][4];
  level(rows, 0, 6, 100);
  const pln_portfolio_config p = rig_portfolio();
  rig *r = make(rows, 6, &(pln_exec_config){0}, &p);
  run_to(r, 2);
  pln_signal s = {.ts_ns = rig_visible(2), .direction = 1, .strength = 1};
  assert_int_equal(pln_exec_push_signals(r->exec, 0, &s, 1), PLN_ERR_ARGUMENT);
  s.ts_ns = rig_visible(3);
  s.strength = NAN;
  assert_int_equal(pln_exec_push_signals(r->exec, 0, &s, 1), PLN_ERR_ARGUMENT);
  s.strength = 1;
  s.direction = 2;
  assert_int_equal(pln_exec_push_signals(r->exec, 0, &s, 1), PLN_ERR_ARGUMENT);
  s.direction = -1;
  assert_int_equal(pln_exec_push_signals(r->exec, 1, &s, 1), PLN_ERR_ARGUMENT);
  assert_int_equal(pln_exec_push_signals(r->exec, 0, &s, 1), PLN_OK);
  assert_int_equal(pln_exec_add_source(r->exec, 0, 0, 1), PLN_ERR_STATE);
  end(r);
  assert_int_equal(pln_exec_run(r->exec, INT64_MAX), PLN_ERR_STATE);
  rig_free(r);
}

/* Two instruments and one purse: what is sold at an open pays for what is bought at the same open. */
static void rotation_pays_for_itself(void **state) {
  (void)state;
  double a[6][4], b[6][4];
  level(a, 0, 6, 100);
  level(b, 0, 6, 50);
  const pln_portfolio_config pc = rig_portfolio();
  pln_bars bars[2];
  rig_bars(&bars[0], a, 6);
  rig_bars(&bars[1], b, 6);
  pln_exec *x = must(pln_exec_new(&(pln_exec_config){.record_equity = 1}));
  pln_portfolio *p = must(pln_portfolio_new(&pc, 2));
  for (int k = 0; k < 2; k++)
    pln_exec_add_instrument(x, &bars[k], &(pln_instrument){.lot_size = 1, .multiplier = 1});
  pln_exec_add_portfolio(x, p);
  for (int k = 0; k < 2; k++) pln_exec_add_source(x, 0, k, 1);
  const pln_signal first[] = {{.ts_ns = rig_visible(0), .direction = 0, .strength = 1},
                              {.ts_ns = rig_visible(2), .direction = 1, .strength = 1}};
  const pln_signal second[] = {{.ts_ns = rig_visible(0), .direction = 1, .strength = 1},
                               {.ts_ns = rig_visible(2), .direction = 0, .strength = 1}};
  pln_exec_push_signals(x, 0, first, 2);
  pln_exec_push_signals(x, 1, second, 2);
  pln_exec_run(x, rig_visible(1));
  assert_true(pln_portfolio_positions(p)[1].quantity == 200);
  pln_exec_run(x, INT64_MAX);
  pln_exec_finish(x);
  assert_true(pln_portfolio_positions(p)[0].quantity == 100 && pln_portfolio_positions(p)[1].quantity == 0);
  assert_int_equal(pln_portfolio_refusals(p)[PLN_REFUSAL_CASH].count, 0);
  pln_exec_free(x);
  pln_portfolio_free(p);
  for (int k = 0; k < 2; k++) rig_bars_free(&bars[k]);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(reversal_is_two_orders),
      cmocka_unit_test(sizes),
      cmocka_unit_test(what_cannot_be_paid_is_reduced),
      cmocka_unit_test(percent_is_of_the_equity),
      cmocka_unit_test(short_sales_can_be_forbidden),
      cmocka_unit_test(weights_and_strength),
      cmocka_unit_test(stop_target_and_reentry),
      cmocka_unit_test(a_level_that_is_just_met_is_touched),
      cmocka_unit_test(trailing_stop),
      cmocka_unit_test(limits_of_position_and_exposure),
      cmocka_unit_test(drawdown_halt),
      cmocka_unit_test(window),
      cmocka_unit_test(signals_are_checked),
      cmocka_unit_test(rotation_pays_for_itself),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
