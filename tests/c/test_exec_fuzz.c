/* Random orders over random bars: the container against tests/model/slow_exec.c, which was written from the
 * documents. Runs for PLN_FUZZ_SECONDS (3 by default) from seed PLN_FUZZ_FROM (1) on; a failure names the
 * seed, with which PLN_FUZZ_SEED repeats it and prints every bar. */
#include "../model/slow_exec.c"
#include "exec_util.h"

enum { BARS = 160 };

static uint64_t state;
static uint64_t draw(void) { /* splitmix64 */
  uint64_t z = state += 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}
static int64_t below(int64_t n) { return (int64_t)(draw() % (uint64_t)n); }
static bool one_in(int64_t n) { return below(n) == 0; }
static double cents(double x) { return round(x * 100) / 100; }
static double of(const double *values, int64_t n) { return values[below(n)]; }
#define OF(...) of((const double[]){__VA_ARGS__}, (int64_t)(sizeof((double[]){__VA_ARGS__}) / sizeof(double)))

static int64_t ts[BARS];
static double columns[5][BARS];
static slow_bar plain[BARS];

static void make_bars(void) {
  double price = 100;
  int64_t now = 1600000000000000000;
  const double step = OF(0.1, 1, 3);
  for (int64_t i = 0; i < BARS; i++) {
    const double open = one_in(8) ? cents(price + (double)(below(9) - 4) * step) : price;
    double high = open, low = open, close = open;
    for (int64_t k = 0; k < 4; k++) {
      close = cents(fmax(close + (double)(below(201) - 100) / 100 * step, 1));
      high = fmax(high, close);
      low = fmin(low, close);
    }
    now += 3600000000000 * (one_in(10) ? 1 + below(20) : 1);
    ts[i] = now;
    const double row[] = {fmax(open, 1), fmax(high, 1), fmax(fmin(low, open), 1), close, (double)below(500)};
    for (int64_t c = 0; c < 5; c++) columns[c][i] = row[c];
    plain[i] = (slow_bar){ts[i], row[0], row[1], row[2], row[3], row[4]};
    price = close;
  }
}

static slow_config draw_config(void) {
  slow_config c = {.fill = one_in(2) ? PLN_FILL_NEXT_OPEN : (int32_t)below(3),
                   .multiplier = OF(1, 1, 5),
                   .capital = OF(10000, 100000),
                   .leverage = OF(1, 1, 2, 5),
                   .allow_short = !one_in(4)};
  c.intrabar = one_in(2) ? PLN_INTRABAR_PESSIMISTIC : (int32_t)below(5);
  if (one_in(2)) c.pct = OF(0.01, 0.2);
  if (one_in(3)) c.per_share = 0.005;
  if (one_in(3)) c.per_order = OF(1, 7);
  if (one_in(3)) c.minimum = 2;
  if (one_in(2)) c.worsening = 0.0007;
  if (one_in(3)) c.stop_loss_pct = OF(1, 3);
  if (one_in(3)) c.take_profit_pct = OF(1, 4);
  if (one_in(3)) c.trailing_stop_pct = OF(1, 2.5);
  if (one_in(4)) c.max_position_pct = OF(30, 90);
  if (one_in(4)) c.max_exposure_pct = OF(50, 150);
  if (one_in(3)) c.max_volume_pct = OF(2, 10, 50);
  if (one_in(5)) c.max_drawdown_pct = OF(2, 10);
  return c;
}

static pln_exec *make_exec(const slow_config *c, const pln_bars *bars, pln_portfolio **portfolio) {
  pln_exec *x = must(pln_exec_new(&(pln_exec_config){.fill = c->fill,
                                                     .commission = {.pct = c->pct,
                                                                    .per_share = c->per_share,
                                                                    .per_order = c->per_order,
                                                                    .minimum = c->minimum},
                                                     .slippage_bps = c->worsening * 1e4 * 0.5,
                                                     .spread_bps = c->worsening * 1e4,
                                                     .intrabar = c->intrabar,
                                                     .max_volume_pct = c->max_volume_pct,
                                                     .record_equity = 1,
                                                     .record_orders = 1}));
  *portfolio = must(
      pln_portfolio_new(&(pln_portfolio_config){.capital = c->capital,
                                                .leverage = c->leverage,
                                                .allow_short = c->allow_short,
                                                .sizing = {.type = PLN_SIZE_PERCENT_OF_EQUITY, .value = 100},
                                                .risk = {.stop_loss_pct = c->stop_loss_pct,
                                                         .take_profit_pct = c->take_profit_pct,
                                                         .trailing_stop_pct = c->trailing_stop_pct,
                                                         .max_position_pct = c->max_position_pct,
                                                         .max_exposure_pct = c->max_exposure_pct,
                                                         .max_drawdown_pct = c->max_drawdown_pct}},
                        1));
  assert_int_equal(
      pln_exec_add_instrument(x, bars, &(pln_instrument){.lot_size = 1, .multiplier = c->multiplier}), 0);
  assert_int_equal(pln_exec_add_portfolio(x, *portfolio), 0);
  assert_int_equal(pln_exec_add_caller(x, 0, bars), 0);
  return x;
}

