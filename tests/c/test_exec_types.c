#include "order_util.h"

/* Trailing, on-open and on-close orders, groups, brackets, replacement, partial fills, quotes and algorithms,
 * on series small enough to reckon by hand; and books that balance over random orders of all kinds. */

static double wave[][4] = {{100, 101, 99, 100}, {102, 105, 95, 103}, {104, 110, 90, 100}, {80, 85, 78, 82}};

/* The fill of one order placed on bar 0. */
static void once(pln_order_request q, const pln_exec_config *c, int64_t bar, double price) {
  rig *r = make(wave, 4, c);
  rig_to(r, 0);
  const int64_t id = put(r, q);
  assert_true(id > 0);
  rig_end(r);
  if (bar < 0)
    assert_int_equal(n_fills(r), 0);
  else
    is_fill(r, 0, bar, 10, price);
  rig_free(r);
}

static void trailing_orders(void **state) {
  (void)state;
  const int32_t stop = PLN_ORDER_TRAILING_STOP, limit = PLN_ORDER_TRAILING_STOP_LIMIT,
                pct = PLN_TRAIL_PERCENT;
  /* From the close of 100 the level is 94, after bar 1 with its high of 105 it is 99. */
  once(SELL(.type = stop, .trail = 6), NULL, 2, 99);
  once(SELL(.type = stop, .trail = 4), NULL, 1, 96);
  once(SELL(.type = stop, .trail = 10, .trail_type = pct), NULL, 2, 94.5);
  once(BUY(.type = stop, .trail = 6), NULL, 2, 104); /* 106; 95 + 6 = 101 after bar 1: passed by the open */
  once(BUY(.type = stop, .trail = 12), NULL, 2, 107);
  once(SELL(.type = limit, .trail = 6, .limit_offset = 2), NULL, 2, 99);
  once(SELL(.type = limit, .trail = 6), NULL, -1, 0); /* limit 99: the bar after the trigger's is below */
  once(SELL(.type = stop, .trail = 200), NULL, -1, 0);
  rig *r = make(wave, 4, NULL);
  rig_to(r, 0);
  assert_true(put(r, SELL(.type = stop, .trail = 0)) == 0);
  assert_true(put(r, SELL(.type = stop, .trail = NAN)) == 0);
  assert_int_equal(rig_refusals(r, PLN_REFUSAL_INVALID_PRICE), 2);
  assert_true(put(r, SELL(.type = stop, .trail = 1, .trail_type = PLN_TRAIL_GAUGE)) < 0); /* no gauge */
  rig_free(r);
}

static void trailing_by_a_gauge(void **state) {
  (void)state;
  double ranges[] = {NAN, 3, 2, 2, 2};
  double rows[][4] = {{100, 100, 100, 100}, {100, 100, 100, 100}, {100, 106, 100, 105}, {105, 105, 101, 102}};
  pln_portfolio_config pc = rig_portfolio();
  pln_bars bars;
  rig_bars(&bars, rows, 4);
  pln_exec *x = must(pln_exec_new(&(pln_exec_config){.record_orders = 1}));
  pln_exec_add_instrument(x, &bars, &(pln_instrument){.lot_size = 1, .multiplier = 1});
  assert_int_equal(pln_exec_add_gauge(x), 0);
  assert_int_equal(pln_exec_set_gauge(x, 0, 0, &bars, ranges), 0);
  pln_portfolio *p = must(pln_portfolio_new(&pc, 1));
  pln_exec_add_portfolio(x, p);
  pln_exec_add_caller(x, 0, &bars);
  const pln_order_request q =
      SELL(.type = PLN_ORDER_TRAILING_STOP, .trail = 2, .trail_type = PLN_TRAIL_GAUGE, .size = 10);
  assert_int_equal(pln_exec_next(x, INT64_MAX), 0);
  assert_int_equal(pln_exec_submit(x, 0, &q), 0); /* the gauge is not warm */
  assert_int_equal(pln_portfolio_refusals(p)[PLN_REFUSAL_NO_GAUGE].count, 1);
  assert_int_equal(pln_exec_next(x, INT64_MAX), 0);
  assert_true(pln_exec_submit(x, 0, &q) > 0);
  const pln_order *o;
  assert_int_equal(pln_exec_pending(x, 0, &o), 1);
  assert_true(o->stop_price == 94);
  assert_int_equal(pln_exec_next(x, INT64_MAX), 0);
  assert_int_equal(pln_exec_pending(x, 0, &o), 1);
  assert_true(o->stop_price == 102); /* 106 - 2 x 2 */
  assert_int_equal(pln_exec_next(x, INT64_MAX), 0);
  const pln_fill *f;
  assert_int_equal(pln_exec_fills(x, &f), 1);
  assert_true(f->price == 102);
  pln_exec_free(x);
  pln_portfolio_free(p);
  rig_bars_free(&bars);
}

