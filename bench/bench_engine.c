/* The engine against the same job written by hand in C, over the same bars, in turns in one process.
 *   build/bench/bench_engine [BARS] [ROUNDS]     default 10,000,000 and 5
 * The plain loops keep two moving averages with a running sum, trade 100 units at the next open with a
 * percentage commission, keep the equity curve, each trade's excursion, and what drawdown, exposure, the
 * Sharpe ratio of daily returns and beta need. The engine does that through its hub, a Lua strategy, its
 * portfolio and its statistics (of which it keeps more); both must find the same figures. */
#include "abi/core.h"
#include "abi/data.h"
#include "abi/script.h"
#include "script/host.h"

#include <lauxlib.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct outcome {
  double equity;
  double max_drawdown_pct;
  double exposure_pct;
  double sharpe_ratio; /* of daily returns, 365 days a year */
  double beta;
  double win_rate_pct;
  double worst_mae;
  int64_t trades;
} outcome;

/* The account, and what the statistics need. */
typedef struct account {
  double cash, quantity, target;
  double peak, max_drawdown, equity, close;
  double entry_price, entry_fee, high, low, worst_mae;
  int64_t trades, wins, exposed, in_trades; /* bars with a position; of them, bars of closed trades */
  int64_t day, days;
  double day_equity, mean, m2;
  int64_t returns;
  double mean_x, mean_y, xx, xy;
} account;

static const double capital = 1e6, units = 100, commission = 0.0001;
enum { FAST = 50, SLOW = 200 };

static void add_day(account *a) {
  if (a->day_equity > 0) {
    const double r = a->equity / a->day_equity - 1;
    a->days++;
    const double delta = r - a->mean;
    a->mean += delta / (double)a->days;
    a->m2 += delta * (r - a->mean);
  }
  a->day_equity = a->equity;
}

static inline void close_trade(account *a, double price, double fee) {
  const double pnl = a->quantity * (price - a->entry_price) - a->entry_fee - fee;
  const double mae = a->quantity > 0 ? a->entry_price - a->low : a->high - a->entry_price;
  if (mae > a->worst_mae) a->worst_mae = mae;
  a->trades++;
  a->wins += pnl > 0;
}

static inline void fill_and_mark(account *a, const pln_bars *b, int64_t i, double *curve) {
  int exposed = a->quantity != 0, closed = 0;
  if (a->target != a->quantity) {
    const double price = b->open[i], change = a->target - a->quantity;
    a->cash -= change * price + fabs(change) * price * commission;
    if (a->quantity != 0) {
      close_trade(a, price, fabs(a->quantity) * price * commission);
      closed = 1;
    }
    a->quantity = a->target;
    a->entry_price = a->high = a->low = price;
    a->entry_fee = fabs(a->quantity) * price * commission;
    exposed = 1;
  }
  if (b->high[i] > a->high) a->high = b->high[i];
  if (b->low[i] < a->low) a->low = b->low[i];
  a->exposed += exposed;
  if (closed) a->in_trades = a->exposed;
  const double close = b->close[i], equity = a->cash + a->quantity * close;
  curve[i] = equity;
  if (equity > a->peak) a->peak = equity;
  const double drawdown = 1 - equity / a->peak;
  if (drawdown > a->max_drawdown) a->max_drawdown = drawdown;
  const int64_t day = b->ts_ns[i] / 86400000000000;
  if (day != a->day) {
    if (i > 0) add_day(a);
    a->day = day;
  }
  if (i > 0) {
    const double x = log(close / a->close), y = equity == a->equity ? 0 : log(equity / a->equity);
    const double dx = x - a->mean_x;
    a->returns++;
    a->mean_x += dx / (double)a->returns;
    a->mean_y += (y - a->mean_y) / (double)a->returns;
    a->xx += dx * (x - a->mean_x);
    a->xy += dx * (y - a->mean_y);
  }
  a->equity = equity;
  a->close = close;
}

static outcome finish(account *a, int64_t n) {
  add_day(a);
  const double deviation = sqrt(a->m2 / (double)(a->days - 1));
  return (outcome){.equity = a->equity,
                   .max_drawdown_pct = -100 * a->max_drawdown,
                   .exposure_pct = 100 * (double)a->in_trades / (double)n,
                   .sharpe_ratio = a->mean / deviation * sqrt(365),
                   .beta = a->xy / a->xx,
                   .win_rate_pct = 100 * (double)a->wins / (double)a->trades,
                   .worst_mae = a->worst_mae,
                   .trades = a->trades};
}

