/* Wins and losses: how often, how much, how many in a row. Zero returns are neither. */
#include "portfolio/returns_state.h"

static pln_tally tally_of(const double *v, int64_t n) {
  pln_tally t = {0};
  pln_sum won = {0}, lost = {0};
  for (int64_t i = 0; i < n; i++) {
    if (isnan(v[i])) continue;
    t.n++;
    if (v[i] > 0) {
      t.wins++;
      pln_sum_add(&won, v[i]);
    } else if (v[i] < 0) {
      t.losses++;
      pln_sum_add(&lost, v[i]);
    }
  }
  t.won = pln_sum_value(&won);
  t.lost = pln_sum_value(&lost);
  return t;
}
static pln_tally tally_periods(pln_returns *r) {
  if (!pln_returns_is_made(r, PLN_MADE_TALLY)) r->tally = tally_of(r->x, r->n);
  return r->tally;
}

static double win_share(pln_returns *r, pln_tally t) {
  if (t.wins + t.losses == 0) return pln_returns_undefined(r, PLN_UNDEFINED_TOO_FEW);
  return (double)t.wins / (double)(t.wins + t.losses);
}
static double win_rate(pln_returns *r) { return win_share(r, tally_periods(r)); }
static double win_rate_of(pln_returns *r, int32_t unit) {
  const pln_calendar_sums *c = pln_returns_calendar(r, unit);
  return c ? win_share(r, tally_of(c->compound, c->n)) : NAN;
}
static double win_weeks(pln_returns *r) { return win_rate_of(r, PLN_CALENDAR_WEEK); }
static double win_months(pln_returns *r) { return win_rate_of(r, PLN_CALENDAR_MONTH); }
static double win_quarters(pln_returns *r) { return win_rate_of(r, PLN_CALENDAR_QUARTER); }
static double win_years(pln_returns *r) { return win_rate_of(r, PLN_CALENDAR_YEAR); }

static double mean_win(pln_returns *r, pln_tally t) {
  return t.wins ? t.won / (double)t.wins : pln_returns_undefined(r, PLN_UNDEFINED_NO_GAIN);
}
static double mean_loss(pln_returns *r, pln_tally t) {
  return t.losses ? t.lost / (double)t.losses : pln_returns_undefined(r, PLN_UNDEFINED_NO_LOSS);
}
static double avg_return(pln_returns *r) {
  const pln_tally t = tally_periods(r);
  if (t.wins + t.losses == 0) return pln_returns_undefined(r, PLN_UNDEFINED_TOO_FEW);
  return (t.won + t.lost) / (double)(t.wins + t.losses);
}
static double avg_win(pln_returns *r) { return mean_win(r, tally_periods(r)); }
static double avg_loss(pln_returns *r) { return mean_loss(r, tally_periods(r)); }
static double avg_up_month(pln_returns *r) {
  const pln_calendar_sums *c = pln_returns_calendar(r, PLN_CALENDAR_MONTH);
  return c ? mean_win(r, tally_of(c->compound, c->n)) : NAN;
}
static double avg_down_month(pln_returns *r) {
  const pln_calendar_sums *c = pln_returns_calendar(r, PLN_CALENDAR_MONTH);
  return c ? mean_loss(r, tally_of(c->compound, c->n)) : NAN;
}

static double payoff_ratio(pln_returns *r) {
  const pln_tally t = tally_periods(r);
  const double win = mean_win(r, t), loss = mean_loss(r, t);
  return win / -loss;
}
static double profit_factor(pln_returns *r) {
  const pln_tally t = tally_periods(r);
  return pln_returns_ratio(r, t.won, -t.lost, PLN_UNDEFINED_NO_LOSS);
}
/* QuantStats counts zeros among the wins here, and only here. */
static double profit_ratio(pln_returns *r) {
  const pln_tally t = tally_periods(r);
  const double n = (double)(t.n - t.losses);
  if (t.losses == 0) return pln_returns_undefined(r, PLN_UNDEFINED_NO_LOSS);
  if (n == 0) return 0;
  return t.won / n / n / (-t.lost / (double)t.losses / (double)t.losses);
}
static double kelly_criterion(pln_returns *r) {
  const double payoff = payoff_ratio(r), rate = win_rate(r);
  return rate - (1 - rate) / payoff;
}
static double risk_of_ruin(pln_returns *r) {
  const pln_tally t = tally_periods(r);
  const double rate = win_share(r, t);
  return isnan(rate) ? NAN : pow((1 - rate) / (1 + rate), (double)t.n);
}
static double cpc_index(pln_returns *r) { return profit_factor(r) * win_rate(r) * payoff_ratio(r); }
static double tail_ratio(pln_returns *r) {
  int64_t n;
  const double *sorted = pln_returns_sorted(r, &n);
  if (n < 1) return pln_returns_undefined(r, PLN_UNDEFINED_TOO_FEW);
  return pln_returns_ratio(r, fabs(pln_quantile_of_sorted(sorted, n, 0.95)),
                           fabs(pln_quantile_of_sorted(sorted, n, 0.05)), PLN_UNDEFINED_NO_LOSS);
}
static double common_sense_ratio(pln_returns *r) { return profit_factor(r) * tail_ratio(r); }

