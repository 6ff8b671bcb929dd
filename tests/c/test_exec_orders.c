#include "exec_util.h"

/* Order types, times in force and prices within a bar, on series small enough to reckon by hand. */

static rig *make(double (*rows)[4], int64_t n, const pln_exec_config *config) {
  pln_portfolio_config p = rig_portfolio();
  rig *r = rig_new(rows, n, config, &p);
  assert_int_equal(pln_exec_add_caller(r->exec, 0, &r->bars[0]), 0);
  return r;
}

static int64_t submit(rig *r, pln_order_request q) {
  if (q.size == 0) q.size = 10;
  return pln_exec_submit(r->exec, 0, &q);
}

/* The only fill of the only order that is placed on bar 0; its bar is checked, its price returned. */
static double fills_at(double (*rows)[4], int64_t n, pln_order_request q, const pln_exec_config *c,
                       int64_t bar) {
  rig *r = make(rows, n, c ? c : &(pln_exec_config){0});
  rig_to(r, 0);
  assert_true(submit(r, q) > 0);
  rig_end(r);
  const pln_fill *fills;
  const int64_t n_fills = pln_exec_fills(r->exec, &fills);
  double price = 0;
  if (bar < 0) {
    assert_int_equal(n_fills, 0);
  } else {
    assert_int_equal(n_fills, 1);
    assert_int_equal(fills[0].bar, bar);
    assert_int_equal(fills[0].ts_ns, (bar + 1) * RIG_STEP_NS);
    price = fills[0].price;
  }
  rig_free(r);
  return price;
}

static double flat[][4] = {{100, 101, 99, 100}, {102, 105, 95, 103}, {104, 110, 90, 100}, {80, 85, 78, 82}};

#define BUY(...) ((pln_order_request){.side = PLN_SIDE_BUY, __VA_ARGS__})
#define SELL(...) ((pln_order_request){.side = PLN_SIDE_SELL, __VA_ARGS__})

static void market_orders(void **state) {
  (void)state;
  assert_true(fills_at(flat, 4, BUY(0), NULL, 1) == 102);
  assert_true(fills_at(flat, 4, SELL(0), NULL, 1) == 102);
  const pln_exec_config costs = {.slippage_bps = 10, .spread_bps = 20};
  NEAR(fills_at(flat, 4, BUY(0), &costs, 1), 102 * 1.002);
  NEAR(fills_at(flat, 4, SELL(0), &costs, 1), 102 * 0.998);
  const pln_exec_config close = {.fill = PLN_FILL_THIS_CLOSE};
  assert_true(fills_at(flat, 4, BUY(0), &close, 0) == 100);
}

static void limit_orders(void **state) {
  (void)state;
  const pln_exec_config costs = {.slippage_bps = 10, .spread_bps = 20};
  assert_true(fills_at(flat, 4, BUY(.type = PLN_ORDER_LIMIT, .limit_price = 96), &costs, 1) == 96);
  assert_true(fills_at(flat, 4, BUY(.type = PLN_ORDER_LIMIT, .limit_price = 95), NULL, 1) == 95);
  assert_true(fills_at(flat, 4, BUY(.type = PLN_ORDER_LIMIT, .limit_price = 103), NULL, 1) == 102);
  assert_true(fills_at(flat, 4, BUY(.type = PLN_ORDER_LIMIT, .limit_price = 94), NULL, 2) == 94);
  assert_true(fills_at(flat, 4, BUY(.type = PLN_ORDER_LIMIT, .limit_price = 86), NULL, 3) == 80);
  fills_at(flat, 4, BUY(.type = PLN_ORDER_LIMIT, .limit_price = 77), NULL, -1);
  assert_true(fills_at(flat, 4, SELL(.type = PLN_ORDER_LIMIT, .limit_price = 105), NULL, 1) == 105);
  assert_true(fills_at(flat, 4, SELL(.type = PLN_ORDER_LIMIT, .limit_price = 101), NULL, 1) == 102);
}

