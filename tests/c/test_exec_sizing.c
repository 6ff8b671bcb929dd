#include "exec_util.h"
#include "portfolio/sizing.h"

/* Sizes by volatility, by risk and by Kelly; bands, budgets and pyramids. Reckoned by hand. */

static void push(pln_exec *exec, int32_t source, int64_t bar, int32_t direction, double strength) {
  const pln_signal s = {
      .ts_ns = rig_visible(bar), .direction = direction, .strength = strength, .confidence = 1};
  assert_int_equal(pln_exec_push_signals(exec, source, &s, 1), 0);
}

static void run_to(rig *r, int64_t bar) {
  assert_int_equal(pln_exec_run(r->exec, rig_visible(bar)), PLN_EXEC_DONE);
}

static void end(pln_exec *exec) {
  assert_int_equal(pln_exec_run(exec, INT64_MAX), PLN_EXEC_DONE);
  assert_int_equal(pln_exec_finish(exec), 0);
}

static void level(double (*rows)[4], int64_t from, int64_t until, double price) {
  for (int64_t i = from; i < until; i++)
    for (int j = 0; j < 4; j++) rows[i][j] = price;
}

/* A rig with a gauge over its bars, before the portfolio, as the configuration makes them. */
static rig *rig_gauged(double (*rows)[4], int64_t n, const double *column, const pln_portfolio_config *p) {
  rig *r = must(calloc(1, sizeof *r));
  rig_bars(&r->bars[0], rows, n);
  r->exec = must(pln_exec_new(&(pln_exec_config){.record_equity = 1, .record_orders = 1}));
  assert_int_equal(
      pln_exec_add_instrument(r->exec, &r->bars[0], &(pln_instrument){.lot_size = 1, .multiplier = 2}), 0);
  assert_int_equal(pln_exec_add_gauge(r->exec), 0);
  assert_int_equal(pln_exec_set_gauge(r->exec, 0, 0, &r->bars[0], column), 0);
  r->portfolio = must(pln_portfolio_new(p, 1));
  assert_int_equal(pln_exec_add_portfolio(r->exec, r->portfolio), 0);
  assert_int_equal(pln_exec_add_source(r->exec, 0, 0, 1), 0);
  return r;
}

