/* Laws of the account under everything at once: currencies, futures, splits, dividends, deposits, halts,
 * membership, delisting, costs. The model beside it knows no cash and no lots: it follows the equity, by what
 * each position gained since the last bar. */
#include "account_util.h"

enum { BARS = 240, MARKETS = 4, SHARE = 0, FOREIGN = 1, RATE = 2, FUTURE = 3, MOST = 4000 };

static uint64_t draw(uint64_t *s) {
  *s += 0x9e3779b97f4a7c15u;
  uint64_t x = *s;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}
static double unit(uint64_t *s) { return (double)(draw(s) >> 11) * 0x1p-53; }
static int64_t below(uint64_t *s, uint64_t n) { return (int64_t)(draw(s) % n); }

typedef struct plan {
  uint64_t seed;
  double scale;   /* of capital, lots and sizes */
  int32_t method; /* pln_accounting */
  bool flat;      /* prices, rates: constant; no costs, no actions but flows */
  bool free;      /* no costs */
  bool protects;  /* orders may name stops and targets */
  bool rich;      /* money is never short */
  int32_t fill;   /* pln_fill_policy */
} plan;

typedef struct world {
  pln_bars bars[MARKETS];
  pln_action actions[MARKETS][16];
  int64_t n_actions[MARKETS];
  pln_action flows[8];
  int64_t n_flows;
  pln_instrument specs[MARKETS];
} world;

static void add(world *w, int32_t k, int64_t bar, int32_t kind, double value) {
  w->actions[k][w->n_actions[k]++] = (pln_action){.ts_ns = bar_open(bar), .kind = kind, .value = value};
}

static void make_actions(world *w, const plan *p, uint64_t *g) {
  const double ratios[] = {2, 7, 1.5, 0.1, 1.0 / 3};
  const int64_t split = 60 + below(g, 20), second = 140 + below(g, 20);
  add(w, SHARE, 20, PLN_ACTION_DIVIDEND, 0.5);
  add(w, SHARE, split, PLN_ACTION_SPLIT, ratios[below(g, 5)]);
  add(w, SHARE, split, PLN_ACTION_DIVIDEND, 0.25);
  add(w, SHARE, 100, PLN_ACTION_HALT, 0);
  add(w, SHARE, 106, PLN_ACTION_RESUME, 0);
  add(w, SHARE, second, PLN_ACTION_SPLIT, ratios[below(g, 5)]);
  add(w, FOREIGN, 30, PLN_ACTION_ENTER, 0);
  add(w, FOREIGN, 80, PLN_ACTION_DIVIDEND, 0.75);
  add(w, FOREIGN, 120, PLN_ACTION_LEAVE, 0);
  add(w, FOREIGN, 150, PLN_ACTION_ENTER, 0);
  add(w, FOREIGN, 220, PLN_ACTION_DELIST, below(g, 2) ? NAN : 3);
  const double amounts[] = {5000, -2000, -1e9, 777};
  for (int64_t i = 0; i < 4; i++)
    w->flows[w->n_flows++] =
        (pln_action){.ts_ns = bar_open(40 + 50 * i), .kind = PLN_ACTION_CASH, .value = amounts[i] * p->scale};
}

