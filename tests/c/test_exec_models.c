#include "exec_util.h"
#include "exec/model.h"

/* Adds a model by name with "parameter", value pairs; the last name is NULL. Returns its number. */
static int32_t add(rig *r, const char *name, const int32_t *gauges, int32_t instrument, ...) {
  const int32_t model = pln_cost_model_find(name);
  assert_true(model >= 0);
  const pln_model_info *info = pln_cost_model_get(model);
  double numbers[8] = {0};
  const double *values[8];
  int32_t counts[8] = {0};
  va_list list;
  va_start(list, instrument);
  for (const char *key; (key = va_arg(list, const char *));) {
    int32_t i = 0;
    while (i < info->n_params && strcmp(info->params[i].name, key) != 0) i++;
    assert_true(i < info->n_params);
    numbers[i] = va_arg(list, double);
    counts[i] = 1;
  }
  va_end(list);
  for (int32_t i = 0; i < 8; i++) values[i] = &numbers[i];
  const int32_t id = pln_exec_add_model(
      r->exec,
      &(pln_model_setting){
          .values = values, .counts = counts, .gauges = gauges, .model = model, .instrument = instrument});
  if (id < 0) fail_msg("%s", pln_error_last()->text);
  return id;
}

static double flat[40][4];

static rig *rig_flat(double price, double volume, const pln_portfolio_config *pc) {
  for (int i = 0; i < 40; i++)
    for (int c = 0; c < 4; c++) flat[i][c] = price;
  rig *r = rig_new(flat, 40, &(pln_exec_config){.finalize_trades = 0, .seed = 7}, pc);
  r->bars[0].has_volume = 1;
  for (int i = 0; i < 40; i++) ((double *)r->bars[0].volume)[i] = volume;
  assert_int_equal(pln_exec_add_caller(r->exec, 0, &r->bars[0]), 0);
  return r;
}

static void buy(rig *r, int32_t size_type, double size, int32_t at) {
  assert_true(
      pln_exec_submit(r->exec, 0,
                      &(pln_order_request){
                          .side = PLN_SIDE_BUY, .size_type = size_type, .size_at = at, .size = size}) > 0);
}

static const pln_fill *fill_at(rig *r, int64_t i) {
  const pln_fill *fills;
  assert_true(i < pln_exec_fills(r->exec, &fills));
  return &fills[i];
}

static void prices_and_kinds_add_up(void **state) {
  (void)state;
  pln_portfolio_config pc = rig_portfolio();
  rig *r = rig_flat(100, 1000, &pc);
  add(r, "fixed_bps", NULL, -1, "bps", 10.0, NULL);
  add(r, "half_spread", NULL, -1, "bps", 20.0, NULL);
  add(r, "volume_share", NULL, -1, "price_impact", 0.1, NULL);
  add(r, "percent", NULL, -1, "pct", 0.1, NULL);
  rig_to(r, 1);
  buy(r, PLN_ORDER_SIZE_QUANTITY, 50, 0);
  rig_end(r);
  const pln_execution_quality *q = pln_portfolio_quality(r->portfolio);
  const pln_fill *f = fill_at(r, 0);
  NEAR(f->price, 100 + 0.1 + 0.1 + 100 * 0.1 * 0.05 * 0.05);
  NEAR(f->fee, f->price * 50 * 0.001);
  NEAR(q->slippage, 5);
  NEAR(q->spread, 5);
  NEAR(q->impact, 1.25);
  NEAR(q->slippage + q->spread + q->impact, rig_account(r)->slippage_cost);
  NEAR(q->commission, rig_account(r)->fees);
  NEAR(q->arrival_cost, 11.25);
  NEAR(q->vwap_cost, 11.25);
  NEAR(q->notional, f->price * 50);
  NEAR(rig_account(r)->cash, 10000 - f->price * 50 - f->fee);
  rig_free(r);
}

/* What sizing counts on is what the fill costs: the largest number of lots within the budget, and no lot
 * more. */