static void at_the_close(void **state) {
  (void)state;
  const pln_exec_config next_close = {.fill = PLN_FILL_NEXT_CLOSE, .slippage_bps = 10};
  once(BUY(0), &next_close, 1, 103 * 1.001);
  once(BUY(.type = PLN_ORDER_LIMIT, .limit_price = 96), &next_close, 1, 96);
  /* Protection begins with the bar after: bar 2 opens at 104, beyond the target. */
  rig *r = make(wave, 4, &(pln_exec_config){.fill = PLN_FILL_NEXT_CLOSE});
  rig_to(r, 0);
  put(r, BUY(.stop_loss = 96, .take_profit = 103.5));
  rig_to(r, 1);
  NEAR(rig_account(r)->equity, 10000);
  rig_end(r);
  is_fill(r, 0, 1, 10, 103);
  is_fill(r, 1, 2, 10, 104);
  rig_free(r);
}

/* Three days of three half hours before a fourth: 9:30, 10:00, 10:30, the second with a half hour less. */
static rig *days(void) {
  static double rows[11][4];
  static const int64_t minutes[] = {570, 600, 630};
  int64_t ts[11];
  int32_t n = 0;
  for (int32_t d = 0; d < 4; d++)
    for (int32_t j = 0; j < (d == 1 ? 2 : 3); j++, n++) {
      ts[n] = d * DAY + minutes[j] * MINUTE;
      const double open = 100 + 10 * d + j;
      memcpy(rows[n], (double[]){open, open + 0.75, open - 0.25, open + 0.5}, sizeof rows[n]);
    }
  rig *r = make(rows, 11, NULL);
  for (int32_t i = 0; i < 11; i++) ((int64_t *)r->bars[0].ts_ns)[i] = ts[i];
  r->bars[0].timeframe = (pln_timeframe){.unit = PLN_TIMEFRAME_FIXED, .count = 30, .ns = 30 * MINUTE};
  pln_exec_free(r->exec); /* the container took the length of the bars that there were */
  pln_portfolio_free(r->portfolio);
  pln_portfolio_config pc = rig_portfolio();
  r->exec = must(pln_exec_new(&(pln_exec_config){.record_orders = 1}));
  pln_exec_add_instrument(r->exec, &r->bars[0], &(pln_instrument){.lot_size = 1, .multiplier = 1});
  r->portfolio = must(pln_portfolio_new(&pc, 1));
  pln_exec_add_portfolio(r->exec, r->portfolio);
  pln_exec_add_caller(r->exec, 0, &r->bars[0]);
  return r;
}

static void step_to(rig *r, int64_t row) {
  while (pln_exec_view_of(r->exec)->row < row) assert_int_equal(pln_exec_next(r->exec, INT64_MAX), 0);
}

static void on_open_and_on_close(void **state) {
  (void)state;
  rig *r = days();
  step_to(r, 0);
  put(r, BUY(.type = PLN_ORDER_MARKET_ON_OPEN)); /* the day has begun: the next one */
  const int64_t unknown = put(r, BUY(.type = PLN_ORDER_MARKET_ON_CLOSE));
  step_to(r, 3); /* the first day is over, and nothing before it said which bar was its last */
  is_end(r, unknown, PLN_STATUS_EXPIRED, PLN_REFUSAL_EXPIRED);
  is_fill(r, 0, 3, 10, 110);
  const int64_t early = put(r, SELL(.type = PLN_ORDER_MARKET_ON_CLOSE));
  step_to(r, 5); /* the second day ended early, which nobody knew */
  is_end(r, early, PLN_STATUS_EXPIRED, PLN_REFUSAL_EXPIRED);
  put(r, SELL(.type = PLN_ORDER_MARKET_ON_CLOSE));
  step_to(r, 6);
  assert_int_equal(n_fills(r), 1);
  step_to(r, 7); /* the third day ends when the first did, not the second */
  is_fill(r, 1, 7, 10, 122.5);
  assert_true(pln_portfolio_positions(r->portfolio)->quantity == 0);
  const int64_t open = put(r, BUY(.type = PLN_ORDER_MARKET_ON_OPEN));
  step_to(r, 8);
  is_end(r, open, PLN_STATUS_FILLED, PLN_REFUSAL_NONE);
  assert_int_equal(ended(r, open)->tif, PLN_TIF_OPG);
  is_fill(r, 2, 8, 10, 130);
  rig_end(r);
  rig_free(r);
}

