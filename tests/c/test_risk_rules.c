#include "exec_util.h"
#include "portfolio/risk_rules.h"

/* Risk rules over orders, with numbers reckoned by hand: two instruments at constant prices unless a test
 * says otherwise. */

enum { N = 40 };

typedef struct bench {
  pln_bars bars[3];
  pln_portfolio *p[2];
  pln_exec *x;
  int32_t n;
} bench;

static double none[PLN_RISK_MAX_VALUES] = {NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN};

static pln_risk_rule rule_of(int32_t kind) {
  pln_risk_rule r = {.kind = kind, .gauge = -1};
  memcpy(r.value, none, sizeof none);
  return r;
}

static pln_risk_rule rule_with(int32_t kind, int32_t parameter, double value) {
  pln_risk_rule r = rule_of(kind);
  r.value[parameter] = value;
  return r;
}

static void constant(pln_bars *b, double price) {
  double rows[N][4];
  for (int i = 0; i < N; i++)
    for (int c = 0; c < 4; c++) rows[i][c] = price;
  rig_bars(b, rows, N);
  for (int i = 0; i < N; i++) ((double *)b->volume)[i] = 1000;
}

/* Instruments at 100, 50 and 20; one caller for each portfolio. */
static bench *open_bench(const pln_risk_rule *rules, int32_t n_rules, const pln_risk_rule *across,
                         int32_t portfolios) {
  bench *t = must(calloc(1, sizeof *t));
  const double prices[] = {100, 50, 20};
  t->x = must(pln_exec_new(&(pln_exec_config){.record_orders = 1, .record_decisions = 1}));
  for (int32_t k = 0; k < 3; k++) {
    constant(&t->bars[k], prices[k]);
    pln_exec_add_instrument(t->x, &t->bars[k], &(pln_instrument){.lot_size = 1, .multiplier = 1});
  }
  assert_int_equal(pln_exec_add_gauge(t->x), 0);
  for (int32_t k = 0; k < 3; k++)
    assert_int_equal(pln_exec_set_gauge(t->x, 0, k, &t->bars[k], t->bars[k].volume), 0);
  pln_portfolio_config c = rig_portfolio();
  c.leverage = 10;
  t->n = portfolios;
  for (int32_t j = 0; j < portfolios; j++) {
    t->p[j] = must(pln_portfolio_new(&c, 3));
    for (int32_t i = 0; i < n_rules; i++) assert_int_equal(pln_portfolio_add_rule(t->p[j], &rules[i]), i);
    assert_int_equal(pln_exec_add_portfolio(t->x, t->p[j]), j);
  }
  if (across) assert_int_equal(pln_exec_add_rule(t->x, across), 0);
  for (int32_t j = 0; j < portfolios; j++) assert_int_equal(pln_exec_add_caller(t->x, j, &t->bars[0]), j);
  return t;
}

static void close_bench(bench *t) {
  pln_exec_free(t->x);
  for (int32_t j = 0; j < t->n; j++) pln_portfolio_free(t->p[j]);
  for (int32_t k = 0; k < 3; k++) rig_bars_free(&t->bars[k]);
  free(t);
}

/* Runs until the caller's row, answering nothing. */
static void to_row(bench *t, int32_t caller, int64_t row) {
  int32_t due;
  do due = pln_exec_next(t->x, INT64_MAX);
  while (due >= 0 && (due != caller || pln_exec_view_of(t->x)->row < row));
  assert_int_equal(due, caller);
}

static int64_t buy(bench *t, int32_t caller, int32_t k, double quantity) {
  return pln_exec_submit(t->x, caller,
                         &(pln_order_request){.instrument = k,
                                              .side = quantity > 0 ? PLN_SIDE_BUY : PLN_SIDE_SELL,
                                              .size = fabs(quantity)});
}

static double held(const bench *t, int32_t j, int32_t k) {
  return pln_portfolio_positions(t->p[j])[k].quantity;
}

/* The last decision. */
static pln_decision last(const bench *t) {
  const pln_decision *d;
  const int64_t n = pln_exec_decisions(t->x, &d);
  assert_true(n > 0);
  return d[n - 1];
}

static void decides(const bench *t, int32_t action, double asked, double allowed, double value,
                    double limit) {
  const pln_decision d = last(t);
  assert_int_equal(d.action, action);
  NEAR(d.asked, asked);
  NEAR(d.allowed, allowed);
  NEAR(d.value, value);
  NEAR(d.limit, limit);
}

/* Buys 30 of instrument 1 (1,500) and then `quantity` of instrument 0 under one rule; what is held of it
 * then. */
