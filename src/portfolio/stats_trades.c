/* Metrics of the trades: closed round trips, of all, then by side. "bt" names the figure of backtesting.py
 * 0.6 (_stats.py) that has the same definition. */
#include "portfolio/stats_figures.h"

static const pln_trade_sums *trades_of(const pln_figures *f) { return &f->stats->trades; }
static double trades(pln_figures *f) { return (double)trades_of(f)->count; }
static double of_trades(pln_figures *f, double x) { return trades_of(f)->count ? x : NAN; }
static double win_rate(pln_figures *f) { return pln_figure_ratio(f, (double)trades_of(f)->wins, trades(f)); }
static double win_rate_pct(pln_figures *f) { return win_rate(f) * 100; }
static double best_trade_pct(pln_figures *f) { return of_trades(f, trades_of(f)->best * 100); }
static double worst_trade_pct(pln_figures *f) { return of_trades(f, trades_of(f)->worst * 100); }
static double avg_trade_pct(pln_figures *f) {
  const pln_trade_sums *t = trades_of(f);
  return t->over_lost
             ? NAN
             : pln_figure_or_nan(expm1(pln_figure_ratio(f, pln_sum_value(&t->logs), trades(f))) * 100);
}
static double max_trade_duration(pln_figures *f) {
  return of_trades(f, pln_figure_duration(f, trades_of(f)->longest_ns));
}
static double avg_trade_duration(pln_figures *f) {
  const pln_trade_sums *t = trades_of(f);
  return t->count ? pln_figure_mean_duration(f, t->total_s, t->total_ns, t->count) : NAN;
}
static double profit_factor(pln_figures *f) {
  const double pains = pln_sum_value(&trades_of(f)->pains);
  if (pains == 0) return pln_figure_undefined(f, PLN_UNDEFINED_NO_LOSS);
  return pln_figure_or_nan(pln_sum_value(&trades_of(f)->gains) / -pains);
}
static double expectancy_pct(pln_figures *f) {
  return pln_figure_ratio(f, pln_sum_value(&trades_of(f)->returns), trades(f)) * 100;
}
static double sqn(pln_figures *f) {
  const pln_trade_sums *t = trades_of(f);
  if (t->count < 2) return NAN;
  return pln_figure_ratio(f, sqrt(trades(f)) * t->pnl_mean, sqrt(t->pnl_m2 / (double)(t->count - 1)));
}
static double kelly(pln_figures *f) {
  const pln_trade_sums *t = trades_of(f);
  const double won = pln_figure_ratio(f, pln_sum_value(&t->won), (double)t->wins);
  const double lost = pln_figure_ratio(f, -pln_sum_value(&t->lost), (double)t->losses);
  return win_rate(f) - (1 - win_rate(f)) / pln_figure_ratio(f, won, lost);
}

/* ---- beyond backtesting.py's table ---- */

static double sum_won(const pln_trade_sums *t) { return pln_sum_value(&t->won); }
static double sum_lost(const pln_trade_sums *t) { return pln_sum_value(&t->lost); }
static double per(pln_figures *f, double sum, int64_t n, int32_t reason) {
  return n ? sum / (double)n : pln_figure_undefined(f, reason);
}
static double gross_profit(pln_figures *f) { return sum_won(trades_of(f)); }
static double gross_loss(pln_figures *f) { return sum_lost(trades_of(f)); }
static double avg_win(pln_figures *f) {
  return per(f, sum_won(trades_of(f)), trades_of(f)->wins, PLN_UNDEFINED_NO_GAIN);
}
static double avg_loss(pln_figures *f) {
  return per(f, sum_lost(trades_of(f)), trades_of(f)->losses, PLN_UNDEFINED_NO_LOSS);
}
static double largest_win(pln_figures *f) {
  return trades_of(f)->wins ? trades_of(f)->largest_win : pln_figure_undefined(f, PLN_UNDEFINED_NO_GAIN);
}
static double largest_loss(pln_figures *f) {
  return trades_of(f)->losses ? trades_of(f)->largest_loss : pln_figure_undefined(f, PLN_UNDEFINED_NO_LOSS);
}
static double payoff_ratio(pln_figures *f) {
  const double loss = avg_loss(f), win = avg_win(f);
  return win / -loss;
}
static double expectancy(pln_figures *f) {
  const pln_trade_sums *t = trades_of(f);
  return per(f, sum_won(t) + sum_lost(t), t->count, PLN_UNDEFINED_TOO_FEW);
}
static double expectancy_ratio(pln_figures *f) { return expectancy(f) / -avg_loss(f); }
static double currency_factor(pln_figures *f, const pln_trade_sums *t) {
  return t->losses ? sum_won(t) / -sum_lost(t) : pln_figure_undefined(f, PLN_UNDEFINED_NO_LOSS);
}
static double profit_factor_currency(pln_figures *f) { return currency_factor(f, trades_of(f)); }
static double max_consecutive_wins(pln_figures *f) { return (double)trades_of(f)->most_wins; }
static double max_consecutive_losses(pln_figures *f) { return (double)trades_of(f)->most_losses; }