static void make_world(world *w, const plan *p) {
  *w = (world){0};
  uint64_t g = p->seed * 77;
  if (!p->flat) make_actions(w, p, &g);
  if (p->flat)
    w->flows[w->n_flows++] = (pln_action){.ts_ns = bar_open(50), .kind = PLN_ACTION_CASH, .value = 1000};
  for (int32_t k = 0; k < MARKETS; k++) {
    w->specs[k] = (pln_instrument){.lot_size = (k == SHARE    ? 1
                                                : k == FUTURE ? 1
                                                              : 0.1) *
                                               p->scale,
                                   .multiplier = 1};
    double rows[BARS][4], price = k == RATE ? 1.1 : 50 + 50 * unit(&g);
    int64_t next = 0;
    for (int64_t i = 0; i < BARS; i++) {
      while (next < w->n_actions[k] && w->actions[k][next].ts_ns <= bar_open(i)) {
        if (w->actions[k][next].kind == PLN_ACTION_SPLIT) price /= w->actions[k][next].value;
        next++;
      }
      const double move = p->flat ? 0 : k == RATE ? 0.01 : 0.04;
      const double open = price * (1 + (unit(&g) - 0.5) * move), close = open * (1 + (unit(&g) - 0.5) * move);
      rows[i][0] = open;
      rows[i][1] = (open > close ? open : close) * (1 + unit(&g) * move / 3);
      rows[i][2] = (open < close ? open : close) * (1 - unit(&g) * move / 3);
      rows[i][3] = price = close;
    }
    rig_bars(&w->bars[k], rows, BARS);
  }
  w->specs[RATE].is_rate = 1;
  w->specs[FUTURE].multiplier = 5;
  w->specs[FUTURE].settlement = PLN_SETTLE_FUTURES;
  w->specs[FUTURE].margin_type = p->seed % 2 ? PLN_MARGIN_CURRENCY : PLN_MARGIN_PERCENT;
  w->specs[FUTURE].margin_initial = p->seed % 2 ? 40 : 10;
}

typedef struct model {
  double equity;
  double quantity[MARKETS];
  double price[MARKETS]; /* at which it was valued last */
  double rate;           /* that was visible last */
  int64_t next[MARKETS], next_flow;
} model;

static double rate_of(const model *m, int32_t k) { return k == FOREIGN ? m->rate : 1; }

static double value(const world *w, int32_t k, double price, double rate) {
  return price * w->specs[k].multiplier * rate;
}

/* Actions that hold from this bar on. */
static void model_actions(model *m, const world *w, int64_t bar) {
  for (int32_t k = 0; k < MARKETS; k++) {
    for (; m->next[k] < w->n_actions[k] && w->actions[k][m->next[k]].ts_ns <= bar_open(bar); m->next[k]++) {
      const pln_action *a = &w->actions[k][m->next[k]];
      if (a->kind == PLN_ACTION_DIVIDEND) m->equity += m->quantity[k] * a->value * rate_of(m, k);
      if (a->kind != PLN_ACTION_SPLIT) continue;
      const double lots = m->quantity[k] * a->value / w->specs[k].lot_size, nearest = round(lots);
      /* The fraction goes at the price that it is valued at. */
      m->quantity[k] =
          (fabs(lots - nearest) < 1e-9 * (1 + fabs(nearest)) ? nearest : trunc(lots)) * w->specs[k].lot_size;
      m->price[k] /= a->value;
    }
  }
}

static void model_fill(model *m, const world *w, const pln_fill *f) {
  const int32_t k = f->instrument;
  NEAR(f->rate, rate_of(m, k));
  m->equity -= f->fee;
  /* Bought below what it is valued at, it gains the difference. */
  m->equity += f->side * f->quantity * (value(w, k, m->price[k], f->rate) - value(w, k, f->price, f->rate));
  m->quantity[k] += f->side * f->quantity;
}

static void model_mark(model *m, const world *w, int64_t bar) {
  const double rate = w->bars[RATE].close[bar];
  for (int32_t k = 0; k < MARKETS; k++) {
    const double close = w->bars[k].close[bar];
    const double now = value(w, k, close, k == FOREIGN ? rate : 1);
    if (fabs(m->quantity[k]) > 1e-9)
      m->equity += m->quantity[k] * (now - value(w, k, m->price[k], rate_of(m, k)));
    m->price[k] = close;
  }
  m->rate = rate;
}

typedef struct result {
  double equity[BARS];
  double realized, open_pnl, fees, trade_fees, income, trade_income, flows;
  int64_t n_fills, n_trades, exits[16];
  pln_trade trades[MOST];
} result;