/* The day after Thanksgiving 2023: New York closes at 13:00, 18:00 UTC, which the calendar knows beforehand.
 */
static void on_close_of_a_half_day(void **state) {
  (void)state;
  rig *r = days();
  const int64_t midnight = 1700784000000000000;
  for (int32_t i = 0; i < 11; i++)
    ((int64_t *)r->bars[0].ts_ns)[i] = midnight + (14 * 60 + 30 + 30 * i) * MINUTE;
  assert_int_equal(pln_exec_set_calendar(r->exec, 0, pln_calendar_get("us_equity")), 0);
  step_to(r, 1);
  const int64_t id = put(r, BUY(.type = PLN_ORDER_MARKET_ON_CLOSE));
  step_to(r, 7);
  is_end(r, id, PLN_STATUS_FILLED, PLN_REFUSAL_NONE);
  is_fill(r, 0, 6, 10, r->bars[0].close[6]); /* 17:30 to 18:00 */
  rig_end(r);
  rig_free(r);
}

static void good_till_date(void **state) {
  (void)state;
  rig *r = make(wave, 4, NULL);
  rig_to(r, 0);
  const int64_t a =
      put(r, BUY(.type = PLN_ORDER_LIMIT, .limit_price = 91, .tif = PLN_TIF_GTD, .expires_ns = 3 * MINUTE));
  const int64_t b = put(
      r, BUY(.type = PLN_ORDER_LIMIT, .limit_price = 91, .tif = PLN_TIF_GTD, .expires_ns = 3 * MINUTE + 1));
  assert_true(put(r, BUY(.tif = PLN_TIF_GTD, .expires_ns = 2 * MINUTE)) < 0);
  rig_end(r);
  is_end(r, a, PLN_STATUS_EXPIRED, PLN_REFUSAL_EXPIRED);
  is_end(r, b, PLN_STATUS_FILLED, PLN_REFUSAL_NONE); /* bar 2 opens at 3 minutes */
  rig_free(r);
}

static void one_cancels_other(void **state) {
  (void)state;
  rig *r = make(wave, 4, &(pln_exec_config){.max_volume_pct = 4});
  rig_to(r, 0);
  /* Bar 1 gives 4 units to the buy limit at 96; the stop at 109 is left with 6, and the limit fills 4 and 2
   * of it. */
  const int64_t limit = put(r, BUY(.type = PLN_ORDER_LIMIT, .limit_price = 96, .oco = 1));
  const int64_t other = put(r, BUY(.type = PLN_ORDER_LIMIT, .limit_price = 70, .oco = 1));
  const int64_t alone = put(r, BUY(.type = PLN_ORDER_LIMIT, .limit_price = 70, .oco = 2));
  rig_to(r, 1);
  assert_true(pending(r, limit)->filled == 4 && pending(r, limit)->status == PLN_STATUS_PARTIALLY_FILLED);
  assert_true(pending(r, other)->quantity == 6);
  assert_true(pending(r, alone)->quantity == 10);
  rig_to(r, 2);
  assert_true(pending(r, other)->quantity == 2);
  rig_end(r);
  is_end(r, limit, PLN_STATUS_FILLED, PLN_REFUSAL_NONE);
  is_end(r, other, PLN_STATUS_CANCELED, PLN_REFUSAL_OCO);
  is_end(r, alone, PLN_STATUS_EXPIRED, PLN_REFUSAL_END_OF_DATA);
  NEAR(ended(r, limit)->average_fill_price, (4 * 96 + 4 * 96 + 2 * 80) / 10.0);
  assert_int_equal(n_fills(r), 3);
  rig_free(r);
}

