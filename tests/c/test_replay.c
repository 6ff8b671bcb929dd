#include "exec_util.h"
#include "abi/csv.h"
#include "abi/replay.h"
#include "portfolio/portfolio.h"

/* The replay against the container: random settings and signals over random and over real bars, everything
 * that comes out of both compared to the last bit. */

static uint64_t mix(uint64_t x) {
  x += 0x9e3779b97f4a7c15u;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}
static uint64_t draw(uint64_t *s) { return *s = mix(*s); }
static double unit(uint64_t *s) { return (double)(draw(s) >> 11) * 0x1p-53; }
static int64_t below(uint64_t *s, uint64_t n) { return (int64_t)(draw(s) % n); }
static double pick(uint64_t *s, const double *values, uint64_t n) { return values[below(s, n)]; }
#define PICK(s, ...)                                                                                         \
  pick(s, (const double[]){__VA_ARGS__}, sizeof((const double[]){__VA_ARGS__}) / sizeof(double))

typedef struct setting {
  pln_exec_config exec;
  pln_portfolio_config portfolio;
  double weight;
  int32_t list;
  int64_t first_trading_row;
} setting;

typedef struct outcome {
  double *equity, *cash, *gross;
  int8_t *exposure;
  int64_t n_rows;
  pln_trade *trades;
  int64_t n_trades;
  pln_trade open;
  int64_t n_open;
  pln_account account;
  pln_position position;
  pln_refusal_count refusals[PLN_REFUSAL_COUNT];
  int64_t ambiguous;
  double figures[256];
  pln_stats *sweep; /* of rows: only the metrics of sweeps */
} outcome;

static void outcome_free(outcome *o) {
  free(o->equity);
  free(o->cash);
  free(o->gross);
  free(o->exposure);
  free(o->trades);
  pln_stats_free(o->sweep);
}

typedef struct signals {
  pln_signal *s;
  int64_t n;
} signals;

static pln_stats *stats_of(const pln_bars *bars, const setting *s, bool is_sweep) {
  return must(pln_stats_new(&(pln_stats_config){.capital = s->portfolio.capital,
                                                .timezone = bars->timezone,
                                                .timeframe = bars->timeframe,
                                                .first_trading_row = s->first_trading_row,
                                                .keep_returns = is_sweep,
                                                .is_sweep = is_sweep}));
}

/* What the account, the positions and the open trades are at the end. */
static void take_end(outcome *o, const pln_portfolio *p) {
  o->account = *pln_portfolio_account(p);
  o->position = pln_portfolio_positions(p)[0];
  memcpy(o->refusals, pln_portfolio_refusals(p), sizeof o->refusals);
  o->n_open = pln_portfolio_open_trades(p, &o->open, 1);
}

static void take_trades(outcome *o, pln_portfolio *p) {
  const pln_trade *trades;
  const int64_t n = pln_portfolio_trades(p, &trades);
  if (n == 0) return;
  o->trades = must(realloc(o->trades, (size_t)(o->n_trades + n) * sizeof *trades));
  memcpy(o->trades + o->n_trades, trades, (size_t)n * sizeof *trades);
  o->n_trades += n;
}