static void the_largest_affordable_count(void **state) {
  (void)state;
  for (int32_t at = 0; at < 2; at++) {
    for (double capital = 5000; capital < 5e6; capital *= 1.7) {
      pln_portfolio_config pc = rig_portfolio();
      pc.capital = capital;
      rig *r = rig_flat(100, 20000, &pc);
      add(r, "volume_share", NULL, -1, "price_impact", 0.5, NULL);
      add(r, "per_share", NULL, -1, "rate", 0.01, "minimum", 3.0, NULL);
      rig_to(r, 1);
      buy(r, PLN_ORDER_SIZE_PERCENT, 100, at);
      rig_end(r);
      const pln_fill *f = fill_at(r, 0);
      const double n = f->quantity;
      assert_true(rig_account(r)->cash >= -1e-9 * capital);
      const double share = fmin((n + 1) / 20000, 1), price = 100 * (1 + 0.5 * share * share);
      const double fee = fmin(fmax(0.01 * (n + 1), 3), 0.01 * price * (n + 1));
      assert_true((n + 1) * price + fee > capital);
      rig_free(r);
    }
  }
}

/* The models that the short forms stand for give the same results. */
static void short_forms_are_models(void **state) {
  (void)state;
  double cash[2];
  for (int32_t form = 0; form < 2; form++) {
    pln_portfolio_config pc = rig_portfolio();
    for (int i = 0; i < 40; i++) flat[i][0] = flat[i][1] = flat[i][2] = flat[i][3] = 100 + i % 7;
    pln_exec_config ec = {0};
    if (form == 0) ec = (pln_exec_config){.commission = {.pct = 0.2}, .slippage_bps = 5, .spread_bps = 10};
    rig *r = rig_new(flat, 40, &ec, &pc);
    if (form == 1) {
      add(r, "fixed_bps", NULL, -1, "bps", 5.0, NULL);
      add(r, "half_spread", NULL, -1, "bps", 10.0, NULL);
      add(r, "percent", NULL, -1, "pct", 0.2, NULL);
    }
    assert_int_equal(pln_exec_add_caller(r->exec, 0, &r->bars[0]), 0);
    for (int i = 1; i < 30; i++) {
      rig_to(r, i);
      pln_exec_submit(r->exec, 0,
                      &(pln_order_request){.size_type = PLN_ORDER_SIZE_TARGET_PERCENT,
                                           .size = i % 3 == 0   ? 90
                                                   : i % 3 == 1 ? -40
                                                                : 0});
    }
    rig_end(r);
    cash[form] = rig_account(r)->equity;
    assert_true(rig_account(r)->n_fills > 20);
    rig_free(r);
  }
  NEAR(cash[0], cash[1]);
}

static void limit_orders_are_not_worsened(void **state) {
  (void)state;
  pln_portfolio_config pc = rig_portfolio();
  for (int i = 0; i < 40; i++) flat[i][0] = flat[i][3] = 100, flat[i][1] = 101, flat[i][2] = 98;
  rig *r = rig_new(flat, 40, &(pln_exec_config){.seed = 1}, &pc);
  add(r, "fixed_bps", NULL, -1, "bps", 50.0, NULL);
  add(r, "maker_taker", NULL, -1, "maker_pct", -0.01, "taker_pct", 0.05, NULL);
  assert_int_equal(pln_exec_add_caller(r->exec, 0, &r->bars[0]), 0);
  rig_to(r, 1);
  pln_exec_submit(
      r->exec, 0,
      &(pln_order_request){.side = PLN_SIDE_BUY, .type = PLN_ORDER_LIMIT, .size = 10, .limit_price = 99});
  pln_exec_submit(
      r->exec, 0,
      &(pln_order_request){.side = PLN_SIDE_BUY, .type = PLN_ORDER_LIMIT, .size = 10, .limit_price = 100});
  rig_end(r);
  const pln_fill *taken = fill_at(r, 0), *made = fill_at(r, 1); /* the open fills the second one: it takes */
  NEAR(made->price, 99);
  NEAR(made->fee, -990 * 0.0001);
  NEAR(taken->price, 100);
  NEAR(taken->fee, 1000 * 0.0005);
  rig_free(r);
}

