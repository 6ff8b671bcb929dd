#include "exec_util.h"

/* Laws that hold for any orders on any bars. Decisions are a function of the seed, the row and what the
 * strategy may see, so that two runs differ only where the container makes them differ. */

enum { BARS = 400, MARKETS = 2 };

static uint64_t mix(uint64_t x) {
  x += 0x9e3779b97f4a7c15u;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}
static uint64_t draw(uint64_t *s) { return *s = mix(*s); }
static double unit(uint64_t *s) { return (double)(draw(s) >> 11) * 0x1p-53; }
static int64_t below(uint64_t *s, uint64_t n) { return (int64_t)(draw(s) % n); }

typedef struct setup {
  uint64_t seed;
  int32_t fill;
  int32_t portfolios; /* the second one is a copy whose caller does nothing: it forces the general path */
  int32_t markets;
  int64_t slice; /* ns of a slice, 0: all at once */
  int32_t recorder_rows;
  int64_t scramble_from; /* bars from here on are others */
  int32_t by_signals;
  int32_t with_caller; /* by_signals: an idle caller, so that pln_exec_next is used */
} setup;

typedef struct outcome {
  pln_order orders[20000];
  pln_fill fills[20000];
  pln_trade trades[20000];
  double equity[BARS * MARKETS + 2], cash[BARS * MARKETS + 2];
  int64_t ts[BARS * MARKETS + 2];
  int8_t exposure[BARS * MARKETS + 2];
  int64_t n_orders, n_fills, n_trades, n_rows;
  pln_account account;
  pln_exec_view view;
} outcome;

static void make_bars(pln_bars *bars, const setup *s, int32_t k) {
  double rows[BARS][4];
  uint64_t g = s->seed * 31 + (uint64_t)k;
  double price = 100;
  for (int64_t i = 0; i < BARS; i++) {
    if (i == s->scramble_from) g ^= 0x5555;
    const double open = price * (1 + (unit(&g) - 0.5) * 0.03), close = open * (1 + (unit(&g) - 0.5) * 0.05);
    rows[i][0] = open;
    rows[i][1] = (open > close ? open : close) * (1 + unit(&g) * 0.02);
    rows[i][2] = (open < close ? open : close) * (1 - unit(&g) * 0.02);
    rows[i][3] = price = close;
  }
  rig_bars(bars, rows, BARS);
  if (k == 0) return;
  for (int64_t i = 0; i < BARS; i++) ((int64_t *)bars->ts_ns)[i] += i / 3 * RIG_STEP_NS; /* with holes */
}

static pln_portfolio_config portfolio_of(uint64_t *g) {
  pln_portfolio_config c = rig_portfolio();
  c.leverage = below(g, 3) == 0 ? 3 : 1;
  c.sizing.at = (int32_t)below(g, 2);
  c.sizing.value = below(g, 2) ? 100 : 40;
  c.allow_short = below(g, 5) > 0;
  c.rebalance = (int32_t)below(g, 2);
  c.risk = (pln_risk_config){.max_position_pct = below(g, 3) ? 0 : 80,
                             .max_exposure_pct = below(g, 3) ? 0 : 150,
                             .stop_loss_pct = below(g, 2) ? 0 : 3,
                             .take_profit_pct = below(g, 2) ? 0 : 4,
                             .trailing_stop_pct = below(g, 2) ? 0 : 2.5,
                             .max_drawdown_pct = below(g, 3) ? 0 : 30};
  return c;
}

static pln_exec_config exec_of(const setup *s, uint64_t *g) {
  return (pln_exec_config){.fill = s->fill,
                           .finalize_trades = (int32_t)below(g, 2),
                           .commission = {.pct = below(g, 2) ? 0.1 : 0,
                                          .per_share = below(g, 2) ? 0.01 : 0,
                                          .per_order = below(g, 2) ? 1 : 0,
                                          .minimum = below(g, 2) ? 2 : 0},
                           .slippage_bps = below(g, 2) ? 5 : 0,
                           .spread_bps = below(g, 2) ? 4 : 0,
                           .record_equity = 1,
                           .record_orders = 1,
                           .recorder_rows = s->recorder_rows};
}

