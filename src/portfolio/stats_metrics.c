/* The list of metrics, each with its definition and its computation, in the order in which tables print them.
 * "bt" names the figure of backtesting.py 0.6 (_stats.py) that has the same definition. */
#include "portfolio/stats_state.h"

#include "core/error.h"

#include <math.h>
#include <string.h>

/* What several metrics share. Undefined is NaN. */
typedef struct figures {
  const pln_stats *stats;
  const pln_account *account; /* may be NULL */
  int64_t ambiguous_bars;
  pln_drawdowns drawdowns; /* closed at the last row */
  pln_periods periods;
  pln_moments market;
  double years;      /* periods a year */
  double growth;     /* geometric mean return of a period */
  double mean;       /* arithmetic mean return of a period */
  double variance;   /* sample variance of it */
  double downside;   /* root of the mean square of min(r, 0) */
  double return_ann; /* fraction */
  double volatility_ann;
  double buy_and_hold_pct;
  double beta;
} figures;

static double or_nan(double x) { return isfinite(x) ? x : NAN; }
static double rows_pct(const figures *f, int64_t rows) {
  return f->stats->n_rows ? 100.0 * (double)rows / (double)f->stats->n_rows : NAN;
}
static double ratio(double a, double b) { return b != 0 ? or_nan(a / b) : NAN; }
static int has_rows(const figures *f) { return f->stats->n_rows > 0; }
static const pln_trade_sums *trades_of(const figures *f) { return &f->stats->trades; }

/* Durations are rounded up to the largest unit (day, hour, minute, second) of which bars are a whole number.
 */
static int64_t duration_unit_ns(const pln_stats *stats) {
  static const int64_t units[] = {86400000000000, 3600000000000, 60000000000, 1000000000, 1000000, 1000, 1};
  if (stats->timeframe.unit == PLN_TIMEFRAME_NONE || stats->timeframe.ns <= 0) return 1;
  int i = 0;
  while (stats->timeframe.ns % units[i] != 0) i++;
  return units[i];
}

static double ceil_to_unit(const figures *f, int64_t ns) {
  const int64_t unit = duration_unit_ns(f->stats);
  int64_t units = ns / unit;
  if (ns % unit > 0) units++;
  return (double)units * (double)unit / 1e9;
}

__extension__ typedef __int128 int128;

static double mean_duration(const figures *f, int64_t total_s, int64_t total_ns, int64_t count) {
  const int128 total = (int128)total_s * 1000000000 + total_ns;
  return ceil_to_unit(f, (int64_t)((total + count - 1) / count));
}

static double start_time(const figures *f) { return has_rows(f) ? (double)f->stats->start_ns : NAN; }
static double end_time(const figures *f) { return has_rows(f) ? (double)f->stats->end_ns : NAN; }
static double duration(const figures *f) {
  return has_rows(f) ? (double)(f->stats->end_ns - f->stats->start_ns) / 1e9 : NAN;
}
static double n_bars(const figures *f) { return (double)f->stats->n_rows; }
static double periods_per_year(const figures *f) { return has_rows(f) ? f->years : NAN; }
static double ambiguous_bars(const figures *f) { return (double)f->ambiguous_bars; }

static double equity_final(const figures *f) { return has_rows(f) ? f->stats->equity_last : NAN; }
static double equity_peak(const figures *f) { return has_rows(f) ? f->drawdowns.peak : NAN; }
static double return_pct(const figures *f) {
  return has_rows(f) ? (f->stats->equity_last - f->stats->capital) / f->stats->capital * 100 : NAN;
}
static double buy_and_hold_return_pct(const figures *f) { return f->buy_and_hold_pct; }
static double return_ann_pct(const figures *f) { return f->return_ann * 100; }
static double volatility_ann_pct(const figures *f) { return f->volatility_ann * 100; }
static double cagr_pct(const figures *f) {
  const double years = duration(f) / (365.25 * 86400);
  if (!(years > 0)) return NAN;
  if (f->stats->equity_last <= 0) return -100;
  return or_nan((pow(f->stats->equity_last / f->stats->capital, 1 / years) - 1) * 100);
}
static double alpha_pct(const figures *f) { return return_pct(f) - f->beta * f->buy_and_hold_pct; }
static double beta(const figures *f) { return f->beta; }