static void an_instrument_has_its_own_commission(void **state) {
  (void)state;
  pln_portfolio_config pc = rig_portfolio();
  for (int i = 0; i < 40; i++)
    for (int c = 0; c < 4; c++) flat[i][c] = 100;
  rig *r = rig_new(flat, 40, &(pln_exec_config){.commission = {.per_order = 5}}, &pc);
  add(r, "percent", NULL, -1, "pct", 1.0, NULL);
  const double amount = 2;
  const double *values[] = {&amount};
  assert_true(pln_exec_add_model(r->exec, &(pln_model_setting){.values = values,
                                                               .counts = (int32_t[]){1},
                                                               .model = pln_cost_model_find("per_order"),
                                                               .instrument = 0,
                                                               .replaces = 1}) >= 0);
  assert_int_equal(pln_exec_add_caller(r->exec, 0, &r->bars[0]), 0);
  rig_to(r, 1);
  buy(r, PLN_ORDER_SIZE_QUANTITY, 10, 0);
  rig_end(r);
  NEAR(fill_at(r, 0)->fee, 2);
  rig_free(r);
}

/* The fee of an order is that of all its fills, the month's that of all orders. */
static void tiers_count_the_month(void **state) {
  (void)state;
  pln_portfolio_config pc = rig_portfolio();
  pc.capital = 1e6;
  rig *r = rig_flat(100, 1e9, &pc);
  const double by = 0, bounds = 100, rates[] = {1, 0.5}, none = 0;
  const double *values[] = {&by, &bounds, rates, &none, &none};
  assert_true(pln_exec_add_model(r->exec, &(pln_model_setting){.values = values,
                                                               .counts = (int32_t[]){1, 1, 2, 1, 1},
                                                               .model = pln_cost_model_find("tiered"),
                                                               .instrument = -1}) >= 0);
  assert_true(pln_exec_add_model(r->exec, &(pln_model_setting){.values = values,
                                                               .counts = (int32_t[]){1, 1, 2, 1, 1},
                                                               .model = pln_cost_model_find("tiered"),
                                                               .instrument = 0}) < 0); /* which month? */
  for (int i = 0; i < 3; i++) {
    rig_to(r, 1 + 2 * i);
    buy(r, PLN_ORDER_SIZE_QUANTITY, 60, 0);
  }
  rig_end(r);
  NEAR(fill_at(r, 0)->fee, 60);
  NEAR(fill_at(r, 1)->fee, 40 + 20 * 0.5);
  NEAR(fill_at(r, 2)->fee, 30);
  rig_free(r);
}

static void a_gauge_that_is_cold_costs_nothing_and_is_counted(void **state) {
  (void)state;
  pln_portfolio_config pc = rig_portfolio();
  pc.capital = 1e6;
  for (int i = 0; i < 40; i++)
    for (int c = 0; c < 4; c++) flat[i][c] = 100;
  rig *r = must(calloc(1, sizeof *r));
  rig_bars(&r->bars[0], flat, 40);
  r->exec = must(pln_exec_new(&(pln_exec_config){.record_equity = 1, .record_orders = 1}));
  assert_int_equal(
      pln_exec_add_instrument(r->exec, &r->bars[0], &(pln_instrument){.lot_size = 1, .multiplier = 1}), 0);
  double sigma[40], volume[40];
  for (int i = 0; i < 40; i++) sigma[i] = i < 10 ? NAN : 0.02, volume[i] = 1e6;
  const int32_t gauges[] = {pln_exec_add_gauge(r->exec), pln_exec_add_gauge(r->exec)};
  assert_int_equal(pln_exec_set_gauge(r->exec, gauges[0], 0, &r->bars[0], sigma), 0);
  assert_int_equal(pln_exec_set_gauge(r->exec, gauges[1], 0, &r->bars[0], volume), 0);
  r->portfolio = must(pln_portfolio_new(&pc, 1));
  assert_int_equal(pln_exec_add_portfolio(r->exec, r->portfolio), 0);
  add(r, "square_root_impact", gauges, -1, "coefficient", 1.0, NULL);
  assert_int_equal(pln_exec_add_caller(r->exec, 0, &r->bars[0]), 0);
  rig_to(r, 3);
  buy(r, PLN_ORDER_SIZE_QUANTITY, 100, 0);
  rig_to(r, 20);
  buy(r, PLN_ORDER_SIZE_QUANTITY, 100, 0);
  rig_end(r);
  NEAR(fill_at(r, 0)->price, 100);
  NEAR(fill_at(r, 1)->price, 100 + 100 * 0.02 * 0.01);
  assert_int_equal(pln_portfolio_quality(r->portfolio)->n_unpriced, 1);
  rig_free(r);
}