static double avg_mae_pct(pln_figures *f) {
  return per(f, pln_sum_value(&trades_of(f)->mae) * 100, trades_of(f)->count, PLN_UNDEFINED_TOO_FEW);
}
static double max_mae_pct(pln_figures *f) { return of_trades(f, trades_of(f)->most_mae * 100); }
static double avg_mfe_pct(pln_figures *f) {
  return per(f, pln_sum_value(&trades_of(f)->mfe) * 100, trades_of(f)->count, PLN_UNDEFINED_TOO_FEW);
}
static double max_mfe_pct(pln_figures *f) { return of_trades(f, trades_of(f)->most_mfe * 100); }
static double edge_ratio(pln_figures *f) {
  return pln_figure_ratio(f, pln_sum_value(&trades_of(f)->mfe), pln_sum_value(&trades_of(f)->mae));
}

static double avg_bars_held(pln_figures *f) {
  return per(f, (double)trades_of(f)->bars, trades_of(f)->count, PLN_UNDEFINED_TOO_FEW);
}
static double avg_winner_duration(pln_figures *f) {
  const pln_trade_sums *t = trades_of(f);
  if (t->wins == 0) return pln_figure_undefined(f, PLN_UNDEFINED_NO_GAIN);
  return pln_figure_mean_duration(f, t->won_s, t->won_ns, t->wins);
}
static double avg_loser_duration(pln_figures *f) {
  const pln_trade_sums *t = trades_of(f);
  if (t->losses == 0) return pln_figure_undefined(f, PLN_UNDEFINED_NO_LOSS);
  return pln_figure_mean_duration(f, t->lost_s, t->lost_ns, t->losses);
}

/* ---- by side ---- */

enum { LONG = 0, SHORT = 1 };

static double side_trades(pln_figures *f, int side) { return (double)f->stats->sides[side].count; }
static double side_win_rate(pln_figures *f, int side) {
  const pln_trade_sums *t = &f->stats->sides[side];
  return per(f, (double)t->wins * 100, t->count, PLN_UNDEFINED_TOO_FEW);
}
static double side_pnl(pln_figures *f, int side) {
  const pln_trade_sums *t = &f->stats->sides[side];
  return sum_won(t) + sum_lost(t);
}
static double side_expectancy(pln_figures *f, int side) {
  return per(f, side_pnl(f, side), f->stats->sides[side].count, PLN_UNDEFINED_TOO_FEW);
}
static double side_return(pln_figures *f, int side) {
  const pln_trade_sums *t = &f->stats->sides[side];
  return per(f, pln_sum_value(&t->returns) * 100, t->count, PLN_UNDEFINED_TOO_FEW);
}
static double side_factor(pln_figures *f, int side) { return currency_factor(f, &f->stats->sides[side]); }
static double side_duration(pln_figures *f, int side) {
  const pln_trade_sums *t = &f->stats->sides[side];
  if (t->count == 0) return pln_figure_undefined(f, PLN_UNDEFINED_TOO_FEW);
  return pln_figure_mean_duration(f, t->total_s, t->total_ns, t->count);
}
static double long_trades(pln_figures *f) { return side_trades(f, LONG); }
static double long_win_rate_pct(pln_figures *f) { return side_win_rate(f, LONG); }
static double long_pnl(pln_figures *f) { return side_pnl(f, LONG); }
static double long_expectancy(pln_figures *f) { return side_expectancy(f, LONG); }
static double long_expectancy_pct(pln_figures *f) { return side_return(f, LONG); }
static double long_profit_factor(pln_figures *f) { return side_factor(f, LONG); }
static double long_avg_duration(pln_figures *f) { return side_duration(f, LONG); }
static double short_trades(pln_figures *f) { return side_trades(f, SHORT); }
static double short_win_rate_pct(pln_figures *f) { return side_win_rate(f, SHORT); }
static double short_pnl(pln_figures *f) { return side_pnl(f, SHORT); }
static double short_expectancy(pln_figures *f) { return side_expectancy(f, SHORT); }
static double short_expectancy_pct(pln_figures *f) { return side_return(f, SHORT); }
static double short_profit_factor(pln_figures *f) { return side_factor(f, SHORT); }
static double short_avg_duration(pln_figures *f) { return side_duration(f, SHORT); }