static double sharpe_ratio(const figures *f) { return ratio(f->mean, sqrt(f->variance)) * sqrt(f->years); }
static double sharpe_ratio_geometric(const figures *f) { return ratio(f->return_ann, f->volatility_ann); }
static double sortino_ratio(const figures *f) { return ratio(f->mean, f->downside) * sqrt(f->years); }
static double sortino_ratio_geometric(const figures *f) {
  return ratio(f->return_ann, f->downside * sqrt(f->years));
}
static double calmar_ratio(const figures *f) { return ratio(f->return_ann, f->drawdowns.deepest); }
static double max_drawdown_pct(const figures *f) {
  return has_rows(f) ? 0 - f->drawdowns.deepest * 100 : NAN;
}
static double avg_drawdown_pct(const figures *f) {
  return -ratio(pln_sum_value(&f->drawdowns.depths), (double)f->drawdowns.count) * 100;
}
static double max_drawdown_duration(const figures *f) {
  return f->drawdowns.count ? ceil_to_unit(f, f->drawdowns.longest_ns) : NAN;
}
static double avg_drawdown_duration(const figures *f) {
  const pln_drawdowns *d = &f->drawdowns;
  return d->count ? mean_duration(f, d->total_s, d->total_ns, d->count) : NAN;
}

static double exposure_pct(const figures *f) { return rows_pct(f, f->stats->exposed_until_close); }
static double exposure_long_pct(const figures *f) { return rows_pct(f, f->stats->long_rows); }
static double exposure_short_pct(const figures *f) { return rows_pct(f, f->stats->short_rows); }

static double trades(const figures *f) { return (double)trades_of(f)->count; }
static double of_trades(const figures *f, double x) { return trades_of(f)->count ? x : NAN; }
static double win_rate(const figures *f) { return ratio((double)trades_of(f)->wins, trades(f)); }
static double win_rate_pct(const figures *f) { return win_rate(f) * 100; }
static double best_trade_pct(const figures *f) { return of_trades(f, trades_of(f)->best * 100); }
static double worst_trade_pct(const figures *f) { return of_trades(f, trades_of(f)->worst * 100); }
static double avg_trade_pct(const figures *f) {
  const pln_trade_sums *t = trades_of(f);
  return t->over_lost ? NAN : or_nan(expm1(ratio(pln_sum_value(&t->logs), trades(f))) * 100);
}
static double max_trade_duration(const figures *f) {
  return of_trades(f, ceil_to_unit(f, trades_of(f)->longest_ns));
}
static double avg_trade_duration(const figures *f) {
  const pln_trade_sums *t = trades_of(f);
  return t->count ? mean_duration(f, t->total_s, t->total_ns, t->count) : NAN;
}
static double profit_factor(const figures *f) {
  return ratio(pln_sum_value(&trades_of(f)->gains), -pln_sum_value(&trades_of(f)->pains));
}
static double expectancy_pct(const figures *f) {
  return ratio(pln_sum_value(&trades_of(f)->returns), trades(f)) * 100;
}
static double sqn(const figures *f) {
  const pln_trade_sums *t = trades_of(f);
  if (t->count < 2) return NAN;
  return ratio(sqrt(trades(f)) * t->pnl_mean, sqrt(t->pnl_m2 / (double)(t->count - 1)));
}
static double kelly(const figures *f) {
  const pln_trade_sums *t = trades_of(f);
  const double won = ratio(pln_sum_value(&t->won), (double)t->wins);
  const double lost = ratio(-pln_sum_value(&t->lost), (double)t->losses);
  return win_rate(f) - (1 - win_rate(f)) / ratio(won, lost);
}

static double commissions(const figures *f) { return pln_sum_value(&trades_of(f)->fees); }
static double fees(const figures *f) { return f->account ? f->account->fees : NAN; }
static double slippage_cost(const figures *f) { return f->account ? f->account->slippage_cost : NAN; }
static double turnover(const figures *f) { return f->account ? f->account->turnover : NAN; }
static double orders(const figures *f) { return f->account ? (double)f->account->n_orders : NAN; }
static double fills(const figures *f) { return f->account ? (double)f->account->n_fills : NAN; }

typedef struct metric {
  pln_metric_info info;
  double (*value)(const figures *f);
} metric;