static void run_exec(const pln_bars *bars, const pln_instrument *spec, const setting *s, const signals *list,
                     outcome *o) {
  pln_exec_config c = s->exec;
  c.record_equity = 1;
  pln_exec *x = must(pln_exec_new(&c));
  pln_portfolio *p = must(pln_portfolio_new(&s->portfolio, 1));
  pln_stats *stats = stats_of(bars, s, false);
  assert_int_equal(pln_exec_add_instrument(x, bars, spec), 0);
  assert_int_equal(pln_exec_add_portfolio(x, p), 0);
  assert_int_equal(pln_exec_add_source(x, 0, 0, s->weight), 0);
  assert_int_equal(pln_exec_push_signals(x, 0, list->s, list->n), 0);
  const size_t n = (size_t)bars->n_bars;
  *o = (outcome){.equity = must(calloc(n, sizeof(double))),
                 .cash = must(calloc(n, sizeof(double))),
                 .gross = must(calloc(n, sizeof(double))),
                 .exposure = must(calloc(n, 1)),
                 .sweep = stats_of(bars, s, true)};
  const pln_equity_rows *rows = pln_portfolio_equity(p);
  for (bool more = true; more;) {
    const int32_t result = pln_exec_run(x, INT64_MAX);
    assert_true(result == PLN_EXEC_DONE || result == PLN_EXEC_RECORDER_FULL);
    more = result == PLN_EXEC_RECORDER_FULL;
    if (!more) assert_int_equal(pln_exec_finish(x), 0);
    memcpy(o->equity + o->n_rows, rows->equity, (size_t)rows->n_rows * sizeof(double));
    memcpy(o->cash + o->n_rows, rows->cash, (size_t)rows->n_rows * sizeof(double));
    memcpy(o->gross + o->n_rows, rows->gross, (size_t)rows->n_rows * sizeof(double));
    memcpy(o->exposure + o->n_rows, rows->exposure, (size_t)rows->n_rows);
    o->n_rows += rows->n_rows;
    assert_int_equal(pln_stats_add_rows(stats, rows), 0);
    assert_int_equal(pln_stats_add_rows(o->sweep, rows), 0);
    const pln_trade *trades;
    const int64_t n_trades = pln_portfolio_trades(p, &trades);
    assert_int_equal(pln_stats_add_trades(stats, trades, n_trades), 0);
    assert_int_equal(pln_stats_add_trades(o->sweep, trades, n_trades), 0);
    take_trades(o, p);
    pln_portfolio_clear_trades(p);
    pln_portfolio_clear_equity(p);
  }
  take_end(o, p);
  o->ambiguous = pln_exec_view_of(x)->ambiguous_bars;
  assert_int_equal(pln_stats_compute(stats, pln_portfolio_account(p), o->ambiguous, o->figures), 0);
  pln_stats_free(stats);
  pln_exec_free(x);
  pln_portfolio_free(p);
}

static bool same(double a, double b) { return memcmp(&a, &b, sizeof a) == 0 || (isnan(a) && isnan(b)); }
static void equal(double a, double b, const char *what, int64_t where) {
  if (!same(a, b)) fail_msg("%s %lld: replayed %.17g, run %.17g", what, (long long)where, a, b);
}

static void compare_trade(const pln_trade *a, const pln_trade *b, int64_t i) {
  equal(a->entry_price, b->entry_price, "entry price of trade", i);
  equal(a->exit_price, b->exit_price, "exit price of trade", i);
  equal(a->quantity, b->quantity, "quantity of trade", i);
  equal(a->pnl, b->pnl, "P&L of trade", i);
  equal(a->mae, b->mae, "MAE of trade", i);
  equal(a->mfe, b->mfe, "MFE of trade", i);
  if (memcmp(a, b, sizeof *a) != 0) fail_msg("trade %lld differs", (long long)i);
}

static void compare(const outcome *a, const outcome *b) {
  for (int64_t i = 0; i < b->n_rows; i++) {
    equal(a->equity[i], b->equity[i], "equity of row", i);
    equal(a->cash[i], b->cash[i], "cash of row", i);
    equal(a->gross[i], b->gross[i], "gross exposure of row", i);
    if (a->exposure[i] != b->exposure[i])
      fail_msg("exposure of row %lld: replayed %d, run %d", (long long)i, a->exposure[i], b->exposure[i]);
  }
  for (int64_t i = 0; i < a->n_trades && i < b->n_trades; i++) compare_trade(&a->trades[i], &b->trades[i], i);
  assert_int_equal(a->n_trades, b->n_trades);
  assert_int_equal(a->n_open, b->n_open);
  if (b->n_open) compare_trade(&a->open, &b->open, -1);
  equal(a->account.equity, b->account.equity, "final equity", 0);
  equal(a->account.fees, b->account.fees, "fees", 0);
  equal(a->account.peak_equity, b->account.peak_equity, "peak", 0);
  equal(a->account.drawdown_pct, b->account.drawdown_pct, "drawdown", 0);
  assert_memory_equal(&a->account, &b->account, sizeof a->account);
  equal(a->position.stop_price, b->position.stop_price, "stop price", 0);
  equal(a->position.last_price, b->position.last_price, "last price", 0);
  assert_int_equal(a->position.bars_held, b->position.bars_held);
  assert_true(same(a->position.unrealized_pnl, b->position.unrealized_pnl));
  for (int32_t i = 0; i < PLN_REFUSAL_COUNT; i++)
    if (memcmp(&a->refusals[i], &b->refusals[i], sizeof a->refusals[i]) != 0)
      fail_msg("refusal %s: replayed %lld times, run %lld times", pln_refusal_name(i),
               (long long)a->refusals[i].count, (long long)b->refusals[i].count);
  assert_int_equal(a->ambiguous, b->ambiguous);
  for (int32_t i = 0; i < pln_metric_count(); i++)
    equal(a->figures[i], b->figures[i], pln_metric_get(i)->name, i);
}

