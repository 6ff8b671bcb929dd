/* Accounts by hand: methods of trade accounting, currencies, futures, margin, corporate actions, flows. */
#include "account_util.h"

static const pln_exec_config no_costs = {0};

static void methods_close_their_lots(void **state) {
  (void)state;
  const double prices[] = {100, 100, 110, 120, 130, 130};
  const struct {
    int32_t method;
    double first, second, open_average;
  } cases[] = {{PLN_ACCOUNTING_FIFO, 200, 50, 110}, /* 10 x 20, 5 x 10 */
               {PLN_ACCOUNTING_LIFO, 100, 100, 100},
               {PLN_ACCOUNTING_AVERAGE, 225, 0, 105}};
  for (int32_t i = 0; i < 3; i++) {
    books b;
    books_open(&b, &no_costs);
    books_add(&b, prices, 6, &(pln_instrument){.lot_size = 1, .multiplier = 1});
    pln_portfolio_config pc = rig_portfolio();
    pc.accounting = cases[i].method;
    books_account(&b, &pc);
    books_caller(&b);
    books_to(&b, 0);
    books_trade(&b, 0, 10); /* at 100 */
    books_to(&b, 1);
    books_trade(&b, 0, 10); /* at 110 */
    books_to(&b, 2);
    books_trade(&b, 0, -15); /* at 120 */
    books_to(&b, 3);
    NEAR(books_trade_at(&b, 0)->pnl, cases[i].first);
    if (cases[i].second > 0) NEAR(books_trade_at(&b, 1)->pnl, cases[i].second);
    NEAR(books_position(&b, 0)->average_price, cases[i].open_average);
    NEAR(books_position(&b, 0)->unrealized_pnl, 5 * (120 - cases[i].open_average));
    NEAR(books_account_of(&b)->realized_pnl + books_position(&b, 0)->unrealized_pnl, 300);
    NEAR(books_account_of(&b)->equity, 10300);
    books_end(&b);
    NEAR(books_account_of(&b)->equity, 10350);
    books_close(&b);
  }
}

/* One lot at 100 with a stop, another at 110 with a target: the merged lot has both. */
static void average_keeps_protection(void **state) {
  (void)state;
  const double prices[] = {100, 100, 110, 115, 121, 121};
  books b;
  books_open(&b, &no_costs);
  books_add(&b, prices, 6, &(pln_instrument){.lot_size = 1, .multiplier = 1});
  pln_portfolio_config pc = rig_portfolio();
  pc.accounting = PLN_ACCOUNTING_AVERAGE;
  books_account(&b, &pc);
  books_caller(&b);
  books_to(&b, 0);
  pln_order_request r = {.side = 1, .size = 10, .stop_loss = 90};
  pln_exec_submit(b.exec, 0, &r);
  books_to(&b, 1);
  r.stop_loss = 0;
  r.take_profit = 120;
  pln_exec_submit(b.exec, 0, &r);
  books_to(&b, 2);
  NEAR(books_position(&b, 0)->stop_price, 90);
  NEAR(books_position(&b, 0)->target_price, 120);
  books_end(&b);
  const pln_trade *t = books_trade_at(&b, 0);
  assert_int_equal(t->exit_reason, PLN_EXIT_TAKE_PROFIT);
  NEAR(t->quantity, 20);
  NEAR(t->entry_price, 105);
  NEAR(t->pnl, 20 * (121 - 105)); /* gapped to 121 */
  assert_int_equal(t->entry_bar, 1);
  books_close(&b);
}