static void place(pln_exec *x, const pln_portfolio *p, const plan *s, int64_t row) {
  uint64_t g = s->seed * 1000003 + (uint64_t)row;
  const int32_t markets[] = {SHARE, FOREIGN, FUTURE, RATE};
  if (below(&g, 2)) return;
  const int32_t k = markets[below(&g, 20) == 0 ? 3 : below(&g, 3)];
  const double last = pln_portfolio_positions(p)[k].last_price;
  pln_order_request r = {.instrument = k,
                         .side = below(&g, 2) ? 1 : -1,
                         .type = (int32_t)below(&g, 3),
                         .tif = PLN_TIF_GTC,
                         .size = (1 + floor(30 * unit(&g))) * s->scale,
                         .limit_price = last * (0.98 + 0.04 * unit(&g)),
                         .stop_price = last * (0.98 + 0.04 * unit(&g))};
  if (s->protects && below(&g, 2)) r.stop_loss = last * (1 - r.side * 0.05 * unit(&g));
  if (s->protects && below(&g, 2)) r.take_profit = last * (1 + r.side * 0.05 * unit(&g));
  assert_true(pln_exec_submit(x, 0, &r) >= 0);
}

static void check_now(const pln_portfolio *p, const world *w, const model *m) {
  const pln_account *a = pln_portfolio_account(p);
  double equity = a->cash;
  for (int32_t k = 0; k < MARKETS; k++) {
    const pln_position *pos = &pln_portfolio_positions(p)[k];
    if (pos->quantity == 0) continue;
    const double price = pos->last_price - (k == FUTURE ? pos->average_price : 0);
    equity += pos->quantity * value(w, k, price, rate_of(m, k));
    NEAR(pos->quantity, m->quantity[k]);
  }
  NEAR(a->equity, equity);
  NEAR(a->equity, m->equity);
  assert_true(a->drawdown_pct >= 0 && a->peak_equity >= a->equity * (1 - 1e-12));
}

/* What the refusals say of flows that were not paid. */
static void model_flows(model *m, const world *w, int64_t bar, const pln_account *a, double *flows) {
  for (; m->next_flow < w->n_flows && w->flows[m->next_flow].ts_ns <= bar_open(bar); m->next_flow++) {
    const double amount = w->flows[m->next_flow].value;
    const bool paid = fabs(a->flows - (*flows + amount)) < 1e-6 * (1 + fabs(amount));
    if (!paid) continue;
    *flows += amount;
    m->equity += amount;
  }
}