/* The statistics of a sweep, of rows or without, are those of all rows as far as they go. */
static void compare_sweep(const pln_stats *stats, const outcome *b) {
  double figures[256];
  int32_t why[256];
  assert_int_equal(pln_stats_evaluate(stats, &b->account, b->ambiguous, figures, why), 0);
  for (int32_t i = 0; i < pln_metric_count(); i++) {
    if (pln_metric_is_sweep(i)) {
      equal(figures[i], b->figures[i], pln_metric_get(i)->name, i);
      assert_true(isnan(figures[i]) == (why[i] != 0) && why[i] != PLN_UNDEFINED_NOT_COMPUTED);
    } else {
      assert_true(isnan(figures[i]) && why[i] == PLN_UNDEFINED_NOT_COMPUTED);
    }
  }
}

/* The returns of periods, without rows and with them. */
static void compare_returns(const pln_stats *stats, const pln_stats *of_rows) {
  enum { MOST = 8192 };
  static double returns[2][MOST], market[2][MOST], years[2];
  static int64_t ts[2][MOST];
  const int64_t n = pln_stats_returns(stats, returns[0], market[0], ts[0], MOST, &years[0]);
  assert_int_equal(pln_stats_returns(of_rows, returns[1], market[1], ts[1], MOST, &years[1]), n);
  assert_in_range(n, 0, MOST);
  equal(years[0], years[1], "periods a year", 0);
  for (int64_t i = 0; i < n; i++) {
    equal(returns[0][i], returns[1][i], "return of period", i);
    equal(market[0][i], market[1][i], "return of the benchmark in period", i);
    assert_int_equal(ts[0][i], ts[1][i]);
  }
}

static void compare_result(const pln_replay *r, int32_t id, const double *periods, const outcome *b) {
  const pln_replay_result *result = pln_replay_result_of(r, id);
  const int64_t *last_rows, n = pln_replay_periods(r, &last_rows);
  for (int64_t i = 0; i < n; i++) equal(periods[i], b->equity[last_rows[i]], "equity of period", i);
  assert_int_equal(result->n_rows, b->n_rows);
  if (b->n_rows == 0) return;
  assert_int_equal(n > 0 ? last_rows[n - 1] : 0, b->n_rows - 1);
  equal(result->equity_final, b->equity[b->n_rows - 1], "final row", 0);
  equal(result->equity_peak, b->figures[pln_metric_find("equity_peak")], "peak of rows", 0);
  equal(0 - result->max_drawdown * 100, b->figures[pln_metric_find("max_drawdown_pct")], "deepest drawdown",
        0);
  const double rows = (double)b->n_rows;
  equal(100.0 * (double)result->exposed_until_close / rows, b->figures[pln_metric_find("exposure_pct")],
        "exposure", 0);
  equal(100.0 * (double)result->long_rows / rows, b->figures[pln_metric_find("exposure_long_pct")],
        "long rows", 0);
  equal(100.0 * (double)result->short_rows / rows, b->figures[pln_metric_find("exposure_short_pct")],
        "short rows", 0);
}

typedef struct replayed {
  outcome o;
  pln_portfolio *portfolio;
  pln_stats *stats;
  double *periods;
  int32_t id;
} replayed;

/* The first replay gives rows and their statistics, the second one those of a sweep. */
static void add(pln_replay *r, const pln_bars *bars, const setting *s, replayed *out, bool with_rows,
                bool keeps) {
  const size_t n = (size_t)pln_replay_n_rows(r) + 1;
  out->portfolio = must(pln_portfolio_new(&s->portfolio, 1));
  out->periods = must(calloc((size_t)pln_replay_periods(r, NULL) + 1, sizeof(double)));
  pln_replay_combo c = {.exec = s->exec,
                        .portfolio = out->portfolio,
                        .weight = s->weight,
                        .period_equity = out->periods,
                        .signals = s->list,
                        .keep_trades = keeps};
  c.stats = out->stats = stats_of(bars, s, !with_rows);
  if (with_rows) {
    out->o.n_rows = (int64_t)n - 1;
    out->o.equity = c.equity = must(calloc(n, sizeof(double)));
    out->o.cash = c.cash = must(calloc(n, sizeof(double)));
    out->o.gross = c.gross = must(calloc(n, sizeof(double)));
    out->o.exposure = c.exposure = must(calloc(n, 1));
  }
  out->id = pln_replay_add_combo(r, &c);
  if (out->id < 0) fail_msg("%s", pln_error_last()->text);
}