static void stop_orders(void **state) {
  (void)state;
  assert_true(fills_at(flat, 4, BUY(.type = PLN_ORDER_STOP, .stop_price = 104), NULL, 1) == 104);
  assert_true(fills_at(flat, 4, BUY(.type = PLN_ORDER_STOP, .stop_price = 101), NULL, 1) == 102);
  assert_true(fills_at(flat, 4, BUY(.type = PLN_ORDER_STOP, .stop_price = 110), NULL, 2) == 110);
  fills_at(flat, 4, BUY(.type = PLN_ORDER_STOP, .stop_price = 111), NULL, -1);
  assert_true(fills_at(flat, 4, SELL(.type = PLN_ORDER_STOP, .stop_price = 95), NULL, 1) == 95);
  assert_true(fills_at(flat, 4, SELL(.type = PLN_ORDER_STOP, .stop_price = 89), NULL, 3) == 80);
  NEAR(fills_at(flat, 4, SELL(.type = PLN_ORDER_STOP, .stop_price = 89),
                &(pln_exec_config){.slippage_bps = 100}, 3),
       79.2);
}

static void stop_limit_orders(void **state) {
  (void)state;
#define STOP_LIMIT(s, l) .type = PLN_ORDER_STOP_LIMIT, .stop_price = s, .limit_price = l
  assert_true(fills_at(flat, 4, BUY(STOP_LIMIT(104, 106)), NULL, 1) == 104);
  assert_true(fills_at(flat, 4, BUY(STOP_LIMIT(101, 106)), NULL, 1) == 102); /* gap: the open */
  assert_true(fills_at(flat, 4, BUY(STOP_LIMIT(100, 101)), NULL, 1) ==
              101); /* open beyond the limit, then back */
  assert_true(fills_at(flat, 4, BUY(STOP_LIMIT(104, 96)), NULL, 2) == 96); /* not in the bar of the trigger */
  assert_true(fills_at(flat, 4, BUY(STOP_LIMIT(104, 104)), NULL, 2) == 104);
  assert_true(fills_at(flat, 4, SELL(STOP_LIMIT(96, 94)), NULL, 1) == 96);
  assert_true(fills_at(flat, 4, SELL(STOP_LIMIT(96, 106)), NULL, 2) == 106);
  assert_true(fills_at(flat, 4, SELL(STOP_LIMIT(89, 84)), NULL, 3) ==
              84); /* 80 is beyond the limit, 85 is not */
  fills_at(flat, 4, SELL(STOP_LIMIT(89, 86)), NULL, -1);
}

static void times_in_force(void **state) {
  (void)state;
  enum { DAY = 1440 };
  static double rows[3 * DAY][4];
  for (int64_t i = 0; i < 3 * DAY; i++)
    for (int j = 0; j < 4; j++) rows[i][j] = 100;
  rows[DAY - 3][2] = 90; /* minute i opens at i + 1: the last bar of the first day is DAY - 2 */
  rows[DAY + 5][2] = 80;
  const pln_order_request day = BUY(.type = PLN_ORDER_LIMIT, .limit_price = 90, .tif = PLN_TIF_DAY);
  assert_true(fills_at(rows, 3 * DAY, day, NULL, DAY - 3) == 90);
  rig *r = make(rows, 3 * DAY, &(pln_exec_config){0});
  rig_to(r, DAY - 3);
  assert_true(submit(r, day) == 1); /* may fill in the day's last bar, ends with it */
  rig_to(r, DAY - 2);
  assert_true(submit(r, day) == 2); /* lives for the next day */
  rig_end(r);
  const pln_order *orders;
  assert_int_equal(pln_exec_orders(r->exec, &orders), 2);
  assert_int_equal(orders[0].status, PLN_STATUS_EXPIRED);
  assert_int_equal(orders[0].updated_ns, rig_visible(DAY - 1));
  assert_int_equal(orders[1].status, PLN_STATUS_FILLED);
  assert_int_equal(orders[1].updated_ns, rig_visible(DAY + 5));
  assert_int_equal(rig_refusals(r, PLN_REFUSAL_EXPIRED), 1);
  rig_free(r);
  assert_true(fills_at(flat, 4, BUY(.type = PLN_ORDER_LIMIT, .limit_price = 103, .tif = PLN_TIF_IOC), NULL,
                       1) == 102);
  fills_at(flat, 4, BUY(.type = PLN_ORDER_LIMIT, .limit_price = 96, .tif = PLN_TIF_IOC), NULL, -1);
  assert_true(fills_at(flat, 4, BUY(.tif = PLN_TIF_IOC), NULL, 1) == 102);
  fills_at(flat, 4, BUY(.type = PLN_ORDER_STOP, .stop_price = 104, .tif = PLN_TIF_IOC), NULL, -1);
}