/* A limit that expires unfilled while the price ran away. */
static void what_was_missed_is_counted(void **state) {
  (void)state;
  pln_portfolio_config pc = rig_portfolio();
  for (int i = 0; i < 40; i++)
    for (int c = 0; c < 4; c++) flat[i][c] = 100 + i;
  rig *r = rig_new(flat, 40, &(pln_exec_config){0}, &pc);
  assert_int_equal(pln_exec_add_caller(r->exec, 0, &r->bars[0]), 0);
  rig_to(r, 1);
  pln_exec_submit(
      r->exec, 0,
      &(pln_order_request){.side = PLN_SIDE_BUY, .type = PLN_ORDER_LIMIT, .size = 10, .limit_price = 50});
  rig_end(r);
  NEAR(pln_portfolio_quality(r->portfolio)->opportunity_cost, 10 * (139 - 101));
  NEAR(pln_portfolio_quality(r->portfolio)->arrival_cost, 0);
  rig_free(r);
}

static void wrong_settings_are_refused(void **state) {
  (void)state;
  pln_portfolio_config pc = rig_portfolio();
  rig *r = rig_flat(100, 1, &pc);
  const double bad = -1;
  const double *values[] = {&bad, &bad, &bad};
  pln_model_setting s = {.values = values, .counts = (int32_t[]){1, 0, 0}, .instrument = -1};
  s.model = pln_cost_model_find("percent");
  assert_int_equal(pln_exec_add_model(r->exec, &s), PLN_ERR_ARGUMENT);
  assert_non_null(strstr(pln_error_last()->text, "model percent: pct is -1, expected 0 to 100"));
  s.counts = (int32_t[]){2, 0, 0};
  assert_int_equal(pln_exec_add_model(r->exec, &s), PLN_ERR_ARGUMENT);
  s.model = 10000;
  assert_int_equal(pln_exec_add_model(r->exec, &s), PLN_ERR_ARGUMENT);
  s.model = 0;
  s.instrument = 5;
  assert_int_equal(pln_exec_add_model(r->exec, &s), PLN_ERR_ARGUMENT);
  rig_free(r);
}

/* Hourly bars from Friday 2021-01-01 00:00 UTC; the price stays at 100. */
static rig *rig_hours(int64_t n, const pln_portfolio_config *pc) {
  double(*rows)[4] = must(calloc((size_t)n, sizeof *rows));
  for (int64_t i = 0; i < n; i++)
    for (int c = 0; c < 4; c++) rows[i][c] = 100;
  rig *r = must(calloc(1, sizeof *r));
  rig_bars(&r->bars[0], rows, n);
  free(rows);
  for (int64_t i = 0; i < n; i++) ((int64_t *)r->bars[0].ts_ns)[i] = 1609459200000000000 + i * 3600000000000;
  r->bars[0].timeframe.ns = 3600000000000;
  r->exec = must(pln_exec_new(&(pln_exec_config){.record_equity = 1, .record_orders = 1}));
  assert_int_equal(
      pln_exec_add_instrument(r->exec, &r->bars[0], &(pln_instrument){.lot_size = 1, .multiplier = 1}), 0);
  r->portfolio = must(pln_portfolio_new(pc, 1));
  assert_int_equal(pln_exec_add_portfolio(r->exec, r->portfolio), 0);
  return r;
}