/* Pushes and runs in slices; `slices` 1: all at once. */
static void run_replay(pln_replay *r, const pln_bars *bars, const signals *lists, int32_t n_lists,
                       int64_t slices) {
  int64_t *at = must(calloc((size_t)n_lists + 1, sizeof *at));
  for (int64_t k = 1; k <= slices; k++) {
    const int64_t bar = (bars->n_bars - 1) * k / slices;
    const int64_t until = k == slices ? INT64_MAX : pln_bars_visible_ns(bars, bar) + (k % 2 ? 0 : 1);
    for (int32_t j = 0; j < n_lists; j++) {
      int64_t n = at[j];
      while (n < lists[j].n && lists[j].s[n].ts_ns <= until) n++;
      if (pln_replay_push_signals(r, j, lists[j].s + at[j], n - at[j]))
        fail_msg("%s", pln_error_last()->text);
      at[j] = n;
    }
    assert_int_equal(pln_replay_run(r, until), 0);
  }
  assert_int_equal(pln_replay_finish(r), 0);
  free(at);
}

/* What was seen, so that a comparison of nothing is noticed. */
static int64_t seen_reasons[PLN_EXIT_ORDER + 1], seen_refusals[PLN_REFUSAL_COUNT], seen_ambiguous;

static void note(const outcome *o) {
  for (int64_t i = 0; i < o->n_trades; i++) seen_reasons[o->trades[i].exit_reason]++;
  for (int32_t i = 0; i < PLN_REFUSAL_COUNT; i++) seen_refusals[i] += o->refusals[i].count;
  seen_ambiguous += o->ambiguous;
}

/* Returns how many combos were given up as unsupported. */
static int32_t check_all(const pln_bars *bars, const pln_instrument *spec, const setting *settings, int32_t n,
                         const signals *lists, int32_t n_lists, int64_t slices) {
  pln_replay *both[2];
  replayed *out[2];
  for (int32_t k = 0; k < 2; k++) {
    both[k] = pln_replay_new(bars, spec, settings->exec.trade_from_ns, settings->exec.trade_until_ns);
    if (!both[k]) fail_msg("%s", pln_error_last()->text);
    out[k] = must(calloc((size_t)n, sizeof *out[k]));
    for (int32_t j = 0; j < n_lists; j++) assert_int_equal(pln_replay_add_signals(both[k]), j);
    for (int32_t i = 0; i < n; i++) add(both[k], bars, &settings[i], &out[k][i], k == 0, k == 0 || i % 2);
    run_replay(both[k], bars, lists, n_lists, slices);
  }
  int32_t given_up = 0;
  for (int32_t i = 0; i < n; i++) {
    const pln_replay_result *result = pln_replay_result_of(both[0], i);
    if (result->status) {
      assert_int_equal(result->status, PLN_ERR_UNSUPPORTED);
      assert_int_equal(pln_replay_result_of(both[1], i)->status, PLN_ERR_UNSUPPORTED);
      given_up++;
      continue;
    }
    outcome run, *rows = &out[0][i].o, *bare = &out[1][i].o;
    run_exec(bars, spec, &settings[i], &lists[settings[i].list], &run);
    take_trades(rows, out[0][i].portfolio);
    take_end(rows, out[0][i].portfolio);
    rows->ambiguous = result->ambiguous_bars;
    assert_int_equal(rows->n_rows, run.n_rows);
    assert_int_equal(pln_stats_compute(out[0][i].stats, &rows->account, rows->ambiguous, rows->figures), 0);
    compare(rows, &run);
    note(&run);
    compare_result(both[0], i, out[0][i].periods, &run);
    take_end(bare, out[1][i].portfolio);
    assert_memory_equal(&bare->account, &run.account, sizeof run.account);
    compare_result(both[1], i, out[1][i].periods, &run);
    compare_sweep(run.sweep, &run);
    compare_sweep(out[1][i].stats, &run);
    compare_returns(out[1][i].stats, run.sweep);
    const pln_trade *trades;
    const int64_t n_trades = pln_portfolio_trades(out[1][i].portfolio, &trades);
    assert_int_equal(n_trades, i % 2 ? run.n_trades : 0);
    if (n_trades) assert_memory_equal(trades, run.trades, (size_t)n_trades * sizeof *trades);
    outcome_free(&run);
  }
  for (int32_t k = 0; k < 2; k++) {
    for (int32_t i = 0; i < n; i++) {
      outcome_free(&out[k][i].o);
      pln_portfolio_free(out[k][i].portfolio);
      pln_stats_free(out[k][i].stats);
      free(out[k][i].periods);
    }
    free(out[k]);
    pln_replay_free(both[k]);
  }
  return given_up;
}