static void brackets(void **state) {
  (void)state;
  for (int32_t later = 0; later < 2; later++) {
    rig *r = make(wave, 4, &(pln_exec_config){.children_next_bar = later});
    rig_to(r, 0);
    const int64_t id = put(r, BUY(.stop_loss = 96, .take_profit = 109, .bracket = 1));
    assert_true(pending(r, id + 1)->type == PLN_ORDER_STOP && pending(r, id + 1)->quantity == 0);
    assert_true(pending(r, id + 2)->type == PLN_ORDER_LIMIT && pending(r, id + 2)->parent == id);
    rig_to(r, 1);
    if (later) {
      assert_true(pending(r, id + 1)->quantity == 10);
      rig_to(r, 2); /* stop and target in one bar */
    }
    is_fill(r, 1, later ? 2 : 1, 10, 96);
    is_end(r, id + 1, PLN_STATUS_FILLED, PLN_REFUSAL_NONE);
    is_end(r, id + 2, PLN_STATUS_CANCELED, PLN_REFUSAL_OCO);
    assert_int_equal(rig_trade(r, 0)->exit_reason, PLN_EXIT_STOP_LOSS);
    rig_end(r);
    assert_int_equal(n_fills(r), 2);
    rig_free(r);
  }
  /* A limit parent's children begin with the bar after it, and end with it. */
  rig *r = make(wave, 4, NULL);
  rig_to(r, 0);
  const int64_t a = put(
      r, BUY(.type = PLN_ORDER_LIMIT, .limit_price = 98, .stop_loss = 96, .take_profit = 103, .bracket = 1));
  const int64_t b = put(r, BUY(.type = PLN_ORDER_LIMIT, .limit_price = 60, .stop_loss = 50, .bracket = 1));
  rig_to(r, 1);
  assert_int_equal(n_fills(r), 1);
  assert_int_equal(pln_exec_cancel(r->exec, 0, b), 1);
  is_end(r, b + 1, PLN_STATUS_CANCELED, PLN_REFUSAL_PARENT);
  rig_to(r, 2);
  is_fill(r, 1, 2, 10, 104);
  is_end(r, a + 2, PLN_STATUS_FILLED, PLN_REFUSAL_NONE);
  is_end(r, a + 1, PLN_STATUS_CANCELED, PLN_REFUSAL_OCO);
  rig_end(r);
  rig_free(r);
}

static void children_follow_their_parents_fills(void **state) {
  (void)state;
  rig *r = make(wave, 4, &(pln_exec_config){.max_volume_pct = 4});
  rig_to(r, 0);
  const int64_t parent = put(r, BUY(0));
  const int64_t own = put(r, SELL(.type = PLN_ORDER_LIMIT, .limit_price = 500, .parent = parent, .size = 3));
  const int64_t follows = put(r, SELL(.type = PLN_ORDER_TRAILING_STOP, .trail = 50, .parent = parent,
                                      .size_type = PLN_ORDER_SIZE_DEFAULT));
  assert_true(pending(r, follows)->quantity == 0 && pending(r, follows)->status == PLN_STATUS_PENDING);
  rig_to(r, 1);
  assert_true(pending(r, follows)->quantity == 4 && pending(r, own)->quantity == 3);
  assert_true(pending(r, follows)->stop_price == 55); /* its best price is the bar's high, 105 */
  rig_to(r, 2);
  assert_true(pending(r, follows)->quantity == 8 && pending(r, follows)->stop_price == 60);
  const int64_t late = put(r, SELL(.type = PLN_ORDER_LIMIT, .limit_price = 600, .parent = parent,
                                   .size_type = PLN_ORDER_SIZE_DEFAULT));
  assert_true(pending(r, late)->quantity == 8);
  rig_to(r, 3);
  assert_true(pending(r, follows)->quantity == 10 && pending(r, late)->quantity == 10);
  is_end(r, parent, PLN_STATUS_FILLED, PLN_REFUSAL_NONE);
  assert_true(put(r, SELL(.parent = parent)) == 0); /* it has ended */
  assert_int_equal(rig_refusals(r, PLN_REFUSAL_PARENT), 1);
  rig_end(r);
  rig_free(r);
}

static void reduce_only(void **state) {
  (void)state;
  rig *r = make(wave, 4, NULL);
  rig_to(r, 0);
  put(r, BUY(.size = 4));
  const int64_t more = put(r, SELL(.type = PLN_ORDER_LIMIT, .limit_price = 105, .reduce_only = 1));
  const int64_t rest = put(r, SELL(.type = PLN_ORDER_STOP, .stop_price = 50, .reduce_only = 1));
  rig_to(r, 1);
  is_end(r, more, PLN_STATUS_FILLED, PLN_REFUSAL_REDUCE_ONLY);
  assert_true(ended(r, more)->quantity == 4 && pln_portfolio_positions(r->portfolio)->quantity == 0);
  is_end(r, rest, PLN_STATUS_CANCELED, PLN_REFUSAL_REDUCE_ONLY); /* the position is gone */
  const int64_t nothing = put(r, SELL(.reduce_only = 1));
  rig_end(r);
  is_end(r, nothing, PLN_STATUS_CANCELED, PLN_REFUSAL_REDUCE_ONLY);
  rig_free(r);
}