static void hold(rig *r, double quantity, int64_t from_bar, int64_t to_bar) {
  const int64_t hour = 3600000000000, first = 1609459200000000000;
  assert_int_equal(pln_exec_add_caller(r->exec, 0, &r->bars[0]), 0);
  int32_t due;
  while ((due = pln_exec_next(r->exec, INT64_MAX)) >= 0) {
    const int64_t bar = (pln_exec_view_of(r->exec)->now_ns - first) / hour - 1;
    if (bar == from_bar || bar == to_bar)
      pln_exec_submit(r->exec, 0,
                      &(pln_order_request){.size_type = PLN_ORDER_SIZE_TARGET_QUANTITY,
                                           .size = bar == from_bar ? quantity : 0});
  }
  assert_int_equal(due, PLN_EXEC_DONE);
  assert_int_equal(pln_exec_finish(r->exec), 0);
}

/* Everything that came and went is accounted: equity = capital + realised + unrealised - open fees +
 * interest. */
static void adds_up(const rig *r, double capital) {
  const pln_account *a = rig_account(r);
  const pln_execution_quality *q = pln_portfolio_quality(r->portfolio);
  pln_trade open[8];
  double rest = 0;
  const int64_t n = pln_portfolio_open_trades(r->portfolio, open, 8);
  for (int64_t i = 0; i < n; i++) rest += open[i].pnl;
  NEAR(a->equity, capital + a->realized_pnl + rest + a->interest);
  NEAR(a->income, -q->borrow - q->funding);
  NEAR(a->interest, q->interest - q->margin_interest);
  NEAR(a->fees, q->commission + q->exchange_fees);
}

static void interest_is_paid_by_the_day(void **state) {
  (void)state;
  pln_portfolio_config pc = rig_portfolio();
  pc.leverage = 2;
  rig *r = rig_hours(72, &pc);
  add(r, "cash_interest", NULL, -1, "rate_pct", 3.6, NULL);
  add(r, "margin_interest", NULL, -1, "rate_pct", 7.2, NULL);
  hold(r, 150, 30, 200); /* from the second day on 5000 are borrowed */
  const double first = 10000 * 0.036 / 360, debit = 15000 - (10000 + first);
  const pln_execution_quality *q = pln_portfolio_quality(r->portfolio);
  NEAR(q->interest, first);
  NEAR(q->margin_interest, debit * 0.072 / 360 + (debit + debit * 0.072 / 360) * 0.072 / 360);
  adds_up(r, 10000);
  rig_free(r);
}

static void borrow_is_part_of_the_trade(void **state) {
  (void)state;
  pln_portfolio_config pc = rig_portfolio();
  rig *r = rig_hours(96, &pc);
  const int32_t id = add(r, "borrow", NULL, -1, "rate_pct", 3.6, NULL);
  const int64_t day = 86400000000000, first = 1609459200000000000;
  const int64_t times[] = {first + day, first + 2 * day};
  const double rates[] = {36, 0};
  assert_int_equal(pln_exec_set_model_series(r->exec, id, 0, times, rates, 2), 0);
  hold(r, -50, 2, 80);
  NEAR(rig_trade(r, 0)->pnl, -(5000 * 0.036 / 360 + 5000 * 0.36 / 360));
  NEAR(pln_portfolio_quality(r->portfolio)->borrow, -rig_trade(r, 0)->pnl);
  adds_up(r, 10000);
  rig_free(r);
}

static void nothing_to_borrow_is_no_short_sale(void **state) {
  (void)state;
  pln_portfolio_config pc = rig_portfolio();
  rig *r = rig_hours(24, &pc);
  add(r, "borrow", NULL, -1, "available", 0.0, NULL);
  hold(r, -50, 2, 20);
  assert_int_equal(rig_refusals(r, PLN_REFUSAL_NO_BORROW), 1);
  assert_int_equal(rig_account(r)->n_fills, 0);
  rig_free(r);
}