/* Ten euro shares at 100, bought at 1.10, worth 1.20 dollars at the end: the currency alone earns 100. */
static void currency_is_part_of_the_result(void **state) {
  (void)state;
  const double shares[] = {100, 100, 100, 100, 100}, rates[] = {1.10, 1.10, 1.15, 1.20, 1.20};
  for (int32_t inverse = 0; inverse < 2; inverse++) {
    double quoted[5];
    for (int32_t i = 0; i < 5; i++) quoted[i] = inverse ? 1 / rates[i] : rates[i];
    books b;
    books_open(&b, &(pln_exec_config){.commission = {.pct = 0.1}});
    books_add(&b, shares, 5, &(pln_instrument){.lot_size = 1, .multiplier = 1});
    books_add(&b, quoted, 5, &(pln_instrument){.lot_size = 1, .multiplier = 1, .is_rate = 1});
    pln_portfolio_config pc = rig_portfolio();
    pc.fx_spread_bps = 10;
    books_account(&b, &pc);
    const pln_fx fx = {.rate = {1, -1}, .inverse = {inverse, 0}};
    assert_int_equal(pln_exec_set_fx(b.exec, -1, 0, &fx), 0);
    books_caller(&b);
    books_to(&b, 0);
    assert_int_equal(books_trade(&b, 1, 5), 0); /* gives rates only */
    assert_int_equal(books_refusals(&b, PLN_REFUSAL_NOT_TRADABLE), 1);
    books_trade(&b, 0, 10);
    books_to(&b, 1);
    NEAR(books_account_of(&b)->cash,
         10000 - 1100 - 1.1 - 1.1); /* the rate that was visible; fee, conversion */
    NEAR(books_account_of(&b)->equity, 10000 - 2.2);
    books_to(&b, 2);
    NEAR(books_account_of(&b)->equity, 10000 - 2.2 + 50); /* marked at the rate of the mark */
    NEAR(books_position(&b, 0)->unrealized_pnl, 50);
    books_to(&b, 3);
    books_trade(&b, 0, -10); /* at the close of bar 3: 1.20 */
    books_to(&b, 4);
    const pln_trade *t = books_trade_at(&b, 0);
    NEAR(t->entry_rate, 1.10);
    NEAR(t->exit_rate, 1.20);
    NEAR(t->fees, 2.2 + 2.4);
    NEAR(t->pnl, 100 - 4.6);
    NEAR(t->return_pct, (100 - 4.6) / 1100 * 100);
    NEAR(books_account_of(&b)->equity, 10095.4);
    books_close(&b);
  }
}

/* Two legs: a yen share in an account of pounds, by way of the dollar. */
static void two_legs_make_a_cross_rate(void **state) {
  (void)state;
  const double shares[] = {1500, 1500, 1500}, usdjpy[] = {150, 150, 150}, gbpusd[] = {1.25, 1.25, 1.25};
  books b;
  books_open(&b, &no_costs);
  books_add(&b, shares, 3, &(pln_instrument){.lot_size = 1, .multiplier = 1});
  books_add(&b, usdjpy, 3, &(pln_instrument){.lot_size = 1, .multiplier = 1, .is_rate = 1});
  books_add(&b, gbpusd, 3, &(pln_instrument){.lot_size = 1, .multiplier = 1, .is_rate = 1});
  pln_portfolio_config pc = rig_portfolio();
  books_account(&b, &pc);
  assert_int_equal(pln_exec_set_fx(b.exec, 0, 0, &(pln_fx){.rate = {1, 2}, .inverse = {1, 1}}), 0);
  books_caller(&b);
  books_to(&b, 0);
  books_trade(&b, 0, 10);
  books_to(&b, 1);
  NEAR(books_account_of(&b)->cash, 10000 - 10 * 1500 / 150.0 / 1.25);
  NEAR(books_account_of(&b)->gross_exposure, 80);
  books_close(&b);
}

