/* Metrics of the run: its time, its return, its risk, its costs. "bt" names the figure of backtesting.py 0.6
 * (_stats.py) that has the same definition. */
#include "portfolio/stats_figures.h"

static double rows_pct(pln_figures *f, int64_t rows) {
  return f->stats->n_rows ? 100.0 * (double)rows / (double)f->stats->n_rows : NAN;
}
static int has_rows(const pln_figures *f) { return f->stats->n_rows > 0; }

/* Durations are rounded up to the largest unit (day, hour, minute, second) of which bars are a whole number.
 */
static int64_t duration_unit_ns(const pln_stats *stats) {
  static const int64_t units[] = {86400000000000, 3600000000000, 60000000000, 1000000000, 1000000, 1000, 1};
  if (stats->timeframe.unit == PLN_TIMEFRAME_NONE || stats->timeframe.ns <= 0) return 1;
  int i = 0;
  while (stats->timeframe.ns % units[i] != 0) i++;
  return units[i];
}

double pln_figure_duration(const pln_figures *f, int64_t ns) {
  const int64_t unit = duration_unit_ns(f->stats);
  int64_t units = ns / unit;
  if (ns % unit > 0) units++;
  return (double)units * (double)unit / 1e9;
}

__extension__ typedef __int128 int128;

double pln_figure_mean_duration(const pln_figures *f, int64_t total_s, int64_t total_ns, int64_t count) {
  const int128 total = (int128)total_s * 1000000000 + total_ns;
  return pln_figure_duration(f, (int64_t)((total + count - 1) / count));
}

static double duration(pln_figures *f) { return pln_figure_span(f); }
static double start_time(pln_figures *f) { return has_rows(f) ? (double)f->stats->start_ns : NAN; }
static double end_time(pln_figures *f) { return has_rows(f) ? (double)f->stats->end_ns : NAN; }
double pln_figure_span(const pln_figures *f) {
  return has_rows(f) ? (double)(f->stats->end_ns - f->stats->start_ns) / 1e9 : NAN;
}
static double n_bars(pln_figures *f) { return (double)f->stats->n_rows; }
static double periods_per_year(pln_figures *f) { return has_rows(f) ? f->years : NAN; }
static double ambiguous_bars(pln_figures *f) { return (double)f->ambiguous_bars; }

static double of_score(const pln_figures *f, double value) {
  return f->account && f->account->risk_score_max > 0 ? value : NAN;
}
static double risk_score_mean(pln_figures *f) {
  return of_score(f, f->account ? f->account->risk_score_mean : NAN);
}
static double risk_score_max(pln_figures *f) {
  return of_score(f, f->account ? f->account->risk_score_max : NAN);
}

static double equity_final(pln_figures *f) { return has_rows(f) ? f->stats->cash_equity_last : NAN; }
static double equity_peak(pln_figures *f) {
  if (!has_rows(f)) return NAN;
  return f->stats->has_flows ? f->stats->cash_equity_peak : f->drawdowns.peak;
}
static double return_pct(pln_figures *f) {
  return has_rows(f) ? (f->stats->equity_last - f->stats->capital) / f->stats->capital * 100 : NAN;
}
static double buy_and_hold_return_pct(pln_figures *f) { return f->buy_and_hold_pct; }
static double annualised(pln_figures *f, double x) {
  return isnan(x) && f->is_short ? pln_figure_undefined(f, PLN_UNDEFINED_TOO_SHORT) : x;
}
static double return_ann_pct(pln_figures *f) { return annualised(f, f->return_ann * 100); }
static double volatility_ann_pct(pln_figures *f) { return annualised(f, f->volatility_ann * 100); }
static double cagr_pct(pln_figures *f) {
  const double years = duration(f) / (365.25 * 86400);
  if (!(years > 0)) return NAN;
  if (f->stats->equity_last <= 0) return -100;
  if (f->is_short) return pln_figure_undefined(f, PLN_UNDEFINED_TOO_SHORT);
  return pln_figure_or_nan((pow(f->stats->equity_last / f->stats->capital, 1 / years) - 1) * 100);
}
static double alpha_pct(pln_figures *f) { return return_pct(f) - f->beta * f->buy_and_hold_pct; }
static double beta(pln_figures *f) { return f->beta; }