static void volatility_target_and_atr_risk(void **state) {
  (void)state;
  double rows[6][4];
  level(rows, 0, 1, 50);
  level(rows, 1, 6, 40);
  const double column[] = {0.25, 0.5, NAN, 0.5, 0.5, 0.5}; /* the later ones must not matter */
  const struct {
    pln_sizing sizing;
    double expected;
  } cases[] = {/* 10000 x 12 % / 0.25 = 4800; at 50 x 2 a unit: 48; at the fill, 40 x 2: 60 */
               {{.type = PLN_SIZE_VOLATILITY_TARGET, .value = 12}, 48},
               {{.type = PLN_SIZE_VOLATILITY_TARGET, .value = 12, .at = PLN_SIZE_AT_FILL}, 60},
               {{.type = PLN_SIZE_VOLATILITY_TARGET, .value = 12, .max_pct = 30}, 30},
               {{.type = PLN_SIZE_VOLATILITY_TARGET, .value = 12, .max_pct = 30, .at = PLN_SIZE_AT_FILL}, 37},
               /* 10000 x 0.1 % = 10 lost by 3 x 0.25 x 2 a unit: 6.67; the price does not matter */
               {{.type = PLN_SIZE_ATR_RISK, .value = 0.1, .multiple = 3}, 6},
               {{.type = PLN_SIZE_ATR_RISK, .value = 0.1, .multiple = 3, .at = PLN_SIZE_AT_FILL}, 6},
               {{.type = PLN_SIZE_ATR_RISK, .value = 0.1, .multiple = 3, .max_pct = 4}, 4},
               {{.type = PLN_SIZE_QUANTITY, .value = 77, .max_pct = 60}, 60},
               {{.type = PLN_SIZE_CASH, .value = 7700, .max_pct = 60}, 60}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    for (int32_t side = -1; side <= 1; side += 2) {
      pln_portfolio_config p = rig_portfolio();
      p.sizing = cases[i].sizing;
      rig *r = rig_gauged(rows, 6, column, &p);
      push(r->exec, 0, 0, side, 1);
      end(r->exec);
      assert_true(rig_position(r)->quantity == side * cases[i].expected);
      rig_free(r);
    }
  /* Without a value there is no size. */
  pln_portfolio_config p = rig_portfolio();
  p.sizing = cases[0].sizing;
  rig *r = rig_gauged(rows, 6, column, &p);
  push(r->exec, 0, 2, 1, 1);
  end(r->exec);
  assert_true(rig_position(r)->quantity == 0);
  assert_int_equal(rig_refusals(r, PLN_REFUSAL_NO_GAUGE), 1);
  rig_free(r);
  p.sizing.gauge = 1;
  r = rig_gauged(rows, 6, column, &p);
  assert_int_equal(pln_exec_run(r->exec, INT64_MAX), PLN_ERR_ARGUMENT);
  rig_free(r);
}

static void fixed_fractional(void **state) {
  (void)state;
  double rows[6][4];
  level(rows, 0, 1, 100);
  level(rows, 1, 6, 80);
  for (int32_t at = 0; at < 2; at++)
    for (int32_t rule = 0; rule < 3; rule++) {
      pln_portfolio_config p = rig_portfolio();
      p.leverage = 100;
      p.sizing = (pln_sizing){.type = PLN_SIZE_FIXED_FRACTIONAL, .value = 2, .at = at};
      if (rule == 0) p.risk.stop_loss_pct = 4;
      if (rule == 1) p.risk.trailing_stop_pct = 4;
      rig *r = rig_new(rows, 6, &(pln_exec_config){0}, &p);
      assert_int_equal(pln_exec_add_source(r->exec, 0, 0, 1), 0);
      push(r->exec, 0, 0, 1, 1);
      end(r->exec);
      /* 200 are lost by a fall of 4 from 100, or of 3.2 from 80 */
      assert_true(rig_position(r)->quantity == (rule == 2 ? 0 : at ? 62 : 50));
      assert_int_equal(rig_refusals(r, PLN_REFUSAL_NO_STOP), rule == 2);
      rig_free(r);
    }
  /* The order's own stop; the nearer of both holds. */
  for (int32_t i = 0; i < 4; i++) {
    pln_portfolio_config p = rig_portfolio();
    p.leverage = 100;
    p.sizing = (pln_sizing){.type = PLN_SIZE_FIXED_FRACTIONAL, .value = 2, .at = i & 1};
    if (i >= 2) p.risk.stop_loss_pct = 4;
    rig *r = rig_new(rows, 6, &(pln_exec_config){0}, &p);
    assert_int_equal(pln_exec_add_caller(r->exec, 0, &r->bars[0]), 0);
    rig_to(r, 0);
    const pln_order_request buy = {
        .side = PLN_SIDE_BUY, .size_type = PLN_ORDER_SIZE_DEFAULT, .stop_loss = 70};
    assert_true(pln_exec_submit(r->exec, 0, &buy) > 0);
    const pln_order_request sell = {
        .side = PLN_SIDE_SELL, .size_type = PLN_ORDER_SIZE_DEFAULT, .stop_loss = 70};
    if (i < 2) assert_true(pln_exec_submit(r->exec, 0, &sell) == 0); /* a stop below protects no sale */
    rig_end(r);
    const double expected[] = {6, 20, 50, 62}; /* 200 / 30, 200 / 10, then as above */
    assert_true(rig_position(r)->quantity == expected[i]);
    rig_free(r);
  }
}

static void kelly_share(void **state) {
  (void)state;
  pln_kelly k = {0};
  assert_int_equal(pln_kelly_reserve(&k, 4), 0);
  pln_kelly_note(&k, -9); /* leaves the ring */
  pln_kelly_note(&k, 3);
  assert_true(k.n == 2);
  NEAR(pln_kelly_share(&k), 0.5 - 0.5 / (3.0 / 9));
  pln_kelly_note(&k, 1);
  pln_kelly_note(&k, -1);
  pln_kelly_note(&k, 2);
  assert_true(k.n == 4);
  NEAR(pln_kelly_share(&k), 0.75 - 0.25 / 2); /* three gains of 2 on average, a loss of 1 */
  pln_kelly_note(&k, -4);
  NEAR(pln_kelly_share(&k), 0.5 - 0.5 / (1.5 / 2.5));
  for (int i = 0; i < 4; i++) pln_kelly_note(&k, -1);
  assert_true(pln_kelly_share(&k) == -INFINITY);
  for (int i = 0; i < 4; i++) pln_kelly_note(&k, 0.5);
  assert_true(pln_kelly_share(&k) == 1);
  pln_kelly_free(&k);
}

/* Trades of +20 %, -10 %, +20 %: W = 2/3, R = 2, f = 2/3 - 1/6 = 1/2. */
static void kelly_sizes(void **state) {
  (void)state;
  double rows[16][4];
  level(rows, 0, 2, 100);
  level(rows, 2, 4, 120); /* out at 120 */
  level(rows, 4, 6, 100);
  level(rows, 6, 8, 90);
  level(rows, 8, 10, 100);
  level(rows, 10, 12, 120);
  level(rows, 12, 16, 100);
  for (int32_t i = 0; i < 4; i++) {
    pln_portfolio_config p = rig_portfolio();
    p.capital = 1e6;
    p.sizing = (pln_sizing){.type = PLN_SIZE_KELLY,
                            .value = 10,
                            .fraction = 0.5,
                            .window = 3,
                            .min_trades = 3,
                            .max_pct = i == 1 ? 20 : 0};
    if (i >= 2) p.sizing.window = p.sizing.min_trades = 2; /* -10 %, +20 %: W = 1/2, R = 2, f = 1/4 */
    if (i == 3) p.sizing.min_pct = 40;
    rig *r = rig_new(rows, 16, &(pln_exec_config){0}, &p);
    assert_int_equal(pln_exec_add_source(r->exec, 0, 0, 1), 0);
    for (int64_t b = 0; b < 12; b += 4) {
      push(r->exec, 0, b, 1, 1);
      push(r->exec, 0, b + 1, 0, 1);
    }
    push(r->exec, 0, 12, 1, 1);
    run_to(r, 11);
    assert_int_equal(rig_account(r)->n_trades, 3);
    const double equity = rig_account(r)->equity, share[] = {0.25, 0.2, 0.125, 0.4};
    end(r->exec);
    assert_true(rig_position(r)->quantity == floor(equity * share[i] / 100));
    rig_free(r);
  }
}

/* Two losses: no edge. Nothing is entered any more, unless there is a least size. */
static void kelly_without_edge(void **state) {
  (void)state;
  double rows[12][4];
  for (int64_t i = 0; i < 12; i++) level(rows, i, i + 1, 100 - (double)i);
  for (int32_t i = 0; i < 2; i++) {
    pln_portfolio_config p = rig_portfolio();
    p.sizing = (pln_sizing){.type = PLN_SIZE_KELLY, .value = 10, .fraction = 1, .window = 5, .min_trades = 2};
    if (i) p.sizing.min_pct = 5;
    rig *r = rig_new(rows, 12, &(pln_exec_config){0}, &p);
    assert_int_equal(pln_exec_add_source(r->exec, 0, 0, 1), 0);
    for (int64_t b = 0; b < 8; b += 2) push(r->exec, 0, b, b % 4 == 0, 1);
    push(r->exec, 0, 8, 1, 1);
    end(r->exec);
    assert_int_equal(rig_account(r)->n_trades, 2);
    assert_int_equal(rig_refusals(r, PLN_REFUSAL_NO_EDGE), !i);
    assert_true(rig_position(r)->quantity == (i ? 5 : 0)); /* 5 % of some 9995 at 92 */
    rig_free(r);
  }
}

static void bands(void **state) {
  (void)state;
  double rows[12][4];
  level(rows, 0, 12, 100);
  const struct {
    double absolute, relative;
    double held[4];
  } cases[] = {{0, 0, {50, 53, 60, 20}},   {5, 0, {50, 50, 60, 20}},  /* 3 % of the equity away, then 10 */
               {15, 0, {50, 50, 50, 20}},  {0, 10, {50, 50, 60, 20}}, /* 3 of 53 are 5.7 %, 10 of 60 16.7 % */
               {4, 18, {50, 50, 60, 20}},                             /* one that is exceeded suffices */
               {50, 200, {50, 50, 50, 20}}}; /* 30 of 20 are 150 %, but the last one is a reversal */
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    pln_portfolio_config p = rig_portfolio();
    p.rebalance = 1;
    p.scaling.band_pct = cases[i].absolute;
    p.scaling.band_relative_pct = cases[i].relative;
    rig *r = rig_new(rows, 12, &(pln_exec_config){0}, &p);
    assert_int_equal(pln_exec_add_source(r->exec, 0, 0, 1), 0);
    push(r->exec, 0, 0, 1, 0.5);
    push(r->exec, 0, 2, 1, 0.53);
    push(r->exec, 0, 4, 1, 0.6);
    push(r->exec, 0, 6, -1, 0.2);
    for (int64_t b = 1, k = 0; k < 4; b += 2, k++) {
      run_to(r, b);
      assert_true(rig_position(r)->quantity == (k == 3 ? -cases[i].held[k] : cases[i].held[k]));
    }
    end(r->exec);
    rig_free(r);
  }
}