static void without_a_rate_nothing_trades(void **state) {
  (void)state;
  const double shares[] = {100, 100, 100}, rates[] = {1.1, 1.1, 1.1};
  books b;
  books_open(&b, &no_costs);
  books_add(&b, shares, 3, &(pln_instrument){.lot_size = 1, .multiplier = 1});
  books_add(&b, rates, 3, &(pln_instrument){.lot_size = 1, .multiplier = 1, .is_rate = 1});
  for (int32_t i = 0; i < 3; i++) ((int64_t *)b.bars[1].ts_ns)[i] += 2 * RIG_STEP_NS;
  pln_portfolio_config pc = rig_portfolio();
  books_account(&b, &pc);
  pln_exec_set_fx(b.exec, 0, 0, &(pln_fx){.rate = {1, -1}});
  books_caller(&b);
  books_to(&b, 0);
  books_trade(&b, 0, 10);
  books_to(&b, 1);
  NEAR(books_position(&b, 0)->quantity, 0);
  assert_int_equal(books_refusals(&b, PLN_REFUSAL_NO_PRICE), 1);
  NEAR(books_account_of(&b)->equity, 10000);
  books_close(&b);
}

/* Contracts of 50 a point, 5,000 initial and 4,000 maintenance margin each, 12,000 in the account: two can be
 * had. At 1,960 the account is worth 8,000 = 2 x 4,000, at 1,959 less: the call closes at the next open. */
static void futures_need_margin_and_are_called(void **state) {
  (void)state;
  const double prices[] = {2000, 2000, 1960, 1959, 1950, 1950};
  const pln_instrument es = {.lot_size = 1,
                             .multiplier = 50,
                             .margin_type = PLN_MARGIN_CURRENCY,
                             .margin_initial = 5000,
                             .maintenance_type = PLN_MARGIN_CURRENCY,
                             .margin_maintenance = 4000,
                             .settlement = PLN_SETTLE_FUTURES};
  books b;
  books_open(&b, &no_costs);
  books_add(&b, prices, 6, &es);
  pln_portfolio_config pc = rig_portfolio();
  pc.capital = 12000;
  pc.margin_call = PLN_MARGIN_CALL_LIQUIDATE;
  books_account(&b, &pc);
  books_caller(&b);
  books_to(&b, 0);
  books_trade(&b, 0, 3);
  books_to(&b, 1);
  const pln_account *a = books_account_of(&b);
  NEAR(books_position(&b, 0)->quantity, 2);
  assert_int_equal(books_refusals(&b, PLN_REFUSAL_REDUCED_CASH), 1);
  NEAR(a->cash, 12000);
  NEAR(a->equity, 12000);
  NEAR(a->margin_used, 10000);
  NEAR(pln_portfolio_buying_power(b.portfolio), 2000);
  books_to(&b, 2);
  NEAR(a->equity, 8000);
  NEAR(a->cash, 12000);
  NEAR(a->gross_exposure, 2 * 50 * 1960);
  NEAR(a->margin_maintenance, 8000);
  assert_int_equal(a->n_margin_calls, 0);
  books_to(&b, 3);
  assert_int_equal(a->n_margin_calls, 1);
  books_end(&b);
  const pln_trade *t = books_trade_at(&b, 0);
  assert_int_equal(t->exit_reason, PLN_EXIT_MARGIN_CALL);
  NEAR(t->exit_price, 1950);
  NEAR(t->pnl, -5000);
  NEAR(a->cash, 7000);
  NEAR(a->equity, 7000);
  assert_int_equal(a->n_margin_calls, 1);
  books_close(&b);
}

/* Two positions, the larger loss goes first and is enough. */
static void the_largest_loss_goes_first(void **state) {
  (void)state;
  const double winner[] = {100, 100, 101, 101, 101}, loser[] = {100, 100, 80, 80, 80};
  for (int32_t policy = PLN_MARGIN_CALL_LIQUIDATE; policy <= PLN_MARGIN_CALL_CLOSE_ALL; policy++) {
    books b;
    books_open(&b, &no_costs);
    books_add(&b, winner, 5, &(pln_instrument){.lot_size = 1, .multiplier = 1});
    books_add(&b, loser, 5, &(pln_instrument){.lot_size = 1, .multiplier = 1});
    pln_portfolio_config pc = rig_portfolio();
    pc.capital = 1000;
    pc.leverage = 2;
    pc.maintenance_pct = 46;
    pc.margin_call = policy;
    books_account(&b, &pc);
    books_caller(&b);
    books_to(&b, 0);
    books_trade(&b, 0, 10);
    books_trade(&b, 1, 10);
    books_to(&b, 2); /* equity 810 of 1,810: maintenance 832.6 */
    const pln_account *a = books_account_of(&b);
    NEAR(a->margin_maintenance, 0.46 * 1810);
    assert_int_equal(a->n_margin_calls, 1);
    books_to(&b, 3);
    NEAR(books_position(&b, 1)->quantity, 0);
    NEAR(books_position(&b, 0)->quantity, policy == PLN_MARGIN_CALL_LIQUIDATE ? 10 : 0);
    NEAR(a->equity, 810);
    books_close(&b);
  }
}