static void place(pln_exec *x, const pln_portfolio *p, const setup *s, int64_t row) {
  uint64_t g = mix(s->seed * 1000003 + (uint64_t)row);
  if (below(&g, 3) == 0) return;
  const int64_t n = 1 + below(&g, 2);
  for (int64_t j = 0; j < n; j++) {
    const int32_t k = (int32_t)below(&g, (uint64_t)s->markets);
    const double last = pln_portfolio_positions(p)[k].last_price;
    const double near = isnan(last) ? 100 : last;
    pln_order_request r = {.instrument = k,
                           .side = below(&g, 2) ? 1 : -1,
                           .type = (int32_t)below(&g, 4),
                           .tif = (int32_t)below(&g, 3),
                           .size_type = (int32_t)below(&g, 6),
                           .size_at = (int32_t)below(&g, 2),
                           .limit_price = near * (0.97 + 0.06 * unit(&g)),
                           .stop_price = near * (0.97 + 0.06 * unit(&g)),
                           .stop_loss = below(&g, 3) ? 0 : near * (0.95 + 0.1 * unit(&g)),
                           .take_profit = below(&g, 3) ? 0 : near * (0.95 + 0.1 * unit(&g)),
                           .tag = (int32_t)row};
    const double sizes[] = {1 + 60 * unit(&g),  4000 * unit(&g),     100 * unit(&g),
                            60 * unit(&g) - 30, 150 * unit(&g) - 75, 0};
    r.size = sizes[r.size_type];
    if (below(&g, 40) == 0) r.limit_price = r.stop_price = NAN;
    assert_true(pln_exec_submit(x, 0, &r) >= 0);
  }
  if (below(&g, 15) == 0) pln_exec_cancel_all(x, 0, (int32_t)below(&g, 2) - 1);
  const pln_order *pending;
  if (below(&g, 10) == 0 && pln_exec_pending(x, 0, &pending) > 0)
    assert_int_equal(pln_exec_cancel(x, 0, pending[0].id), 1);
}

/* What a caller is still to be told of comes with a later drain. */
static void drain(outcome *o, pln_exec *x, pln_portfolio *p, bool finished) {
  const pln_exec_view *view = pln_exec_view_of(x);
  const pln_order *orders;
  const pln_fill *fills;
  const pln_trade *trades;
  int64_t n = pln_exec_orders(x, &orders) - (finished ? 0 : view->n_new_orders);
  for (int64_t i = 0; i < n; i++) o->orders[o->n_orders++] = orders[i];
  n = pln_exec_fills(x, &fills) - (finished ? 0 : view->n_new_fills);
  for (int64_t i = 0; i < n; i++) o->fills[o->n_fills++] = fills[i];
  n = pln_portfolio_trades(p, &trades);
  for (int64_t i = 0; i < n; i++) o->trades[o->n_trades++] = trades[i];
  const pln_equity_rows *rows = pln_portfolio_equity(p);
  for (int64_t i = 0; i < rows->n_rows; i++, o->n_rows++) {
    o->equity[o->n_rows] = rows->equity[i];
    o->cash[o->n_rows] = rows->cash[i];
    o->ts[o->n_rows] = rows->ts_ns[i];
    o->exposure[o->n_rows] = rows->exposure[i];
  }
  pln_exec_clear_records(x);
  pln_portfolio_clear_trades(p);
  pln_portfolio_clear_equity(p);
}

static void check_now(const pln_portfolio *p, int32_t markets) {
  const pln_account *a = pln_portfolio_account(p);
  double equity = a->cash, gross = 0;
  for (int32_t k = 0; k < markets; k++) {
    const pln_position *pos = &pln_portfolio_positions(p)[k];
    if (pos->quantity == 0) continue;
    equity += pos->quantity * pos->last_price;
    gross += fabs(pos->quantity) * pos->last_price;
  }
  NEAR(a->equity, equity);
  NEAR(a->gross_exposure, gross);
  assert_true(a->drawdown_pct >= 0 && a->peak_equity >= a->equity);
}