/* Half of the equity in an instrument that doubles: 50 x 200 of 15000 are brought to 37 x 200. */
static void positions_are_brought_back(void **state) {
  (void)state;
  double rows[12][4];
  level(rows, 0, 3, 100);
  level(rows, 3, 7, 200);
  level(rows, 7, 12, 210);
  const int64_t times[] = {rig_visible(5), rig_visible(20)};
  for (int32_t i = 0; i < 4; i++) {
    pln_portfolio_config p = rig_portfolio();
    p.sizing.value = 50;
    if (i < 2) p.scaling.every_bar = 1;
    if (i & 1) p.scaling.band_pct = 10;
    rig *r = rig_new(rows, 12, &(pln_exec_config){0}, &p);
    assert_int_equal(pln_exec_add_source(r->exec, 0, 0, 1), 0);
    if (i == 2 || i == 3) assert_int_equal(pln_exec_set_rebalancing(r->exec, 0, times, 2), 0);
    push(r->exec, 0, 0, 1, 1);
    run_to(r, 2);
    assert_true(rig_position(r)->quantity == 50);
    run_to(r, 5);
    assert_true(rig_position(r)->quantity == (i < 2 ? 37 : 50)); /* 7500 / 200 */
    run_to(r, 6);
    assert_true(rig_position(r)->quantity == 37);
    end(r->exec);
    assert_true(rig_position(r)->quantity == (i == 0 ? 36 : 37)); /* 37 x 10 more: 15370 / 2 / 210 */
    rig_free(r);
  }
}