static double gain_to_pain_ratio(pln_returns *r) {
  const pln_tally t = tally_periods(r);
  return pln_returns_ratio(r, t.won + t.lost, -t.lost, PLN_UNDEFINED_NO_LOSS);
}
static double gain_to_pain_ratio_monthly(pln_returns *r) {
  const pln_calendar_sums *c = pln_returns_calendar(r, PLN_CALENDAR_MONTH);
  if (!c) return NAN;
  const pln_tally t = tally_of(c->sum, c->n);
  return pln_returns_ratio(r, t.won + t.lost, -t.lost, PLN_UNDEFINED_NO_LOSS);
}

static double outlier_win_ratio(pln_returns *r) {
  int64_t n;
  const double *sorted = pln_returns_sorted(r, &n);
  const pln_tally t = tally_periods(r);
  if (t.n == t.losses) return pln_returns_undefined(r, PLN_UNDEFINED_NO_GAIN);
  return pln_returns_ratio(r, pln_quantile_of_sorted(sorted, n, 0.99), t.won / (double)(t.n - t.losses),
                           PLN_UNDEFINED_NO_GAIN);
}
static double outlier_loss_ratio(pln_returns *r) {
  int64_t n;
  const double *sorted = pln_returns_sorted(r, &n);
  return pln_quantile_of_sorted(sorted, n, 0.01) / mean_loss(r, tally_periods(r));
}

static double longest_row(const pln_returns *r, int sign) {
  int64_t longest = 0, row = 0;
  for (int64_t i = 0; i < r->n; i++) {
    row = r->x[i] * sign > 0 ? row + 1 : 0;
    if (row > longest) longest = row;
  }
  return (double)longest;
}
static double max_consecutive_wins(pln_returns *r) { return longest_row(r, 1); }
static double max_consecutive_losses(pln_returns *r) { return longest_row(r, -1); }

static double time_in_market(pln_returns *r) {
  const pln_tally t = tally_periods(r);
  if (t.n == 0) return pln_returns_undefined(r, PLN_UNDEFINED_TOO_FEW);
  return (double)(t.wins + t.losses) / (double)t.n;
}
static double risk_adjusted_return(pln_returns *r) {
  return pln_returns_ratio(r, pln_returns_annual_return(r), time_in_market(r), PLN_UNDEFINED_NO_VARIATION);
}

enum { TIMES = PLN_TAKES_TIMES };