static double after(pln_risk_rule rule, double quantity, int32_t action, double value, double limit,
                    double allowed) {
  bench *t = open_bench(&rule, 1, NULL, 1);
  to_row(t, 0, 0);
  assert_true(buy(t, 0, 1, 30) > 0);
  to_row(t, 0, 2);
  assert_true(held(t, 0, 1) == 30);
  assert_true(buy(t, 0, 0, quantity) > 0);
  to_row(t, 0, 4);
  decides(t, action, fabs(quantity), allowed, value, limit);
  const double found = held(t, 0, 0);
  assert_true(fabs(found) == allowed);
  const int64_t counted = pln_portfolio_refusals(t->p[0])[pln_risk_refusal(rule.kind)].count;
  assert_int_equal(counted, action != PLN_RISK_ALLOW);
  close_bench(t);
  return found;
}

static void positions_and_exposures(void **state) {
  (void)state;
  after(rule_with(PLN_RISK_MAX_POSITION, 0, 20), 20, PLN_RISK_ALLOW, 20, 20, 20);
  after(rule_with(PLN_RISK_MAX_POSITION, 0, 20), 25, PLN_RISK_RESIZE, 25, 20, 20);
  after(rule_with(PLN_RISK_MAX_POSITION, 1, 1550), 25, PLN_RISK_RESIZE, 2500, 1550, 15);
  after(rule_with(PLN_RISK_MAX_POSITION, 2, 30), 40, PLN_RISK_RESIZE, 40, 30, 30);
  after(rule_with(PLN_RISK_MAX_POSITION, 2, 30), -40, PLN_RISK_RESIZE, 40, 30, 30);
  pln_risk_rule refuse = rule_with(PLN_RISK_MAX_POSITION, 2, 30);
  refuse.action = PLN_RISK_REFUSE;
  after(refuse, 40, PLN_RISK_REFUSE, 40, 30, 0);
  after(rule_with(PLN_RISK_MAX_GROSS_EXPOSURE, 0, 30), 20, PLN_RISK_RESIZE, 35, 30, 15);
  after(rule_with(PLN_RISK_MAX_GROSS_EXPOSURE, 0, 30), -20, PLN_RISK_RESIZE, 35, 30, 15);
  after(rule_with(PLN_RISK_MAX_GROSS_EXPOSURE, 1, 3500), 20, PLN_RISK_ALLOW, 3500, 3500, 20);
  after(rule_with(PLN_RISK_MAX_NET_EXPOSURE, 0, 30), -40, PLN_RISK_ALLOW, 25, 30, 40);
  after(rule_with(PLN_RISK_MAX_NET_EXPOSURE, 0, 30), -50, PLN_RISK_RESIZE, 35, 30, 45);
  after(rule_with(PLN_RISK_MAX_LEVERAGE, 0, 0.5), 60, PLN_RISK_RESIZE, 0.75, 0.5, 35);
  after(rule_with(PLN_RISK_MAX_POSITIONS, 0, 1), 5, PLN_RISK_REFUSE, 2, 1, 0);
  after(rule_with(PLN_RISK_MAX_POSITIONS, 0, 2), 5, PLN_RISK_ALLOW, 2, 2, 5);
}

static void sizes_and_volumes(void **state) {
  (void)state;
  pln_risk_rule volume = rule_with(PLN_RISK_MAX_ORDER_VOLUME, 0, 5); /* of 1,000 */
  volume.gauge = 0;
  after(volume, 80, PLN_RISK_RESIZE, 8, 5, 50);
  pln_risk_rule days = rule_with(PLN_RISK_MAX_POSITION_VOLUME, 0, 0.06);
  days.gauge = 0;
  after(days, 80, PLN_RISK_RESIZE, 0.08, 0.06, 60);
  after(rule_with(PLN_RISK_MAX_ORDER_SIZE, 2, 31), 32, PLN_RISK_REFUSE, 32, 31, 0);
  after(rule_with(PLN_RISK_MAX_ORDER_SIZE, 1, 2500), 25, PLN_RISK_ALLOW, 2500, 2500, 25);
  after(rule_with(PLN_RISK_MAX_ORDER_SIZE, 0, 24), 25, PLN_RISK_REFUSE, 25, 24, 0);
}

