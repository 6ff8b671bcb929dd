#include "order_util.h"

/* Random orders of every kind: each ends, with a reason; fills add up to orders, orders to the account. */
static uint64_t mix(uint64_t x) {
  x += 0x9e3779b97f4a7c15u;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}
static uint64_t draw(uint64_t *s) { return *s = mix(*s); }
static double unit(uint64_t *s) { return (double)(draw(s) >> 11) * 0x1p-53; }
static int64_t below(uint64_t *s, uint64_t n) { return (int64_t)(draw(s) % n); }

enum { BARS = 300 };

static void random_order(rig *r, uint64_t *g, double last, int64_t now, int64_t *ids, int64_t *n_ids) {
  pln_order_request q = {.side = below(g, 2) ? 1 : -1,
                         .type = (int32_t)below(g, 8),
                         .tif = (int32_t)below(g, 5),
                         .size = (double)(1 + below(g, 60)),
                         .limit_price = last * (0.97 + 0.06 * unit(g)),
                         .stop_price = last * (0.97 + 0.06 * unit(g)),
                         .trail = 0.5 + 3 * unit(g),
                         .trail_type = (int32_t)below(g, 2),
                         .limit_offset = unit(g),
                         .expires_ns = now + 1 + below(g, 20) * MINUTE,
                         .reduce_only = below(g, 5) == 0,
                         .oco = below(g, 4) ? 0 : 1 + below(g, 5),
                         .parent = *n_ids > 0 && below(g, 5) == 0 ? ids[*n_ids - 1] : 0,
                         .bracket = below(g, 6) == 0,
                         .algo = below(g, 8) ? 0 : (int32_t)(1 + below(g, 4)),
                         .duration_ns = (1 + below(g, 15)) * MINUTE,
                         .slices = (int32_t)below(g, 6),
                         .participation_pct = 1 + 20 * unit(g),
                         .visible = (double)(1 + below(g, 10))};
  if (q.type == PLN_ORDER_MARKET_ON_OPEN || q.type == PLN_ORDER_MARKET_ON_CLOSE) q.tif = PLN_TIF_GTC;
  if (q.parent && below(g, 2)) q.size_type = PLN_ORDER_SIZE_DEFAULT;
  if (q.algo) {
    q.type = q.algo == PLN_ALGO_ICEBERG || below(g, 2) ? PLN_ORDER_LIMIT : PLN_ORDER_MARKET;
    q.tif = PLN_TIF_GTC;
    q.parent = q.bracket = 0;
    q.size_type = PLN_ORDER_SIZE_QUANTITY;
  }
  if (q.parent) q.bracket = 0;
  if (q.bracket || below(g, 3) == 0) {
    q.stop_loss = last * (1 - q.side * (0.01 + 0.03 * unit(g)));
    q.take_profit = last * (1 + q.side * (0.01 + 0.03 * unit(g)));
  }
  const int64_t id = pln_exec_submit(r->exec, 0, &q);
  assert_true(id >= 0);
  if (id > 0) ids[(*n_ids)++] = id;
}

static void check_orders(const rig *r, int64_t *statuses, int64_t *partly, int64_t *by_type) {
  const pln_order *orders;
  const pln_fill *fills;
  const int64_t n = pln_exec_orders(r->exec, &orders), f = pln_exec_fills(r->exec, &fills);
  double *filled = must(calloc((size_t)n + 1, sizeof *filled)), cash = 10000, fees = 0;
  assert_int_equal(n, rig_account(r)->n_orders);
  for (int64_t i = 0; i < f; i++) {
    assert_true(fills[i].order >= 1 && fills[i].order <= n);
    filled[fills[i].order] += fills[i].quantity;
    cash -= fills[i].side * fills[i].quantity * fills[i].price + fills[i].fee;
    fees += fills[i].fee;
  }
  for (int64_t i = 0; i < n; i++) { /* what algorithms filled is what their children did */
    int64_t j = 0;
    if (orders[i].parent > 0)
      while (orders[j].id != orders[i].parent) j++;
    if (orders[i].parent > 0 && orders[j].algo) filled[orders[j].id] += orders[i].filled;
  }
  for (int64_t i = 0; i < n; i++) {
    const pln_order *o = &orders[i];
    statuses[o->status]++;
    by_type[o->type] += o->status == PLN_STATUS_FILLED;
    assert_true(o->status >= PLN_STATUS_FILLED && o->filled <= o->quantity + 1e-9);
    assert_true(o->status == PLN_STATUS_FILLED ? o->filled == o->quantity && o->filled > 0 : o->refusal != 0);
    NEAR(o->filled, filled[o->id]);
    *partly += o->status != PLN_STATUS_FILLED && o->filled > 0;
    assert_true(!(o->reduce_only && o->status == PLN_STATUS_REJECTED && o->refusal == PLN_REFUSAL_CASH));
  }
  NEAR(rig_account(r)->fees, fees);
  if (!rig_account(r)->bankrupt) NEAR(rig_account(r)->cash, cash);
  free(filled);
}