/* All features first, then signals, then the portfolio: as an array program would be written. */
static outcome plain_signal(const pln_bars *b, double *fast, double *slow, int8_t *signal, double *curve) {
  const int64_t n = b->n_bars;
  double fast_sum = 0, slow_sum = 0;
  for (int64_t i = 0; i < n; i++) {
    fast_sum += b->close[i] - (i >= FAST ? b->close[i - FAST] : 0);
    slow_sum += b->close[i] - (i >= SLOW ? b->close[i - SLOW] : 0);
    fast[i] = fast_sum / FAST;
    slow[i] = slow_sum / SLOW;
  }
  for (int64_t i = 0; i < n; i++) signal[i] = (int8_t)(i < SLOW - 1 ? 0 : fast[i] > slow[i] ? 1 : -1);
  account a = {.cash = capital, .peak = capital, .day = -1};
  for (int64_t i = 0; i < n; i++) {
    fill_and_mark(&a, b, i, curve);
    a.target = signal[i] * units;
  }
  return finish(&a, n);
}

/* Bar by bar, with the decision taken from the position. */
static outcome plain_on_bar(const pln_bars *b, double *curve) {
  const int64_t n = b->n_bars;
  double fast_sum = 0, slow_sum = 0;
  account a = {.cash = capital, .peak = capital, .day = -1};
  for (int64_t i = 0; i < n; i++) {
    fast_sum += b->close[i] - (i >= FAST ? b->close[i - FAST] : 0);
    slow_sum += b->close[i] - (i >= SLOW ? b->close[i - SLOW] : 0);
    fill_and_mark(&a, b, i, curve);
    if (i < SLOW - 1) continue;
    if (fast_sum / FAST > slow_sum / SLOW) {
      if (a.quantity <= 0) a.target = units;
    } else if (a.quantity >= 0) {
      a.target = -units;
    }
  }
  return finish(&a, n);
}

static pln_bars *make_bars(int64_t n) {
  int64_t *ts = malloc((size_t)n * sizeof *ts);
  double *column[4];
  for (int k = 0; k < 4; k++) column[k] = malloc((size_t)n * sizeof(double));
  uint64_t state = 42;
  double price = 100;
  for (int64_t i = 0; i < n; i++) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    const double step = ((double)(state >> 11) / 9007199254740992.0 - 0.5) * 0.002;
    const double open = price;
    price = fmax(1, price * (1 + step));
    ts[i] = 1420070400000000000 + i * 60000000000;
    column[0][i] = open;
    column[1][i] = fmax(open, price) * 1.0001;
    column[2][i] = fmin(open, price) * 0.9999;
    column[3][i] = price;
  }
  pln_bars *bars =
      pln_bars_from_arrays("BENCH", "1m", n, ts, column[0], column[1], column[2], column[3], NULL);
  free(ts);
  for (int k = 0; k < 4; k++) free(column[k]);
  if (!bars) {
    fprintf(stderr, "%s\n", pln_error_last()->text);
    exit(1);
  }
  return bars;
}

static double number_at(lua_State *L, const char *name) {
  lua_getfield(L, -1, name);
  const double value = lua_tonumber(L, -1);
  lua_pop(L, 1);
  return value;
}

static outcome run_engine(lua_State *L, const pln_bars *bars, const char *strategy) {
  lua_pushvalue(L, -1);
  lua_pushlightuserdata(L, (void *)(uintptr_t)bars);
  lua_pushstring(L, strategy);
  lua_pushinteger(L, 4096);
  if (lua_pcall(L, 3, 1, 0) != 0) {
    fprintf(stderr, "%s\n", lua_tostring(L, -1));
    exit(1);
  }
  const outcome o = {.equity = number_at(L, "equity_final"),
                     .max_drawdown_pct = number_at(L, "max_drawdown_pct"),
                     .exposure_pct = number_at(L, "exposure_pct"),
                     .sharpe_ratio = number_at(L, "sharpe_ratio"),
                     .beta = number_at(L, "beta"),
                     .win_rate_pct = number_at(L, "win_rate_pct"),
                     .worst_mae = number_at(L, "worst_mae"),
                     .trades = (int64_t)number_at(L, "trades")};
  lua_pop(L, 1);
  return o;
}