static void run_actions(books *b, const double *prices, int64_t n, const pln_action *actions,
                        int64_t n_actions, const pln_portfolio_config *pc) {
  books_open(b, &no_costs);
  books_add(b, prices, n, &(pln_instrument){.lot_size = 1, .multiplier = 1});
  books_account(b, pc);
  assert_int_equal(pln_exec_add_actions(b->exec, 0, actions, n_actions), 0);
  books_caller(b);
}

/* Seven for one: 15 at 700 become 105 at 100, the stop at 630 one at 90, a pending limit at 650 one at 92.86.
 */
static void split_keeps_the_value(void **state) {
  (void)state;
  const double prices[] = {700, 700, 100, 110, 110};
  const pln_action split = {.ts_ns = bar_open(2), .kind = PLN_ACTION_SPLIT, .value = 7};
  const pln_portfolio_config pc = {.capital = 20000, .leverage = 1, .allow_short = 1, .sizing = {.value = 1}};
  books b;
  run_actions(&b, prices, 5, &split, 1, &pc);
  books_to(&b, 0);
  pln_exec_submit(b.exec, 0, &(pln_order_request){.side = 1, .size = 15, .stop_loss = 630});
  books_to(&b, 1);
  pln_exec_submit(b.exec, 0,
                  &(pln_order_request){.side = 1, .size = 2, .type = PLN_ORDER_LIMIT, .limit_price = 650});
  NEAR(books_account_of(&b)->equity, 20000);
  books_to(&b, 2);
  NEAR(books_position(&b, 0)->quantity, 105);
  NEAR(books_position(&b, 0)->average_price, 100);
  NEAR(books_position(&b, 0)->stop_price, 90);
  NEAR(books_account_of(&b)->equity, 20000);
  const pln_order *pending;
  assert_int_equal(pln_exec_pending(b.exec, 0, &pending), 1);
  NEAR(pending[0].limit_price, 650 / 7.0);
  NEAR(pending[0].quantity, 14);
  books_trade(&b, 0, -105);
  books_to(&b, 3);
  const pln_trade *t = books_trade_at(&b, 0);
  NEAR(t->quantity, 105);
  NEAR(t->entry_price, 100);
  NEAR(t->pnl, 1050);
  NEAR(t->mae, 0);
  NEAR(t->mfe, 10);
  NEAR(books_account_of(&b)->equity, 21050);
  books_close(&b);
}

/* A stop that trails by 70 trails by 10 after it; an iceberg's parts
 * and a half-filled order's rest are in new units. */
