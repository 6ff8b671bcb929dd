#include "exec_util.h"

/* Times that no bar brings: timers of callers, hours of entry, positions that are closed for the session. */

#define T(minute) ((int64_t)(minute)*RIG_STEP_NS)

static void push(rig *r, int64_t minute, int32_t direction) {
  const pln_signal s = {.ts_ns = T(minute), .direction = direction, .strength = 1, .confidence = 1};
  assert_int_equal(pln_exec_push_signals(r->exec, 0, &s, 1), 0);
}

static void level(double (*rows)[4], int64_t n) {
  for (int64_t i = 0; i < n; i++)
    for (int j = 0; j < 4; j++) rows[i][j] = 100;
}

/* Bars of minutes 1 … n; a source, and hours. */
static rig *make(double (*rows)[4], int64_t n, int32_t fill, const pln_hours *hours, int64_t n_hours) {
  const pln_portfolio_config p = rig_portfolio();
  level(rows, n);
  rig *r = rig_new(rows, n, &(pln_exec_config){.fill = fill}, &p);
  assert_int_equal(pln_exec_add_source(r->exec, 0, 0, 1), 0);
  assert_int_equal(pln_exec_set_hours(r->exec, 0, 0, hours, n_hours), 0);
  return r;
}

static void end(rig *r) {
  assert_int_equal(pln_exec_run(r->exec, INT64_MAX), PLN_EXEC_DONE);
  assert_int_equal(pln_exec_finish(r->exec), 0);
}

static int32_t held_at(rig *r, int64_t minute) {
  assert_int_equal(pln_exec_run(r->exec, T(minute)), PLN_EXEC_DONE);
  const double q = rig_position(r)->quantity;
  return q > 0 ? 1 : q < 0 ? -1 : 0;
}

static void timers_come_between_bars(void **state) {
  (void)state;
  double rows[10][4];
  level(rows, 10);
  for (int64_t i = 0; i < 10; i++)
    rows[i][0] = rows[i][3] = 100 + (double)i, rows[i][1] = 110, rows[i][2] = 90;
  const int64_t half = RIG_STEP_NS / 2, times[] = {T(2) - half, T(4), T(5) + half, T(40)};
  const pln_portfolio_config p = rig_portfolio();
  rig *r = rig_new(rows, 10, &(pln_exec_config){0}, &p);
  assert_int_equal(pln_exec_add_caller(r->exec, 0, &r->bars[0]), 0);
  assert_int_equal(pln_exec_add_timer(r->exec, 0, times, 4), 1);
  const pln_exec_view *v = pln_exec_view_of(r->exec);
  const pln_order_request buy = {.side = PLN_SIDE_BUY, .size = 1};
  int64_t calls = 0, bars = 0, last_bar = -1;
  int32_t due;
  while ((due = pln_exec_next(r->exec, INT64_MAX)) >= 0) {
    if (due == 0) {
      assert_int_equal(v->now_ns, rig_visible(v->row));
      last_bar = v->row;
      bars++;
      continue;
    }
    assert_int_equal(due, 1);
    assert_int_equal(v->row, calls);
    assert_int_equal(v->now_ns, times[calls]);
    /* What was visible by then was told before: bar i at minute i + 2. */
    const int64_t seen[] = {-1, 2, 3};
    assert_int_equal(last_bar, seen[calls]);
    calls++;
    assert_true(pln_exec_submit(r->exec, 0, &buy) > 0);
  }
  assert_int_equal(due, PLN_EXEC_DONE);
  assert_int_equal(calls, 3); /* the last time is after the data */
  assert_int_equal(bars, 10);
  assert_int_equal(pln_exec_finish(r->exec), 0);
  const pln_fill *fills;
  assert_int_equal(pln_exec_fills(r->exec, &fills), 3);
  /* At the next bar that opens at or after the time: minute 2 (bar 1), 4 (bar 3), 6 (bar 5). */
  const int64_t expected[] = {1, 3, 5};
  for (int i = 0; i < 3; i++) {
    assert_int_equal(fills[i].bar, expected[i]);
    assert_true(fills[i].price == 100 + (double)expected[i]);
  }
  rig_free(r);
  r = rig_new(rows, 10, &(pln_exec_config){0}, &p);
  const int64_t wrong[] = {5, 5};
  assert_int_equal(pln_exec_add_timer(r->exec, 0, times, 4), PLN_ERR_ARGUMENT); /* no caller */
  assert_int_equal(pln_exec_add_caller(r->exec, 0, &r->bars[0]), 0);
  assert_int_equal(pln_exec_add_timer(r->exec, 0, wrong, 2), PLN_ERR_ARGUMENT);
  rig_free(r);
}