static void signals_of(pln_exec *x, int32_t source, const pln_bars *bars, uint64_t seed) {
  uint64_t g = seed;
  for (int64_t i = 0; i < bars->n_bars; i += 1 + below(&g, 9)) {
    const pln_signal s = {.ts_ns = bars->ts_ns[i] + RIG_STEP_NS,
                          .direction = (int32_t)below(&g, 3) - 1,
                          .strength = below(&g, 2) ? 1 : unit(&g),
                          .confidence = 1};
    assert_int_equal(pln_exec_push_signals(x, source, &s, 1), 0);
  }
}

static outcome *play(const setup *s, bool check) {
  uint64_t g = mix(s->seed);
  const pln_portfolio_config pc = portfolio_of(&g);
  const pln_exec_config xc = exec_of(s, &g);
  outcome *o = must(calloc(1, sizeof *o));
  pln_bars bars[MARKETS];
  pln_exec *x = must(pln_exec_new(&xc));
  for (int32_t k = 0; k < s->markets; k++) {
    make_bars(&bars[k], s, k);
    assert_int_equal(
        pln_exec_add_instrument(x, &bars[k], &(pln_instrument){.lot_size = k ? 0.01 : 1, .multiplier = 1}),
        k);
  }
  pln_portfolio *p[2] = {NULL, NULL};
  for (int32_t j = 0; j < s->portfolios; j++) {
    p[j] = must(pln_portfolio_new(&pc, s->markets));
    assert_int_equal(pln_exec_add_portfolio(x, p[j]), j);
  }
  if (s->by_signals) {
    for (int32_t k = 0; k < s->markets; k++)
      for (int32_t j = 0; j < 2; j++) assert_true(pln_exec_add_source(x, 0, k, j ? 0.5 : 1) >= 0);
    for (int32_t k = 0; k < s->markets; k++)
      for (int32_t j = 0; j < 2; j++) signals_of(x, 2 * k + j, &bars[k], s->seed + (uint64_t)(7 * k + j));
  }
  if (!s->by_signals || s->with_caller) assert_true(pln_exec_add_caller(x, 0, &bars[0]) >= 0);
  int64_t until = s->slice ? s->slice : INT64_MAX;
  int32_t result;
  do {
    result = s->by_signals && !s->with_caller ? pln_exec_run(x, until) : pln_exec_next(x, until);
    if (result >= 0) {
      if (check) check_now(p[0], s->markets);
      if (!s->by_signals) place(x, p[0], s, pln_exec_view_of(x)->row);
    } else {
      assert_true(result == PLN_EXEC_DONE || result == PLN_EXEC_RECORDER_FULL);
      if (s->portfolios > 1) pln_portfolio_clear_equity(p[1]);
      drain(o, x, p[0], false);
      if (result == PLN_EXEC_DONE && until < INT64_MAX)
        until = until > (3 * BARS) * RIG_STEP_NS ? INT64_MAX : until + s->slice;
      else if (result == PLN_EXEC_DONE)
        break;
    }
  } while (true);
  assert_int_equal(pln_exec_finish(x), 0);
  drain(o, x, p[0], true);
  o->account = *pln_portfolio_account(p[0]);
  o->view = *pln_exec_view_of(x);
  const pln_order *pending;
  assert_int_equal(pln_exec_pending(x, 0, &pending), 0);
  if (check && !o->account.bankrupt) {
    pln_trade open[64];
    const int64_t n_open = pln_portfolio_open_trades(p[0], open, 64);
    double pnl = o->account.realized_pnl;
    for (int64_t i = 0; i < n_open; i++) pnl += open[i].pnl;
    NEAR(o->account.equity, pc.capital + pnl);
    if (xc.finalize_trades) assert_int_equal(n_open, 0);
  }
  pln_exec_free(x);
  for (int32_t j = 0; j < s->portfolios; j++) pln_portfolio_free(p[j]);
  for (int32_t k = 0; k < s->markets; k++) rig_bars_free(&bars[k]);
  return o;
}