static void split_changes_what_orders_are_made_of(void **state) {
  (void)state;
  const double prices[] = {700, 700, 100, 110, 99, 99};
  const pln_action split = {.ts_ns = bar_open(2), .kind = PLN_ACTION_SPLIT, .value = 7};
  const pln_portfolio_config pc = {.capital = 20000, .leverage = 1, .sizing = {.value = 1}};
  books b;
  run_actions(&b, prices, 6, &split, 1, &pc);
  books_to(&b, 0);
  books_trade(&b, 0, 10);
  books_to(&b, 1);
  pln_exec_submit(b.exec, 0,
                  &(pln_order_request){.side = -1, .size = 10, .type = PLN_ORDER_TRAILING_STOP, .trail = 70});
  pln_exec_submit(b.exec, 0,
                  &(pln_order_request){.side = 1,
                                       .size = 8,
                                       .type = PLN_ORDER_LIMIT,
                                       .limit_price = 350,
                                       .algo = PLN_ALGO_ICEBERG,
                                       .visible = 2});
  books_to(&b, 2);
  const pln_order *pending;
  const int64_t n = pln_exec_pending(b.exec, 0, &pending);
  assert_true(n >= 2);
  NEAR(pending[0].trail, 10);
  NEAR(pending[0].stop_price, 90);
  NEAR(pending[0].quantity, 70);
  NEAR(pending[1].quantity, 56);
  NEAR(pending[1].limit_price, 50);
  for (int64_t i = 2; i < n; i++) NEAR(pending[i].quantity, 14);
  books_end(&b);
  const pln_trade *t = books_trade_at(&b, 0);
  NEAR(t->quantity, 70);
  NEAR(t->exit_price, 99); /* the stop had followed to 110 - 10 */
  NEAR(t->pnl, -70);
  books_close(&b);
}

/* One for ten: lots of 7 and 8 are 1.5 new ones: one stays, for half of one its worth is paid. */
static void split_pays_the_fraction(void **state) {
  (void)state;
  const double prices[] = {10, 10, 12, 130, 130};
  const pln_action split = {.ts_ns = bar_open(3), .kind = PLN_ACTION_SPLIT, .value = 0.1};
  const pln_portfolio_config pc = rig_portfolio();
  for (int32_t side = 1; side >= -1; side -= 2) {
    books b;
    run_actions(&b, prices, 5, &split, 1, &pc);
    books_to(&b, 0);
    books_trade(&b, 0, side * 7); /* at 10 */
    books_to(&b, 1);
    books_trade(&b, 0, side * 8); /* at 12 */
    books_to(&b, 2);
    NEAR(books_account_of(&b)->equity, 10000 + side * 14);
    books_to(&b, 3);
    /* Paid 166 in all: the new one is 7 at 10 and 3 at 12, what is paid out 5 at 12, worth 120 a new one. */
    const pln_trade *t = books_trade_at(&b, 0);
    assert_int_equal(t->exit_reason, PLN_EXIT_SPLIT);
    NEAR(t->quantity, 0.5);
    NEAR(t->entry_price, 120);
    NEAR(t->exit_price, 120);
    NEAR(books_position(&b, 0)->quantity, side);
    NEAR(books_position(&b, 0)->average_price, 106);
    NEAR(books_account_of(&b)->cash, 10000 + side * (60 - 166));
    NEAR(books_account_of(&b)->equity, 10000 + side * (60 - 166 + 130));
    NEAR(books_account_of(&b)->realized_pnl + books_position(&b, 0)->unrealized_pnl,
         books_account_of(&b)->equity - 10000);
    books_close(&b);
  }
}

/* What is held before the ex-date is paid for; what is bought at its open is not. Shorts pay. */
static void dividends_go_to_who_held(void **state) {
  (void)state;
  const double prices[] = {100, 100, 98, 98, 98};
  const pln_action dividend = {.ts_ns = bar_open(2), .kind = PLN_ACTION_DIVIDEND, .value = 2};
  const pln_portfolio_config pc = rig_portfolio();
  for (int32_t side = 1; side >= -1; side -= 2) {
    books b;
    run_actions(&b, prices, 5, &dividend, 1, &pc);
    books_to(&b, 0);
    books_trade(&b, 0, side * 10);
    books_to(&b, 1);
    books_trade(&b, 0, side * 5); /* fills on the ex-date */
    books_to(&b, 2);
    NEAR(books_account_of(&b)->equity, 10000);
    NEAR(books_account_of(&b)->income, side * 20);
    books_trade(&b, 0, side * -15);
    books_to(&b, 3);
    NEAR(books_trade_at(&b, 0)->income, side * 20);
    NEAR(books_trade_at(&b, 0)->pnl, 0); /* 10 x 2 lost, 20 received */
    NEAR(books_trade_at(&b, 1)->income, 0);
    NEAR(books_account_of(&b)->realized_pnl, 0);
    books_close(&b);
  }
}