static void play(uint64_t seed, int64_t *statuses, int64_t *partly, int64_t *by_type) {
  uint64_t g = mix(seed);
  static double rows[BARS][4];
  double price = 100;
  for (int64_t i = 0; i < BARS; i++) {
    const double open = price * (1 + (unit(&g) - 0.5) * 0.02), close = open * (1 + (unit(&g) - 0.5) * 0.04);
    rows[i][0] = open;
    rows[i][1] = fmax(open, close) * (1 + unit(&g) * 0.02);
    rows[i][2] = fmin(open, close) * (1 - unit(&g) * 0.02);
    rows[i][3] = price = close;
  }
  rig *r = make(rows, BARS,
                &(pln_exec_config){.intrabar = (int32_t)below(&g, 6),
                                   .fill = (int32_t)below(&g, 3),
                                   .max_volume_pct = below(&g, 2) ? 15 : 0,
                                   .children_next_bar = (int32_t)below(&g, 2),
                                   .trail_closes = (int32_t)below(&g, 2),
                                   .slippage_bps = below(&g, 2) ? 3 : 0,
                                   .finalize_trades = (int32_t)below(&g, 2),
                                   .commission = {.pct = 0.05, .minimum = below(&g, 2) ? 1 : 0}});
  for (int64_t i = 0; i < BARS; i++) ((int64_t *)r->bars[0].ts_ns)[i] += i / 40 * DAY;
  int64_t ids[4 * BARS], n_ids = 0;
  while (pln_exec_next(r->exec, INT64_MAX) >= 0) {
    const int64_t row = pln_exec_view_of(r->exec)->row;
    const int64_t now = pln_exec_view_of(r->exec)->now_ns;
    for (int64_t j = below(&g, 3); j > 0; j--) random_order(r, &g, rows[row][3], now, ids, &n_ids);
    if (n_ids > 0 && below(&g, 4) == 0) {
      pln_order_change c = SAME;
      c.quantity = (double)(1 + below(&g, 60));
      const pln_order *old = pending(r, ids[n_ids - 1]);
      const bool fixed = !old || old->algo;
      const int64_t id = fixed ? 0 : pln_exec_replace(r->exec, 0, ids[n_ids - 1], &c);
      assert_true(id >= 0);
      if (id > 0) ids[n_ids - 1] = id;
    }
    if (n_ids > 0 && below(&g, 6) == 0) pln_exec_cancel(r->exec, 0, ids[below(&g, (uint64_t)n_ids)]);
    if (below(&g, 60) == 0) pln_exec_cancel_all(r->exec, 0, -1);
  }
  assert_int_equal(pln_exec_finish(r->exec), 0);
  check_orders(r, statuses, partly, by_type);
  rig_free(r);
}

static void books_balance(void **state) {
  (void)state;
  const char *seconds = getenv("PLN_FUZZ_SECONDS");
  const uint64_t seeds = seconds ? 400 * (uint64_t)atoi(seconds) : 400;
  int64_t statuses[8] = {0}, by_type[8] = {0}, partly = 0;
  for (uint64_t seed = 1; seed <= seeds; seed++) play(seed, statuses, &partly, by_type);
  for (int32_t i = PLN_STATUS_FILLED; i <= PLN_STATUS_EXPIRED; i++) assert_true(statuses[i] > 500);
  for (int32_t i = PLN_ORDER_MARKET; i <= PLN_ORDER_MARKET_ON_CLOSE; i++) assert_true(by_type[i] > 100);
  assert_true(partly > 500);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(books_balance)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