static const metric metrics[] = {
    {{"start", "Start", "ns", "Run", "Open time of the first recorded bar. bt: Start."}, start_time},
    {{"end", "End", "ns", "Run", "Open time of the last recorded bar. bt: End."}, end_time},
    {{"duration", "Duration", "s", "Run", "End less Start. bt: Duration."}, duration},
    {{"n_bars", "Bars", "count", "Run",
      "Recorded rows: instants, within the trading window, at which a bar of any instrument was marked."},
     n_bars},
    {{"periods_per_year", "Periods per Year", "count", "Run",
      "Factor of annualisation. Returns are per day (local days that have bars), per week for weekly bars, "
      "per month "
      "for monthly ones; a year has 252 days, or 365 where over 60 % of 2/7 of the bars fall on Saturday and "
      "Sunday, "
      "52 weeks, 12 months; divided by the count where bars span several. bt: the same for days, weeks, and "
      "months "
      "whose stamps are mostly 31 days apart."},
     periods_per_year},
    {{"equity_final", "Equity Final", "currency", "Return",
      "Cash and positions at the last close. bt: Equity Final [$]."},
     equity_final},
    {{"equity_peak", "Equity Peak", "currency", "Return", "Largest equity of any bar. bt: Equity Peak [$]."},
     equity_peak},
    {{"return_pct", "Return", "%", "Return", "Final equity over the capital, less 1. bt: Return [%]."},
     return_pct},
    {{"buy_and_hold_return_pct", "Buy & Hold Return", "%", "Return",
      "Last close of the benchmark instrument over its close at the first bar at which the strategy was "
      "warm, less 1; "
      "without costs. bt: Buy & Hold Return [%]."},
     buy_and_hold_return_pct},
    {{"return_ann_pct", "Return (Ann.)", "%", "Return",
      "(1 + g)^P - 1, with g the geometric mean of the period returns and P the "
      "periods per year; -100 after ruin. bt: Return (Ann.) [%]."},
     return_ann_pct},
    {{"cagr_pct", "CAGR", "%", "Return",
      "(final equity / capital)^(1 / years) - 1, years of 365.25 calendar days from Start to End. bt: CAGR "
      "[%]."},
     cagr_pct},
    {{"alpha_pct", "Alpha", "%", "Return",
      "Jensen's alpha without a risk-free rate: return - beta x buy & hold return. bt: Alpha [%]."},
     alpha_pct},
    {{"beta", "Beta", "ratio", "Return",
      "Covariance of the bar-by-bar log returns of equity and benchmark over the variance of the "
      "benchmark's; pairs "
      "with a missing or non-positive value are left out. bt: Beta."},
     beta},
    {{"volatility_ann_pct", "Volatility (Ann.)", "%", "Risk",
      "sqrt((v + (1 + g)^2)^P - (1 + g)^(2P)), v the sample variance of the period returns: the deviation of "
      "compounded yearly returns (doi.org/10.2139/ssrn.3054517). bt: Volatility (Ann.) [%]."},
     volatility_ann_pct},
    {{"sharpe_ratio", "Sharpe Ratio", "ratio", "Risk",
      "Arithmetic (Sharpe 1994): mean over sample deviation of the period returns, times sqrt(P)."},
     sharpe_ratio},
    {{"sharpe_ratio_geometric", "Sharpe Ratio (geometric)", "ratio", "Risk",
      "Return (Ann.) over Volatility (Ann.). bt: Sharpe Ratio."},
     sharpe_ratio_geometric},
    {{"sortino_ratio", "Sortino Ratio", "ratio", "Risk",
      "Arithmetic (Sortino, van der Meer 1991): mean of the period returns over sqrt(mean(min(r, 0)^2)), "
      "times "
      "sqrt(P)."},
     sortino_ratio},
    {{"sortino_ratio_geometric", "Sortino Ratio (geometric)", "ratio", "Risk",
      "Return (Ann.) over sqrt(mean(min(r, 0)^2)) x sqrt(P). bt: Sortino Ratio."},
     sortino_ratio_geometric},
    {{"calmar_ratio", "Calmar Ratio", "ratio", "Risk",
      "Return (Ann.) over the largest drawdown (Young 1991). bt: Calmar Ratio."},
     calmar_ratio},
    {{"max_drawdown_pct", "Max. Drawdown", "%", "Risk",
      "Largest fall of equity from its running peak, at closes, negative. bt: Max. Drawdown [%]."},
     max_drawdown_pct},
    {{"avg_drawdown_pct", "Avg. Drawdown", "%", "Risk",
      "Mean depth of the drawdowns, negative; a drawdown lasts from a peak to the next bar at or above it, "
      "or to the "
      "end, with at least one bar between. bt: Avg. Drawdown [%]."},
     avg_drawdown_pct},
    {{"max_drawdown_duration", "Max. Drawdown Duration", "s", "Risk",
      "Longest time from a peak to the next, rounded up to whole days, hours, minutes or seconds by the "
      "timeframe. "
      "bt: Max. Drawdown Duration."},
     max_drawdown_duration},
    {{"avg_drawdown_duration", "Avg. Drawdown Duration", "s", "Risk",
      "Mean time from a peak to the next, rounded up likewise. bt: Avg. Drawdown Duration."},
     avg_drawdown_duration},
    {{"exposure_pct", "Exposure Time", "%", "Risk",
      "Share of bars in which some position was held, entry and exit bars included, up to the bar in which "
      "the last "
      "trade was closed: a position still open at the end counts only to there, as in backtesting.py. bt: "
      "Exposure "
      "Time [%]."},
     exposure_pct},
    {{"exposure_long_pct", "Exposure Long", "%", "Risk",
      "Share of bars in which some long position was held, open ones included."},
     exposure_long_pct},
    {{"exposure_short_pct", "Exposure Short", "%", "Risk",
      "Share of bars in which some short position was held, open ones included."},
     exposure_short_pct},
    {{"trades", "Trades", "count", "Trades", "Closed round trips (lots, first in first out). bt: # Trades."},
     trades},
    {{"win_rate_pct", "Win Rate", "%", "Trades",
      "Share of trades with a positive P&L after fees. bt: Win Rate [%]."},
     win_rate_pct},
    {{"best_trade_pct", "Best Trade", "%", "Trades",
      "Largest return of a trade: P&L after fees over entry price x quantity. bt: Best Trade [%]."},
     best_trade_pct},
    {{"worst_trade_pct", "Worst Trade", "%", "Trades", "Smallest return of a trade. bt: Worst Trade [%]."},
     worst_trade_pct},
    {{"avg_trade_pct", "Avg. Trade", "%", "Trades",
      "Geometric mean of the trades' returns; undefined where one lost 100 % or more (0 in bt). bt: Avg. "
      "Trade [%]."},
     avg_trade_pct},
    {{"max_trade_duration", "Max. Trade Duration", "s", "Trades",
      "Longest time from entry to exit (open times of their bars), rounded up to whole days, hours, minutes "
      "or "
      "seconds by the timeframe. bt: Max. Trade Duration."},
     max_trade_duration},
    {{"avg_trade_duration", "Avg. Trade Duration", "s", "Trades",
      "Mean time from entry to exit, rounded up likewise. bt: Avg. Trade Duration."},
     avg_trade_duration},
    {{"profit_factor", "Profit Factor", "ratio", "Trades",
      "Sum of the positive returns of trades over the sum of the negative ones. bt: Profit Factor."},
     profit_factor},
    {{"expectancy_pct", "Expectancy", "%", "Trades",
      "Arithmetic mean of the trades' returns. bt: Expectancy [%]."},
     expectancy_pct},
    {{"sqn", "SQN", "ratio", "Trades",
      "System quality number (Tharp): sqrt(trades) x mean over sample deviation of the trades' P&L. bt: "
      "SQN."},
     sqn},
    {{"kelly", "Kelly Criterion", "ratio", "Trades",
      "W - (1 - W) / (mean winning P&L / mean losing P&L), W the win rate (Kelly 1956). bt: Kelly "
      "Criterion."},
     kelly},
    {{"fees", "Fees", "currency", "Costs", "All commission paid, entries of open positions included."}, fees},
    {{"commissions", "Commissions", "currency", "Costs",
      "Commission of the closed trades, entry and exit. bt: Commissions [$]."},
     commissions},
    {{"slippage_cost", "Slippage", "currency", "Costs",
      "Sum over fills of quantity x distance between the fill price and the price before slippage and "
      "spread."},
     slippage_cost},
    {{"turnover", "Turnover", "currency", "Costs", "Sum over fills of quantity x fill price."}, turnover},
    {{"orders", "Orders", "count", "Costs", "Orders made, by strategies and by rules."}, orders},
    {{"fills", "Fills", "count", "Costs", "Fills of them."}, fills},
    {{"ambiguous_bars", "Ambiguous Bars", "count", "Costs",
      "Bars in which a stop and a target (or two opposing orders) were both within range, so that the fill "
      "policy "
      "decided."},
     ambiguous_bars},
};