static void replacing(void **state) {
  (void)state;
  rig *r = make(wave, 4, &(pln_exec_config){.max_volume_pct = 4});
  rig_to(r, 0);
  const int64_t a = put(r, BUY(.type = PLN_ORDER_LIMIT, .limit_price = 96, .stop_loss = 40, .tag = 7));
  const int64_t b = put(r, BUY(.type = PLN_ORDER_LIMIT, .limit_price = 70));
  pln_order_change c = SAME;
  c.limit_price = 71;
  const int64_t first = pln_exec_replace(r->exec, 0, b, &c);
  assert_int_equal(first, b + 1);
  is_end(r, b, PLN_STATUS_CANCELED, PLN_REFUSAL_REPLACED);
  assert_true(pending(r, first)->replaces == b && pending(r, first)->limit_price == 71);
  rig_to(r, 1); /* 4 units of a filled */
  c = SAME;
  c.quantity = 9;
  const int64_t second = pln_exec_replace(r->exec, 0, a, &c);
  assert_true(pending(r, second)->quantity == 5 && pending(r, second)->limit_price == 96);
  assert_true(pending(r, second)->tag == 7);
  assert_true(ended(r, a)->filled == 4 && ended(r, a)->status == PLN_STATUS_CANCELED);
  c.quantity = NAN;
  assert_true(pln_exec_replace(r->exec, 0, second, &c) < 0); /* changes nothing */
  c.stop_price = 90;
  assert_true(pln_exec_replace(r->exec, 0, second, &c) < 0); /* a limit order has none */
  c = SAME;
  c.limit_price = -1;
  assert_true(pln_exec_replace(r->exec, 0, second, &c) == 0);
  assert_non_null(pending(r, second)); /* refused: it stays */
  assert_int_equal(rig_refusals(r, PLN_REFUSAL_INVALID_PRICE), 1);
  assert_true(pln_exec_replace(r->exec, 0, 12345, &c) == 0);
  c = SAME;
  c.quantity = 3; /* of first nothing has filled: 3 are left */
  const int64_t third = pln_exec_replace(r->exec, 0, first, &c);
  assert_true(pending(r, third)->quantity == 3);
  rig_end(r);
  is_fill(r, 1, 2, 4, 96);
  is_fill(r, 2, 3, 1, 80);
  assert_int_equal(n_fills(r), 3);
  rig_free(r);
}

static void a_bracket_goes_with_its_replaced_parent(void **state) {
  (void)state;
  rig *r = make(wave, 4, NULL);
  rig_to(r, 0);
  const int64_t id = put(r, BUY(.type = PLN_ORDER_LIMIT, .limit_price = 60, .stop_loss = 50, .bracket = 1));
  pln_order_change c = SAME;
  c.limit_price = 96;
  const int64_t next = pln_exec_replace(r->exec, 0, id, &c);
  assert_true(pending(r, id + 1)->parent == next);
  rig_to(r, 1);
  assert_true(pending(r, id + 1)->quantity == 10);
  c = SAME;
  c.stop_price = 92;
  const int64_t stop = pln_exec_replace(r->exec, 0, id + 1, &c);
  rig_end(r);
  is_end(r, stop, PLN_STATUS_FILLED, PLN_REFUSAL_NONE);
  is_fill(r, 1, 2, 10, 92);
  rig_free(r);
}

static void off_the_tick_and_the_lot(void **state) {
  (void)state;
  for (int32_t reject = 0; reject < 2; reject++) {
    pln_portfolio_config pc = rig_portfolio();
    pln_bars bars;
    rig_bars(&bars, wave, 4);
    pln_exec *x =
        must(pln_exec_new(&(pln_exec_config){.off_tick = reject, .off_lot = reject, .record_orders = 1}));
    pln_exec_add_instrument(x, &bars, &(pln_instrument){.lot_size = 5, .tick_size = 0.1, .multiplier = 1});
    pln_portfolio *p = must(pln_portfolio_new(&pc, 1));
    pln_exec_add_portfolio(x, p);
    pln_exec_add_caller(x, 0, &bars);
    assert_int_equal(pln_exec_next(x, INT64_MAX), 0);
    pln_order_request q = BUY(.type = PLN_ORDER_LIMIT, .limit_price = 60.05, .size = 10);
    assert_true((pln_exec_submit(x, 0, &q) == 0) == reject);
    q.limit_price = 60.1;
    q.size = 12;
    assert_true((pln_exec_submit(x, 0, &q) == 0) == reject);
    q.size = 10;
    assert_true(pln_exec_submit(x, 0, &q) > 0);
    const pln_refusal_count *n = pln_portfolio_refusals(p);
    assert_int_equal(n[PLN_REFUSAL_OFF_TICK].count, reject);
    assert_int_equal(n[PLN_REFUSAL_OFF_LOT].count, reject);
    const pln_order *o;
    assert_int_equal(pln_exec_pending(x, 0, &o), reject ? 1 : 3);
    if (!reject) assert_true(o[0].limit_price == 60.0 && o[1].quantity == 10);
    pln_exec_free(x);
    pln_portfolio_free(p);
    rig_bars_free(&bars);
  }
}