static void delisting_closes_at_the_final_price(void **state) {
  (void)state;
  const double prices[] = {100, 100, 100, 100};
  const struct {
    double final, paid;
    int64_t bar;
  } cases[] = {{3, 3, 2}, {NAN, 100, 2}, {0, 0, 2}, {7, 7, 50}}; /* the last: after the last bar */
  for (int32_t i = 0; i < 4; i++) {
    const pln_action delist = {
        .ts_ns = bar_open(cases[i].bar), .kind = PLN_ACTION_DELIST, .value = cases[i].final};
    pln_portfolio_config pc = rig_portfolio();
    books b;
    books_open(&b, &(pln_exec_config){.commission = {.per_order = 1}});
    books_add(&b, prices, 4, &(pln_instrument){.lot_size = 1, .multiplier = 1});
    books_account(&b, &pc);
    assert_int_equal(pln_exec_add_actions(b.exec, 0, &delist, 1), 0);
    books_caller(&b);
    books_to(&b, 0);
    books_trade(&b, 0, 10);
    books_to(&b, 1);
    pln_exec_submit(b.exec, 0,
                    &(pln_order_request){.side = 1, .size = 1, .type = PLN_ORDER_LIMIT, .limit_price = 50});
    books_to(&b, 2);
    const bool during = cases[i].bar == 2;
    NEAR(books_position(&b, 0)->quantity, during ? 0 : 10);
    if (during) assert_int_equal(books_trade(&b, 0, 1), 0);
    assert_int_equal(books_refusals(&b, PLN_REFUSAL_DELISTED), during ? 2 : 0);
    books_end(&b);
    const pln_trade *t = books_trade_at(&b, 0);
    assert_int_equal(t->exit_reason, PLN_EXIT_DELISTED);
    NEAR(t->exit_price, cases[i].paid);
    NEAR(t->fees, 1); /* of the entry only */
    NEAR(books_account_of(&b)->equity, 10000 - 1 - 1000 + 10 * cases[i].paid);
    books_close(&b);
  }
}

static void halts_let_orders_wait(void **state) {
  (void)state;
  const double prices[] = {100, 100, 90, 80, 70, 70};
  const pln_action halt[] = {{.ts_ns = bar_open(2), .kind = PLN_ACTION_HALT},
                             {.ts_ns = bar_open(4), .kind = PLN_ACTION_RESUME}};
  const pln_portfolio_config pc = rig_portfolio();
  books b;
  run_actions(&b, prices, 6, halt, 2, &pc);
  books_to(&b, 0);
  pln_exec_submit(b.exec, 0, &(pln_order_request){.side = 1, .size = 10, .stop_loss = 95});
  books_to(&b, 3); /* the stop is passed while halted */
  NEAR(books_position(&b, 0)->quantity, 10);
  NEAR(books_account_of(&b)->equity, 9800);
  books_to(&b, 4);
  NEAR(books_trade_at(&b, 0)->exit_price, 70);
  assert_int_equal(books_trade_at(&b, 0)->exit_bar, 4);
  books_close(&b);
}