static const pln_return_entry entries[] = {
    {{"win_rate", "Winning Periods", "fraction", "Wins", "winning_periods_pct",
      "Share of positive returns among those that are not zero. QuantStats: Win Days.", 0, 0},
     win_rate},
    {{"win_weeks", "Winning Weeks", "fraction", "Wins", "winning_weeks_pct",
      "Likewise of calendar (ISO) weeks.", TIMES, 0},
     win_weeks},
    {{"win_months", "Winning Months", "fraction", "Wins", "winning_months_pct",
      "Likewise of calendar months. QuantStats: Win Month.", TIMES, 0},
     win_months},
    {{"win_quarters", "Winning Quarters", "fraction", "Wins", "winning_quarters_pct",
      "Likewise of calendar quarters. QuantStats: Win Quarter.", TIMES, 0},
     win_quarters},
    {{"win_years", "Winning Years", "fraction", "Wins", "winning_years_pct",
      "Likewise of calendar years. QuantStats: Win Year.", TIMES, 0},
     win_years},
    {{"avg_return", "Avg. Return", "fraction", "Wins", "avg_period_return_pct",
      "Mean of the returns that are not zero. QuantStats: Avg. Return.", 0, 0},
     avg_return},
    {{"avg_win", "Avg. Win", "fraction", "Wins", "avg_winning_period_pct",
      "Mean of the positive returns. QuantStats: Avg. Win.", 0, 0},
     avg_win},
    {{"avg_loss", "Avg. Loss", "fraction", "Wins", "avg_losing_period_pct",
      "Mean of the negative returns. QuantStats: Avg. Loss.", 0, 0},
     avg_loss},
    {{"avg_up_month", "Avg. Up Month", "fraction", "Wins", "avg_up_month_pct",
      "Mean of the calendar months' positive returns. QuantStats: Avg. Up Month.", TIMES, 0},
     avg_up_month},
    {{"avg_down_month", "Avg. Down Month", "fraction", "Wins", "avg_down_month_pct",
      "Mean of the calendar months' negative returns. QuantStats: Avg. Down Month.", TIMES, 0},
     avg_down_month},
    {{"payoff_ratio", "Payoff Ratio", "ratio", "Wins", "payoff_ratio_periods",
      "Mean positive return over the size of the mean negative one. QuantStats: Payoff Ratio, Win/Loss "
      "Ratio.",
      0, 0},
     payoff_ratio},
    {{"profit_factor", "Profit Factor", "ratio", "Wins", "profit_factor_periods",
      "Sum of the positive returns over the size of the sum of the negative ones. QuantStats: Profit Factor. "
      "PerformanceAnalytics: BernardoLedoitRatio.",
      0, 0},
     profit_factor},
    {{"profit_ratio", "Profit Ratio", "ratio", "Wins", "profit_ratio_periods",
      "Mean of the returns of 0 and above over their number, over the same of the size of the negative ones. "
      "QuantStats: Profit Ratio.",
      0, 0},
     profit_ratio},
    {{"kelly_criterion", "Kelly Criterion", "fraction", "Wins", "kelly_periods_pct",
      "W - (1 - W) / payoff ratio, W the win rate (Kelly 1956). QuantStats: Kelly Criterion.", 0, 0},
     kelly_criterion},
    {{"risk_of_ruin", "Risk of Ruin", "fraction", "Wins", "risk_of_ruin_pct",
      "((1 - W) / (1 + W))^n, W the win rate, n the number of returns. QuantStats: Risk of Ruin.", 0, 0},
     risk_of_ruin},
    {{"cpc_index", "CPC Index", "ratio", "Wins", "cpc_index",
      "Profit factor x win rate x payoff ratio. QuantStats: CPC Index.", 0, 0},
     cpc_index},
    {{"common_sense_ratio", "Common Sense Ratio", "ratio", "Wins", "common_sense_ratio",
      "Profit factor x tail ratio. QuantStats: Common Sense Ratio.", 0, 0},
     common_sense_ratio},
    {{"tail_ratio", "Tail Ratio", "ratio", "Wins", "tail_ratio",
      "Size of the 95 % quantile over the size of the 5 % quantile (linear interpolation). empyrical: "
      "tail_ratio. "
      "QuantStats: Tail Ratio.",
      0, 0},
     tail_ratio},
    {{"outlier_win_ratio", "Outlier Win Ratio", "ratio", "Wins", "outlier_win_ratio",
      "99 % quantile over the mean of the returns of 0 and above. QuantStats: Outlier Win Ratio.", 0, 0},
     outlier_win_ratio},
    {{"outlier_loss_ratio", "Outlier Loss Ratio", "ratio", "Wins", "outlier_loss_ratio",
      "1 % quantile over the mean of the negative returns. QuantStats: Outlier Loss Ratio.", 0, 0},
     outlier_loss_ratio},
    {{"gain_to_pain_ratio", "Gain to Pain", "ratio", "Wins", "gain_to_pain_ratio",
      "Sum of the returns over the size of the sum of the negative ones (Schwager 2012, of periods). "
      "QuantStats: "
      "Gain/Pain Ratio.",
      0, 0},
     gain_to_pain_ratio},
    {{"gain_to_pain_ratio_monthly", "Gain to Pain (Months)", "ratio", "Wins", "gain_to_pain_ratio_monthly",
      "Likewise of the sums of returns by calendar month. QuantStats: Gain/Pain (1M).", TIMES, 0},
     gain_to_pain_ratio_monthly},
    {{"max_consecutive_wins", "Max. Consecutive Wins", "count", "Wins", "max_consecutive_up_periods",
      "Most positive returns in a row. QuantStats: Max Consecutive Wins.", 0, 0},
     max_consecutive_wins},
    {{"max_consecutive_losses", "Max. Consecutive Losses", "count", "Wins", "max_consecutive_down_periods",
      "Most negative returns in a row. QuantStats: Max Consecutive Losses.", 0, 0},
     max_consecutive_losses},
    {{"time_in_market", "Time in Market", "fraction", "Wins", "time_in_market_pct",
      "Share of returns that are not zero. QuantStats: Time in Market, which rounds it up to whole percent.",
      0, 0},
     time_in_market},
    {{"risk_adjusted_return", "Risk-Adjusted Return", "fraction", "Wins", "risk_adjusted_return_pct",
      "annual_return over time_in_market. QuantStats: Risk-Adjusted Return (there of the time rounded up to "
      "whole "
      "percent, and always of 252 periods a year).",
      PLN_TAKES_PERIOD, 0},
     risk_adjusted_return},
};

const pln_return_group pln_return_group_wins = {entries, sizeof entries / sizeof *entries};