static void volume_bounds_fills(void **state) {
  (void)state;
  const pln_exec_config c = {.max_volume_pct = 4};
  rig *r = make(wave, 4, &c);
  rig_to(r, 0);
  const int64_t ioc = put(r, BUY(.tif = PLN_TIF_IOC));
  const int64_t fok = put(r, BUY(.tif = PLN_TIF_FOK));
  const int64_t small = put(r, BUY(.tif = PLN_TIF_FOK, .size = 1));
  rig_to(r, 1); /* the IOC order took all that there was */
  is_fill(r, 0, 1, 4, 102);
  is_end(r, ioc, PLN_STATUS_EXPIRED, PLN_REFUSAL_VOLUME);
  is_end(r, fok, PLN_STATUS_EXPIRED, PLN_REFUSAL_VOLUME);
  is_end(r, small, PLN_STATUS_EXPIRED, PLN_REFUSAL_VOLUME);
  assert_true(ended(r, ioc)->filled == 4 && ended(r, ioc)->quantity == 10);
  put(r, BUY(.type = PLN_ORDER_STOP, .stop_price = 109));
  const int64_t stop = r->exec ? pln_exec_submit(r->exec, 0, &BUY(.tif = PLN_TIF_FOK, .size = 3)) : 0;
  rig_to(r, 2);
  is_end(r, stop, PLN_STATUS_FILLED, PLN_REFUSAL_NONE);
  is_fill(r, 1, 2, 3, 104);
  is_fill(r, 2, 2, 1, 109);
  rig_end(r); /* a stop that was triggered is at market from then on: 80 */
  is_fill(r, 3, 3, 4, 80);
  rig_free(r);
  /* A protective stop closes what the volume lets it, the rest at the next open. */
  r = make(wave, 4, &c);
  rig_to(r, 0);
  put(r, BUY(.size = 4));
  rig_to(r, 1);
  put(r, BUY(.size = 4, .stop_loss = 99));
  rig_to(r, 2); /* the entry has used the volume up */
  assert_int_equal(n_fills(r), 2);
  rig_end(r);
  is_fill(r, 2, 3, 4, 80);
  rig_free(r);
  /* A FOK order that could be paid in part only is killed whole, and nothing is left of the attempt. */
  r = make(wave, 4, NULL);
  rig_to(r, 0);
  const int64_t dear = put(r, BUY(.tif = PLN_TIF_FOK, .size = 1000));
  const int64_t fits = put(r, BUY(.tif = PLN_TIF_FOK, .size = 98));
  rig_end(r);
  is_end(r, dear, PLN_STATUS_EXPIRED, PLN_REFUSAL_REDUCED_CASH);
  is_end(r, fits, PLN_STATUS_FILLED, PLN_REFUSAL_NONE);
  assert_int_equal(n_fills(r), 1);
  rig_free(r);
}

static void quotes_are_what_fills(void **state) {
  (void)state;
  double bid[4][4], ask[4][4];
  for (int32_t i = 0; i < 4; i++)
    for (int32_t j = 0; j < 4; j++) {
      bid[i][j] = wave[i][j] - 1;
      ask[i][j] = wave[i][j] + 1;
    }
  pln_bars quotes[2];
  rig_bars(&quotes[0], bid, 4);
  rig_bars(&quotes[1], ask, 4);
  const struct {
    pln_order_request q;
    int64_t bar;
    double price;
  } cases[] = {
      {BUY(0), 1, 103},
      {SELL(0), 1, 101},
      {BUY(.type = PLN_ORDER_LIMIT, .limit_price = 95.5), 2, 95.5}, /* the ask of bar 1 falls to 96 only */
      {SELL(.type = PLN_ORDER_LIMIT, .limit_price = 104.5), 2, 104.5},
      {BUY(.type = PLN_ORDER_STOP, .stop_price = 105.5), 1, 105.5},
      {SELL(.type = PLN_ORDER_STOP, .stop_price = 94.5), 1, 94.5}};
  for (int32_t policy = 0; policy < 5; policy++)
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
      rig *r = make(wave, 4, &(pln_exec_config){.intrabar = policy});
      assert_int_equal(pln_exec_set_quotes(r->exec, 0, &quotes[0], &quotes[1]), 0);
      rig_to(r, 0);
      put(r, cases[i].q);
      rig_to(r, 1);
      const double expected = cases[i].bar == 1 ? cases[i].q.side * 10 * (103 - cases[i].price) : 0;
      NEAR(rig_account(r)->equity, 10000 + expected); /* marked at the instrument's own close */
      rig_end(r);
      is_fill(r, 0, cases[i].bar, 10, cases[i].price);
      rig_free(r);
    }
  /* A long position's stop meets the bid, which reaches it where the bar itself does not. */
  rig *r = make(wave, 4, NULL);
  assert_int_equal(pln_exec_set_quotes(r->exec, 0, &quotes[0], &quotes[1]), 0);
  rig_to(r, 0);
  put(r, BUY(.stop_loss = 94.5));
  rig_end(r);
  is_fill(r, 1, 1, 10, 94.5);
  rig_free(r);
  r = make(wave, 3, NULL);
  assert_true(pln_exec_set_quotes(r->exec, 0, &quotes[0], &quotes[1]) < 0);
  assert_true(pln_exec_set_quotes(r->exec, 0, &quotes[0], NULL) < 0);
  rig_free(r);
  rig_bars_free(&quotes[0]);
  rig_bars_free(&quotes[1]);
}