static int by_value(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static double median(double *values, int n) {
  qsort(values, (size_t)n, sizeof *values, by_value);
  return n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

static void check(const char *what, outcome plain, outcome engine) {
  const struct {
    const char *name;
    double plain, engine;
  } figures[] = {{"final equity", plain.equity, engine.equity},
                 {"trades", (double)plain.trades, (double)engine.trades},
                 {"maximum drawdown", plain.max_drawdown_pct, engine.max_drawdown_pct},
                 {"exposure", plain.exposure_pct, engine.exposure_pct},
                 {"Sharpe ratio", plain.sharpe_ratio, engine.sharpe_ratio},
                 {"beta", plain.beta, engine.beta},
                 {"win rate", plain.win_rate_pct, engine.win_rate_pct},
                 {"worst adverse excursion", plain.worst_mae, engine.worst_mae}};
  for (size_t i = 0; i < sizeof figures / sizeof *figures; i++) {
    if (fabs(figures[i].plain - figures[i].engine) <= 1e-6 * fabs(figures[i].plain) + 1e-9) continue;
    fprintf(stderr, "%s: plain C finds a %s of %.12g, the engine %.12g\n", what, figures[i].name,
            figures[i].plain, figures[i].engine);
    exit(1);
  }
}

int main(int argc, char **argv) {
  const int64_t n = argc > 1 ? atoll(argv[1]) : 10000000;
  const int rounds = argc > 2 ? atoi(argv[2]) : 5;
  if (n < 1000 || rounds < 1 || rounds > 100) {
    fprintf(stderr, "usage: bench_engine [BARS >= 1000] [ROUNDS 1 to 100]\n");
    return 2;
  }
  pln_bars *bars = make_bars(n);
  pln_host *host = pln_host_new(0);
  lua_State *L = pln_host_state(host);
  char script[4096 + 32];
  snprintf(script, sizeof script, "%s/bench/engine.lua", pln_host_home());
  if (luaL_loadfile(L, script) != 0 || lua_pcall(L, 0, 1, 0) != 0) {
    fprintf(stderr, "%s\n", lua_tostring(L, -1));
    return 1;
  }
  double *fast = malloc((size_t)n * sizeof *fast), *slow = malloc((size_t)n * sizeof *slow);
  double *curve = malloc((size_t)n * sizeof *curve);
  int8_t *signal = malloc((size_t)n);
  memset(fast, 0, (size_t)n * sizeof *fast);
  memset(slow, 0, (size_t)n * sizeof *slow);
  memset(curve, 0, (size_t)n * sizeof *curve);
  memset(signal, 0, (size_t)n);
  double time[4][100];
  for (int r = 0; r < rounds; r++) {
    int64_t at[5];
    at[0] = pln_clock_monotonic_ns();
    const outcome c_signal = plain_signal(bars, fast, slow, signal, curve);
    at[1] = pln_clock_monotonic_ns();
    const outcome e_signal = run_engine(L, bars, "bench_signal");
    at[2] = pln_clock_monotonic_ns();
    const outcome c_on_bar = plain_on_bar(bars, curve);
    at[3] = pln_clock_monotonic_ns();
    const outcome e_on_bar = run_engine(L, bars, "bench_on_bar");
    at[4] = pln_clock_monotonic_ns();
    check("signal", c_signal, e_signal);
    check("on_bar", c_on_bar, e_on_bar);
    for (int k = 0; k < 4; k++) time[k][r] = (double)(at[k + 1] - at[k]) / (double)n;
  }
  double m[4];
  for (int k = 0; k < 4; k++) m[k] = median(time[k], rounds);
  printf("%lld bars, median of %d rounds in turns\n\n", (long long)n, rounds);
  printf("%-44s %10s %10s %8s\n", "ns a bar", "plain C", "perilune", "ratio");
  printf("%-44s %10.2f %10.2f %7.2fx\n", "signal strategy, 2 features included", m[0], m[1], m[1] / m[0]);
  printf("%-44s %10.2f %10.2f %7.2fx\n", "on_bar strategy with orders, 2 features", m[2], m[3], m[3] / m[2]);
  free(fast);
  free(slow);
  free(curve);
  free(signal);
  pln_host_free(host);
  pln_bars_free(bars);
  return 0;
}