static const pln_metric entries[] = {
    {{"trades", "Trades", "count", "Trades",
      "Closed round trips: lots, by the portfolio's accounting. bt: # Trades."},
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
    {{"payoff_ratio", "Payoff Ratio", "ratio", "Trades",
      "Mean winning P&L over the size of the mean losing one."},
     payoff_ratio},
    {{"expectancy", "Expectancy (amount)", "currency", "Trades", "Mean P&L of a trade, after fees."},
     expectancy},
    {{"max_consecutive_losses", "Max. Losses in a Row", "count", "Trades",
      "Most trades lost one after the other, in order of closing."},
     max_consecutive_losses},
};

const pln_metric_group pln_metrics_of_trades = {entries, sizeof entries / sizeof *entries};

static const pln_metric detail_entries[] = {
    {{"max_consecutive_wins", "Max. Wins in a Row", "count", "Trades",
      "Most trades won one after the other, in order of closing."},
     max_consecutive_wins},
    {{"gross_profit", "Gross Profit", "currency", "Trades", "Sum of the positive P&L of trades."},
     gross_profit},
    {{"gross_loss", "Gross Loss", "currency", "Trades", "Sum of the negative P&L of trades."}, gross_loss},
    {{"avg_win", "Avg. Win", "currency", "Trades", "Mean positive P&L."}, avg_win},
    {{"avg_loss", "Avg. Loss", "currency", "Trades", "Mean negative P&L."}, avg_loss},
    {{"largest_win", "Largest Win", "currency", "Trades", "Largest P&L of a trade."}, largest_win},
    {{"largest_loss", "Largest Loss", "currency", "Trades", "Smallest P&L of a trade."}, largest_loss},
    {{"profit_factor_currency", "Profit Factor (amounts)", "ratio", "Trades",
      "Gross profit over the size of the gross loss, in currency (profit_factor is of returns)."},
     profit_factor_currency},
    {{"expectancy_ratio", "Expectancy Ratio", "ratio", "Trades",
      "Expectancy over the size of the mean loss: what a trade earns per unit that it risks (Tharp)."},
     expectancy_ratio},
    {{"avg_mae_pct", "Avg. Adverse Excursion", "%", "Trades",
      "Mean over trades of the largest move against them, of the entry price (MAE)."},
     avg_mae_pct},
    {{"max_mae_pct", "Max. Adverse Excursion", "%", "Trades", "Largest of them."}, max_mae_pct},
    {{"avg_mfe_pct", "Avg. Favourable Excursion", "%", "Trades",
      "Mean over trades of the largest move in their favour, of the entry price (MFE)."},
     avg_mfe_pct},
    {{"max_mfe_pct", "Max. Favourable Excursion", "%", "Trades", "Largest of them."}, max_mfe_pct},
    {{"edge_ratio", "Edge Ratio", "ratio", "Trades", "Mean favourable over mean adverse excursion."},
     edge_ratio},
    {{"avg_bars_held", "Avg. Bars Held", "count", "Trades", "Mean number of bars from entry to exit."},
     avg_bars_held},
    {{"avg_winner_duration", "Avg. Winner Duration", "s", "Trades",
      "Mean time from entry to exit of winning trades."},
     avg_winner_duration},
    {{"avg_loser_duration", "Avg. Loser Duration", "s", "Trades",
      "Mean time from entry to exit of losing trades."},
     avg_loser_duration},
    {{"long_trades", "Long Trades", "count", "Trades", "Closed long round trips."}, long_trades},
    {{"long_win_rate_pct", "Long Win Rate", "%", "Trades", "Share of them with a positive P&L."},
     long_win_rate_pct},
    {{"long_pnl", "Long P&L", "currency", "Trades", "Their P&L, after fees."}, long_pnl},
    {{"long_expectancy", "Long Expectancy (amount)", "currency", "Trades", "Their mean P&L."},
     long_expectancy},
    {{"long_expectancy_pct", "Long Expectancy", "%", "Trades", "Arithmetic mean of their returns."},
     long_expectancy_pct},
    {{"long_profit_factor", "Long Profit Factor", "ratio", "Trades",
      "Their positive P&L over the size of their negative P&L."},
     long_profit_factor},
    {{"long_avg_duration", "Long Avg. Duration", "s", "Trades", "Mean time from entry to exit."},
     long_avg_duration},
    {{"short_trades", "Short Trades", "count", "Trades", "Closed short round trips."}, short_trades},
    {{"short_win_rate_pct", "Short Win Rate", "%", "Trades", "Share of them with a positive P&L."},
     short_win_rate_pct},
    {{"short_pnl", "Short P&L", "currency", "Trades", "Their P&L, after fees."}, short_pnl},
    {{"short_expectancy", "Short Expectancy (amount)", "currency", "Trades", "Their mean P&L."},
     short_expectancy},
    {{"short_expectancy_pct", "Short Expectancy", "%", "Trades", "Arithmetic mean of their returns."},
     short_expectancy_pct},
    {{"short_profit_factor", "Short Profit Factor", "ratio", "Trades",
      "Their positive P&L over the size of their negative P&L."},
     short_profit_factor},
    {{"short_avg_duration", "Short Avg. Duration", "s", "Trades", "Mean time from entry to exit."},
     short_avg_duration},
};

const pln_metric_group pln_metrics_of_trade_detail = {detail_entries,
                                                      sizeof detail_entries / sizeof *detail_entries};