static void membership_bounds_what_is_opened(void **state) {
  (void)state;
  const double prices[] = {100, 101, 102, 103, 104, 105, 106, 107};
  const pln_action member[] = {{.ts_ns = bar_open(2), .kind = PLN_ACTION_ENTER},
                               {.ts_ns = bar_open(5), .kind = PLN_ACTION_LEAVE}};
  for (int32_t hold = 0; hold < 2; hold++) {
    pln_portfolio_config pc = rig_portfolio();
    pc.on_leave = hold ? PLN_ON_LEAVE_HOLD : PLN_ON_LEAVE_CLOSE;
    books b;
    run_actions(&b, prices, 8, member, 2, &pc);
    books_to(&b, 0);
    books_trade(&b, 0, 10);
    books_to(&b, 1);
    NEAR(books_position(&b, 0)->quantity, 0);
    assert_int_equal(books_refusals(&b, PLN_REFUSAL_NOT_MEMBER), 1);
    books_trade(&b, 0, 10);
    books_to(&b, 2);
    NEAR(books_position(&b, 0)->quantity, 10); /* at 102 */
    books_to(&b, 4);
    if (hold) books_trade(&b, 0, 10); /* refused */
    books_to(&b, 5);
    NEAR(books_position(&b, 0)->quantity, hold ? 10 : 0);
    assert_int_equal(books_refusals(&b, PLN_REFUSAL_NOT_MEMBER), hold ? 2 : 1);
    if (hold) books_trade(&b, 0, -10);
    books_to(&b, 6);
    const pln_trade *t = books_trade_at(&b, 0);
    NEAR(t->exit_price, hold ? 106 : 105);
    assert_int_equal(t->exit_reason, hold ? PLN_EXIT_SIGNAL : PLN_EXIT_LEFT_UNIVERSE);
    books_close(&b);
  }
}

/* A level that was refused outside the universe is acted upon when the symbol enters. */
static void entering_acts_on_the_level(void **state) {
  (void)state;
  const double prices[] = {100, 101, 102, 103, 104};
  const pln_action enter = {.ts_ns = bar_open(2), .kind = PLN_ACTION_ENTER};
  const pln_portfolio_config pc = rig_portfolio();
  books b;
  books_open(&b, &no_costs);
  books_add(&b, prices, 5, &(pln_instrument){.lot_size = 1, .multiplier = 1});
  books_account(&b, &pc);
  pln_exec_add_actions(b.exec, 0, &enter, 1);
  assert_int_equal(pln_exec_add_source(b.exec, 0, 0, 1), 0);
  const pln_signal s = {.ts_ns = rig_visible(0), .strength = 1, .direction = 1};
  pln_exec_push_signals(b.exec, 0, &s, 1);
  assert_int_equal(pln_exec_run(b.exec, INT64_MAX), PLN_EXEC_DONE);
  assert_int_equal(books_refusals(&b, PLN_REFUSAL_NOT_MEMBER), 1);
  assert_true(books_position(&b, 0)->quantity > 0);
  NEAR(books_position(&b, 0)->average_price, 103);
  books_close(&b);
}

/* A deposit is no gain, a withdrawal no drawdown; what is not free is not paid out. */
static void flows_are_no_performance(void **state) {
  (void)state;
  const double prices[] = {100, 100, 90, 90, 90, 90};
  const pln_action flows[] = {{.ts_ns = bar_open(3), .kind = PLN_ACTION_CASH, .value = 9500},
                              {.ts_ns = bar_open(4), .kind = PLN_ACTION_CASH, .value = -9500},
                              {.ts_ns = bar_open(5), .kind = PLN_ACTION_CASH, .value = -6000}};
  const pln_portfolio_config pc = rig_portfolio();
  books b;
  books_open(&b, &no_costs);
  books_add(&b, prices, 6, &(pln_instrument){.lot_size = 1, .multiplier = 1});
  books_account(&b, &pc);
  assert_int_equal(pln_exec_add_cash_flows(b.exec, 0, flows, 3), 0);
  books_caller(&b);
  books_to(&b, 0);
  books_trade(&b, 0, 50);
  books_to(&b, 2);
  const pln_account *a = books_account_of(&b);
  NEAR(a->equity, 9500);
  NEAR(a->drawdown_pct, 5);
  books_to(&b, 3);
  NEAR(a->equity, 19000);
  NEAR(a->peak_equity, 20000);
  NEAR(a->drawdown_pct, 5);
  books_to(&b, 4);
  NEAR(a->equity, 9500);
  NEAR(a->drawdown_pct, 5);
  books_end(&b);
  NEAR(a->equity, 9500);
  NEAR(a->flows, 0);
  assert_int_equal(books_refusals(&b, PLN_REFUSAL_WITHDRAWAL), 1);
  const pln_equity_rows *rows = pln_portfolio_equity(b.portfolio);
  const double expected[] = {0, 0, 0, 9500, -9500, 0};
  assert_int_equal(rows->n_rows, 6);
  for (int32_t i = 0; i < 6; i++) NEAR(rows->flow[i], expected[i]);
  books_close(&b);
}