static void funding_is_exchanged_at_its_times(void **state) {
  (void)state;
  for (int32_t side = -1; side <= 1; side += 2) {
    pln_portfolio_config pc = rig_portfolio();
    rig *r = rig_hours(48, &pc);
    add(r, "funding", NULL, -1, "rate_pct", 0.01, "interval_hours", 8.0, NULL);
    hold(r, side * 10, 5,
         33); /* held at 8:00, 16:00, 0:00, 8:00; sold at the open of 10:00 on the second day */
    NEAR(pln_portfolio_quality(r->portfolio)->funding, side * 4 * 0.1);
    adds_up(r, 10000);
    rig_free(r);
  }
}

/* Daily bars: a position that was bought at an open is held over that day's end, and not over the day's of
 * its sale. */
static void a_daily_bar_pays_for_its_night(void **state) {
  (void)state;
  pln_portfolio_config pc = rig_portfolio();
  rig *r = rig_hours(10, &pc);
  for (int64_t i = 0; i < 10; i++)
    ((int64_t *)r->bars[0].ts_ns)[i] = 1609459200000000000 + i * 86400000000000;
  r->bars[0].timeframe = (pln_timeframe){.unit = PLN_TIMEFRAME_DAY, .count = 1, .ns = 86400000000000};
  pln_exec_free(r->exec);
  pln_portfolio_free(r->portfolio);
  r->exec = must(pln_exec_new(&(pln_exec_config){.record_equity = 1, .record_orders = 1}));
  assert_int_equal(
      pln_exec_add_instrument(r->exec, &r->bars[0], &(pln_instrument){.lot_size = 1, .multiplier = 1}), 0);
  r->portfolio = must(pln_portfolio_new(&pc, 1));
  assert_int_equal(pln_exec_add_portfolio(r->exec, r->portfolio), 0);
  add(r, "borrow", NULL, -1, "rate_pct", 36.0, NULL);
  assert_int_equal(pln_exec_add_caller(r->exec, 0, &r->bars[0]), 0);
  int32_t due;
  while ((due = pln_exec_next(r->exec, INT64_MAX)) >= 0) {
    const int64_t row = pln_exec_view_of(r->exec)->row;
    if (row == 1 || row == 4)
      pln_exec_submit(
          r->exec, 0,
          &(pln_order_request){.size_type = PLN_ORDER_SIZE_TARGET_QUANTITY, .size = row == 1 ? -10 : 0});
  }
  assert_int_equal(pln_exec_finish(r->exec), 0);
  NEAR(pln_portfolio_quality(r->portfolio)->borrow, 3 * 1000 * 0.36 / 360); /* nights after days 2, 3, 4 */
  adds_up(r, 10000);
  rig_free(r);
}