static void protection_in_the_entry_bar(void **state) {
  (void)state;
  /* A market entry at 102 is protected in its bar: the stop fills, though the target was reached as well. */
  rig *r = make(flat, 4, &(pln_exec_config){0});
  rig_to(r, 0);
  submit(r, BUY(.stop_loss = 96, .take_profit = 104.5));
  rig_end(r);
  assert_true(rig_trade(r, 0)->exit_price == 96);
  assert_int_equal(rig_trade(r, 0)->exit_bar, 1);
  assert_int_equal(rig_trade(r, 0)->exit_reason, PLN_EXIT_STOP_LOSS);
  assert_int_equal(pln_exec_view_of(r->exec)->ambiguous_bars, 1);
  rig_free(r);
  /* A limit entry is protected from the next bar on. */
  r = make(flat, 4, &(pln_exec_config){0});
  rig_to(r, 0);
  submit(r, BUY(.type = PLN_ORDER_LIMIT, .limit_price = 98, .stop_loss = 96, .take_profit = 104.5));
  rig_end(r);
  assert_true(rig_trade(r, 0)->entry_price == 98 && rig_trade(r, 0)->exit_price == 96);
  assert_int_equal(rig_trade(r, 0)->exit_bar, 2);
  assert_int_equal(pln_exec_view_of(r->exec)->ambiguous_bars, 1);
  rig_free(r);
  /* … and so is its target, though the bar of the entry reaches it. */
  r = make(flat, 4, &(pln_exec_config){0});
  rig_to(r, 0);
  submit(r, BUY(.type = PLN_ORDER_STOP, .stop_price = 103, .take_profit = 105));
  rig_end(r);
  assert_int_equal(rig_trade(r, 0)->exit_bar, 2);
  assert_true(rig_trade(r, 0)->exit_price == 105);
  rig_free(r);
  /* A target that the open has passed fills there, whatever the bar does afterwards. */
  double rows[][4] = {{100, 100, 100, 100}, {100, 101, 99, 100}, {120, 121, 80, 100}};
  r = make(rows, 3, &(pln_exec_config){0});
  rig_to(r, 0);
  submit(r, BUY(.stop_loss = 90, .take_profit = 110));
  rig_end(r);
  assert_true(rig_trade(r, 0)->exit_price == 120);
  assert_int_equal(rig_trade(r, 0)->exit_reason, PLN_EXIT_TAKE_PROFIT);
  assert_int_equal(pln_exec_view_of(r->exec)->ambiguous_bars, 0);
  NEAR(rig_trade(r, 0)->mae, 1);
  NEAR(rig_trade(r, 0)->mfe, 20);
  rig_free(r);
}