static void concentration_and_groups(void **state) {
  (void)state;
  pln_risk_rule largest = rule_with(PLN_RISK_MAX_CONCENTRATION, 0, 60);
  largest.value[2] = 2;
  after(largest, 30, PLN_RISK_RESIZE, 3000.0 / 4500 * 100, 60, 22); /* 2,200 of 3,700 are 59.5 percent */
  pln_risk_rule index = rule_with(PLN_RISK_MAX_CONCENTRATION, 1, 0.5001);
  index.value[2] = 2;
  after(index, 15, PLN_RISK_ALLOW, 0.5, 0.5001, 15);
  index.value[2] = 3; /* two positions are fewer than that */
  bench *t = open_bench(&index, 1, NULL, 1);
  to_row(t, 0, 0);
  buy(t, 0, 0, 70);
  to_row(t, 0, 2);
  assert_true(held(t, 0, 0) == 70 && isnan(last(t).value));
  close_bench(t);
  const int32_t groups[] = {1, 1, 2};
  pln_risk_rule group = rule_with(PLN_RISK_MAX_GROUP, 0, 30);
  group.groups = groups;
  group.n_groups = 3;
  after(group, 20, PLN_RISK_RESIZE, 35, 30, 15);
  pln_risk_rule number = rule_with(PLN_RISK_MAX_GROUP, 2, 1);
  number.groups = groups;
  number.n_groups = 3;
  after(number, 20, PLN_RISK_REFUSE, 2, 1, 0);
  const int32_t apart[] = {0, 1, 2};
  group.groups = apart;
  t = open_bench(&group, 1, NULL, 1);
  to_row(t, 0, 0);
  buy(t, 0, 0, 90); /* in no group */
  to_row(t, 0, 2);
  assert_true(held(t, 0, 0) == 90);
  close_bench(t);
}

static void what_only_reduces_passes(void **state) {
  (void)state;
  pln_risk_rule rules[] = {rule_with(PLN_RISK_MAX_ORDER_SIZE, 2, 10),
                           rule_with(PLN_RISK_MAX_GROSS_EXPOSURE, 0, 1)};
  bench *t = open_bench(rules, 1, NULL, 1);
  to_row(t, 0, 0);
  for (int i = 0; i < 5; i++) buy(t, 0, 0, 10);
  to_row(t, 0, 2);
  assert_true(held(t, 0, 0) == 50);
  buy(t, 0, 0, -50);
  to_row(t, 0, 4);
  assert_true(held(t, 0, 0) == 0);
  /* A reversal is cut to what closes. */
  for (int i = 0; i < 2; i++) buy(t, 0, 0, 10);
  to_row(t, 0, 6);
  buy(t, 0, 0, -60);
  to_row(t, 0, 8);
  assert_true(held(t, 0, 0) == 0);
  decides(t, PLN_RISK_RESIZE, 60, 20, 60, 10);
  close_bench(t);
}

/* Orders of one instant see each other; working orders count as if they filled. */
static void orders_see_each_other(void **state) {
  (void)state;
  pln_risk_rule rule = rule_with(PLN_RISK_MAX_GROSS_EXPOSURE, 0, 50);
  bench *t = open_bench(&rule, 1, NULL, 1);
  to_row(t, 0, 0);
  buy(t, 0, 0, 30); /* 30 percent */
  buy(t, 0, 1, 60); /* 30 more: 40 of them fit */
  to_row(t, 0, 2);
  assert_true(held(t, 0, 0) == 30 && held(t, 0, 1) == 40);
  decides(t, PLN_RISK_RESIZE, 60, 40, 60, 50);
  buy(t, 0, 1, -40);
  to_row(t, 0, 4);
  const pln_order_request limit = {
      .instrument = 1, .side = PLN_SIDE_BUY, .type = PLN_ORDER_LIMIT, .limit_price = 10, .size = 30};
  pln_exec_submit(t->x, 0, &limit); /* 15 percent, should it fill */
  to_row(t, 0, 6);
  buy(t, 0, 2, 100); /* 20 percent: only 25 units are left */
  to_row(t, 0, 8);
  assert_true(held(t, 0, 2) == 25);
  close_bench(t);
}

static void across_portfolios(void **state) {
  (void)state;
  const pln_risk_rule rule = rule_with(PLN_RISK_MAX_POSITION, 2, 50);
  bench *t = open_bench(NULL, 0, &rule, 2);
  to_row(t, 0, 0);
  buy(t, 0, 0, 30);
  to_row(t, 1, 0);
  buy(t, 1, 0, 30);
  to_row(t, 1, 2);
  assert_true(held(t, 0, 0) == 30 && held(t, 1, 0) == 20);
  const pln_decision d = last(t);
  assert_int_equal(d.scope, 1);
  assert_int_equal(d.portfolio, 1);
  decides(t, PLN_RISK_RESIZE, 30, 20, 60, 50);
  close_bench(t);
}