static result *play(const plan *s) {
  world w;
  make_world(&w, s);
  result *out = must(calloc(1, sizeof *out));
  pln_exec_config xc = {.fill = s->fill, .record_equity = 1, .record_orders = 1};
  if (!s->flat && !s->free) {
    xc.commission =
        (pln_commission){.pct = 0.05, .per_share = 0.01, .per_order = s->scale, .minimum = 2 * s->scale};
    xc.slippage_bps = 3;
  }
  pln_portfolio_config pc = rig_portfolio();
  pc.capital = (s->rich ? 1e8 : 20000) * s->scale;
  pc.leverage = 3;
  pc.accounting = s->method;
  pc.fx_spread_bps = s->flat || s->free ? 0 : 5;
  pc.margin_call = s->rich || s->flat ? PLN_MARGIN_CALL_OFF : 1 + (int32_t)(s->seed % 2);
  pc.maintenance_pct = 30;
  pc.on_leave = (int32_t)(s->seed / 2 % 2);
  pln_exec *x = must(pln_exec_new(&xc));
  for (int32_t k = 0; k < MARKETS; k++)
    assert_int_equal(pln_exec_add_instrument(x, &w.bars[k], &w.specs[k]), k);
  pln_portfolio *p = must(pln_portfolio_new(&pc, MARKETS));
  assert_int_equal(pln_exec_add_portfolio(x, p), 0);
  assert_int_equal(pln_exec_set_fx(x, 0, FOREIGN, &(pln_fx){.rate = {RATE, -1}}), 0);
  for (int32_t k = 0; k < MARKETS; k++)
    assert_int_equal(pln_exec_add_actions(x, k, w.actions[k], w.n_actions[k]), 0);
  assert_int_equal(pln_exec_add_cash_flows(x, 0, w.flows, w.n_flows), 0);
  assert_int_equal(pln_exec_add_caller(x, 0, &w.bars[SHARE]), 0);
  const pln_account *a = pln_portfolio_account(p);
  model m = {.equity = pc.capital, .rate = NAN};
  int64_t seen = 0, bar = 0;
  for (; pln_exec_next(x, rig_visible(bar)) == 0; bar++) {
    const pln_fill *fills;
    const int64_t n = pln_exec_fills(x, &fills);
    for (; seen < n && fills[seen].bar < bar; seen++)
      model_fill(&m, &w, &fills[seen]); /* at the last close */
    model_flows(&m, &w, bar, a, &out->flows);
    model_actions(&m, &w, bar);
    for (; seen < n; seen++) model_fill(&m, &w, &fills[seen]);
    model_mark(&m, &w, bar);
    check_now(p, &w, &m);
    out->equity[bar] = a->equity;
    place(x, p, s, pln_exec_view_of(x)->row);
  }
  assert_int_equal(bar, BARS);
  assert_int_equal(pln_exec_finish(x), 0);
  const pln_fill *fills;
  out->n_fills = pln_exec_fills(x, &fills);
  for (int64_t i = 0; i < out->n_fills; i++) out->fees += fills[i].fee;
  NEAR(a->fees, out->fees);
  const pln_trade *trades;
  out->n_trades = pln_portfolio_trades(p, &trades);
  assert_true(out->n_trades < MOST - 200);
  memcpy(out->trades, trades, (size_t)out->n_trades * sizeof *trades);
  for (int64_t i = 0; i < out->n_trades; i++) {
    out->realized += trades[i].pnl;
    out->exits[trades[i].exit_reason]++;
    assert_true(trades[i].quantity > 0 && trades[i].mae >= 0 && trades[i].mfe >= 0);
    assert_int_equal(trades[i].id, i + 1);
  }
  const int64_t n_open = pln_portfolio_open_trades(p, out->trades + out->n_trades, 200);
  for (int64_t i = 0; i < n_open; i++) out->open_pnl += out->trades[out->n_trades + i].pnl;
  for (int64_t i = 0; i < out->n_trades + n_open; i++) {
    const pln_trade *t = &out->trades[i];
    const double point = w.specs[t->instrument].multiplier;
    const double gain = t->instrument == FUTURE
                            ? (t->exit_price - t->entry_price) * t->exit_rate
                            : t->exit_price * t->exit_rate - t->entry_price * t->entry_rate;
    NEAR(t->pnl, t->side * t->quantity * point * gain + t->income - t->fees);
    out->trade_fees += t->fees;
    out->trade_income += t->income;
  }
  NEAR(a->realized_pnl, out->realized);
  NEAR(out->trade_fees, out->fees);
  NEAR(a->income, out->trade_income);
  out->income = a->income;
  NEAR(a->flows, out->flows);
  const pln_equity_rows *rows = pln_portfolio_equity(p);
  double flowed = 0;
  assert_int_equal(rows->n_rows, BARS);
  for (int64_t i = 0; i < BARS; i++) flowed += rows->flow[i];
  NEAR(flowed, out->flows);
  if (!a->bankrupt) NEAR(a->equity, pc.capital + out->flows + out->realized + out->open_pnl);
  pln_exec_free(x);
  pln_portfolio_free(p);
  for (int32_t k = 0; k < MARKETS; k++) rig_bars_free(&w.bars[k]);
  return out;
}

