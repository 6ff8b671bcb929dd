#include "exec_util.h"

/* Policies within a bar: what each of them makes of one bar, and that pessimistic <= any other <= optimistic.
 */

static uint64_t mix(uint64_t x) {
  x += 0x9e3779b97f4a7c15u;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}
static uint64_t draw(uint64_t *s) { return *s = mix(*s); }
static double unit(uint64_t *s) { return (double)(draw(s) >> 11) * 0x1p-53; }
static int64_t below(uint64_t *s, uint64_t n) { return (int64_t)(draw(s) % n); }

enum { POLICIES = 5 };

/* Fills of orders that are placed on bar 0, by hand. */
typedef struct scene {
  double rows[3][4];
  pln_order_request orders[3];
  int32_t n;
} scene;

static int64_t fills_of(const scene *s, int32_t intrabar, double *prices, double *equity,
                        int64_t *ambiguous) {
  double rows[3][4];
  memcpy(rows, s->rows, sizeof rows);
  pln_portfolio_config p = rig_portfolio();
  p.leverage = 5;
  rig *r = rig_new(rows, 3, &(pln_exec_config){.intrabar = intrabar}, &p);
  assert_int_equal(pln_exec_add_caller(r->exec, 0, &r->bars[0]), 0);
  rig_to(r, 0);
  for (int32_t i = 0; i < s->n; i++) assert_true(pln_exec_submit(r->exec, 0, &s->orders[i]) > 0);
  rig_to(r, 1);
  if (equity) *equity = rig_account(r)->equity;
  if (ambiguous) *ambiguous = pln_exec_view_of(r->exec)->ambiguous_bars;
  const pln_fill *fills;
  const int64_t n = pln_exec_fills(r->exec, &fills);
  for (int64_t i = 0; i < n; i++) prices[i] = fills[i].price;
  rig_free(r);
  return n;
}

#define SIZE .size_type = PLN_ORDER_SIZE_QUANTITY, .size = 10

/* Bought at 102 with stop 96 and target 104, in a bar of 102, 105, 95, 103, of which the high is nearer to
 * the open. */
static void stop_and_target(void **state) {
  (void)state;
  scene s = {.rows = {{100, 100, 100, 100}, {102, 105, 95, 103}, {103, 103, 103, 103}},
             .orders = {{.side = 1, SIZE, .stop_loss = 96, .take_profit = 104}},
             .n = 1};
  const double expected[POLICIES] = {96, 104, 104, 104, 96};
  double p[4];
  int64_t ambiguous;
  for (int32_t i = 0; i < POLICIES; i++) {
    assert_int_equal(fills_of(&s, i, p, NULL, &ambiguous), 2);
    assert_true(p[0] == 102 && p[1] == expected[i]);
    assert_int_equal(ambiguous, 1);
  }
  s.rows[1][1] = 112; /* now the low is nearer */
  assert_int_equal(fills_of(&s, PLN_INTRABAR_NEAREST_EXTREME, p, NULL, NULL), 2);
  assert_true(p[1] == 96);
  s.rows[1][1] = 109; /* as near: it falls from 102 to 101, so the high is first */
  s.rows[1][3] = 101;
  assert_int_equal(fills_of(&s, PLN_INTRABAR_NEAREST_EXTREME, p, NULL, NULL), 2);
  assert_true(p[1] == 104);
  s.rows[1][3] = 103;
  assert_int_equal(fills_of(&s, PLN_INTRABAR_NEAREST_EXTREME, p, NULL, NULL), 2);
  assert_true(p[1] == 96);
}

/* Along a path, orders fill where the price comes by, not as they were made. */
static void order_along_the_path(void **state) {
  (void)state;
  const scene s = {.rows = {{100, 100, 100, 100}, {102, 105, 95, 103}, {103, 103, 103, 103}},
                   .orders = {{.side = 1, SIZE, .type = PLN_ORDER_LIMIT, .limit_price = 96},
                              {.side = 1, SIZE, .type = PLN_ORDER_LIMIT, .limit_price = 98},
                              {.side = -1, SIZE, .type = PLN_ORDER_LIMIT, .limit_price = 104}},
                   .n = 3};
  double p[4];
  assert_int_equal(fills_of(&s, PLN_INTRABAR_OHLC, p, NULL, NULL), 3);
  assert_true(p[0] == 104 && p[1] == 98 && p[2] == 96);
  assert_int_equal(fills_of(&s, PLN_INTRABAR_OLHC, p, NULL, NULL), 3);
  assert_true(p[0] == 98 && p[1] == 96 && p[2] == 104);
}