static void collar_and_rate(void **state) {
  (void)state;
  pln_risk_rule rules[] = {rule_with(PLN_RISK_PRICE_COLLAR, 0, 5), rule_with(PLN_RISK_ORDER_RATE, 0, 2)};
  rules[1].value[1] = 1; /* a minute */
  bench *t = open_bench(rules, 2, NULL, 1);
  to_row(t, 0, 0);
  pln_order_request q = {.side = PLN_SIDE_BUY, .type = PLN_ORDER_LIMIT, .limit_price = 94, .size = 1};
  pln_exec_submit(t->x, 0, &q);
  to_row(t, 0, 1);
  decides(t, PLN_RISK_REFUSE, 1, 0, 6, 5);
  q.limit_price = 95;
  for (int i = 0; i < 3; i++) pln_exec_submit(t->x, 0, &q);
  to_row(t, 0, 2);
  decides(t, PLN_RISK_REFUSE, 1, 0, 3, 2); /* the third in a minute */
  pln_exec_submit(t->x, 0, &q);            /* a minute later: two are a minute old by now */
  to_row(t, 0, 3);
  decides(t, PLN_RISK_ALLOW, 1, 1, 1, 2);
  const pln_order *orders;
  int64_t rejected = 0;
  const int64_t n = pln_exec_orders(t->x, &orders);
  for (int64_t i = 0; i < n; i++) rejected += orders[i].status == PLN_STATUS_REJECTED;
  assert_int_equal(rejected, 2);
  close_bench(t);
}

/* One instrument whose price is given for each bar; a hundred units bought at the second bar. */
static rig *watched(double (*rows)[4], const pln_risk_rule *rule, int32_t n) {
  pln_portfolio_config p = rig_portfolio();
  rig *r = must(calloc(1, sizeof *r));
  rig_bars(&r->bars[0], rows, n);
  r->exec =
      must(pln_exec_new(&(pln_exec_config){.record_equity = 1, .record_orders = 1, .record_decisions = 1}));
  pln_exec_add_instrument(r->exec, &r->bars[0], &(pln_instrument){.lot_size = 1, .multiplier = 1});
  r->portfolio = must(pln_portfolio_new(&p, 1));
  assert_int_equal(pln_portfolio_add_rule(r->portfolio, rule), 0);
  assert_int_equal(pln_exec_add_portfolio(r->exec, r->portfolio), 0);
  assert_int_equal(pln_exec_add_caller(r->exec, 0, &r->bars[0]), 0);
  rig_to(r, 0);
  assert_true(pln_exec_submit(r->exec, 0, &(pln_order_request){.side = PLN_SIDE_BUY, .size = 100}) > 0);
  return r;
}

static void level(double (*rows)[4], int64_t from, int64_t until, double price) {
  for (int64_t i = from; i < until; i++)
    for (int j = 0; j < 4; j++) rows[i][j] = price;
}

static int64_t refused(const rig *r, int32_t kind) { return rig_refusals(r, pln_risk_refusal(kind)); }

static void daily_loss_halts_until_the_next_day(void **state) {
  (void)state;
  double rows[20][4];
  level(rows, 0, 3, 100);
  level(rows, 3, 20, 94);
  pln_risk_rule rule = rule_with(PLN_RISK_DAILY_LOSS, 0, 5);
  rig *r = watched(rows, &rule, 20);
  int64_t *ts = (int64_t *)r->bars[0].ts_ns; /* bar 10 opens on the next day */
  for (int i = 10; i < 20; i++) ts[i] += INT64_C(86400000000000);
  rig_to(r, 4); /* down 600 of 10,000 in bar 3 */
  pln_exec_submit(r->exec, 0, &(pln_order_request){.side = PLN_SIDE_SELL, .size = 20}); /* only reduces */
  pln_exec_submit(r->exec, 0, &(pln_order_request){.side = PLN_SIDE_BUY, .size = 5});
  while (pln_exec_view_of(r->exec)->row < 6) pln_exec_next(r->exec, INT64_MAX);
  assert_int_equal(refused(r, PLN_RISK_DAILY_LOSS), 1);
  assert_true(rig_position(r)->quantity == 80);
  while (pln_exec_view_of(r->exec)->row < 11) pln_exec_next(r->exec, INT64_MAX);
  pln_exec_submit(r->exec, 0, &(pln_order_request){.side = PLN_SIDE_BUY, .size = 5});
  rig_end(r);
  assert_true(rig_position(r)->quantity == 85);
  const pln_decision *d;
  const int64_t n = pln_exec_decisions(r->exec, &d);
  int64_t halts = 0, resumes = 0;
  for (int64_t i = 0; i < n; i++) {
    halts += d[i].action == PLN_RISK_HALT;
    resumes += d[i].action == PLN_RISK_RESUME;
    if (d[i].action != PLN_RISK_HALT) continue;
    NEAR(d[i].value, 6);
    assert_int_equal(d[i].ts_ns, rig_visible(3));
  }
  assert_int_equal(halts, 1);
  assert_int_equal(resumes, 1);
  rig_free(r);
}

