/* Nanoseconds a bar and combo of the replay in lanes, beside the same through pln_exec and beside a kernel
 * that marks lanes bar by bar. Usage: bench_replay [COMBOS [BARS [JOB]]] */
#include "abi/core.h"
#include "abi/replay.h"
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { MOST_BARS = 1000000, EXEC_COMBOS = 20, ROUNDS = 7 };
static int64_t n_bars = 100000, n_combos = 1000;
static int64_t ts[MOST_BARS];
static double columns[4][MOST_BARS];
static volatile double sink;

/* Processor time: what else runs on the machine is not counted. */
static int64_t cpu_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return t.tv_sec * 1000000000 + t.tv_nsec;
}

static uint64_t seed = 88172645463325252u;
static double unit(void) {
  seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
  return (double)(seed >> 11) * 0x1p-53;
}

/* A day's 390 minutes of a share: a random walk of 16 % a year, with a wick on both sides. */
static void make_bars(void) {
  double price = 100;
  for (int64_t i = 0; i < n_bars; i++) {
    ts[i] = (i / 390 * 1440 + i % 390) * 60000000000;
    columns[0][i] = price;
    price *= 1 + (unit() + unit() + unit() - 1.5) * 0.001;
    columns[3][i] = price;
    const double high = columns[0][i] > price ? columns[0][i] : price;
    const double low = columns[0][i] < price ? columns[0][i] : price;
    columns[1][i] = high * (1 + unit() * 0.0003);
    columns[2][i] = low * (1 - unit() * 0.0003);
  }
}

static pln_bars bars_of(void) {
  return (pln_bars){.n_bars = n_bars,
                    .ts_ns = ts,
                    .open = columns[0],
                    .high = columns[1],
                    .low = columns[2],
                    .close = columns[3],
                    .timezone = "UTC",
                    .timeframe = {.unit = PLN_TIMEFRAME_FIXED, .count = 1, .ns = 60000000000}};
}

typedef struct job {
  const char *name;
  double every; /* bars between changes of the target, on average */
  int32_t sizing;
  double stop_pct, target_pct, trailing_pct;
  int32_t shared;     /* all combos replay one list, as in a sweep of stops */
  int32_t with_stats; /* of every row */
  int32_t with_sweep; /* the metrics of a sweep, and the returns of periods; evaluated within the time */
} job;

static pln_portfolio *portfolio_of(const job *j, int64_t combo, pln_exec_config *exec) {
  const double spread = 0.5 + (double)(combo % 16) / 16;
  *exec = (pln_exec_config){.commission = {.pct = 0.01}, .slippage_bps = 1};
  const pln_portfolio_config c = {
      .capital = 1e6,
      .leverage = 1,
      .allow_short = 1,
      .sizing = {.type = j->sizing, .value = j->sizing == PLN_SIZE_QUANTITY ? 1000 : 90},
      .risk = {.stop_loss_pct = j->stop_pct * spread,
               .take_profit_pct = j->target_pct * spread,
               .trailing_stop_pct = j->trailing_pct * spread}};
  pln_portfolio *p = pln_portfolio_new(&c, 1);
  if (!p) abort();
  return p;
}

/* Long, flat and short in random order. */
static int64_t make_signals(pln_signal *out, double every) {
  int64_t n = 0;
  int32_t direction = 0;
  for (int64_t i = 0; i < n_bars; i++) {
    if (unit() * every >= 1) continue;
    direction = (direction + 1 + (unit() < 0.5) + 1) % 3 - 1; /* another one than before */
    out[n++] = (pln_signal){.ts_ns = ts[i] + 60000000000, .direction = direction, .strength = 1};
  }
  return n;
}

static void must(int32_t status) {
  if (status >= 0) return;
  fprintf(stderr, "%s\n", pln_error_last()->text);
  exit(1);
}

typedef struct figures {
  double ns;
  double trades; /* a combo */
  double equity; /* the first combo's */
  double fall;
} figures;