/* Changes about every `every` bars, at the instants at which bars become visible; with `stray` some lie
 * elsewhere, or several at one instant. */
static signals make_signals(const pln_bars *bars, uint64_t *g, double every, bool stray) {
  signals out = {.s = must(calloc((size_t)bars->n_bars * 2 + 4, sizeof(pln_signal)))};
  int64_t last = INT64_MIN;
  for (int64_t i = 0; i < bars->n_bars; i++) {
    if (unit(g) * every >= 1) continue;
    int64_t ts = pln_bars_visible_ns(bars, i);
    if (stray && below(g, 4) == 0) ts += below(g, 3) * 30000000000 - 30000000000;
    for (int64_t n = stray && below(g, 6) == 0 ? 2 : 1; n > 0; n--) {
      if (ts < last) ts = last;
      last = ts;
      out.s[out.n++] = (pln_signal){.ts_ns = ts,
                                    .strength = below(g, 3) ? 1 : unit(g),
                                    .confidence = 1,
                                    .direction = (int32_t)below(g, 3) - 1};
    }
  }
  const int64_t end = bars->n_bars ? pln_bars_visible_ns(bars, bars->n_bars - 1) : 0;
  if (stray) /* after the last bar */
    out.s[out.n++] = (pln_signal){.ts_ns = (end > last ? end : last) + 7, .strength = 1, .direction = 1};
  return out;
}

static setting make_setting(uint64_t *g, int32_t n_lists, double price) {
  setting s = {.list = (int32_t)below(g, (uint64_t)n_lists), .weight = PICK(g, 1, 1, 1, 1, 0.5, -1, 3)};
  s.exec = (pln_exec_config){.fill = (int32_t)below(g, 2),
                             .finalize_trades = (int32_t)below(g, 2),
                             .commission = {.pct = PICK(g, 0, 0, 0.1, 1),
                                            .per_share = PICK(g, 0, 0, 0.01),
                                            .per_order = PICK(g, 0, 0, 1),
                                            .minimum = PICK(g, 0, 0, 2)},
                             .slippage_bps = PICK(g, 0, 0, 5, 30),
                             .spread_bps = PICK(g, 0, 0, 4)};
  s.portfolio = (pln_portfolio_config){.capital = PICK(g, 10000, 10000, 1e6, 300),
                                       .leverage = PICK(g, 1, 1, 3, 20),
                                       .allow_short = below(g, 4) > 0,
                                       .sizing = {.type = (int32_t)below(g, 3), .at = (int32_t)below(g, 2)},
                                       .risk = {.max_position_pct = PICK(g, 0, 0, 0, 80),
                                                .max_exposure_pct = PICK(g, 0, 0, 0, 150),
                                                .stop_loss_pct = PICK(g, 0, 0, 0.3, 1, 3, 100),
                                                .take_profit_pct = PICK(g, 0, 0, 0.3, 1, 4, 100),
                                                .trailing_stop_pct = PICK(g, 0, 0, 0, 0.2, 1, 5, 100),
                                                .max_drawdown_pct = PICK(g, 0, 0, 0, 5, 30)}};
  s.portfolio.accounting = (int32_t)below(g, 3);
  const double capital = s.portfolio.capital, lever = s.portfolio.leverage;
  const double share = PICK(g, 0.1, 0.5, 0.99, 1, 1, lever, 0.0001);
  s.portfolio.sizing.value = s.portfolio.sizing.type == PLN_SIZE_QUANTITY ? capital * share / price
                             : s.portfolio.sizing.type == PLN_SIZE_CASH   ? capital * share
                                                                          : 100 * share;
  return s;
}