static pln_order_request draw_request(double close, int64_t now_ns) {
  pln_order_request r = {.side = one_in(2) ? PLN_SIDE_BUY : PLN_SIDE_SELL, .size = (double)(1 + below(40))};
  const int64_t what = below(12);
  r.type = what < 3    ? PLN_ORDER_MARKET
           : what < 6  ? PLN_ORDER_LIMIT
           : what < 9  ? PLN_ORDER_STOP
           : what < 11 ? PLN_ORDER_STOP_LIMIT
                       : PLN_ORDER_TRAILING_STOP;
  const double away = cents((double)(below(400) - 100) / 100);
  if (r.type == PLN_ORDER_LIMIT) r.limit_price = cents(close - r.side * away);
  if (r.type == PLN_ORDER_STOP || r.type == PLN_ORDER_STOP_LIMIT) r.stop_price = cents(close + r.side * away);
  if (r.type == PLN_ORDER_STOP_LIMIT) r.limit_price = cents(r.stop_price + (double)(below(200) - 100) / 100);
  if (r.type == PLN_ORDER_TRAILING_STOP) {
    r.trail_type = one_in(2) ? PLN_TRAIL_AMOUNT : PLN_TRAIL_PERCENT;
    r.trail = OF(0.5, 2);
  }
  r.tif = (int32_t)OF(PLN_TIF_GTC, PLN_TIF_GTC, PLN_TIF_DAY, PLN_TIF_IOC, PLN_TIF_FOK, PLN_TIF_GTD);
  if (r.tif == PLN_TIF_GTD) r.expires_ns = now_ns + 3600000000000 * (1 + below(20));
  if (one_in(3)) r.stop_loss = cents(close - r.side * (double)(50 + below(200)) / 100);
  if (one_in(3)) r.take_profit = cents(close + r.side * (double)(50 + below(200)) / 100);
  if (r.type == PLN_ORDER_MARKET && one_in(3)) {
    r.size_type = PLN_ORDER_SIZE_TARGET_QUANTITY;
    r.size = one_in(2) ? 0 : (double)(below(61) - 30);
    r.tif = PLN_TIF_GTC;
  } else if (one_in(5)) {
    r.size_type = PLN_ORDER_SIZE_PERCENT;
    r.size = OF(10, 50, 100);
  }
  if (one_in(8) && r.size_type == PLN_ORDER_SIZE_QUANTITY) r.reduce_only = 1;
  if (one_in(6) && r.size_type == PLN_ORDER_SIZE_QUANTITY) r.oco = 1 + below(3);
  return r;
}

static void near(double a, double b, const char *what, uint64_t seed, int64_t at) {
  if (fabs(a - b) > 1e-9 * (1 + fabs(b)))
    fail_msg("seed %llu, %s at %lld: the container has %.17g, the model %.17g", (unsigned long long)seed,
             what, (long long)at, a, b);
}

static void compare_orders(const pln_exec *x, const slow_exec *m, uint64_t seed) {
  const pln_order *orders;
  const int64_t n = pln_exec_orders(x, &orders);
  near((double)n, (double)m->n_orders, "the number of orders", seed, -1);
  for (int64_t i = 0; i < n; i++) {
    const pln_order *o = &orders[i];
    const slow_order *e = &m->orders[o->id - 1];
    /* At the bar at which it expires another fill may cancel it first: which comes first is nobody's
     * business. */
    const bool either = (e->request.reduce_only || e->request.oco) && e->request.tif != PLN_TIF_GTC &&
                        e->status >= PLN_STATUS_CANCELED && o->status >= PLN_STATUS_CANCELED;
    if (!either) near(o->status, e->status, "the status of order", seed, o->id);
    near(o->side, e->side, "the side of order", seed, o->id);
    near(o->filled, e->filled, "what was filled of order", seed, o->id);
    near(o->fees, e->fees, "the fees of order", seed, o->id);
    if (e->filled > 0) near(o->average_fill_price, e->paid / e->filled, "the price of order", seed, o->id);
  }
}

static void act(pln_exec *x, slow_exec *m, uint64_t seed) {
  const int64_t i = m->now;
  for (int64_t k = below(3); k > 0; k--) {
    if (one_in(6)) {
      const int64_t id = 1 + below(m->n_orders + 1);
      /* A rule's order is not the caller's to cancel. */
      if (id <= m->n_orders && m->orders[id - 1].is_halt) continue;
      near(pln_exec_cancel(x, 0, id), slow_cancel(m, id), "a cancel", seed, i);
    } else if (one_in(20)) {
      near(pln_exec_cancel_all(x, 0, -1), slow_cancel_all(m), "cancel_all", seed, i);
    } else {
      const pln_order_request r = draw_request(plain[i].close, ts[i] + 3600000000000);
      near((double)pln_exec_submit(x, 0, &r), (double)slow_submit(m, &r), "the id of an order made", seed, i);
    }
  }
}