static void entries_keep_to_the_hours(void **state) {
  (void)state;
  double rows[40][4];
  const pln_hours hours[] = {
      {.from_ns = T(5), .until_ns = T(15), .reenter_ns = INT64_MAX, .flat_ns = INT64_MAX, .close_ns = T(15)},
      {.from_ns = T(25),
       .until_ns = T(35),
       .reenter_ns = INT64_MAX,
       .flat_ns = INT64_MAX,
       .close_ns = T(35)}};
  rig *r = make(rows, 40, PLN_FILL_NEXT_OPEN, hours, 2);
  push(r, 3, 1); /* would fill at 3 */
  assert_int_equal(held_at(r, 10), 0);
  assert_int_equal(rig_refusals(r, PLN_REFUSAL_TRADING_HOURS), 1);
  push(r, 14, -1); /* in the last bar that may */
  assert_int_equal(held_at(r, 15), -1);
  push(r, 18, 1); /* what closes goes through, what opens does not */
  assert_int_equal(held_at(r, 24), 0);
  assert_int_equal(rig_refusals(r, PLN_REFUSAL_TRADING_HOURS), 2);
  push(r, 25, -1); /* fills in the bar that opens at 25 */
  assert_int_equal(held_at(r, 26), -1);
  push(r, 35, 1);
  assert_int_equal(held_at(r, 40), 0);
  end(r);
  assert_int_equal(rig_refusals(r, PLN_REFUSAL_TRADING_HOURS), 3);
  rig_free(r);
  /* At the close, the time of the fill is that close. */
  r = make(rows, 40, PLN_FILL_THIS_CLOSE, hours, 2);
  push(r, 4, 1);
  assert_int_equal(held_at(r, 4), 0);
  push(r, 5, -1);
  assert_int_equal(held_at(r, 5), -1);
  push(r, 15, 1);
  assert_int_equal(held_at(r, 16), 0);
  end(r);
  rig_free(r);
}

static void flat_by_the_close(void **state) {
  (void)state;
  double rows[60][4];
  for (int32_t again = 0; again < 2; again++) {
    const int64_t never = INT64_MAX;
    const pln_hours hours[] = {{.from_ns = INT64_MIN,
                                .until_ns = T(15),
                                .reenter_ns = again ? T(1) : never,
                                .flat_ns = T(15),
                                .close_ns = T(20)},
                               {.from_ns = T(20),
                                .until_ns = T(35),
                                .reenter_ns = again ? T(21) : never,
                                .flat_ns = T(35),
                                .close_ns = T(40)},
                               {.from_ns = T(40),
                                .until_ns = T(55),
                                .reenter_ns = again ? T(41) : never,
                                .flat_ns = T(55),
                                .close_ns = T(60)}};
    rig *r = make(rows, 60, PLN_FILL_NEXT_OPEN, hours, 3);
    push(r, 3, 1);
    assert_int_equal(held_at(r, 15), 1); /* the order is made at 15 … */
    assert_int_equal(held_at(r, 16), 0); /* … and fills at the open of that bar */
    assert_int_equal(rig_trade(r, 0)->exit_reason, PLN_EXIT_FLAT_BY_CLOSE);
    assert_int_equal(rig_trade(r, 0)->exit_bar, 14);
    push(r, 17, -1); /* before the session's end nothing is entered */
    assert_int_equal(held_at(r, 20), 0);
    assert_int_equal(rig_refusals(r, PLN_REFUSAL_FLAT_BY_CLOSE), 1);
    /* The standing signal comes back with the next session only where that is asked for. */
    assert_int_equal(held_at(r, 21), 0);
    assert_int_equal(held_at(r, 22), -again);
    push(r, 30, 1);
    assert_int_equal(held_at(r, 31), 1);
    assert_int_equal(held_at(r, 36), 0);
    assert_int_equal(held_at(r, 50), again);
    end(r);
    assert_int_equal(rig_position(r)->quantity, 0);
    assert_int_equal(rig_account(r)->n_trades, again ? 4 : 2);
    const pln_order *orders;
    const int64_t n = pln_exec_orders(r->exec, &orders);
    for (int64_t i = 0; i < n; i++)
      assert_int_equal(orders[i].refusal == 0, orders[i].status == PLN_STATUS_FILLED);
    rig_free(r);
  }
}