static void check_books(const outcome *o) {
  double cash = 10000, fees = 0, pnl = 0, trade_fees = 0;
  assert_int_equal(o->n_orders, o->account.n_orders);
  for (int64_t i = 0; i < o->n_orders; i++) {
    const pln_order *r = &o->orders[i];
    assert_true(r->status >= PLN_STATUS_FILLED && r->status <= PLN_STATUS_EXPIRED);
    assert_true(r->status == PLN_STATUS_FILLED ? r->filled == r->quantity && r->filled > 0 : r->filled == 0);
    assert_true(r->status == PLN_STATUS_FILLED || r->refusal != PLN_REFUSAL_NONE);
    assert_true(r->updated_ns >= r->created_ns);
  }
  for (int64_t i = 0; i < o->n_fills; i++) {
    const pln_fill *f = &o->fills[i];
    assert_int_equal(f->id, i + 1);
    cash -= f->side * f->quantity * f->price + f->fee;
    fees += f->fee;
    assert_true(f->side * (f->price - f->reference_price) >= 0);
    int64_t j = 0;
    while (o->orders[j].id != f->order) j++;
    const pln_order *r = &o->orders[j];
    /* THIS_CLOSE fills at the close: after the order, in the bar that was just seen. */
    const bool at_close = r->updated_ns == f->ts_ns + RIG_STEP_NS && f->ts_ns < r->created_ns;
    assert_true(f->ts_ns >= r->created_ns || at_close || r->reason == PLN_EXIT_END_OF_WINDOW ||
                r->reason == PLN_EXIT_BANKRUPT);
    if (r->type == PLN_ORDER_LIMIT || r->type == PLN_ORDER_STOP_LIMIT) {
      assert_true(r->side * (f->price - r->limit_price) <= 0);
      assert_true(f->price == f->reference_price);
    }
  }
  for (int64_t i = 0; i < o->n_trades; i++) {
    const pln_trade *t = &o->trades[i];
    assert_int_equal(t->id, i + 1);
    assert_true(t->entry_ts_ns <= t->exit_ts_ns && t->mae >= 0 && t->mfe >= 0);
    NEAR(t->pnl, t->side * t->quantity * (t->exit_price - t->entry_price) - t->fees);
    pnl += t->pnl;
    trade_fees += t->fees;
  }
  NEAR(o->account.fees, fees);
  NEAR(o->account.realized_pnl, pnl);
  if (!o->account.bankrupt) NEAR(o->account.cash, cash);
  assert_true(trade_fees <= fees + 1e-6);
  NEAR(o->equity[o->n_rows - 1], o->account.equity);
  for (int64_t i = 1; i < o->n_rows; i++) assert_true(o->ts[i] >= o->ts[i - 1]);
}

static void same(const outcome *a, const outcome *b, bool ids) {
  assert_int_equal(a->n_rows, b->n_rows);
  assert_memory_equal(a->equity, b->equity, (size_t)a->n_rows * sizeof(double));
  assert_memory_equal(a->cash, b->cash, (size_t)a->n_rows * sizeof(double));
  assert_memory_equal(a->ts, b->ts, (size_t)a->n_rows * sizeof(int64_t));
  assert_memory_equal(a->exposure, b->exposure, (size_t)a->n_rows);
  assert_int_equal(a->n_trades, b->n_trades);
  assert_memory_equal(a->trades, b->trades, (size_t)a->n_trades * sizeof *a->trades);
  assert_memory_equal(&a->account, &b->account, sizeof a->account);
  assert_int_equal(a->view.ambiguous_bars, b->view.ambiguous_bars);
  if (!ids) return;
  assert_int_equal(a->n_orders, b->n_orders);
  assert_int_equal(a->n_fills, b->n_fills);
  assert_memory_equal(a->orders, b->orders, (size_t)a->n_orders * sizeof *a->orders);
  assert_memory_equal(a->fills, b->fills, (size_t)a->n_fills * sizeof *a->fills);
}