static slow_exec model; /* large */

/* With PLN_FUZZ_SEED: what happened, as both saw it. */
static void print_bar(const pln_exec *x, const pln_portfolio *p, int64_t i) {
  const slow_bar *b = &plain[i];
  print_message("bar %lld: %g %g %g %g; cash %.10g/%.10g, position %g/%g\n", (long long)i, b->open, b->high,
                b->low, b->close, pln_portfolio_account((pln_portfolio *)(uintptr_t)p)->cash, model.cash,
                pln_portfolio_positions((pln_portfolio *)(uintptr_t)p)->quantity, slow_position(&model));
  const pln_fill *fills;
  const int64_t n = pln_exec_fills(x, &fills);
  for (int64_t k = 0; k < n; k++)
    if (fills[k].bar >= i - 1)
      print_message("  fill of %lld: %d x %g at %.10g, fee %g\n", (long long)fills[k].order, fills[k].side,
                    fills[k].quantity, fills[k].price, fills[k].fee);
  const pln_order *orders;
  const int64_t n_final = pln_exec_orders(x, &orders);
  for (int64_t k = 0; k < n_final; k++)
    if (orders[k].updated_ns == ts[i] + 3600000000000)
      print_message("  the container ended %lld: status %d (%s), filled %g\n", (long long)orders[k].id,
                    orders[k].status, pln_refusal_name(orders[k].refusal), orders[k].filled);
  for (int64_t k = 0; k < model.n_orders; k++) {
    const slow_order *o = &model.orders[k];
    if (o->made_at >= i - 1 || !slow_is_final(o))
      print_message("  order %lld of %lld: type %d tif %d side %d size %g (%d) limit %g stop %g sl %g tp %g "
                    "ro %d oco %lld: "
                    "status %d filled %g paid %.10g\n",
                    (long long)o->id, (long long)o->made_at, o->request.type, o->request.tif, o->side,
                    o->quantity, o->request.size_type, o->request.limit_price, o->request.stop_price,
                    o->request.stop_loss, o->request.take_profit, o->request.reduce_only,
                    (long long)o->request.oco, o->status, o->filled, o->paid);
  }
}

static void run(uint64_t seed) {
  state = seed;
  make_bars();
  const pln_bars bars = {.n_bars = BARS,
                         .ts_ns = ts,
                         .open = columns[0],
                         .high = columns[1],
                         .low = columns[2],
                         .close = columns[3],
                         .volume = columns[4],
                         .has_volume = 1,
                         .timeframe = {.unit = PLN_TIMEFRAME_FIXED, .count = 1, .ns = 3600000000000},
                         .symbol = "T",
                         .timezone = "UTC",
                         .source = "test"};
  const slow_config config = draw_config();
  pln_portfolio *portfolio;
  pln_exec *x = make_exec(&config, &bars, &portfolio);
  const pln_account *account = pln_portfolio_account(portfolio);
  slow_begin(&model, &config, plain);
  for (int64_t i = 0; i < BARS; i++) {
    assert_int_equal(pln_exec_next(x, INT64_MAX), 0);
    slow_bar_closes(&model);
    if (getenv("PLN_FUZZ_SEED")) print_bar(x, portfolio, i);
    near(account->cash, model.cash, "cash", seed, i);
    near(account->equity, model.equity > 0 ? model.equity : 0, "equity", seed, i);
    near(pln_portfolio_positions(portfolio)->quantity, slow_position(&model), "the position", seed, i);
    if (!model.is_bankrupt) act(x, &model, seed);
    slow_close_orders(&model);
  }
  assert_int_equal(pln_exec_next(x, INT64_MAX), PLN_EXEC_DONE);
  assert_int_equal(pln_exec_finish(x), 0);
  slow_end(&model);
  if (!model.is_bankrupt) {
    compare_orders(x, &model, seed);
    near(account->fees, model.fees, "fees", seed, BARS);
    near((double)account->n_trades, (double)model.n_trades, "the number of trades", seed, BARS);
  }
  pln_exec_free(x);
  pln_portfolio_free(portfolio);
}

static void random_orders(void **test_state) {
  (void)test_state;
  const char *fixed = getenv("PLN_FUZZ_SEED"), *seconds = getenv("PLN_FUZZ_SECONDS");
  const int64_t end = pln_clock_monotonic_ns() + (int64_t)((seconds ? atof(seconds) : 3) * 1e9);
  if (fixed) {
    run(strtoull(fixed, NULL, 10));
    return;
  }
  const char *from = getenv("PLN_FUZZ_FROM");
  const uint64_t first = from ? strtoull(from, NULL, 10) : 1;
  int64_t n = 0;
  for (; n < 100 || pln_clock_monotonic_ns() < end; n++) run(first + (uint64_t)n);
  print_message("%lld runs of %d bars\n", (long long)n, BARS);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(random_orders)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