static void daily_loss_closes(void **state) {
  (void)state;
  double rows[10][4];
  level(rows, 0, 3, 100);
  level(rows, 3, 5, 94);
  level(rows, 5, 10, 90);
  pln_risk_rule rule = rule_with(PLN_RISK_DAILY_LOSS, 1, 600);
  rule.value[2] = 1;
  rig *r = watched(rows, &rule, 10);
  rig_end(r);
  assert_int_equal(rig_trade(r, 0)->exit_bar, 4);
  assert_int_equal(rig_trade(r, 0)->exit_reason, PLN_EXIT_RISK_RULE);
  NEAR(rig_account(r)->equity, 9400);
  rig_free(r);
}

static void drawdown_halts_scales_and_resumes(void **state) {
  (void)state;
  double rows[20][4];
  level(rows, 0, 3, 100);
  level(rows, 3, 8, 89);
  level(rows, 8, 20, 88);
  pln_risk_rule rule = rule_with(PLN_RISK_DRAWDOWN, 0, 10);
  rule.value[1] = 1; /* close */
  rule.value[3] = 5; /* bars */
  rig *r = watched(rows, &rule, 20);
  rig_to(r, 4); /* 11 percent in bar 3: closed at the open of bar 4 */
  assert_true(rig_position(r)->quantity == 0);
  pln_exec_submit(r->exec, 0, &(pln_order_request){.side = PLN_SIDE_BUY, .size = 10});
  rig_to(r, 6);
  assert_true(rig_position(r)->quantity == 0);
  assert_int_equal(refused(r, PLN_RISK_DRAWDOWN), 1);
  rig_to(r, 8); /* five marks after bar 3 */
  pln_exec_submit(r->exec, 0, &(pln_order_request){.side = PLN_SIDE_BUY, .size = 100});
  rig_to(r, 10);
  assert_true(rig_position(r)->quantity == 100); /* the peak began anew at 8,900 */
  rig_free(r);

  pln_risk_rule scale = rule_with(PLN_RISK_DRAWDOWN, 0, 10);
  scale.value[1] = 2;
  scale.value[2] = 0.25;
  r = watched(rows, &scale, 20);
  rig_to(r, 2);
  pln_exec_submit(r->exec, 0, &(pln_order_request){.side = PLN_SIDE_SELL, .size = 100});
  rig_to(r, 4);
  pln_exec_submit(r->exec, 0, &(pln_order_request){.side = PLN_SIDE_BUY, .size = 40});
  rig_to(r, 6);
  assert_true(rig_position(r)->quantity == 10);
  rig_free(r);
}

static void losing_trades_pause(void **state) {
  (void)state;
  double rows[20][4];
  for (int i = 0; i < 20; i++) level(rows, i, i + 1, 100 - i);
  pln_risk_rule rule = rule_with(PLN_RISK_LOSS_STREAK, 0, 2);
  rule.value[1] = 3;
  rig *r = watched(rows, &rule, 20);
  for (int64_t row = 2; row < 16; row++) {
    rig_to(r, row);
    const bool flat = rig_position(r)->quantity == 0;
    pln_exec_submit(r->exec, 0,
                    &(pln_order_request){.side = flat ? PLN_SIDE_BUY : PLN_SIDE_SELL, .size = 100});
    if (!flat) continue;
  }
  rig_end(r);
  assert_true(refused(r, PLN_RISK_LOSS_STREAK) > 0);
  /* Two losses, three marks without entries: of twenty bars few trades are left. */
  const pln_account *a = rig_account(r);
  assert_in_range(a->n_trades, 3, 5);
  rig_free(r);
}

/* ---- value at risk ---- */