static void nonsense_is_refused(void **state) {
  (void)state;
  const double prices[] = {100, 100};
  books b;
  const pln_portfolio_config pc = rig_portfolio();
  books_open(&b, &no_costs);
  books_add(&b, prices, 2, &(pln_instrument){.lot_size = 1, .multiplier = 1});
  books_account(&b, &pc);
  const pln_action bad[] = {{.kind = PLN_ACTION_SPLIT, .value = 0},
                            {.kind = PLN_ACTION_DIVIDEND, .value = -1},
                            {.kind = PLN_ACTION_DELIST, .value = -1},
                            {.kind = PLN_ACTION_CASH, .value = 1},
                            {.kind = 99},
                            {.kind = PLN_ACTION_SPLIT, .value = INFINITY},
                            {.kind = PLN_ACTION_DIVIDEND, .value = NAN}};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    assert_int_equal(pln_exec_add_actions(b.exec, 0, &bad[i], 1), PLN_ERR_ARGUMENT);
  const pln_action unsorted[] = {{.ts_ns = 2, .kind = PLN_ACTION_HALT},
                                 {.ts_ns = 1, .kind = PLN_ACTION_RESUME}};
  assert_int_equal(pln_exec_add_actions(b.exec, 0, unsorted, 2), PLN_ERR_ARGUMENT);
  assert_int_equal(pln_exec_add_cash_flows(b.exec, 0, unsorted, 2), PLN_ERR_ARGUMENT);
  assert_int_equal(pln_exec_set_fx(b.exec, 0, 0, &(pln_fx){.rate = {0, -1}}), PLN_ERR_ARGUMENT);
  assert_int_equal(pln_exec_set_fx(b.exec, 0, 0, &(pln_fx){.rate = {4, -1}}), PLN_ERR_ARGUMENT);
  const pln_instrument no_margin = {.lot_size = 1, .multiplier = 1, .margin_type = PLN_MARGIN_CURRENCY};
  pln_exec *x = must(pln_exec_new(&no_costs));
  assert_int_equal(pln_exec_add_instrument(x, &b.bars[0], &no_margin), PLN_ERR_ARGUMENT);
  pln_exec_free(x);
  books_close(&b);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(methods_close_their_lots),
                                     cmocka_unit_test(average_keeps_protection),
                                     cmocka_unit_test(currency_is_part_of_the_result),
                                     cmocka_unit_test(two_legs_make_a_cross_rate),
                                     cmocka_unit_test(without_a_rate_nothing_trades),
                                     cmocka_unit_test(futures_need_margin_and_are_called),
                                     cmocka_unit_test(the_largest_loss_goes_first),
                                     cmocka_unit_test(split_keeps_the_value),
                                     cmocka_unit_test(split_changes_what_orders_are_made_of),
                                     cmocka_unit_test(split_pays_the_fraction),
                                     cmocka_unit_test(dividends_go_to_who_held),
                                     cmocka_unit_test(delisting_closes_at_the_final_price),
                                     cmocka_unit_test(halts_let_orders_wait),
                                     cmocka_unit_test(membership_bounds_what_is_opened),
                                     cmocka_unit_test(entering_acts_on_the_level),
                                     cmocka_unit_test(flows_are_no_performance),
                                     cmocka_unit_test(nonsense_is_refused)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