static figures replay(const job *j, pln_signal *const *lists, const int64_t *lengths) {
  const pln_bars bars = bars_of();
  pln_replay *r = pln_replay_new(&bars, &(pln_instrument){.lot_size = 1, .multiplier = 1}, 0, 0);
  if (!r) must(-1);
  pln_portfolio **portfolios = calloc((size_t)n_combos, sizeof(void *));
  pln_stats **stats = calloc((size_t)n_combos, sizeof(void *));
  for (int64_t i = 0; i < n_combos; i++) {
    pln_replay_combo c = {.weight = 1};
    c.portfolio = portfolios[i] = portfolio_of(j, i, &c.exec);
    if (!j->shared || i == 0) must(c.signals = pln_replay_add_signals(r));
    if (j->with_stats || j->with_sweep)
      c.stats = stats[i] = pln_stats_new(&(pln_stats_config){.capital = 1e6,
                                                             .timeframe = bars.timeframe,
                                                             .is_sweep = j->with_sweep,
                                                             .keep_returns = j->with_sweep});
    must(pln_replay_add_combo(r, &c));
  }
  const int64_t start = cpu_ns();
  for (int32_t i = 0; i < (j->shared ? 1 : n_combos); i++)
    must(pln_replay_push_signals(r, i, lists[i], lengths[i]));
  must(pln_replay_finish(r));
  for (int64_t i = 0; i < n_combos && j->with_sweep; i++) {
    double values[512];
    must(pln_stats_compute(stats[i], pln_portfolio_account(portfolios[i]), 0, values));
    sink += values[10];
  }
  figures f = {.ns = (double)(cpu_ns() - start) / (double)(n_bars * n_combos)};
  for (int64_t i = 0; i < n_combos; i++)
    f.trades += (double)pln_portfolio_account(portfolios[i])->n_trades / (double)n_combos;
  f.equity = pln_portfolio_account(portfolios[0])->equity;
  f.fall = pln_replay_result_of(r, 0)->max_drawdown;
  pln_replay_free(r);
  for (int64_t i = 0; i < n_combos; i++) {
    pln_portfolio_free(portfolios[i]);
    pln_stats_free(stats[i]);
  }
  free(portfolios);
  free(stats);
  return f;
}

static figures run(const job *j, pln_signal *const *lists, const int64_t *lengths) {
  figures f = {0};
  const pln_bars bars = bars_of();
  const int64_t n = n_combos < EXEC_COMBOS ? n_combos : EXEC_COMBOS;
  int64_t spent = 0;
  for (int64_t i = 0; i < n; i++) {
    pln_exec_config config;
    pln_portfolio *p = portfolio_of(j, i, &config);
    config.record_equity = 1;
    pln_exec *x = pln_exec_new(&config);
    pln_stats *stats = j->with_stats
                           ? pln_stats_new(&(pln_stats_config){.capital = 1e6, .timeframe = bars.timeframe})
                           : NULL;
    must(pln_exec_add_instrument(x, &bars, &(pln_instrument){.lot_size = 1, .multiplier = 1}));
    must(pln_exec_add_portfolio(x, p));
    must(pln_exec_add_source(x, 0, 0, 1));
    const int64_t list = j->shared ? 0 : i, start = cpu_ns();
    must(pln_exec_push_signals(x, 0, lists[list], lengths[list]));
    double peak = 0, fall = 0;
    for (bool more = true; more;) {
      more = pln_exec_run(x, INT64_MAX) == PLN_EXEC_RECORDER_FULL;
      if (!more) must(pln_exec_finish(x));
      const pln_equity_rows *rows = pln_portfolio_equity(p);
      for (int64_t k = 0; k < rows->n_rows && !stats; k++) {
        if (rows->equity[k] > peak) peak = rows->equity[k];
        if (1 - rows->equity[k] / peak > fall) fall = 1 - rows->equity[k] / peak;
      }
      const pln_trade *trades;
      const int64_t n_trades = pln_portfolio_trades(p, &trades);
      if (stats) pln_stats_add_rows(stats, rows), pln_stats_add_trades(stats, trades, n_trades);
      pln_portfolio_clear_trades(p);
      pln_portfolio_clear_equity(p);
    }
    spent += cpu_ns() - start;
    if (i == 0) f.fall = fall;
    if (i == 0) f.equity = pln_portfolio_account(p)->equity;
    f.trades += (double)pln_portfolio_account(p)->n_trades / (double)n;
    pln_stats_free(stats);
    pln_exec_free(x);
    pln_portfolio_free(p);
  }
  f.ns = (double)spent / (double)(n_bars * n);
  return f;
}

/* What marking alone would cost bar by bar: 64 lanes at a time, equity, peak and least equity since the peak.
 */
static double kernel(void) {
  enum { LANES = 64 };
  static double cash[LANES], weight[LANES], peak[LANES], low[LANES];
  for (int k = 0; k < LANES; k++) {
    cash[k] = 1e5;
    weight[k] = k;
  }
  const int64_t start = cpu_ns();
  const int64_t groups = n_combos / LANES > 0 ? n_combos / LANES : 1;
  for (int64_t g = 0; g < groups; g++)
    for (int64_t i = 0; i < n_bars; i++) {
      const double close = columns[3][i];
      for (int k = 0; k < LANES; k++) {
        const double equity = cash[k] + weight[k] * close;
        const double since = equity < low[k] ? equity : low[k];
        low[k] = equity >= peak[k] ? equity : since;
        peak[k] = equity >= peak[k] ? equity : peak[k];
      }
    }
  sink += peak[7] + low[9];
  return (double)(cpu_ns() - start) / (double)(n_bars * groups * LANES);
}