/* A stop order out of a long position and the position's own stop below it: on any path the order is first,
 * and the position is gone when the price comes to the lower stop. The phases would fill the lower stop, and
 * then sell short. */
static void pessimistic_is_never_better(void **state) {
  (void)state;
  const scene s = {.rows = {{100, 100, 100, 100}, {100, 104, 90, 92}, {92, 92, 92, 92}},
                   .orders = {{.side = 1, SIZE, .stop_loss = 95},
                              {.side = -1, SIZE, .type = PLN_ORDER_STOP, .stop_price = 97}},
                   .n = 2};
  double p[4], worst, path;
  assert_int_equal(fills_of(&s, PLN_INTRABAR_OHLC, p, &path, NULL), 2);
  assert_true(p[1] == 97);
  NEAR(path, 10000 - 30);
  assert_int_equal(fills_of(&s, PLN_INTRABAR_PESSIMISTIC, p, &worst, NULL), 2);
  NEAR(worst, 10000 - 30);
  double best;
  fills_of(&s, PLN_INTRABAR_OPTIMISTIC, p, &best, NULL);
  NEAR(best, 10000 - 50 + 50); /* out at 95, short from 97 to 92 */
}

/* One bar at random: the same position and the same orders under each policy. */
static double one_bar(uint64_t seed, int32_t intrabar, int64_t *fills, int64_t *partly) {
  uint64_t g = mix(seed);
  const double wide = 0.01 + 0.08 * unit(&g), open = 100 * (1 + (unit(&g) - 0.5) * wide),
               close = open * (1 + (unit(&g) - 0.5) * wide);
  double rows[4][4] = {
      {100, 100, 100, 100}, {100, 100, 100, 100}, {open, 0, 0, close}, {close, close, close, close}};
  rows[2][1] = fmax(open, close) * (1 + wide * unit(&g));
  rows[2][2] = fmin(open, close) * (1 - wide * unit(&g));
  pln_portfolio_config pc = rig_portfolio();
  pc.leverage = below(&g, 2) ? 1 : 4;
  pc.allow_short = below(&g, 4) > 0;
  pc.risk.max_position_pct = below(&g, 4) ? 0 : 60;
  pc.risk.trailing_stop_pct = below(&g, 4) ? 0 : 2;
  const bool quotes = below(&g, 4) == 0;
  pln_exec_config xc = {.intrabar = intrabar,
                        .fill = below(&g, 4) ? PLN_FILL_NEXT_OPEN : PLN_FILL_NEXT_CLOSE,
                        .slippage_bps = below(&g, 2) ? 5 : 0,
                        .spread_bps = below(&g, 2) ? 4 : 0,
                        .commission = {.pct = below(&g, 2) ? 0.1 : 0,
                                       .per_order = below(&g, 2) ? 1 : 0,
                                       .minimum = below(&g, 3) ? 0 : 2},
                        .max_volume_pct = below(&g, 3) ? 0 : 10};
  const double volume = 200 + 2000 * unit(&g);
  rig *r = rig_new(rows, 4, &xc, &pc);
  for (int32_t i = 0; i < 4; i++) ((double *)r->bars[0].volume)[i] = i == 2 ? volume : 1e9;
  for (int32_t q = 0; q < 2 && quotes; q++) {
    double side[4][4];
    for (int32_t i = 0; i < 4; i++)
      for (int32_t c = 0; c < 4; c++) side[i][c] = rows[i][c] * (q ? 1.001 : 0.999);
    rig_bars(&r->bars[1 + q], side, 4);
  }
  if (quotes) assert_int_equal(pln_exec_set_quotes(r->exec, 0, &r->bars[1], &r->bars[2]), 0);
  assert_int_equal(pln_exec_add_caller(r->exec, 0, &r->bars[0]), 0);
  rig_to(r, 0);
  for (int64_t i = below(&g, 4); i > 0; i--) {
    const int32_t side = below(&g, 3) ? 1 : -1;
    pln_exec_submit(
        r->exec, 0,
        &(pln_order_request){.side = side,
                             .size = (double)(1 + below(&g, 30)),
                             .stop_loss = below(&g, 2) ? 100 - side * (0.5 + 6 * unit(&g)) : 0,
                             .take_profit = below(&g, 2) ? 100 + side * (0.5 + 6 * unit(&g)) : 0});
  }
  rig_to(r, 1);
  for (int64_t i = 1 + below(&g, 6); i > 0; i--) {
    pln_order_request q = {.side = below(&g, 2) ? 1 : -1,
                           .type = (int32_t)below(&g, 5),
                           .size = (double)(1 + below(&g, 40)),
                           .limit_price = 100 * (1 + (unit(&g) - 0.5) * 2 * wide),
                           .stop_price = 100 * (1 + (unit(&g) - 0.5) * 2 * wide),
                           .trail = 0.2 + 5 * unit(&g),
                           .oco = below(&g, 4) ? 0 : 1 + below(&g, 2),
                           .reduce_only = below(&g, 5) == 0,
                           .bracket = below(&g, 4) == 0};
    if (below(&g, 5) == 0) {
      q.size_type = PLN_ORDER_SIZE_PERCENT;
      q.size_at = (int32_t)below(&g, 2);
      q.size = 80 * unit(&g);
    }
    if (q.bracket || below(&g, 2)) {
      q.stop_loss = 100 - q.side * (0.5 + 6 * unit(&g));
      q.take_profit = 100 + q.side * (0.5 + 6 * unit(&g));
    }
    assert_true(pln_exec_submit(r->exec, 0, &q) >= 0);
  }
  const pln_fill *seen;
  const int64_t before = pln_exec_fills(r->exec, &seen);
  rig_to(r, 2);
  const double equity = rig_account(r)->equity;
  *fills += pln_exec_fills(r->exec, &seen) - before;
  const pln_order *pending;
  for (int64_t i = pln_exec_pending(r->exec, 0, &pending) - 1; i >= 0; i--)
    *partly += pending[i].status == PLN_STATUS_PARTIALLY_FILLED;
  rig_end(r);
  for (int32_t q = 0; q < 2 && quotes; q++) rig_bars_free(&r->bars[1 + q]);
  rig_free(r);
  return equity;
}