static void lots_close_first_in_first_out(void **state) {
  (void)state;
  double rows[][4] = {{10, 10, 10, 10}, {10, 10, 10, 10}, {20, 20, 20, 20},
                      {30, 30, 30, 30}, {40, 40, 40, 40}, {50, 50, 50, 50}};
  const pln_exec_config c = {.commission = {.per_share = 0.5, .per_order = 3}};
  rig *r = make(rows, 6, &c);
  rig_to(r, 0);
  submit(r, BUY(.size = 10));
  rig_to(r, 1);
  submit(r, BUY(.size = 30, .tag = 7));
  rig_to(r, 2);
  NEAR(rig_position(r)->average_price, (10 * 10 + 30 * 20) / 40.0);
  submit(r, SELL(.size = 20)); /* 10 of the first lot, 10 of the second */
  rig_to(r, 3);
  submit(r, SELL(.size = 50)); /* closes the other 20, sells 30 short */
  rig_to(r, 4);
  assert_true(rig_position(r)->quantity == -30);
  assert_int_equal(pln_exec_view_of(r->exec)->n_new_fills, 2);
  rig_end(r);
  assert_int_equal(rig_account(r)->n_trades, 3);
  const pln_trade *a = rig_trade(r, 0), *b = rig_trade(r, 1), *d = rig_trade(r, 2);
  assert_true(a->quantity == 10 && a->entry_price == 10 && a->exit_price == 30);
  NEAR(a->fees, 8 + 6.5); /* all of the entry's 3 + 5, half of the exit's 3 + 10 */
  NEAR(a->pnl, 200 - 14.5);
  NEAR(a->return_pct, 185.5);
  assert_true(b->quantity == 10 && b->entry_price == 20 && b->exit_price == 30);
  NEAR(b->fees, 6 + 6.5); /* a third of 3 + 15 */
  assert_true(d->quantity == 20 && d->entry_price == 20 && d->exit_price == 40);
  NEAR(d->fees, 12 + 3 + 10);
  assert_int_equal(d->exit_reason, PLN_EXIT_SIGNAL);
  pln_trade open;
  assert_int_equal(pln_portfolio_open_trades(r->portfolio, &open, 1), 1);
  assert_true(open.side == PLN_SIDE_SELL && open.quantity == 30 && open.entry_price == 40 &&
              open.is_open == 1);
  NEAR(open.fees, 15); /* the order's fixed part was charged with what it closed */
  NEAR(open.pnl, -300 - 15);
  assert_int_equal(open.exit_bar, 5);
  NEAR(rig_account(r)->cash, 10000 - 100 - 600 + 600 + 2000 - 8 - 18 - 13 - 28);
  NEAR(rig_account(r)->equity, rig_account(r)->cash - 30 * 50);
  rig_free(r);
}

static void target_sizes(void **state) {
  (void)state;
  double rows[8][4];
  for (int i = 0; i < 8; i++)
    for (int j = 0; j < 4; j++) rows[i][j] = 100;
  rig *r = make(rows, 8, &(pln_exec_config){0});
#define TARGET(kind, s) ((pln_order_request){.size_type = PLN_ORDER_SIZE_TARGET_##kind, .size = s})
  rig_to(r, 0);
  pln_order_request q = TARGET(PERCENT, 50);
  assert_true(submit(r, q) > 0);
  assert_true(submit(r, q) > 0); /* replaces the first */
  rig_to(r, 1);
  assert_true(rig_position(r)->quantity == 50);
  assert_int_equal(submit(r, q), 0); /* it is there already */
  q = TARGET(QUANTITY, -20);
  submit(r, q);
  rig_to(r, 2);
  assert_true(rig_position(r)->quantity == -20);
  q = TARGET(PERCENT, 75);
  q.size_at = PLN_SIZE_AT_FILL;
  submit(r, q);
  rig_to(r, 3);
  assert_true(rig_position(r)->quantity == 75);
  assert_true(pln_exec_submit(r->exec, 0, &(pln_order_request){.size_type = PLN_ORDER_SIZE_TARGET_QUANTITY}) >
              0);
  rig_to(r, 4);
  assert_true(rig_position(r)->quantity == 0);
  assert_int_equal(rig_refusals(r, PLN_REFUSAL_REPLACED), 1);
  assert_int_equal(rig_refusals(r, PLN_REFUSAL_ZERO_QUANTITY), 0);
  rig_free(r);
}

static void refused_at_once(void **state) {
  (void)state;
  rig *r = make(flat, 4, &(pln_exec_config){0});
  rig_to(r, 0);
  assert_int_equal(submit(r, BUY(.type = PLN_ORDER_LIMIT)), 0);
  assert_int_equal(submit(r, BUY(.type = PLN_ORDER_STOP, .stop_price = NAN)), 0);
  assert_int_equal(submit(r, BUY(.stop_loss = -1)), 0);
  assert_int_equal(submit(r, BUY(.size = -1)), 0);
  assert_int_equal(submit(r, BUY(.size = INFINITY)), 0);
  assert_int_equal(submit(r, BUY(.size = 0.5)), 0);
  assert_int_equal(rig_refusals(r, PLN_REFUSAL_INVALID_PRICE), 3);
  assert_int_equal(rig_refusals(r, PLN_REFUSAL_INVALID_QUANTITY), 2);
  assert_int_equal(rig_refusals(r, PLN_REFUSAL_ZERO_QUANTITY), 1);
  assert_true(submit(r, BUY(.instrument = 1)) < 0);
  assert_true(submit(r, (pln_order_request){.side = 0}) < 0);
  assert_true(pln_exec_submit(r->exec, 5, &BUY(0)) < 0);
  assert_int_equal(pln_exec_next(r->exec, INT64_MAX), 0);
  assert_int_equal(pln_exec_view_of(r->exec)->n_new_orders, 6);
  rig_end(r);
  rig_free(r);
}