static void check_random(const pln_bars *bars, uint64_t *g, int32_t n, double every, bool stray,
                         int32_t *given_up) {
  enum { LISTS = 4, MOST = 64 };
  signals lists[LISTS];
  setting settings[MOST];
  assert_true(n <= MOST);
  for (int32_t j = 0; j < LISTS; j++) lists[j] = make_signals(bars, g, every, stray);
  const pln_instrument spec = {.lot_size = PICK(g, 1, 1, 0.1, 0.001, 10),
                               .tick_size = PICK(g, 0, 0, 0.01, 0.25),
                               .multiplier = PICK(g, 1, 1, 1, 50)};
  const int64_t window = below(g, 3), all = bars->n_bars;
  for (int32_t i = 0; i < n; i++) {
    settings[i] = make_setting(g, LISTS, bars->close[all / 2] * spec.multiplier);
    settings[i].first_trading_row = (int64_t)PICK(g, 0, 1, 30, 1e9);
    if (window == 0 || all < 20) continue;
    settings[i].exec.trade_from_ns = bars->ts_ns[all / 7] + 1;
    if (window == 2) settings[i].exec.trade_until_ns = bars->ts_ns[all * 6 / 7];
  }
  *given_up += check_all(bars, &spec, settings, n, lists, LISTS, 1 + below(g, 4));
  for (int32_t j = 0; j < LISTS; j++) free(lists[j].s);
}

/* A random walk; `grid` rounds prices, so that levels are met exactly; with gaps, halts and crashes. */
static void make_bars(pln_bars *bars, uint64_t *g, int64_t n, double scale, double grid, bool holes) {
  double(*rows)[4] = must(calloc((size_t)n + 1, sizeof *rows));
  double price = 100;
  for (int64_t i = 0; i < n; i++) {
    double open = price * (1 + (unit(g) - 0.5) * scale * (below(g, 20) ? 0.2 : 4));
    if (scale > 0.02 && below(g, 500) == 0) open *= unit(g) * 1.7 + 0.2;
    const double close = open * (1 + (unit(g) - 0.5) * scale);
    rows[i][0] = open;
    rows[i][1] = (open > close ? open : close) * (1 + unit(g) * scale * 0.5);
    rows[i][2] = (open < close ? open : close) * (1 - unit(g) * scale * 0.5);
    rows[i][3] = price = close < 1 ? 60 : close > 1e5 ? 100 : close;
    for (int k = 0; k < 4 && grid > 0; k++) rows[i][k] = ceil(rows[i][k] / grid) * grid;
    rows[i][1] = fmax(rows[i][1], fmax(rows[i][0], rows[i][3]));
    rows[i][2] = fmin(rows[i][2], fmin(rows[i][0], rows[i][3]));
  }
  rig_bars(bars, rows, n);
  int64_t shift = 0;
  for (int64_t i = 0; i < n && holes; i++) {
    if (below(g, 50) == 0) shift += below(g, 2000) * RIG_STEP_NS;
    ((int64_t *)bars->ts_ns)[i] += shift;
  }
  free(rows);
}

static void random_bars(void **state) {
  (void)state;
  uint64_t g = 20261;
  int32_t given_up[2] = {0, 0};
  for (int32_t round = 0; round < 200; round++) {
    pln_bars bars;
    const int64_t n = (int64_t)PICK(&g, 1, 2, 40, 700, 2048, 2049, 5000);
    make_bars(&bars, &g, n, PICK(&g, 0.001, 0.01, 0.06), PICK(&g, 0, 0, 0.5), round % 2);
    const bool stray = round % 3 == 0;
    int64_t *visible = must(calloc((size_t)n, sizeof *visible));
    for (int64_t i = 0; i < n;
         i++) { /* some bars are still open, or closed long before, when the next one opens */
      visible[i] = bars.ts_ns[i] + RIG_STEP_NS / 2 + below(&g, 3) * RIG_STEP_NS / 2;
      if (i > 0 && visible[i] <= visible[i - 1]) visible[i] = visible[i - 1] + 1;
    }
    if (round % 5 == 0) bars.visible_ns = visible;
    check_random(&bars, &g, 24, PICK(&g, 1, 3, 20, 200), stray, &given_up[stray || round % 5 == 0]);
    rig_bars_free(&bars);
    free(visible);
  }
  assert_int_equal(given_up[0], 0); /* what strategies emit at their bars is never given up */
  assert_in_range(given_up[1], 1, 480);
  for (int32_t i = 0; i < PLN_EXIT_ORDER; i++)
    if (seen_reasons[i] < 3)
      fail_msg("%s was seen %lld times", pln_exit_reason_name(i), (long long)seen_reasons[i]);
  const int32_t refusals[] = {PLN_REFUSAL_ZERO_QUANTITY, PLN_REFUSAL_CASH,
                              PLN_REFUSAL_REDUCED_CASH,  PLN_REFUSAL_REDUCED_POSITION,
                              PLN_REFUSAL_HALTED,        PLN_REFUSAL_SHORT_NOT_ALLOWED,
                              PLN_REFUSAL_STOPPED_OUT,   PLN_REFUSAL_REPLACED,
                              PLN_REFUSAL_END_OF_DATA,   PLN_REFUSAL_BANKRUPT};
  for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++)
    if (seen_refusals[refusals[i]] == 0) fail_msg("no %s was seen", pln_refusal_name(refusals[i]));
  assert_true(seen_ambiguous > 20);
}