static double level[12][4];

static void algorithms(void **state) {
  (void)state;
  for (int32_t i = 0; i < 12; i++)
    for (int32_t j = 0; j < 4; j++) level[i][j] = 10 + i;
  rig *r = make(level, 12, NULL);
  rig_to(r, 0);
  /* Four slices in eight minutes, from the close of bar 0 on: bars 1, 3, 5, 7. */
  const int64_t twap = put(r, BUY(.size = 10, .algo = PLN_ALGO_TWAP, .duration_ns = 8 * MINUTE, .slices = 4));
  assert_true(twap > 0);
  rig_to(r, 3);
  assert_true(pending(r, twap)->filled == 5 && pending(r, twap)->n_children == 2);
  assert_int_equal(pending(r, twap)->status, PLN_STATUS_PARTIALLY_FILLED);
  rig_end(r);
  is_fill(r, 0, 1, 2, 11);
  is_fill(r, 1, 3, 3, 13);
  is_fill(r, 2, 5, 2, 15);
  is_fill(r, 3, 7, 3, 17);
  is_end(r, twap, PLN_STATUS_FILLED, PLN_REFUSAL_NONE);
  const pln_order *o = ended(r, twap);
  NEAR(o->average_fill_price, (22 + 39 + 30 + 51) / 10.0);
  assert_true(o->n_children == 4 && o->filled == 10);
  assert_true(ended(r, twap + 1)->parent == twap);
  rig_free(r);

  r = make(level, 12, NULL);
  rig_to(r, 0);
  for (int32_t i = 2; i < 12; i++) ((double *)r->bars[0].volume)[i] = i == 2 ? 70 : 30;
  const int64_t pov = put(r, BUY(.size = 20, .algo = PLN_ALGO_POV, .participation_pct = 10));
  rig_end(r);
  is_fill(r, 0, 2, 10, 12); /* of bar 1's 100, seen at its end */
  is_fill(r, 1, 3, 7, 13);
  is_fill(r, 2, 4, 3, 14);
  is_end(r, pov, PLN_STATUS_FILLED, PLN_REFUSAL_NONE);
  rig_free(r);

  r = make(level, 12, NULL);
  rig_to(r, 0);
  const int64_t berg = put(r, BUY(.type = PLN_ORDER_LIMIT, .limit_price = 50, .size = 10,
                                  .algo = PLN_ALGO_ICEBERG, .visible = 4, .stop_loss = 1));
  rig_end(r);
  is_fill(r, 0, 1, 4, 11);
  is_fill(r, 1, 2, 4, 12);
  is_fill(r, 2, 3, 2, 13);
  is_end(r, berg, PLN_STATUS_FILLED, PLN_REFUSAL_NONE);
  rig_free(r);

  /* A limit that is not met: the time runs out, and the children end with their parent. */
  r = make(level, 12, NULL);
  rig_to(r, 0);
  const int64_t far = put(r, BUY(.type = PLN_ORDER_LIMIT, .limit_price = 5, .size = 10, .algo = PLN_ALGO_TWAP,
                                 .duration_ns = 4 * MINUTE, .slices = 2));
  rig_to(r, 2);
  assert_non_null(pending(r, far + 1));
  rig_to(r, 5);
  is_end(r, far, PLN_STATUS_EXPIRED, PLN_REFUSAL_EXPIRED);
  is_end(r, far + 1, PLN_STATUS_CANCELED, PLN_REFUSAL_PARENT);
  /* Canceling the parent cancels its children; a child that cannot be paid ends its parent. */
  const int64_t gone = put(
      r, BUY(.type = PLN_ORDER_LIMIT, .limit_price = 5, .size = 10, .algo = PLN_ALGO_ICEBERG, .visible = 4));
  rig_to(r, 6);
  assert_int_equal(pln_exec_cancel(r->exec, 0, gone), 1);
  is_end(r, gone + 1, PLN_STATUS_CANCELED, PLN_REFUSAL_PARENT);
  put(r, BUY(.size_type = PLN_ORDER_SIZE_PERCENT, .size = 100));
  rig_to(r, 7);
  const int64_t poor =
      put(r, BUY(.size = 1000, .algo = PLN_ALGO_TWAP, .duration_ns = 4 * MINUTE, .slices = 2));
  rig_end(r);
  is_end(r, poor, PLN_STATUS_REJECTED, PLN_REFUSAL_CASH);
  rig_free(r);

  r = make(level, 12, NULL);
  rig_to(r, 0);
  assert_true(put(r, BUY(.algo = PLN_ALGO_TWAP)) < 0);
  assert_true(put(r, BUY(.algo = PLN_ALGO_ICEBERG, .visible = 2)) < 0);
  assert_true(put(r, BUY(.algo = PLN_ALGO_POV, .participation_pct = 101)) < 0);
  assert_true(
      put(r, BUY(.type = PLN_ORDER_STOP, .stop_price = 9, .algo = PLN_ALGO_POV, .participation_pct = 1)) < 0);
  rig_free(r);
}