static void a_pyramid_has_bounds(void **state) {
  (void)state;
  double rows[14][4];
  for (int64_t i = 0; i < 14; i++) level(rows, i, i + 1, 100 + (double)i);
  const struct {
    int32_t entries;
    double step, add;
    double held;
    int32_t code;
    int64_t times;
  } cases[] = {{0, 0, 0, 8, PLN_REFUSAL_MAX_ENTRIES, 0},
               {2, 0, 0, 4, PLN_REFUSAL_MAX_ENTRIES, 2},
               {0, 3, 0, 4, PLN_REFUSAL_PYRAMID_STEP, 2}, /* entries at 101, (103,) 105, (107) */
               {0, 0, 50, 5, PLN_REFUSAL_REDUCED_ADDITION, 3}};
  for (size_t i = 0; i < 4; i++) {
    pln_portfolio_config p = rig_portfolio();
    p.rebalance = 1;
    p.sizing = (pln_sizing){.type = PLN_SIZE_QUANTITY, .value = 8};
    p.scaling.max_entries = cases[i].entries;
    p.scaling.step_pct = cases[i].step;
    p.scaling.add_pct = cases[i].add;
    /* By a signal that grows stronger … */
    rig *r = rig_new(rows, 14, &(pln_exec_config){0}, &p);
    assert_int_equal(pln_exec_add_source(r->exec, 0, 0, 1), 0);
    for (int64_t k = 0; k < 4; k++) push(r->exec, 0, 2 * k, 1, 0.25 * (double)(k + 1));
    end(r->exec);
    /* … whose level says how much is to be held: what was refused comes with the next entry. */
    const double by_signal[] = {8, 4, 6, 5};
    assert_true(rig_position(r)->quantity == by_signal[i]);
    assert_int_equal(rig_refusals(r, cases[i].code), cases[i].times);
    rig_free(r);
    /* … and by orders. */
    r = rig_new(rows, 14, &(pln_exec_config){0}, &p);
    assert_int_equal(pln_exec_add_caller(r->exec, 0, &r->bars[0]), 0);
    for (int64_t k = 0; k < 4; k++) {
      rig_to(r, 2 * k);
      const pln_order_request buy = {.side = PLN_SIDE_BUY, .size = 2};
      assert_true(pln_exec_submit(r->exec, 0, &buy) > 0);
    }
    rig_end(r);
    assert_true(rig_position(r)->quantity == cases[i].held);
    assert_int_equal(rig_refusals(r, cases[i].code), cases[i].times);
    rig_free(r);
  }
}

