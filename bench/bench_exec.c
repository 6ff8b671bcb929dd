/* Nanoseconds a bar of the execution container: marking and recording with nothing to do, lock-step calls,
 * signals and orders; beside a plain loop that marks one position. */
#include "abi/core.h"
#include "abi/exec.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { N = 4000000 };
static int64_t ts[N];
static double columns[4][N], ranges[N];
static volatile double sink;

static void make_bars(void) {
  uint64_t s = 88172645463325252u;
  double price = 100;
  for (int64_t i = 0; i < N; i++) {
    s ^= s << 13, s ^= s >> 7, s ^= s << 17;
    const double move = ((double)(s >> 11) * 0x1p-53 - 0.5) * 0.002;
    ts[i] = i * 60000000000;
    columns[0][i] = price;
    price *= 1 + move;
    if (price < 50 || price > 200) price = 100;
    columns[3][i] = price;
    columns[1][i] = columns[0][i] > price ? columns[0][i] : price;
    columns[2][i] = columns[0][i] < price ? columns[0][i] : price;
    ranges[i] = 0.05;
  }
}

typedef struct job {
  const char *name;
  int32_t lockstep; /* a caller that trades every `every` bars */
  int64_t every;    /* 0: one entry at the start where `hold`, else nothing */
  int32_t hold;
  double trailing_pct;
  double stop_pct;
  int32_t impact; /* square-root impact on each fill */
  int32_t risky;  /* five rules, an ATR stop and a chandelier */
} job;

/* Five rules of a usual kind: position, exposure, leverage, daily loss, drawdown. */
static void add_rules(pln_portfolio *p) {
  const int32_t kinds[] = {PLN_RISK_MAX_POSITION, PLN_RISK_MAX_GROSS_EXPOSURE, PLN_RISK_MAX_LEVERAGE,
                           PLN_RISK_DAILY_LOSS, PLN_RISK_DRAWDOWN};
  const double limits[] = {50, 80, 0.9, 50, 60};
  for (int32_t i = 0; i < 5; i++) {
    pln_risk_rule rule = {.kind = kinds[i], .gauge = -1};
    for (int32_t k = 0; k < 8; k++) rule.value[k] = NAN;
    rule.value[0] = limits[i];
    if (pln_portfolio_add_rule(p, &rule) < 0) abort();
  }
}

static void add_impact(pln_exec *x, const pln_bars *bars) {
  static double sigma[N], volumes[N];
  for (int64_t i = 0; i < N; i++) sigma[i] = 0.02, volumes[i] = 1e6;
  const int32_t gauges[2] = {pln_exec_add_gauge(x), pln_exec_add_gauge(x)};
  const double *values[8] = {NULL};
  const int32_t counts[8] = {0}; /* the defaults */
  if (pln_exec_set_gauge(x, gauges[0], 0, bars, sigma) < 0 ||
      pln_exec_set_gauge(x, gauges[1], 0, bars, volumes) < 0 ||
      pln_exec_add_model(x, &(pln_model_setting){.values = values,
                                                 .counts = counts,
                                                 .gauges = gauges,
                                                 .model = pln_cost_model_find("square_root_impact"),
                                                 .instrument = -1}) < 0)
    abort();
}