static void equity_is_what_positions_gained(void **state) {
  (void)state;
  int64_t exits[16] = {0}, fills = 0;
  double income = 0;
  for (uint64_t seed = 1; seed <= 150; seed++) {
    const plan s = {.seed = seed,
                    .scale = 1,
                    .method = (int32_t)(seed % 3),
                    .protects = seed % 4 > 0,
                    .fill = seed % 7 < 2 ? PLN_FILL_THIS_CLOSE : PLN_FILL_NEXT_OPEN,
                    .rich = seed % 5 == 0};
    result *r = play(&s);
    for (int32_t i = 0; i < 16; i++) exits[i] += r->exits[i];
    fills += r->n_fills;
    income += fabs(r->income);
    free(r);
  }
  assert_true(fills > 5000 && income > 0);
  const int32_t met[] = {PLN_EXIT_STOP_LOSS,    PLN_EXIT_TAKE_PROFIT, PLN_EXIT_ORDER,
                         PLN_EXIT_MARGIN_CALL,  PLN_EXIT_DELISTED,    PLN_EXIT_SPLIT,
                         PLN_EXIT_LEFT_UNIVERSE};
  for (size_t i = 0; i < sizeof met / sizeof *met; i++)
    if (exits[met[i]] == 0) fail_msg("no exit by %s", pln_exit_reason_name(met[i]));
}

static void methods_agree_in_all(void **state) {
  (void)state;
  for (uint64_t seed = 1; seed <= 60; seed++) {
    result *of[3];
    for (int32_t method = 0; method < 3; method++)
      of[method] = play(&(plan){.seed = seed,
                                .scale = 1,
                                .method = method,
                                .rich = true,
                                .free = seed % 2,
                                .fill = seed % 3 ? PLN_FILL_NEXT_OPEN : PLN_FILL_THIS_CLOSE});
    bool differs = false;
    for (int32_t method = 1; method < 3; method++) {
      assert_int_equal(of[method]->n_fills, of[0]->n_fills);
      for (int64_t i = 0; i < BARS; i++) NEAR(of[method]->equity[i], of[0]->equity[i]);
      NEAR(of[method]->realized + of[method]->open_pnl, of[0]->realized + of[0]->open_pnl);
      differs = differs || fabs(of[method]->realized - of[0]->realized) > 1e-6;
    }
    assert_true(differs);
    for (int32_t method = 0; method < 3; method++) free(of[method]);
  }
}

static void a_flat_market_without_costs_changes_nothing(void **state) {
  (void)state;
  for (uint64_t seed = 1; seed <= 30; seed++) {
    const plan s = {.seed = seed, .scale = 1, .method = (int32_t)(seed % 3), .flat = true, .protects = true};
    result *r = play(&s);
    assert_true(r->n_fills > 10);
    for (int64_t i = 0; i < BARS; i++) NEAR(r->equity[i], i < 50 ? 20000 : 21000);
    free(r);
  }
}

static void capital_and_lots_scale_the_result(void **state) {
  (void)state;
  for (uint64_t seed = 1; seed <= 40; seed++) {
    plan s = {.seed = seed, .scale = 1, .method = (int32_t)(seed % 3), .protects = true};
    result *one = play(&s);
    s.scale = 1024; /* a power of two: the roundings are the same */
    result *many = play(&s);
    assert_int_equal(many->n_fills, one->n_fills);
    assert_int_equal(many->n_trades, one->n_trades);
    if (seed % 2 == 0) /* a margin in currency for each unit scales with them, too */
      for (int64_t i = 0; i < BARS; i++) NEAR(many->equity[i], 1024 * one->equity[i]);
    free(one);
    free(many);
  }
}