static const char *shared(void) {
  const char *folder = getenv("PLN_TEST_SHARED");
  return folder && *folder ? folder : "../shared";
}

static void check_file(const char *name, const char *const *columns, int32_t n_columns, const char *zone) {
  char path[4096];
  snprintf(path, sizeof path, "%s/data/%s", shared(), name);
  FILE *f = fopen(path, "r");
  if (!f) {
    print_message("skipped: %s is absent\n", path);
    return;
  }
  fclose(f);
  pln_csv_options options;
  pln_csv_options_init(&options);
  options.columns = columns;
  options.n_columns = n_columns;
  options.timezone = zone;
  options.timeframe = "1m";
  pln_bars *bars = pln_csv_load((const char *[]){path}, 1, &options, NULL);
  if (!bars) fail_msg("%s", pln_error_last()->text);
  assert_true(bars->n_bars > 30000);
  pln_bars *part = must(pln_bars_slice(bars, 5000, 30000));
  uint64_t g = mix((uint64_t)bars->n_bars);
  int32_t given_up = 0;
  const int64_t stops = seen_reasons[PLN_EXIT_STOP_LOSS], trails = seen_reasons[PLN_EXIT_TRAILING_STOP];
  check_random(part, &g, 48, 200, false, &given_up);
  assert_int_equal(given_up, 0);
  check_random(part, &g, 16, 15, true, &given_up);
  if (seen_reasons[PLN_EXIT_STOP_LOSS] < stops + 50 || seen_reasons[PLN_EXIT_TRAILING_STOP] < trails + 50)
    fail_msg("%lld stops, %lld trailing stops", (long long)(seen_reasons[PLN_EXIT_STOP_LOSS] - stops),
             (long long)(seen_reasons[PLN_EXIT_TRAILING_STOP] - trails));
  pln_bars_free(part);
  pln_bars_free(bars);
}

static void equity_minutes(void **state) {
  (void)state;
  check_file("equity_1m_2015/AAPL_1m.csv.gz", NULL, 0, "America/Chicago");
}

static void bitcoin_minutes(void **state) {
  (void)state;
  const char *const columns[] = {"time", "open", "close", "high", "low", "volume"};
  check_file("bitfinex_1m/BTCUSD_1m_2013.csv.gz", columns, 6, "UTC");
}

static void check_refused(const pln_exec_config *e, const pln_portfolio_config *p) {
  assert_int_equal(pln_replay_check(e, p), PLN_ERR_UNSUPPORTED);
  assert_non_null(strstr(pln_error_last()->text, "pln_exec"));
}

static void what_lanes_do_not_have_is_refused(void **state) {
  (void)state;
  const pln_portfolio_config p = rig_portfolio();
  pln_portfolio_config q = p;
  pln_exec_config e = {.record_equity = 1, .slippage_bps = 3, .trade_from_ns = 5};
  assert_int_equal(pln_replay_check(&e, &p), 0);
  q.rebalance = 1;
  check_refused(&e, &q);
  q = p;
  q.fill_price_quirk = 1;
  check_refused(&e, &q);
  q = p;
  q.risk.trailing_stop_pct = 101;
  check_refused(&e, &q);
  q = p;
  q.sizing.type = PLN_SIZE_KELLY;
  check_refused(&e, &q);
  q = p;
  q.margin_call = PLN_MARGIN_CALL_LIQUIDATE;
  check_refused(&e, &q);
  e.fill = PLN_FILL_NEXT_CLOSE;
  check_refused(&e, &p);
  e.fill = PLN_FILL_NEXT_OPEN;
  q = p; /* settings that are not named */
  q.sizing.max_pct = 50;
  check_refused(&e, &q);
  q = p;
  q.scaling.max_entries = 2;
  check_refused(&e, &q);
  q = p;
  q.accounting = PLN_ACCOUNTING_LIFO;
  assert_int_equal(pln_replay_check(&e, &q), 0);
  e.record_orders = 1;
  check_refused(&e, &p);
  e = (pln_exec_config){.entry_spread_bps = 1};
  check_refused(&e, &p);
  e = (pln_exec_config){.benchmark = 1};
  check_refused(&e, &p);
}