/* A source that a protective exit blocked waits for its own change, whatever begins. */
static void a_stop_outlasts_the_session(void **state) {
  (void)state;
  double rows[60][4];
  const pln_hours hours[] = {
      {.from_ns = INT64_MIN, .until_ns = T(15), .reenter_ns = T(1), .flat_ns = T(15), .close_ns = T(20)},
      {.from_ns = T(20), .until_ns = T(60), .reenter_ns = T(21), .flat_ns = INT64_MAX, .close_ns = T(60)}};
  pln_portfolio_config p = rig_portfolio();
  p.risk.stop_loss_pct = 5;
  level(rows, 60);
  rows[8][2] = 90;
  rig *r = rig_new(rows, 60, &(pln_exec_config){0}, &p);
  assert_int_equal(pln_exec_add_source(r->exec, 0, 0, 1), 0);
  assert_int_equal(pln_exec_set_hours(r->exec, 0, 0, hours, 2), 0);
  push(r, 3, 1);
  assert_int_equal(held_at(r, 9), 1);
  assert_int_equal(held_at(r, 30), 0);
  push(r, 40, -1);
  assert_int_equal(held_at(r, 42), -1);
  end(r);
  rig_free(r);
}

/* Orders of a caller are bound alike; a limit order that was there before does not enter either. */
static void callers_keep_to_the_hours(void **state) {
  (void)state;
  double rows[40][4];
  level(rows, 40);
  rows[12][2] = 95;
  const pln_hours hours[] = {
      {.from_ns = T(5), .until_ns = T(10), .reenter_ns = INT64_MAX, .flat_ns = T(10), .close_ns = T(20)}};
  const pln_portfolio_config p = rig_portfolio();
  rig *r = rig_new(rows, 40, &(pln_exec_config){0}, &p);
  assert_int_equal(pln_exec_add_caller(r->exec, 0, &r->bars[0]), 0);
  assert_int_equal(pln_exec_set_hours(r->exec, 0, 0, hours, 1), 0);
  const pln_order_request market = {.side = PLN_SIDE_BUY, .size = 2};
  const pln_order_request limit = {
      .side = PLN_SIDE_BUY, .type = PLN_ORDER_LIMIT, .size = 1, .limit_price = 96};
  rig_to(r, 0);
  assert_true(pln_exec_submit(r->exec, 0, &market) > 0); /* fills at minute 2: refused */
  assert_true(pln_exec_submit(r->exec, 0, &limit) > 0);
  rig_to(r, 4);
  assert_true(pln_exec_submit(r->exec, 0, &market) > 0);
  rig_to(r, 6);
  assert_true(rig_position(r)->quantity == 2);
  rig_to(r, 10);
  assert_true(rig_position(r)->quantity == 0);
  rig_end(r);
  assert_true(rig_position(r)->quantity == 0);
  assert_int_equal(rig_refusals(r, PLN_REFUSAL_TRADING_HOURS), 1);
  assert_int_equal(rig_refusals(r, PLN_REFUSAL_FLAT_BY_CLOSE), 1);
  assert_int_equal(rig_account(r)->n_trades, 1);
  rig_free(r);
}

static void hours_have_an_order(void **state) {
  (void)state;
  double rows[4][4];
  level(rows, 4);
  const pln_hours good = {.from_ns = 10, .until_ns = 20, .reenter_ns = 12, .flat_ns = 25, .close_ns = 30};
  const pln_portfolio_config p = rig_portfolio();
  for (int i = 0; i < 8; i++) {
    pln_hours h[2] = {good, good};
    int64_t n = 1;
    if (i == 1) h[0].until_ns = 9;
    if (i == 2) h[0].reenter_ns = 21;
    if (i == 3) h[0].flat_ns = 19;
    if (i == 4) h[0].close_ns = 24;
    if (i == 5) n = 2;
    rig *r = rig_new(rows, 4, &(pln_exec_config){0}, &p);
    const int32_t status = pln_exec_set_hours(r->exec, i == 6, i == 7, h, n);
    assert_int_equal(status, i == 0 ? 0 : PLN_ERR_ARGUMENT);
    rig_free(r);
  }
  /* What backtesting.py's queue does not know. */
  pln_portfolio_config quirk = p;
  quirk.fill_price_quirk = 1;
  rig *r = rig_new(rows, 4, &(pln_exec_config){0}, &quirk);
  assert_int_equal(pln_exec_set_hours(r->exec, 0, 0, &good, 1), 0);
  assert_int_equal(pln_exec_run(r->exec, INT64_MAX), PLN_ERR_UNSUPPORTED);
  rig_free(r);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(timers_come_between_bars),  cmocka_unit_test(entries_keep_to_the_hours),
      cmocka_unit_test(flat_by_the_close),         cmocka_unit_test(a_stop_outlasts_the_session),
      cmocka_unit_test(callers_keep_to_the_hours), cmocka_unit_test(hours_have_an_order),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