/* The quick marks of one instrument end before each action: as the general path, to the bit. */
static void quick_and_general_paths_agree(void **state) {
  (void)state;
  for (uint64_t seed = 1; seed <= 40; seed++) {
    double equity[2][BARS], cash[2][BARS], flow[2][BARS];
    pln_account account[2];
    for (int32_t general = 0; general < 2; general++) {
      const plan s = {.seed = seed, .scale = 1};
      const int32_t k = seed % 3 == 0 ? FUTURE : SHARE;
      world w;
      make_world(&w, &s);
      w.specs[FUTURE].margin_type = PLN_MARGIN_PERCENT;
      w.specs[FUTURE].margin_initial = 10;
      pln_exec *x = must(pln_exec_new(&(pln_exec_config){.record_equity = 1,
                                                         .record_orders = 1,
                                                         .commission = {.pct = 0.1},
                                                         .recorder_rows = seed % 2 ? 7 : 0}));
      assert_int_equal(pln_exec_add_instrument(x, &w.bars[k], &w.specs[k]), 0);
      pln_portfolio_config pc = rig_portfolio();
      pc.accounting = (int32_t)(seed % 3);
      pc.margin_call = (int32_t)(seed / 3 % 3);
      pc.maintenance_pct = 90;
      pln_portfolio *p[2];
      for (int32_t j = 0; j <= general; j++) {
        p[j] = must(pln_portfolio_new(&pc, 1));
        assert_int_equal(pln_exec_add_portfolio(x, p[j]), j);
        assert_int_equal(pln_exec_add_cash_flows(x, j, w.flows, w.n_flows), 0);
      }
      assert_int_equal(pln_exec_add_actions(x, 0, w.actions[k], w.n_actions[k]), 0);
      const bool by_signals = seed % 4 == 0;
      if (by_signals) {
        assert_int_equal(pln_exec_add_source(x, 0, 0, 1), 0);
        uint64_t g = seed;
        for (int64_t i = 0; i < BARS; i += 1 + below(&g, 20)) {
          const pln_signal signal = {.ts_ns = rig_visible(i),
                                     .direction = (int32_t)below(&g, 3) - 1,
                                     .strength = 1,
                                     .confidence = 1};
          pln_exec_push_signals(x, 0, &signal, 1);
        }
      } else {
        assert_int_equal(pln_exec_add_caller(x, 0, &w.bars[k]), 0);
      }
      int64_t n = 0;
      int32_t status;
      bool finished = false;
      do {
        status = by_signals ? pln_exec_run(x, INT64_MAX) : pln_exec_next(x, INT64_MAX);
        uint64_t g = seed * 99991 + (uint64_t)pln_exec_view_of(x)->row;
        if (status == 0 && below(&g, 8) == 0)
          pln_exec_submit(
              x, 0, &(pln_order_request){.side = below(&g, 2) ? 1 : -1, .size = 1 + floor(60 * unit(&g))});
        if (status == PLN_EXEC_DONE && !finished) {
          assert_int_equal(pln_exec_finish(x), 0);
          finished = true;
        }
        if (status >= 0) continue;
        const pln_equity_rows *rows = pln_portfolio_equity(p[0]);
        for (int64_t i = 0; i < rows->n_rows; i++, n++) {
          equity[general][n] = rows->equity[i];
          cash[general][n] = rows->cash[i];
          flow[general][n] = rows->flow[i];
        }
        for (int32_t j = 0; j <= general; j++) pln_portfolio_clear_equity(p[j]);
      } while (!finished);
      assert_int_equal(n, BARS);
      account[general] = *pln_portfolio_account(p[0]);
      pln_exec_free(x);
      for (int32_t j = 0; j <= general; j++) pln_portfolio_free(p[j]);
      for (int32_t j = 0; j < MARKETS; j++) rig_bars_free(&w.bars[j]);
    }
    assert_true(account[0].n_fills > 5);
    assert_memory_equal(equity[0], equity[1], sizeof equity[0]);
    assert_memory_equal(cash[0], cash[1], sizeof cash[0]);
    assert_memory_equal(flow[0], flow[1], sizeof flow[0]);
    assert_memory_equal(&account[0], &account[1], sizeof account[0]);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(equity_is_what_positions_gained), cmocka_unit_test(methods_agree_in_all),
      cmocka_unit_test(a_flat_market_without_costs_changes_nothing),
      cmocka_unit_test(capital_and_lots_scale_the_result), cmocka_unit_test(quick_and_general_paths_agree)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