/* A bar of 100, 106, 97, 101: what is left of it after a share of its minute. */
static void late_orders_meet_the_rest_of_the_path(void **state) {
  (void)state;
  const struct {
    double ms;
    int32_t side, type;
    double limit, price;
    int64_t bar;
  } cases[] = {
      {0, 1, PLN_ORDER_MARKET, 0, 100, 2},
      {10000, 1, PLN_ORDER_MARKET, 0, 103, 2},   /* half of the way to the high */
      {10000, -1, PLN_ORDER_MARKET, 0, 98.5, 2}, /* half of the way to the low */
      {30000, 1, PLN_ORDER_MARKET, 0, 101.5, 2}, /* half of the way from high to low */
      {50000, 1, PLN_ORDER_MARKET, 0, 99, 2},    /* half of the way from low to close */
      {60000, 1, PLN_ORDER_MARKET, 0, 100, 3},   /* with the next bar */
      {90000, 1, PLN_ORDER_MARKET, 0, 103, 3},   /* in the middle of a bar of 109 and 97 */
      {10000, 1, PLN_ORDER_LIMIT, 99, 99, 2},    /* the low is still to come */
      {45000, 1, PLN_ORDER_LIMIT, 98, 98, 2},    /* at 98 on the way up: marketable */
      {50000, 1, PLN_ORDER_LIMIT, 98, 98, 3},    /* the low is over */
      {10000, 1, PLN_ORDER_STOP, 105, 105, 2},
      {30000, 1, PLN_ORDER_STOP, 105, 105, 3}, /* the high is over */
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    pln_portfolio_config pc = rig_portfolio();
    double rows[6][4] = {{100, 100, 100, 100}, {100, 100, 100, 100}, {100, 106, 97, 101},
                         {100, 109, 97, 100},  {100, 100, 100, 100}, {100, 100, 100, 100}};
    rig *r = rig_new(rows, 6, &(pln_exec_config){.seed = 3}, &pc);
    add(r, "constant", NULL, -1, "ms", cases[i].ms, NULL);
    assert_int_equal(pln_exec_add_caller(r->exec, 0, &r->bars[0]), 0);
    rig_to(r, 1);
    pln_exec_submit(r->exec, 0,
                    &(pln_order_request){.side = cases[i].side,
                                         .type = cases[i].type,
                                         .size = 10,
                                         .limit_price = cases[i].type == PLN_ORDER_LIMIT ? cases[i].limit : 0,
                                         .stop_price = cases[i].type == PLN_ORDER_STOP ? cases[i].limit : 0});
    rig_end(r);
    const pln_fill *f = fill_at(r, 0);
    if (f->bar != cases[i].bar || fabs(f->price - cases[i].price) > 1e-9)
      fail_msg("case %d: filled at %g in bar %d, expected %g in bar %d", (int)i, f->price, (int)f->bar,
               cases[i].price, (int)cases[i].bar);
    rig_free(r);
  }
}

/* What arrives in the first third of a bar is protected within it. */
static void a_late_entry_has_its_stop(void **state) {
  (void)state;
  for (int32_t late = 0; late < 2; late++) {
    pln_portfolio_config pc = rig_portfolio();
    double rows[6][4] = {{100, 100, 100, 100}, {100, 100, 100, 100}, {100, 106, 97, 101},
                         {101, 101, 101, 101}, {101, 101, 101, 101}, {101, 101, 101, 101}};
    rig *r = rig_new(rows, 6, &(pln_exec_config){.seed = 3}, &pc);
    add(r, "constant", NULL, -1, "ms", late ? 25000.0 : 10000.0, NULL);
    assert_int_equal(pln_exec_add_caller(r->exec, 0, &r->bars[0]), 0);
    rig_to(r, 1);
    pln_exec_submit(r->exec, 0, &(pln_order_request){.side = PLN_SIDE_BUY, .size = 10, .stop_loss = 98});
    rig_end(r);
    assert_int_equal(rig_account(r)->n_trades, late ? 0 : 1);
    rig_free(r);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(prices_and_kinds_add_up),
      cmocka_unit_test(the_largest_affordable_count),
      cmocka_unit_test(short_forms_are_models),
      cmocka_unit_test(limit_orders_are_not_worsened),
      cmocka_unit_test(an_instrument_has_its_own_commission),
      cmocka_unit_test(tiers_count_the_month),
      cmocka_unit_test(a_gauge_that_is_cold_costs_nothing_and_is_counted),
      cmocka_unit_test(what_was_missed_is_counted),
      cmocka_unit_test(wrong_settings_are_refused),
      cmocka_unit_test(late_orders_meet_the_rest_of_the_path),
      cmocka_unit_test(a_late_entry_has_its_stop),
      cmocka_unit_test(interest_is_paid_by_the_day),
      cmocka_unit_test(borrow_is_part_of_the_trade),
      cmocka_unit_test(nothing_to_borrow_is_no_short_sale),
      cmocka_unit_test(funding_is_exchanged_at_its_times),
      cmocka_unit_test(a_daily_bar_pays_for_its_night),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