static void canceled_and_left_over(void **state) {
  (void)state;
  rig *r = make(flat, 4, &(pln_exec_config){0});
  const pln_order *orders;
  rig_to(r, 0);
  const int64_t a = submit(r, BUY(.type = PLN_ORDER_LIMIT, .limit_price = 50));
  const int64_t b = submit(r, BUY(.type = PLN_ORDER_LIMIT, .limit_price = 51));
  assert_int_equal(pln_exec_pending(r->exec, 0, &orders), 2);
  assert_int_equal(orders[0].status, PLN_STATUS_PENDING);
  assert_int_equal(pln_exec_cancel(r->exec, 0, a), 1);
  assert_int_equal(pln_exec_cancel(r->exec, 0, a), 0);
  rig_to(r, 1);
  assert_int_equal(pln_exec_pending(r->exec, 0, &orders), 1);
  assert_int_equal(orders[0].status, PLN_STATUS_ACCEPTED);
  rig_end(r);
  assert_int_equal(pln_exec_orders(r->exec, &orders), 2);
  assert_int_equal(orders[0].refusal, PLN_REFUSAL_CANCELED);
  assert_int_equal(orders[1].id, b);
  assert_int_equal(orders[1].refusal, PLN_REFUSAL_END_OF_DATA);
  assert_int_equal(orders[1].status, PLN_STATUS_EXPIRED);
  rig_free(r);
}

static void callers_own_bracket_is_pessimistic(void **state) {
  (void)state;
  double rows[][4] = {{100, 100, 100, 100}, {100, 100, 100, 100}, {100, 111, 89, 100}, {100, 100, 100, 100}};
  rig *r = make(rows, 4, &(pln_exec_config){0});
  rig_to(r, 0);
  submit(r, BUY(0));
  rig_to(r, 1);
  submit(r, SELL(.type = PLN_ORDER_LIMIT, .limit_price = 110));
  submit(r, SELL(.type = PLN_ORDER_STOP, .stop_price = 90));
  rig_to(r, 2);
  assert_true(rig_trade(r, 0)->exit_price == 90);
  assert_int_equal(rig_trade(r, 0)->exit_reason, PLN_EXIT_ORDER);
  assert_int_equal(pln_exec_view_of(r->exec)->ambiguous_bars, 1);
  rig_end(r);
  rig_free(r);
}

static void additions_count_against_the_account(void **state) {
  (void)state;
  double rows[6][4];
  for (int i = 0; i < 6; i++)
    for (int j = 0; j < 4; j++) rows[i][j] = 100;
  rig *r = make(rows, 6, &(pln_exec_config){.commission = {.per_order = 10}});
  rig_to(r, 0);
  submit(r, BUY(.size = 60));
  rig_to(r, 1);
  submit(r, BUY(.size = 60));
  rig_to(r, 2);
  assert_true(rig_position(r)->quantity == 99);
  NEAR(rig_account(r)->cash, 10000 - 9900 - 20);
  const pln_refusal_count *c = &pln_portfolio_refusals(r->portfolio)[PLN_REFUSAL_REDUCED_CASH];
  assert_true(c->count == 1 && c->first_asked == 60 && c->first_allowed == 39);
  rig_end(r);
  rig_free(r);
}