static double sharpe_ratio(pln_figures *f) {
  return pln_figure_ratio(f, f->mean - f->rate, sqrt(f->variance)) * sqrt(f->years);
}
static double sharpe_ratio_geometric(pln_figures *f) {
  return annualised(f, pln_figure_ratio(f, f->return_ann, f->volatility_ann));
}
static double sortino_ratio(pln_figures *f) {
  return pln_figure_ratio(f, f->mean, f->downside) * sqrt(f->years);
}
static double sortino_ratio_geometric(pln_figures *f) {
  return annualised(f, pln_figure_ratio(f, f->return_ann, f->downside * sqrt(f->years)));
}
static double calmar_ratio(pln_figures *f) {
  if (f->drawdowns.deepest == 0) return pln_figure_undefined(f, PLN_UNDEFINED_NO_LOSS);
  return annualised(f, pln_figure_ratio(f, f->return_ann, f->drawdowns.deepest));
}
static double max_drawdown_pct(pln_figures *f) { return has_rows(f) ? 0 - f->drawdowns.deepest * 100 : NAN; }
static double avg_drawdown_pct(pln_figures *f) {
  return -pln_figure_ratio(f, pln_sum_value(&f->drawdowns.depths), (double)f->drawdowns.count) * 100;
}
static double max_drawdown_duration(pln_figures *f) {
  return f->drawdowns.count ? pln_figure_duration(f, f->drawdowns.longest_ns) : NAN;
}
static double avg_drawdown_duration(pln_figures *f) {
  const pln_drawdowns *d = &f->drawdowns;
  return d->count ? pln_figure_mean_duration(f, d->total_s, d->total_ns, d->count) : NAN;
}

static double exposure_pct(pln_figures *f) {
  const pln_exposure *e = &f->stats->exposure;
  return rows_pct(f, e->n > 0 && !e->is_mixed ? e->bars : f->stats->exposed_until_close);
}
static double exposure_long_pct(pln_figures *f) { return rows_pct(f, f->stats->long_rows); }
static double exposure_short_pct(pln_figures *f) { return rows_pct(f, f->stats->short_rows); }

static double commissions(pln_figures *f) { return pln_sum_value(&f->stats->trades.fees); }
static double fees(pln_figures *f) { return f->account ? f->account->fees : NAN; }
static double slippage_cost(pln_figures *f) { return f->account ? f->account->slippage_cost : NAN; }
static double turnover(pln_figures *f) { return f->account ? f->account->turnover : NAN; }
static double orders(pln_figures *f) { return f->account ? (double)f->account->n_orders : NAN; }
static double fills(pln_figures *f) { return f->account ? (double)f->account->n_fills : NAN; }

/* ---- beyond backtesting.py's table ---- */

double pln_figure_net_profit(const pln_figures *f) {
  if (f->stats->n_rows == 0) return NAN;
  return f->stats->cash_equity_last - f->stats->capital - pln_sum_value(&f->stats->flows);
}
static double net_profit(pln_figures *f) { return pln_figure_net_profit(f); }
static double net_flows(pln_figures *f) { return has_rows(f) ? pln_sum_value(&f->stats->flows) : NAN; }
static double avg_equity(pln_figures *f) {
  return pln_figure_ratio(f, pln_sum_value(&f->leverage.equity), (double)f->stats->n_rows);
}
static double max_drawdown_amount(pln_figures *f) { return has_rows(f) ? f->drawdowns.fall : NAN; }
static double recovery_factor(pln_figures *f) {
  if (!has_rows(f)) return NAN;
  if (f->drawdowns.fall == 0) return pln_figure_undefined(f, PLN_UNDEFINED_NO_LOSS);
  return pln_figure_net_profit(f) / f->drawdowns.fall;
}
static double observed_per_year(pln_figures *f) {
  const double years = duration(f) / (365.25 * 86400);
  return years > 0 && f->periods.count > 1 ? (double)(f->periods.count - 1) / years : NAN;
}
static double known_leverage(pln_figures *f, double x) {
  if (!has_rows(f)) return NAN;
  return f->leverage.is_unknown ? pln_figure_undefined(f, PLN_UNDEFINED_NOT_COMPUTED) : x;
}
static double avg_leverage(pln_figures *f) {
  return known_leverage(f, pln_sum_value(&f->leverage.leverage) / (double)f->stats->n_rows);
}
static double max_leverage(pln_figures *f) { return known_leverage(f, f->leverage.most); }
static double turnover_ann_pct(pln_figures *f) {
  const double years = duration(f) / (365.25 * 86400);
  if (!(years > 0)) return NAN;
  return pln_figure_ratio(f, turnover(f), avg_equity(f)) / years * 100;
}