static double run(const job *j, double *equity, int64_t *trades) {
  const pln_bars bars = {.n_bars = N,
                         .ts_ns = ts,
                         .open = columns[0],
                         .high = columns[1],
                         .low = columns[2],
                         .close = columns[3],
                         .timeframe = {.unit = PLN_TIMEFRAME_FIXED, .count = 1, .ns = 60000000000}};
  const pln_portfolio_config pc = {
      .capital = 1e6,
      .leverage = 1,
      .allow_short = 1,
      .sizing = {.type = PLN_SIZE_QUANTITY, .value = 1000},
      .risk = {.trailing_stop_pct = j->trailing_pct, .stop_loss_pct = j->stop_pct},
      .exits = {.stop_atr = j->risky ? 1100 : 0, .chandelier_atr = j->risky ? 3000 : 0}};
  pln_exec *x = pln_exec_new(&(pln_exec_config){.record_equity = 1, .slippage_bps = 0.01});
  pln_portfolio *p = pln_portfolio_new(&pc, 1);
  if (!x || !p || pln_exec_add_instrument(x, &bars, &(pln_instrument){.lot_size = 1, .multiplier = 1}) < 0)
    abort();
  if (j->risky) {
    pln_exec_add_gauge(x);
    pln_exec_set_gauge(x, 0, 0, &bars, ranges);
    add_rules(p);
    if (j->impact) add_impact(x, &bars);
  }
  if (pln_exec_add_portfolio(x, p) < 0) abort();
  if (j->lockstep)
    pln_exec_add_caller(x, 0, &bars);
  else
    pln_exec_add_source(x, 0, 0, 1);
  int32_t direction = 1;
  if (!j->lockstep && (j->hold || j->every)) {
    const int64_t step = j->every ? j->every : N;
    for (int64_t i = 0; i < N; i += step, direction = -direction)
      pln_exec_push_signals(
          x, 0, &(pln_signal){.ts_ns = ts[i] + 60000000000, .direction = direction, .strength = 1}, 1);
  }
  const int64_t start = pln_clock_monotonic_ns();
  int32_t result;
  int64_t left = 0;
  do {
    result = j->lockstep ? pln_exec_next(x, INT64_MAX) : pln_exec_run(x, INT64_MAX);
    if (result >= 0 && (j->every || j->hold) && --left <= 0) {
      left = j->every ? j->every : N;
      pln_exec_submit(
          x, 0, &(pln_order_request){.size_type = PLN_ORDER_SIZE_TARGET_QUANTITY, .size = 1000 * direction});
      direction = -direction;
    }
    if (result < 0) {
      sink += pln_portfolio_equity(p)->equity[0];
      pln_portfolio_clear_equity(p);
      pln_portfolio_clear_trades(p);
    }
  } while (result != PLN_EXEC_DONE);
  const double ns = (double)(pln_clock_monotonic_ns() - start) / N;
  *equity = pln_portfolio_account(p)->equity;
  *trades = pln_portfolio_account(p)->n_trades;
  pln_exec_free(x);
  pln_portfolio_free(p);
  return ns;
}

static double plain(void) {
  static double rows[8192][3];
  static int64_t times[8192];
  const int64_t start = pln_clock_monotonic_ns();
  double peak = 0;
  for (int64_t i = 0; i < N; i++) {
    const double equity = 9e5 + 1000 * columns[3][i];
    if (equity > peak) peak = equity;
    times[i & 8191] = ts[i];
    rows[i & 8191][0] = equity;
    rows[i & 8191][1] = 9e5;
    rows[i & 8191][2] = columns[3][i];
  }
  sink += peak + rows[17][0] + (double)times[3];
  return (double)(pln_clock_monotonic_ns() - start) / N;
}

int main(void) {
  const job jobs[] = {{.name = "run, flat"},
                      {.name = "run, a position held", .hold = 1},
                      {.name = "run, held under a distant fixed stop", .hold = 1, .stop_pct = 90},
                      {.name = "run, held under a trailing stop", .hold = 1, .trailing_pct = 90},
                      {.name = "run, a reversal every 100 bars", .every = 100},
                      {.name = "run, held: five rules, ATR stop, chandelier", .hold = 1, .risky = 1},
                      {.name = "run, reversals: five rules, both stops", .every = 100, .risky = 1},
                      {.name = "next, held: the same and square-root impact",
                       .lockstep = 1,
                       .hold = 1,
                       .risky = 1,
                       .impact = 1},
                      {.name = "next, flat", .lockstep = 1},
                      {.name = "next, a position held", .lockstep = 1, .hold = 1},
                      {.name = "next, a target order every 100 bars", .lockstep = 1, .every = 100},
                      {.name = "next, a target order every 10 bars", .lockstep = 1, .every = 10}};
  make_bars();
  printf("%-46s %8s %14s %10s\n", "execution, one instrument", "ns/bar", "equity", "trades");
  printf("%-46s %8.2f\n", "plain loop: mark and record", plain());
  for (size_t i = 0; i < sizeof jobs / sizeof *jobs; i++) {
    double best = 1e9, equity = 0;
    int64_t trades = 0;
    for (int k = 0; k < 3; k++) {
      const double ns = run(&jobs[i], &equity, &trades);
      if (ns < best) best = ns;
    }
    printf("%-46s %8.2f %14.2f %10lld\n", jobs[i].name, best, equity, (long long)trades);
  }
  return 0;
}