static void books_balance(void **state) {
  (void)state;
  int64_t fills = 0, statuses[8] = {0};
  for (uint64_t seed = 1; seed <= 120; seed++) {
    const setup s = {.seed = seed,
                     .fill = (int32_t)(seed % 3 == 0),
                     .portfolios = 1,
                     .markets = 1 + (int32_t)(seed % 2),
                     .scramble_from = -1,
                     .by_signals = seed % 5 == 0};
    outcome *o = play(&s, true);
    check_books(o);
    fills += o->n_fills;
    for (int64_t i = 0; i < o->n_orders; i++) statuses[o->orders[i].status]++;
    free(o);
  }
  assert_true(fills > 10000);
  for (int32_t i = PLN_STATUS_FILLED; i <= PLN_STATUS_EXPIRED; i++) assert_true(statuses[i] > 100);
}

static void any_slicing_gives_the_same(void **state) {
  (void)state;
  for (uint64_t seed = 1; seed <= 30; seed++) {
    setup s = {.seed = seed,
               .fill = (int32_t)(seed % 3 == 0),
               .portfolios = 1,
               .markets = 1 + (int32_t)(seed % 2),
               .scramble_from = -1,
               .by_signals = seed % 2 == 0};
    outcome *whole = play(&s, false);
    for (int32_t j = 0; j < 6; j++) {
      s.slice = (int64_t[]){RIG_STEP_NS, RIG_STEP_NS * 7 / 2, RIG_STEP_NS * 64, 0, 0, 0}[j];
      s.recorder_rows = (int32_t[]){0, 3, 0, 1, 7, 64}[j];
      outcome *o = play(&s, false);
      same(whole, o, true);
      free(o);
    }
    s.slice = s.recorder_rows = 0;
    s.portfolios = 2; /* the general path instead of the fast one */
    outcome *o = play(&s, false);
    same(whole, o, true);
    free(o);
    if (s.by_signals) { /* the lock-step form instead of run */
      s.portfolios = 1;
      s.with_caller = 1;
      o = play(&s, false);
      same(whole, o, true);
      free(o);
    }
    free(whole);
  }
}

static void the_future_does_not_exist(void **state) {
  (void)state;
  for (uint64_t seed = 1; seed <= 40; seed++) {
    setup s = {
        .seed = seed, .fill = (int32_t)(seed % 3 == 0), .portfolios = 1, .markets = 1, .scramble_from = -1};
    outcome *a = play(&s, false);
    s.scramble_from = 250;
    outcome *b = play(&s, false);
    const int64_t now = 251 * RIG_STEP_NS; /* bar 249 is visible */
    int64_t i = 0;
    for (; i < a->n_orders && i < b->n_orders && a->orders[i].updated_ns <= now; i++)
      assert_memory_equal(&a->orders[i], &b->orders[i], sizeof *a->orders);
    assert_true(i == b->n_orders || b->orders[i].updated_ns > now);
    assert_true(seed > 5 || i > 50);
    for (i = 0; i < 250; i++) assert_true(a->equity[i] == b->equity[i] && a->cash[i] == b->cash[i]);
    for (i = 0; i < a->n_fills && a->fills[i].ts_ns < now; i++)
      assert_memory_equal(&a->fills[i], &b->fills[i], sizeof *a->fills);
    free(a);
    free(b);
  }
}

typedef struct oracle {
  int64_t bar;
  double price;
  int32_t reason;
} oracle;