static int by_size(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

int main(int argc, char **argv) {
  if (argc > 1) n_combos = strtoll(argv[1], NULL, 10);
  if (argc > 2) n_bars = strtoll(argv[2], NULL, 10);
  if (n_combos < 1 || n_bars < 1 || n_bars > MOST_BARS) return 2;
  const job jobs[] = {
      {.name = "equity and drawdown", .every = 200, .sizing = PLN_SIZE_PERCENT_OF_EQUITY},
      {.name = "… quantity sizing", .every = 200},
      {.name = "… a change every 20 bars", .every = 20, .sizing = PLN_SIZE_PERCENT_OF_EQUITY},
      {.name = "fixed stop and target",
       .every = 200,
       .sizing = PLN_SIZE_PERCENT_OF_EQUITY,
       .stop_pct = 1,
       .target_pct = 2},
      {.name = "… one list, a sweep of stops",
       .every = 200,
       .sizing = PLN_SIZE_PERCENT_OF_EQUITY,
       .stop_pct = 1,
       .target_pct = 2,
       .shared = 1},
      {.name = "trailing stop", .every = 200, .sizing = PLN_SIZE_PERCENT_OF_EQUITY, .trailing_pct = 1},
      {.name = "stop, target and trailing stop",
       .every = 200,
       .sizing = PLN_SIZE_PERCENT_OF_EQUITY,
       .stop_pct = 1,
       .target_pct = 2,
       .trailing_pct = 1.5},
      {.name = "equity and drawdown, all statistics",
       .every = 200,
       .sizing = PLN_SIZE_PERCENT_OF_EQUITY,
       .with_stats = 1},
      {.name = "equity and drawdown, metrics of sweeps",
       .every = 200,
       .sizing = PLN_SIZE_PERCENT_OF_EQUITY,
       .with_sweep = 1},
      {.name = "… a change every 20 bars",
       .every = 20,
       .sizing = PLN_SIZE_PERCENT_OF_EQUITY,
       .with_sweep = 1},
      {.name = "stop and target, metrics of sweeps",
       .every = 200,
       .sizing = PLN_SIZE_PERCENT_OF_EQUITY,
       .stop_pct = 1,
       .target_pct = 2,
       .with_sweep = 1}};
  const int64_t only = argc > 3 ? strtoll(argv[3], NULL, 10) : -1;
  make_bars();
  printf("%lld combos, %lld bars; a change of the target every 200 bars where no other is given\n",
         (long long)n_combos, (long long)n_bars);
  printf("%-38s %9s %9s %9s %8s %14s %9s\n", "ns a bar and combo", "best", "median", "pln_exec", "trades",
         "equity", "drawdown");
  printf("%-38s %9.3f\n", "kernel: every bar marked, 64 lanes", kernel());
  pln_signal **lists = calloc((size_t)n_combos, sizeof *lists);
  int64_t *lengths = calloc((size_t)n_combos, sizeof *lengths);
  pln_signal *scratch = calloc((size_t)n_bars, sizeof *scratch);
  for (size_t k = 0; k < sizeof jobs / sizeof *jobs; k++) {
    const job *j = &jobs[k];
    if (only >= 0 && (int64_t)k != only) continue;
    for (int64_t i = 0; i < n_combos; i++) {
      lengths[i] = make_signals(scratch, j->every);
      lists[i] = realloc(lists[i], (size_t)(lengths[i] + 1) * sizeof *scratch);
      for (int64_t n = 0; n < lengths[i]; n++) lists[i][n] = scratch[n];
    }
    double ns[ROUNDS];
    figures f = {0};
    for (int round = 0; round < ROUNDS; round++) {
      f = replay(j, lists, lengths);
      ns[round] = f.ns;
    }
    qsort(ns, ROUNDS, sizeof *ns, by_size);
    const figures plain = run(j, lists, lengths);
    if (plain.equity != f.equity || (!j->with_stats && plain.fall != f.fall)) {
      fprintf(stderr, "%s: replayed %.17g (%.17g), run %.17g (%.17g)\n", j->name, f.equity, f.fall,
              plain.equity, plain.fall);
      return 1;
    }
    printf("%-38s %9.3f %9.3f %9.2f %8.1f %14.2f %8.3f%%\n", j->name, ns[0], ns[ROUNDS / 2], plain.ns,
           f.trades, f.equity, f.fall * 100);
  }
  for (int64_t i = 0; i < n_combos; i++) free(lists[i]);
  free(lists);
  free(lengths);
  free(scratch);
  return 0;
}