/* A coarser instrument's bar that was open already when the order was made cannot fill it. */
static void no_fill_from_before_the_order(void **state) {
  (void)state;
  double fine[12][4], coarse[][4] = {{50, 51, 49, 50}, {60, 61, 59, 60}};
  for (int i = 0; i < 12; i++)
    for (int j = 0; j < 4; j++) fine[i][j] = 100;
  const pln_portfolio_config pc = rig_portfolio();
  pln_bars bars[2];
  rig_bars(&bars[0], fine, 12);
  rig_bars(&bars[1], coarse, 2);
  bars[1].timeframe.ns = 5 * RIG_STEP_NS;
  ((int64_t *)bars[1].ts_ns)[1] = 6 * RIG_STEP_NS;
  for (int64_t when = 0; when < 6; when++) {
    pln_exec *x = must(pln_exec_new(&(pln_exec_config){.record_orders = 1}));
    pln_portfolio *p = must(pln_portfolio_new(&pc, 2));
    for (int k = 0; k < 2; k++)
      pln_exec_add_instrument(x, &bars[k], &(pln_instrument){.lot_size = 1, .multiplier = 1});
    pln_exec_add_portfolio(x, p);
    pln_exec_add_caller(x, 0, &bars[0]);
    while (pln_exec_next(x, INT64_MAX) >= 0)
      if (pln_exec_view_of(x)->row == when)
        assert_true(pln_exec_submit(
                        x, 0, &BUY(.instrument = 1, .size = 10, .type = PLN_ORDER_LIMIT, .limit_price = 70)) >
                    0);
    pln_exec_finish(x);
    const pln_fill *fills;
    assert_int_equal(pln_exec_fills(x, &fills), when < 5);
    if (when < 5) assert_true(fills[0].price == 60 && fills[0].bar == 1);
    pln_exec_free(x);
    pln_portfolio_free(p);
  }
  for (int k = 0; k < 2; k++) rig_bars_free(&bars[k]);
}

static void ticks(void **state) {
  (void)state;
  double rows[][4] = {{100, 100, 100, 100}, {100.3, 101, 99, 100}, {100, 104, 96, 100}};
  pln_portfolio_config pc = rig_portfolio();
  pln_bars bars;
  rig_bars(&bars, rows, 3);
  pln_exec *x = must(pln_exec_new(&(pln_exec_config){.record_orders = 1, .slippage_bps = 1}));
  pln_exec_add_instrument(x, &bars, &(pln_instrument){.lot_size = 1, .multiplier = 2, .tick_size = 0.25});
  pln_portfolio *p = must(pln_portfolio_new(&pc, 1));
  pln_exec_add_portfolio(x, p);
  pln_exec_add_caller(x, 0, &bars);
  assert_int_equal(pln_exec_next(x, INT64_MAX), 0);
  pln_exec_submit(x, 0, &BUY(.size = 10)); /* 100.31 → 100.5 */
  pln_exec_submit(x, 0, &BUY(.size = 10, .type = PLN_ORDER_LIMIT, .limit_price = 99.2));   /* 99 */
  pln_exec_submit(x, 0, &SELL(.size = 20, .type = PLN_ORDER_LIMIT, .limit_price = 103.9)); /* 104 */
  while (pln_exec_next(x, INT64_MAX) >= 0) {
  }
  pln_exec_finish(x);
  const pln_fill *fills;
  assert_int_equal(pln_exec_fills(x, &fills), 3);
  assert_true(fills[0].price == 100.5 && fills[1].price == 99 && fills[2].price == 104);
  NEAR(pln_portfolio_account(p)->cash, 10000 + 2 * (20 * 104 - 10 * 100.5 - 10 * 99));
  pln_exec_free(x);
  pln_portfolio_free(p);
  rig_bars_free(&bars);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(market_orders),
      cmocka_unit_test(limit_orders),
      cmocka_unit_test(stop_orders),
      cmocka_unit_test(stop_limit_orders),
      cmocka_unit_test(times_in_force),
      cmocka_unit_test(protection_in_the_entry_bar),
      cmocka_unit_test(lots_close_first_in_first_out),
      cmocka_unit_test(target_sizes),
      cmocka_unit_test(refused_at_once),
      cmocka_unit_test(canceled_and_left_over),
      cmocka_unit_test(callers_own_bracket_is_pessimistic),
      cmocka_unit_test(additions_count_against_the_account),
      cmocka_unit_test(no_fill_from_before_the_order),
      cmocka_unit_test(ticks),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