/* Where protection takes a trade that was entered at the open of its bar out, found by brute force. */
static oracle first_exit(const pln_bars *b, const pln_trade *t, const pln_risk_config *r) {
  const int32_t s = t->side;
  double best = t->entry_price;
  const double fixed = r->stop_loss_pct > 0 ? t->entry_price * (1.0 - s * (r->stop_loss_pct / 100.0))
                       : s > 0              ? 0
                                            : 1e9;
  const double target = r->take_profit_pct > 0 ? t->entry_price * (1.0 + s * (r->take_profit_pct / 100.0))
                        : s > 0                ? 1e9
                                               : 0;
  for (int64_t i = t->entry_bar; i < b->n_bars; i++) {
    const double trail = r->trailing_stop_pct > 0 ? best * (1.0 - s * (r->trailing_stop_pct / 100.0))
                         : s > 0                  ? 0
                                                  : 1e9;
    const bool trailing = s * (trail - fixed) > 0;
    const double stop = trailing ? trail : fixed;
    const int32_t reason = trailing ? PLN_EXIT_TRAILING_STOP : PLN_EXIT_STOP_LOSS;
    const double worst = s > 0 ? b->low[i] : b->high[i], reach = s > 0 ? b->high[i] : b->low[i];
    if (s * (b->open[i] - stop) <= 0) return (oracle){i, b->open[i], reason};
    if (s * (b->open[i] - target) >= 0) return (oracle){i, b->open[i], PLN_EXIT_TAKE_PROFIT};
    if (s * (worst - stop) <= 0) return (oracle){i, stop, reason};
    if (s * (reach - target) >= 0) return (oracle){i, target, PLN_EXIT_TAKE_PROFIT};
    if (s * (reach - best) > 0) best = reach;
  }
  return (oracle){b->n_bars, 0, -1};
}

static void protection_is_never_missed(void **state) {
  (void)state;
  int64_t reasons[8] = {0};
  for (uint64_t seed = 1; seed <= 200; seed++) {
    const setup s = {.seed = seed, .markets = 1, .scramble_from = -1};
    uint64_t g = mix(seed);
    pln_portfolio_config pc = rig_portfolio();
    pc.capital = 1e7;
    pc.sizing = (pln_sizing){.type = PLN_SIZE_QUANTITY, .value = 10};
    pc.risk = (pln_risk_config){.stop_loss_pct = below(&g, 3) ? 1 + 4 * unit(&g) : 0,
                                .take_profit_pct = below(&g, 3) ? 1 + 6 * unit(&g) : 0,
                                .trailing_stop_pct = below(&g, 3) ? 1 + 6 * unit(&g) : 0};
    pln_bars bars;
    make_bars(&bars, &s, 0);
    pln_exec *x = must(pln_exec_new(&(pln_exec_config){0}));
    pln_exec_add_instrument(x, &bars, &(pln_instrument){.lot_size = 1, .multiplier = 1});
    pln_portfolio *p = must(pln_portfolio_new(&pc, 1));
    pln_exec_add_portfolio(x, p);
    pln_exec_add_source(x, 0, 0, 1);
    signals_of(x, 0, &bars, seed);
    assert_int_equal(pln_exec_run(x, INT64_MAX), PLN_EXEC_DONE);
    assert_int_equal(pln_exec_finish(x), 0);
    const pln_trade *trades;
    const int64_t n = pln_portfolio_trades(p, &trades);
    for (int64_t i = 0; i < n; i++) {
      const pln_trade *t = &trades[i];
      const oracle o = first_exit(&bars, t, &pc.risk);
      reasons[t->exit_reason]++;
      if (t->exit_reason == PLN_EXIT_SIGNAL) {
        assert_true(t->exit_bar <= o.bar && t->exit_price == bars.open[t->exit_bar]);
        continue;
      }
      assert_int_equal(t->exit_reason, o.reason);
      assert_int_equal(t->exit_bar, o.bar);
      assert_true(t->exit_price == o.price);
    }
    pln_trade open;
    if (pln_portfolio_open_trades(p, &open, 1) == 1)
      assert_int_equal(first_exit(&bars, &open, &pc.risk).bar, BARS);
    pln_exec_free(x);
    pln_portfolio_free(p);
    rig_bars_free(&bars);
  }
  for (int32_t i = PLN_EXIT_SIGNAL; i <= PLN_EXIT_TRAILING_STOP; i++) assert_true(reasons[i] > 300);
}