static void measures_of_loss(void **state) {
  (void)state;
  double x[] = {-5, 3, 1, -2, 4, 0, 2, -1, -3, 1};
  /* numpy.quantile(x, 0.1) = -3.2; mean 0, sample deviation sqrt(70 / 9). */
  NEAR(pln_value_at_risk(x, 10, PLN_METHOD_HISTORICAL, 90, 1), 3.2);
  NEAR(pln_value_at_risk(x, 10, PLN_METHOD_HISTORICAL, 90, 4), 6.4);
  NEAR(pln_expected_shortfall(x, 10, PLN_METHOD_HISTORICAL, 90, 1), 5);
  NEAR(pln_expected_shortfall(x, 10, PLN_METHOD_MONTE_CARLO, 75, 9),
       10.0 / 3); /* -5, -3, -2 at or below -1.75 */
  const double sd = sqrt(70.0 / 9);
  NEAR(pln_value_at_risk(x, 10, PLN_METHOD_PARAMETRIC, 95, 1), 1.6448536269514722 * sd);
  NEAR(pln_expected_shortfall(x, 10, PLN_METHOD_PARAMETRIC, 95, 1), 2.0627128075074257 * sd);
  double a[] = {1, 2, 3, 4}, b[] = {2, 4, 5, 9};
  NEAR(pln_correlation(a, b, 4), 11.0 / sqrt(5.0 * 26.0));
  NEAR(pln_correlation(a, (double[]){-1, -2, -3, -4}, 4), -1);
}