enum { METRICS = sizeof metrics / sizeof *metrics };

int32_t pln_metric_count(void) { return METRICS; }

const pln_metric_info *pln_metric_get(int32_t index) {
  return index >= 0 && index < METRICS ? &metrics[index].info : NULL;
}

int32_t pln_metric_find(const char *name) {
  for (int32_t i = 0; i < METRICS; i++)
    if (strcmp(metrics[i].info.name, name) == 0) return i;
  return pln_fail(PLN_ERR_NOT_FOUND, "no metric is called '%s'; docs/metrics.md lists them", name);
}

static double periods_in_year(const pln_stats *stats, const pln_periods *periods) {
  const double count = stats->timeframe.count > 1 ? (double)stats->timeframe.count : 1;
  switch (stats->timeframe.unit) {
  case PLN_TIMEFRAME_WEEK:
    return 52 / count;
  case PLN_TIMEFRAME_MONTH:
    return 12 / count;
  default:
    break;
  }
  const double weekends = (double)periods->weekend_rows / (double)stats->n_rows;
  const double days = weekends > 2.0 / 7 * 0.6 ? 365 : 252;
  return stats->timeframe.unit == PLN_TIMEFRAME_DAY ? days / count : days;
}

static void of_periods(figures *f, const pln_stats *stats) {
  pln_periods *p = &f->periods;
  if (p->unit.unit == PLN_TIMEFRAME_DAY) p->weekend_rows += pln_periods_weekend_rows(stats, p);
  pln_periods_close(p, stats->equity_last);
  pln_periods_flush(p);
  f->years = periods_in_year(stats, p);
  const int64_t n = p->moments.n;
  if (n >= 1) {
    f->mean = p->moments.mean_x;
    f->downside = sqrt(pln_sum_value(&p->downside) / (double)n);
  }
  if (n >= 2) f->variance = p->moments.xx / (double)(n - 1);
  if (p->ruined) {
    f->return_ann = -1;
    return;
  }
  if (p->count < 2) return;
  /* Differences of powers near 1, which a quiet account would cancel to nothing, by way of expm1 and log1p.
   */
  const double log_growth = log(p->last / p->first) / (double)(p->count - 1);
  f->growth = expm1(log_growth);
  f->return_ann = or_nan(expm1(f->years * log_growth));
  const double g2 = (1 + f->growth) * (1 + f->growth);
  f->volatility_ann =
      or_nan(sqrt(exp(2 * f->years * log_growth) * expm1(f->years * log1p(f->variance / g2))));
}

int32_t pln_stats_compute(const pln_stats *stats, const pln_account *account, int64_t ambiguous,
                          double *out) {
  figures f = {
      .stats = stats,
      .account = account,
      .ambiguous_bars = ambiguous,
      .drawdowns = stats->drawdowns,
      .periods = stats->periods,
      .years = NAN,
      .growth = NAN,
      .mean = NAN,
      .variance = NAN,
      .downside = NAN,
      .return_ann = NAN,
      .volatility_ann = NAN,
      .buy_and_hold_pct = (stats->benchmark_last / stats->benchmark_first - 1) * 100,
      .beta = NAN,
  };
  if (stats->n_rows > 0) {
    of_periods(&f, stats);
    const int64_t last = stats->n_rows - 1;
    if (last > f.drawdowns.peak_row) pln_drawdowns_close(&f.drawdowns, last, stats->end_ns);
    pln_stats with_rest = *stats;
    pln_market_flush(&with_rest);
    f.market = with_rest.market;
    if (f.market.n >= 2) f.beta = ratio(f.market.xy, f.market.yy);
  }
  for (int32_t i = 0; i < METRICS; i++) out[i] = metrics[i].value(&f);
  return 0;
}