/* The market seen in a mirror (price p as 400 - p, buying as selling) gives the fills in the mirror. */
static int64_t play_mirror(uint64_t seed, bool mirrored, pln_fill *out, int64_t *ambiguous) {
  const setup s = {.seed = seed, .markets = 1, .scramble_from = -1};
  double rows[BARS][4];
  pln_bars bars;
  make_bars(&bars, &s, 0);
  for (int64_t i = 0; i < BARS; i++) {
    const double c[] = {bars.open[i], bars.high[i], bars.low[i], bars.close[i]};
    for (int j = 0; j < 4; j++) rows[i][j] = rint(c[j] * 8) / 8; /* so that mirroring is exact */
    if (!mirrored) continue;
    const double high = rows[i][1], low = rows[i][2];
    rows[i][0] = 400 - rows[i][0];
    rows[i][1] = 400 - low;
    rows[i][2] = 400 - high;
    rows[i][3] = 400 - rows[i][3];
  }
  rig_bars_free(&bars);
  pln_portfolio_config pc = rig_portfolio();
  pc.capital = 1e9;
  rig *r = rig_new(rows, BARS, &(pln_exec_config){0}, &pc);
  assert_int_equal(pln_exec_add_caller(r->exec, 0, &r->bars[0]), 0);
  while (pln_exec_next(r->exec, INT64_MAX) >= 0) {
    const int64_t row = pln_exec_view_of(r->exec)->row;
    uint64_t g = mix(seed * 77 + (uint64_t)row);
    const double last = mirrored ? 400 - rows[row][3] : rows[row][3];
    double prices[4];
    for (int j = 0; j < 4; j++) {
      prices[j] = rint((last + 16 * unit(&g) - 8) * 8) / 8;
      if (mirrored) prices[j] = 400 - prices[j];
    }
    const int32_t side = below(&g, 2) ? 1 : -1;
    const pln_order_request q = {.side = mirrored ? -side : side,
                                 .type = (int32_t)below(&g, 4),
                                 .tif = below(&g, 4) ? PLN_TIF_GTC : PLN_TIF_IOC,
                                 .size = (double)(1 + below(&g, 20)),
                                 .limit_price = prices[0],
                                 .stop_price = prices[1],
                                 .stop_loss = below(&g, 2) ? prices[2] : 0,
                                 .take_profit = below(&g, 2) ? prices[3] : 0};
    assert_true(pln_exec_submit(r->exec, 0, &q) > 0);
    if (below(&g, 30) == 0) pln_exec_cancel_all(r->exec, 0, -1);
  }
  assert_int_equal(pln_exec_finish(r->exec), 0);
  const pln_fill *fills;
  const int64_t n = pln_exec_fills(r->exec, &fills);
  for (int64_t i = 0; i < n; i++) {
    out[i] = fills[i];
    if (mirrored) {
      out[i].price = 400 - out[i].price;
      out[i].reference_price = 400 - out[i].reference_price;
      out[i].side = -out[i].side;
    }
  }
  *ambiguous = pln_exec_view_of(r->exec)->ambiguous_bars;
  rig_free(r);
  return n;
}

static void mirrored_markets_give_mirrored_fills(void **state) {
  (void)state;
  enum { MOST = 8000 };
  int64_t total = 0;
  pln_fill *a = must(calloc(2 * MOST, sizeof *a)), *b = a + MOST;
  for (uint64_t seed = 1; seed <= 40; seed++) {
    int64_t x, y;
    const int64_t n = play_mirror(seed, false, a, &x);
    assert_int_equal(play_mirror(seed, true, b, &y), n);
    assert_true(n > 200 && n < MOST);
    assert_memory_equal(a, b, (size_t)n * sizeof *a);
    total += x;
    assert_int_equal(x, y);
  }
  assert_true(total > 100);
  free(a);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(books_balance),
      cmocka_unit_test(any_slicing_gives_the_same),
      cmocka_unit_test(the_future_does_not_exist),
      cmocka_unit_test(protection_is_never_missed),
      cmocka_unit_test(mirrored_markets_give_mirrored_fills),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