typedef struct trio {
  pln_bars bars[3];
  pln_portfolio *portfolio;
  pln_exec *exec;
} trio;

static trio *trio_new(double (*rows)[4], int64_t n, const pln_portfolio_config *p) {
  trio *t = must(calloc(1, sizeof *t));
  t->exec = must(pln_exec_new(&(pln_exec_config){.record_equity = 1, .record_orders = 1}));
  for (int32_t k = 0; k < 3; k++) {
    rig_bars(&t->bars[k], rows, n);
    assert_int_equal(
        pln_exec_add_instrument(t->exec, &t->bars[k], &(pln_instrument){.lot_size = 1, .multiplier = 1}), k);
  }
  t->portfolio = must(pln_portfolio_new(p, 3));
  assert_int_equal(pln_exec_add_portfolio(t->exec, t->portfolio), 0);
  for (int32_t k = 0; k < 3; k++) assert_int_equal(pln_exec_add_source(t->exec, 0, k, k == 2 ? 0.5 : 1), k);
  return t;
}

static void trio_free(trio *t) {
  pln_exec_free(t->exec);
  pln_portfolio_free(t->portfolio);
  for (int32_t k = 0; k < 3; k++) rig_bars_free(&t->bars[k]);
  free(t);
}

static void holds(const trio *t, double a, double b, double c) {
  const pln_position *p = pln_portfolio_positions(t->portfolio);
  if (p[0].quantity != a || p[1].quantity != b || p[2].quantity != c)
    fail_msg("held %g, %g, %g, expected %g, %g, %g", p[0].quantity, p[1].quantity, p[2].quantity, a, b, c);
}