static const pln_metric run_entries[] = {
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
      "52 weeks, 12 months; divided by the count where bars span several. `statistics.periods_per_year` sets "
      "it. bt: the same for days, weeks, and "
      "months "
      "whose stamps are mostly 31 days apart."},
     periods_per_year},
    {{"equity_final", "Equity Final", "currency", "Return",
      "Cash and positions at the last close. bt: Equity Final [$]."},
     equity_final},
    {{"equity_peak", "Equity Peak", "currency", "Return", "Largest equity of any bar. bt: Equity Peak [$]."},
     equity_peak},
    {{"return_pct", "Return", "%", "Return",
      "Final equity over the capital, less 1; where money came or went, growth of the time-weighted index "
      "(each row's "
      "return is equity / (equity before + flow) - 1). bt: Return [%]."},
     return_pct},
    {{"buy_and_hold_return_pct", "Buy & Hold Return", "%", "Return",
      "Last close of the benchmark instrument over its close at the first bar at which the strategy was "
      "warm, less 1; "
      "without costs. bt: Buy & Hold Return [%]."},
     buy_and_hold_return_pct},
    {{"return_ann_pct", "Return (Ann.)", "%", "Return",
      "(1 + g)^P - 1, with g the geometric mean of the period returns and P the "
      "periods per year; -100 after ruin, undefined for less than 30 days. bt: Return (Ann.) [%]."},
     return_ann_pct},
    {{"cagr_pct", "CAGR", "%", "Return",
      "(final equity / capital)^(1 / years) - 1, years of 365.25 calendar days from Start to End; undefined "
      "for less than 30 days. bt: CAGR [%]."},
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
      "Arithmetic (Sharpe 1994): mean of the period returns, less the risk-free rate of a period, over their "
      "sample "
      "deviation, times sqrt(P)."},
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
      "Share of bars within closed trades, entry and exit bars included: a position that is open at the end "
      "does not count, as in backtesting.py. Over several instruments: share of bars in which some position "
      "was held, up to the bar in which the last trade was closed. bt: Exposure Time [%]."},
     exposure_pct},
    {{"exposure_long_pct", "Exposure Long", "%", "Risk",
      "Share of bars in which some long position was held, open ones included."},
     exposure_long_pct},
    {{"exposure_short_pct", "Exposure Short", "%", "Risk",
      "Share of bars in which some short position was held, open ones included."},
     exposure_short_pct},
    {{"recovery_factor", "Recovery Factor", "ratio", "Risk",
      "Net profit over the largest fall of equity from a peak."},
     recovery_factor},
};

const pln_metric_group pln_metrics_of_run = {run_entries, sizeof run_entries / sizeof *run_entries};

static const pln_metric cost_entries[] = {
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

const pln_metric_group pln_metrics_of_costs = {cost_entries, sizeof cost_entries / sizeof *cost_entries};

static const pln_metric detail_entries[] = {
    {{"risk_score_mean", "Risk Score (mean)", "ratio", "Risk",
      "Mean over all bars of the composite risk score, 0 to 100 (docs/risk.md); only where risk.score has "
      "record: true."},
     risk_score_mean},
    {{"risk_score_max", "Risk Score (max.)", "ratio", "Risk",
      "Largest composite risk score of any bar; only where risk.score has record: true."},
     risk_score_max},
    {{"periods_per_year_observed", "Periods per Year (observed)", "count", "Run",
      "Returns per year of 365.25 days that the data show, beside the usual factor that is annualised with."},
     observed_per_year},
    {{"net_profit", "Net Profit", "currency", "Return", "Final equity less capital and net deposits."},
     net_profit},
    {{"net_flows", "Net Deposits", "currency", "Return", "Deposits less withdrawals."}, net_flows},
    {{"avg_equity", "Avg. Equity", "currency", "Return", "Mean equity over the bars."}, avg_equity},
    {{"max_drawdown_amount", "Max. Drawdown (amount)", "currency", "Risk",
      "Largest fall of equity from its running peak, at closes; with deposits, of the index that starts at "
      "the capital."},
     max_drawdown_amount},
    {{"avg_leverage", "Avg. Leverage", "ratio", "Risk",
      "Mean over the bars of gross exposure over equity at the close; 0 where there is no equity."},
     avg_leverage},
    {{"max_leverage", "Max. Leverage", "ratio", "Risk", "Largest of them."}, max_leverage},
    {{"turnover_ann_pct", "Turnover (Ann.)", "%", "Costs",
      "Turnover over the mean equity, per year of 365.25 days: purchases and sales, so 200 replaces the "
      "account once."},
     turnover_ann_pct},
};

const pln_metric_group pln_metrics_of_detail = {detail_entries,
                                                sizeof detail_entries / sizeof *detail_entries};