/* Bars at 9:50 to 10:50 with volumes 0, 100, 100, 400, 200, 100, 100. An order at 9:51 of the last day over
 * an hour in three slices of twenty minutes: 200, 600 and 200 of 1,000. What the day itself trades does not
 * matter; without a past day the slices are even. */
static void vwap_learns_from_past_sessions(void **state) {
  (void)state;
  enum { A_DAY = 7, MOST = 3 * A_DAY };
  static double rows[MOST][4];
  const double volumes[A_DAY] = {0, 100, 100, 400, 200, 100, 100};
  for (int32_t i = 0; i < MOST; i++)
    for (int32_t j = 0; j < 4; j++) rows[i][j] = 10;
  for (int32_t past = 0; past <= 2; past++)
    for (int32_t today = 0; today < 2; today++) {
      rig *r = make(rows, (past + 1) * A_DAY, NULL);
      for (int32_t i = 0; i < (past + 1) * A_DAY; i++) {
        ((int64_t *)r->bars[0].ts_ns)[i] = (i / A_DAY) * 3 * DAY + (590 + 10 * (i % A_DAY)) * MINUTE;
        ((double *)r->bars[0].volume)[i] = i / A_DAY < past ? volumes[i % A_DAY] : today * 77 * (i % 3);
      }
      step_to(r, past * A_DAY);
      const int64_t id =
          put(r, BUY(.size = 90, .algo = PLN_ALGO_VWAP, .duration_ns = 60 * MINUTE, .slices = 3));
      rig_end(r);
      const int64_t first = past * A_DAY + 1;
      is_fill(r, 0, first, past ? 18 : 30, 10);
      is_fill(r, 1, first + 2, past ? 54 : 30, 10);
      is_fill(r, 2, first + 4, past ? 18 : 30, 10);
      is_end(r, id, PLN_STATUS_FILLED, PLN_REFUSAL_NONE);
      rig_free(r);
    }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(trailing_orders),
                                     cmocka_unit_test(trailing_by_a_gauge),
                                     cmocka_unit_test(at_the_close),
                                     cmocka_unit_test(on_open_and_on_close),
                                     cmocka_unit_test(on_close_of_a_half_day),
                                     cmocka_unit_test(good_till_date),
                                     cmocka_unit_test(one_cancels_other),
                                     cmocka_unit_test(brackets),
                                     cmocka_unit_test(children_follow_their_parents_fills),
                                     cmocka_unit_test(reduce_only),
                                     cmocka_unit_test(replacing),
                                     cmocka_unit_test(a_bracket_goes_with_its_replaced_parent),
                                     cmocka_unit_test(off_the_tick_and_the_lot),
                                     cmocka_unit_test(volume_bounds_fills),
                                     cmocka_unit_test(quotes_are_what_fills),
                                     cmocka_unit_test(algorithms),
                                     cmocka_unit_test(vwap_learns_from_past_sessions)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