/* 120 long, 60 short: shared by those that are on a side, in proportion to weight x strength. */
static void budgets(void **state) {
  (void)state;
  double rows[16][4];
  level(rows, 0, 16, 100);
  rows[11][2] = 80; /* stops the long ones out */
  pln_portfolio_config p = rig_portfolio();
  p.leverage = 2;
  p.scaling.long_pct = 120;
  p.scaling.short_pct = 60;
  for (p.rebalance = 0; p.rebalance < 2; p.rebalance++) {
    trio *t = trio_new(rows, 16, &p);
    push(t->exec, 0, 0, 1, 1);
    push(t->exec, 1, 0, -1, 1);
    push(t->exec, 2, 2, 1, 1); /* a second on the long side: 1 to 0.5 */
    push(t->exec, 0, 4, 1, 0.5);
    push(t->exec, 1, 6, 0, 1);
    push(t->exec, 0, 8, -1, 1);
    const double expected[5][3] = {{120, -60, 0}, {80, -60, 40}, {80, -60, 40}, {80, 0, 40}, {-60, 0, 120}};
    for (int64_t i = 0; i < 5; i++) {
      assert_int_equal(pln_exec_run(t->exec, rig_visible(1 + 2 * i)), PLN_EXEC_DONE);
      const bool scaled = p.rebalance && (i == 2 || i == 3);
      holds(t, scaled ? 60 : expected[i][0], expected[i][1], scaled ? 60 : expected[i][2]);
    }
    end(t->exec);
    trio_free(t);
  }
  /* A stop-out leaves its share to the others. */
  p.rebalance = 0;
  p.risk.stop_loss_pct = 15;
  trio *t = trio_new(rows, 16, &p);
  push(t->exec, 0, 0, 1, 1);
  push(t->exec, 1, 10, 1, 1); /* enters at the open of the bar that touches: stopped as well */
  push(t->exec, 2, 13, -1, 1);
  assert_int_equal(pln_exec_run(t->exec, rig_visible(10)), PLN_EXEC_DONE);
  holds(t, 120, 0, 0);
  end(t->exec);
  assert_int_equal(pln_portfolio_refusals(t->portfolio)[PLN_REFUSAL_STOPPED_OUT].count, 2);
  const pln_position *pos = pln_portfolio_positions(t->portfolio);
  assert_true(pos[0].quantity == 0 && pos[1].quantity == 0 && pos[2].quantity < 0);
  trio_free(t);
}

static void what_is_out_of_range(void **state) {
  (void)state;
  for (int32_t i = 0; i < 10; i++) {
    pln_portfolio_config p = rig_portfolio();
    p.sizing = (pln_sizing){
        .type = PLN_SIZE_KELLY, .value = 1, .fraction = 1, .window = 2, .min_trades = 1, .multiple = 1};
    if (i == 1) p.sizing.type = 99;
    if (i == 2) p.sizing.fraction = 0;
    if (i == 3) p.sizing.min_trades = 3;
    if (i == 4) p.sizing.min_pct = (double)NAN;
    if (i == 5) p.sizing.max_pct = -1;
    if (i == 6) p.scaling.band_pct = -1;
    if (i == 7) p.scaling.max_entries = -1;
    if (i == 8) p.scaling.long_pct = (double)INFINITY;
    if (i == 9) p.sizing = (pln_sizing){.type = PLN_SIZE_ATR_RISK, .value = 1};
    pln_portfolio *made = pln_portfolio_new(&p, 1);
    assert_true((made != NULL) == (i == 0));
    pln_portfolio_free(made);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(volatility_target_and_atr_risk),
      cmocka_unit_test(fixed_fractional),
      cmocka_unit_test(kelly_share),
      cmocka_unit_test(kelly_sizes),
      cmocka_unit_test(kelly_without_edge),
      cmocka_unit_test(bands),
      cmocka_unit_test(positions_are_brought_back),
      cmocka_unit_test(a_pyramid_has_bounds),
      cmocka_unit_test(budgets),
      cmocka_unit_test(what_is_out_of_range),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