static uint64_t mix(uint64_t *g) {
  uint64_t x = (*g += 0x9e3779b97f4a7c15u);
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

/* Two instruments that move at random, one held; the rule is asked for its measure of an order in the other.
 */
static double loss_of(pln_risk_rule rule, double quantity, double *expected, double *correlation) {
  enum { BARS = 90 };
  static double rows[2][BARS][4];
  uint64_t g = 5;
  double price[2] = {100, 50};
  for (int i = 0; i < BARS; i++) {
    const double common = (double)(mix(&g) >> 11) * 0x1p-53 - 0.5;
    for (int k = 0; k < 2; k++) {
      price[k] *= 1 + 0.02 * (common + (double)(mix(&g) >> 11) * 0x1p-53 - 0.5);
      for (int c = 0; c < 4; c++) rows[k][i][c] = price[k];
    }
  }
  pln_bars bars[2];
  pln_exec *x = must(pln_exec_new(&(pln_exec_config){.record_decisions = 1}));
  for (int k = 0; k < 2; k++) {
    rig_bars(&bars[k], rows[k], BARS);
    pln_exec_add_instrument(x, &bars[k], &(pln_instrument){.lot_size = 1, .multiplier = 1});
  }
  const pln_portfolio_config c = rig_portfolio();
  pln_portfolio *p = must(pln_portfolio_new(&c, 2));
  assert_true(pln_portfolio_add_rule(p, &rule) >= 0);
  pln_exec_add_portfolio(x, p);
  pln_exec_add_caller(x, 0, &bars[0]);
  while (pln_exec_next(x, INT64_MAX) == 0 && pln_exec_view_of(x)->row < 70) {
  }
  pln_exec_submit(x, 0, &(pln_order_request){.instrument = 0, .side = PLN_SIDE_BUY, .size = 40});
  while (pln_exec_next(x, INT64_MAX) == 0 && pln_exec_view_of(x)->row < 80) {
  }
  pln_exec_submit(x, 0, &(pln_order_request){.instrument = 1, .side = PLN_SIDE_BUY, .size = quantity});
  pln_exec_next(x, INT64_MAX);
  const pln_decision *d;
  const int64_t n = pln_exec_decisions(x, &d);
  assert_true(n >= 2);
  const double value = d[n - 1].value;
  /* The same, plainly: 60 changes of the value of 40 and `quantity` units up to bar 80. */
  double changes[60], ra[60], rb[60];
  for (int t = 0; t < 60; t++) {
    const int i = 21 + t;
    ra[t] = rows[0][i][3] / rows[0][i - 1][3] - 1;
    rb[t] = rows[1][i][3] / rows[1][i - 1][3] - 1;
    changes[t] = 40 * rows[0][80][3] * ra[t] + quantity * rows[1][80][3] * rb[t];
  }
  if (correlation) *correlation = pln_correlation(ra, rb, 60);
  for (int i = 0; i < 60; i++) /* sorted by insertion */
    for (int j = i; j > 0 && changes[j] < changes[j - 1]; j--) {
      const double swap = changes[j];
      changes[j] = changes[j - 1];
      changes[j - 1] = swap;
    }
  if (expected) *expected = -(changes[5] + 0.9 * (changes[6] - changes[5])); /* 59 x 0.1 = 5.9 */
  pln_exec_free(x);
  pln_portfolio_free(p);
  for (int k = 0; k < 2; k++) rig_bars_free(&bars[k]);
  return value;
}

static void value_at_risk_of_a_portfolio(void **state) {
  (void)state;
  pln_risk_rule rule = rule_with(PLN_RISK_MAX_VALUE_AT_RISK, 1, 1e9);
  rule.value[PLN_RULE_METHOD] = PLN_METHOD_HISTORICAL;
  rule.value[PLN_RULE_CONFIDENCE] = 90;
  rule.value[PLN_RULE_WINDOW] = 60;
  double expected, rho;
  const double historical = loss_of(rule, 30, &expected, &rho);
  NEAR(historical, expected);
  /* The three methods agree roughly; Monte Carlo is the same for one seed and another for another. */
  rule.value[PLN_RULE_METHOD] = PLN_METHOD_MONTE_CARLO;
  rule.value[PLN_RULE_PATHS] = 20000;
  const double drawn = loss_of(rule, 30, NULL, NULL);
  assert_true(drawn == loss_of(rule, 30, NULL, NULL));
  assert_true(fabs(drawn / historical - 1) < 0.05);
  rule.value[PLN_RULE_SEED] = 2;
  assert_true(drawn != loss_of(rule, 30, NULL, NULL) || drawn == historical);
  rule.value[PLN_RULE_METHOD] = PLN_METHOD_PARAMETRIC;
  const double parametric = loss_of(rule, 30, NULL, NULL);
  assert_true(fabs(parametric / historical - 1) < 0.3 && parametric != historical);
  rule.kind = PLN_RISK_MAX_EXPECTED_SHORTFALL;
  rule.value[PLN_RULE_METHOD] = PLN_METHOD_HISTORICAL;
  assert_true(loss_of(rule, 30, NULL, NULL) > historical);
  const double together = loss_of(rule_with(PLN_RISK_MAX_CORRELATION, 0, 0.99), 30, NULL, NULL);
  NEAR(together, rho);
  assert_true(rho > 0.3);
}

static void lua_rules_ask(void **state) {
  (void)state;
  pln_risk_rule rules[] = {rule_of(PLN_RISK_LUA), rule_with(PLN_RISK_MAX_POSITION, 2, 6)};
  bench *t = open_bench(rules, 2, NULL, 1);
  assert_true(pln_exec_answer_risk(t->x, PLN_RISK_ALLOW, 0, 0, 0) < 0);
  to_row(t, 0, 0);
  buy(t, 0, 0, 10);
  buy(t, 0, 1, 10);
  assert_int_equal(pln_exec_next(t->x, INT64_MAX), PLN_EXEC_ASK_RISK);
  const pln_risk_request *q = pln_exec_risk_request(t->x);
  assert_true(q->quantity == 10 && q->instrument == 0 && q->side == PLN_SIDE_BUY && q->price == 100 &&
              q->value == 1000);
  assert_true(buy(t, 0, 0, 1) < 0);                                    /* no orders meanwhile */
  assert_int_equal(pln_exec_next(t->x, INT64_MAX), PLN_EXEC_ASK_RISK); /* still */
  assert_true(pln_exec_answer_risk(t->x, PLN_RISK_RESIZE, NAN, 0, 0) < 0);
  assert_int_equal(pln_exec_answer_risk(t->x, PLN_RISK_RESIZE, 7.5, 3, 4), 0);
  const pln_decision *d;
  pln_exec_decisions(t->x, &d);
  assert_true(d[0].kind == PLN_RISK_LUA && d[0].allowed == 7 && d[0].value == 3 && d[0].limit == 4);
  assert_int_equal(pln_exec_next(t->x, INT64_MAX), PLN_EXEC_ASK_RISK);
  assert_int_equal(pln_exec_risk_request(t->x)->instrument, 1);
  assert_int_equal(pln_exec_answer_risk(t->x, PLN_RISK_REFUSE, 0, 0, 0), 0);
  assert_null(pln_exec_risk_request(t->x));
  to_row(t, 0, 2);
  assert_true(held(t, 0, 0) == 6 && held(t, 0, 1) == 0); /* seven, and then the second rule */
  close_bench(t);
}

static void score_by_hand(void **state) {
  (void)state;
  bench *t = must(calloc(1, sizeof *t));
  t->n = 1;
  t->x = must(pln_exec_new(&(pln_exec_config){0}));
  const double prices[] = {100, 50, 20};
  for (int32_t k = 0; k < 3; k++) {
    constant(&t->bars[k], prices[k]);
    pln_exec_add_instrument(t->x, &t->bars[k], &(pln_instrument){.lot_size = 1, .multiplier = 1});
  }
  pln_exec_add_gauge(t->x);
  for (int32_t k = 0; k < 3; k++) pln_exec_set_gauge(t->x, 0, k, &t->bars[k], t->bars[k].volume);
  const pln_portfolio_config c = rig_portfolio();
  t->p[0] = must(pln_portfolio_new(&c, 3));
  const pln_score_config score = {.weight = {2, 1, 1, 1, 1, 2},
                                  .full = {200, 1, 40, 20, 5, 0.1},
                                  .confidence_pct = 95,
                                  .bars = 30,
                                  .record = 1};
  assert_int_equal(pln_portfolio_set_score(t->p[0], &score), 0);
  const pln_risk_rule rule = rule_with(PLN_RISK_MAX_RISK_SCORE, 0, 40);
  assert_int_equal(pln_portfolio_add_rule(t->p[0], &rule), 0);
  pln_exec_add_portfolio(t->x, t->p[0]);
  pln_exec_add_caller(t->x, 0, &t->bars[0]);
  to_row(t, 0, 0);
  assert_true(pln_exec_risk_score(t->x, 0) == 0);
  buy(t, 0, 0, 20);
  buy(t, 0, 1, 40);
  to_row(t, 0, 2);
  /* 40 % of 200: 0.2, twice; two equal positions: 0.5; nothing moves; 40 of 1,000 in a bar: 0.4, twice. */
  NEAR(pln_exec_risk_score(t->x, 0), (2 * 0.2 + 0.5 + 2 * 0.4) / 8 * 100);
  NEAR(pln_portfolio_account(t->p[0])->risk_score, (2 * 0.2 + 0.5 + 2 * 0.4) / 8 * 100);
  const int64_t *ts;
  const double *values;
  assert_int_equal(pln_exec_risk_scores(t->x, 0, &ts, &values), 3);
  assert_true(values[0] == 0 && ts[1] == 2 * RIG_STEP_NS);
  buy(t, 0, 0, 1000); /* the score bounds it */
  to_row(t, 0, 4);
  const double bounded = pln_exec_risk_score(t->x, 0);
  assert_true(bounded > 38 && bounded <= 40);
  assert_true(pln_portfolio_account(t->p[0])->risk_score_max == bounded);
  close_bench(t);
}

static void bad_rules_are_refused(void **state) {
  (void)state;
  const pln_portfolio_config c = rig_portfolio();
  pln_portfolio *p = must(pln_portfolio_new(&c, 2));
  pln_risk_rule both = rule_with(PLN_RISK_MAX_POSITION, 0, 5), group = rule_with(PLN_RISK_MAX_GROUP, 0, 5),
                volume = rule_with(PLN_RISK_MAX_ORDER_VOLUME, 0, 5),
                streak = rule_with(PLN_RISK_LOSS_STREAK, 0, 2);
  both.value[1] = 5;
  const pln_risk_rule bad[] = {both,
                               group,
                               volume,
                               streak,
                               rule_of(PLN_RISK_MAX_LEVERAGE),
                               rule_of(99),
                               rule_with(PLN_RISK_MAX_LEVERAGE, 0, -1),
                               rule_with(PLN_RISK_MAX_POSITIONS, 0, 1.5),
                               rule_with(PLN_RISK_MAX_LEVERAGE, 0, INFINITY)};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) assert_true(pln_portfolio_add_rule(p, &bad[i]) < 0);
  pln_portfolio_free(p);
  for (int32_t k = 0; k < PLN_RISK_KIND_COUNT; k++) {
    const pln_risk_info *info = pln_risk_kind_info(k);
    assert_true(info->name && *info->help && *info->formula && info->source);
    char name[64];
    snprintf(name, sizeof name, "risk_%s", info->name);
    assert_string_equal(pln_refusal_name(pln_risk_refusal(k)), name);
    assert_string_equal(pln_refusal_help(pln_risk_refusal(k)), info->help);
  }
  assert_null(pln_risk_kind_info(PLN_RISK_KIND_COUNT));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(positions_and_exposures),
      cmocka_unit_test(sizes_and_volumes),
      cmocka_unit_test(concentration_and_groups),
      cmocka_unit_test(what_only_reduces_passes),
      cmocka_unit_test(orders_see_each_other),
      cmocka_unit_test(across_portfolios),
      cmocka_unit_test(collar_and_rate),
      cmocka_unit_test(daily_loss_halts_until_the_next_day),
      cmocka_unit_test(daily_loss_closes),
      cmocka_unit_test(drawdown_halts_scales_and_resumes),
      cmocka_unit_test(losing_trades_pause),
      cmocka_unit_test(measures_of_loss),
      cmocka_unit_test(value_at_risk_of_a_portfolio),
      cmocka_unit_test(lua_rules_ask),
      cmocka_unit_test(score_by_hand),
      cmocka_unit_test(bad_rules_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