static void pessimistic_below_any_below_optimistic(void **state) {
  (void)state;
  const char *minutes = getenv("PLN_FUZZ_SECONDS");
  const uint64_t seeds = minutes ? 4000 * (uint64_t)atoi(minutes) : 20000;
  int64_t fills = 0, partly = 0, differ = 0;
  for (uint64_t seed = 1; seed <= seeds; seed++) {
    double e[POLICIES];
    for (int32_t i = 0; i < POLICIES; i++) e[i] = one_bar(seed, i, &fills, &partly);
    differ += e[PLN_INTRABAR_PESSIMISTIC] < e[PLN_INTRABAR_OPTIMISTIC] - 1e-6;
    for (int32_t i = 0; i < POLICIES; i++)
      if (e[i] < e[PLN_INTRABAR_PESSIMISTIC] - 1e-8 || e[i] > e[PLN_INTRABAR_OPTIMISTIC] + 1e-8)
        fail_msg("seed %llu: policy %d gives %.12g, pessimistic %.12g, optimistic %.12g",
                 (unsigned long long)seed, i, e[i], e[0], e[1]);
  }
  assert_true(fills > 100000 && partly > 1000 && differ > 2000);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(stop_and_target),
      cmocka_unit_test(order_along_the_path),
      cmocka_unit_test(pessimistic_is_never_better),
      cmocka_unit_test(pessimistic_below_any_below_optimistic),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