static void misuse_is_refused(void **state) {
  (void)state;
  double rows[4][4] = {{1, 1, 1, 1}, {1, 1, 1, 1}, {1, 1, 1, 1}, {1, 1, 1, 1}};
  pln_bars bars;
  rig_bars(&bars, rows, 4);
  pln_instrument spec = {.lot_size = 0, .multiplier = 1};
  assert_null(pln_replay_new(&bars, &spec, 0, 0));
  spec.lot_size = 1;
  int64_t visible[] = {120000000000, 180000000000, 180000000000, 300000000000};
  bars.visible_ns = visible;
  assert_null(pln_replay_new(&bars, &spec, 0, 0));
  assert_int_equal(pln_error_last()->code, PLN_ERR_UNSUPPORTED);
  bars.visible_ns = NULL;
  pln_replay *r = must(pln_replay_new(&bars, &spec, 0, 0));
  const pln_portfolio_config config = rig_portfolio();
  pln_portfolio *p = must(pln_portfolio_new(&config, 1)), *two = must(pln_portfolio_new(&config, 2));
  pln_replay_combo c = {.portfolio = p, .weight = 1};
  assert_int_equal(pln_replay_add_combo(r, &c), PLN_ERR_ARGUMENT); /* no such list */
  assert_int_equal(pln_replay_add_signals(r), 0);
  c.portfolio = two;
  assert_int_equal(pln_replay_add_combo(r, &c), PLN_ERR_ARGUMENT);
  c.portfolio = p;
  p->n_cash_actions = 1; /* stands for whatever may be added to a portfolio */
  assert_int_equal(pln_replay_add_combo(r, &c), PLN_ERR_UNSUPPORTED);
  p->n_cash_actions = 0;
  c.weight = NAN;
  assert_int_equal(pln_replay_add_combo(r, &c), PLN_ERR_ARGUMENT);
  c.weight = 1;
  c.exec.trade_from_ns = 7;
  assert_int_equal(pln_replay_add_combo(r, &c), PLN_ERR_ARGUMENT);
  c.exec.trade_from_ns = 0;
  c.exec.slippage_bps = -1;
  assert_int_equal(pln_replay_add_combo(r, &c), PLN_ERR_ARGUMENT);
  c.exec.slippage_bps = 0;
  assert_int_equal(pln_replay_add_combo(r, &c), 0);
  assert_int_equal(pln_replay_add_combo(r, &c), PLN_ERR_STATE); /* the portfolio is in use */
  assert_null(pln_replay_result_of(r, 1));
  const pln_signal s = {.ts_ns = 120000000000, .direction = 1, .strength = 1}, bad = {.direction = 2};
  assert_int_equal(pln_replay_push_signals(r, 0, &bad, 1), PLN_ERR_ARGUMENT);
  assert_int_equal(pln_replay_push_signals(r, 1, &s, 1), PLN_ERR_ARGUMENT);
  assert_int_equal(pln_replay_run(r, 120000000000), 0);
  assert_int_equal(pln_replay_push_signals(r, 0, &s, 1), PLN_ERR_ARGUMENT); /* too late */
  assert_int_equal(pln_replay_add_signals(r), PLN_ERR_STATE);
  assert_int_equal(pln_replay_add_combo(r, &c), PLN_ERR_STATE);
  assert_int_equal(pln_replay_finish(r), 0);
  assert_int_equal(pln_replay_finish(r), PLN_ERR_STATE);
  pln_replay_free(r);
  pln_portfolio_free(p);
  pln_portfolio_free(two);
  rig_bars_free(&bars);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(what_lanes_do_not_have_is_refused),
                                     cmocka_unit_test(misuse_is_refused), cmocka_unit_test(random_bars),
                                     cmocka_unit_test(equity_minutes), cmocka_unit_test(bitcoin_minutes)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
