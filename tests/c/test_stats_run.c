/* Statistics of runs beyond backtesting.py's table: deposits, leverage, trades by side, spans too short. */
#include "stats_util.h"

static void deposits_and_withdrawals_are_no_returns(void **state) {
  (void)state;
  /* 10 % up, a deposit on a day of rest, half lost, a withdrawal before a day that gains a quarter. */
  static const double equity[] = {10000, 11000, 16000, 8000, (8000 - 2000) * 1.25};
  static const double flow[] = {0, 0, 5000, 0, -2000};
  table t = new_table(8);
  t.flow = calloc(8, sizeof *t.flow);
  t.n = 5;
  for (int64_t i = 0; i < t.n; i++) {
    t.ts_ns[i] = i * DAY;
    t.equity[i] = equity[i];
    t.flow[i] = flow[i];
    t.benchmark[i] = 100;
  }
  pln_stats *stats = new_stats(ONE_DAY, NULL, 0);
  feed(stats, &t, 0, t.n);
  double returns[8], benchmark[8];
  int64_t ts_ns[8];
  assert_int_equal(pln_stats_returns(stats, returns, benchmark, ts_ns, 8, NULL), 4);
  static const double expected[] = {0.1, 0, -0.5, 0.25};
  for (int i = 0; i < 4; i++) assert_true(fabs(returns[i] - expected[i]) < 1e-15);
  double *out = computed(stats);
  assert_close("return", figure(out, "return_pct"), (1.1 * 0.5 * 1.25 - 1) * 100, 1e-13);
  assert_close("profit", figure(out, "net_profit"), 7500 - 10000 - 3000, 1e-13);
  assert_close("flows", figure(out, "net_flows"), 3000, 0);
  assert_close("final", figure(out, "equity_final"), 7500, 0);
  assert_close("peak", figure(out, "equity_peak"), 16000, 0);
  assert_close("drawdown", figure(out, "max_drawdown_pct"), -50, 1e-13);
  assert_close("fall", figure(out, "max_drawdown_amount"), 5500, 1e-13);
  assert_close("best", figure(out, "best_period_pct"), 25, 1e-12);
  free(out);
  free_table(&t);
}

static void an_account_that_is_emptied_keeps_its_return(void **state) {
  (void)state;
  /* 10 % up, everything withdrawn, nothing there for a day, refunded and 20 % up. */
  static const double equity[] = {10000, 11000, 0, 0, 6000};
  static const double flow[] = {0, 0, -11000, 0, 5000};
  table t = new_table(8);
  t.flow = calloc(8, sizeof *t.flow);
  t.n = 5;
  for (int64_t i = 0; i < t.n; i++) {
    t.ts_ns[i] = i * DAY;
    t.equity[i] = equity[i];
    t.flow[i] = flow[i];
    t.benchmark[i] = 100;
  }
  for (int64_t chunk = 1; chunk <= 5; chunk++) {
    pln_stats *stats = new_stats(ONE_DAY, NULL, 0);
    for (int64_t i = 0; i < t.n; i += chunk) feed(stats, &t, i, t.n - i < chunk ? t.n - i : chunk);
    double *out = computed(stats);
    assert_close("return", figure(out, "return_pct"), (1.1 * 1.2 - 1) * 100, 1e-13);
    assert_close("drawdown", figure(out, "max_drawdown_pct"), 0, 0);
    assert_close("profit", figure(out, "net_profit"), 6000 - 10000 + 6000, 0);
    free(out);
  }
  /* What was lost stays lost, whatever is paid in. */
  t.equity[2] = t.equity[3] = 0;
  t.flow[2] = 0;
  pln_stats *stats = new_stats(ONE_DAY, NULL, 0);
  feed(stats, &t, 0, t.n);
  double *out = computed(stats);
  assert_close("ruin", figure(out, "return_pct"), -100, 0);
  free(out);
  free_table(&t);
}

/* The figures of a long table with flows and leverage, in pieces of that size. */
static double *in_chunks(const table *t, int64_t chunk) {
  pln_stats *stats = new_stats(ONE_HOUR, NULL, 0);
  for (int64_t i = 0; i < t->n; i += chunk) feed(stats, t, i, t->n - i < chunk ? t->n - i : chunk);
  return computed(stats);
}

static void flows_and_leverage_do_not_depend_on_chunks(void **state) {
  (void)state;
  table t = new_table(MOST);
  t.flow = calloc(MOST, sizeof *t.flow);
  t.gross = calloc(MOST, sizeof *t.gross);
  t.n = MOST;
  uint64_t seed = 7;
  double level = 10000, market = 100, leverages = 0, most = 0, equities = 0, index = 10000;
  for (int64_t i = 0; i < t.n; i++) {
    seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
    const double uniform = (double)(seed >> 11) / 9007199254740992.0 - 0.5;
    const double change = i ? 1 + 0.01 * uniform : 1;
    t.flow[i] = i % 701 == 700 ? 1000 * uniform : 0;
    level = (level + t.flow[i]) * change;
    index *= change;
    market *= 1 - 0.005 * uniform;
    t.ts_ns[i] = i * ONE_HOUR.ns;
    t.equity[i] = level;
    t.benchmark[i] = market;
    t.gross[i] = i % 1000 < 500 ? 0 : level * (1 + uniform);
    equities += level;
    leverages += t.gross[i] / level;
    most = fmax(most, t.gross[i] / level);
  }
  double *whole = in_chunks(&t, MOST);
  assert_close("return", figure(whole, "return_pct"), (index / 10000 - 1) * 100, 1e-9);
  assert_close("leverage", figure(whole, "avg_leverage"), leverages / MOST, 1e-12);
  assert_close("most", figure(whole, "max_leverage"), most, 0);
  assert_close("equity", figure(whole, "avg_equity"), equities / MOST, 1e-12);
  static const int64_t chunks[] = {1, 3, 255, 256, 257, 701, 1024};
  for (size_t c = 0; c < sizeof chunks / sizeof *chunks; c++) {
    double *out = in_chunks(&t, chunks[c]);
    assert_memory_equal(out, whole, (size_t)pln_metric_count() * sizeof *out);
    free(out);
  }
  free(whole);
  free_table(&t);
}

static pln_trade a_trade(int side, double pnl, double mae, double mfe, int64_t bars) {
  return (pln_trade){.side = side,
                     .pnl = pnl,
                     .quantity = 1,
                     .entry_price = 100,
                     .return_pct = pnl,
                     .mae = mae,
                     .mfe = mfe,
                     .entry_bar = 5,
                     .exit_bar = 5 + bars,
                     .exit_ts_ns = bars * DAY};
}

static void trades_are_told_by_side(void **state) {
  (void)state;
  const pln_trade trades[] = {
      a_trade(PLN_SIDE_BUY, 30, 2, 40, 10), a_trade(PLN_SIDE_BUY, 10, 0, 12, 4),
      a_trade(PLN_SIDE_SELL, -5, 9, 3, 2),  a_trade(PLN_SIDE_SELL, -15, 20, 0, 1),
      a_trade(PLN_SIDE_BUY, -10, 12, 1, 2), a_trade(PLN_SIDE_SELL, 20, 1, 25, 5),
  };
  pln_stats *stats = new_stats(ONE_DAY, NULL, 0);
  assert_int_equal(pln_stats_add_trades(stats, trades, 6), 0);
  double *out = computed(stats);
  static const struct {
    const char *name;
    double value;
  } expected[] = {
      {"trades", 6},
      {"payoff_ratio", 2},
      {"expectancy", 5},
      {"gross_profit", 60},
      {"gross_loss", -30},
      {"avg_win", 20},
      {"avg_loss", -10},
      {"largest_win", 30},
      {"largest_loss", -15},
      {"profit_factor_currency", 2},
      {"expectancy_ratio", 0.5},
      {"max_consecutive_wins", 2},
      {"max_consecutive_losses", 3},
      {"avg_bars_held", 4},
      {"avg_mae_pct", 44.0 / 6},
      {"max_mae_pct", 20},
      {"avg_mfe_pct", 81.0 / 6},
      {"max_mfe_pct", 40},
      {"edge_ratio", 81.0 / 44},
      {"avg_winner_duration", 7 * 86400}, /* 19 / 3 days, rounded up */
      {"avg_loser_duration", 2 * 86400},
      {"long_trades", 3},
      {"long_win_rate_pct", 200.0 / 3},
      {"long_pnl", 30},
      {"long_expectancy", 10},
      {"long_profit_factor", 4},
      {"short_trades", 3},
      {"short_win_rate_pct", 100.0 / 3},
      {"short_pnl", 0},
      {"short_expectancy", 0},
      {"short_profit_factor", 1},
      {"short_avg_duration", 3 * 86400},
  };
  for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
    assert_close(expected[i].name, figure(out, expected[i].name), expected[i].value, 1e-14);
  free(out);
}

static void growth_of_a_few_days_is_not_annualised(void **state) {
  (void)state;
  table t = new_table(100);
  t.n = 30;
  for (int64_t i = 0; i < t.n; i++) {
    t.ts_ns[i] = i * DAY;
    t.equity[i] = 10000 * pow(1.001, (double)(i + i % 3));
    t.benchmark[i] = 100 + (double)(i % 5);
  }
  static const char *const names[] = {"return_ann_pct",         "cagr_pct",
                                      "volatility_ann_pct",     "calmar_ratio",
                                      "sharpe_ratio_geometric", "martin_ratio"};
  for (int64_t n = 29; n <= 30; n++) {
    pln_stats *stats = new_stats(ONE_DAY, NULL, 0);
    feed(stats, &t, 0, n);
    double *out = calloc((size_t)pln_metric_count(), sizeof *out);
    int32_t *why = calloc((size_t)pln_metric_count(), sizeof *why);
    assert_int_equal(pln_stats_evaluate(stats, NULL, 0, out, why), 0);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
      const int32_t k = pln_metric_find(names[i]);
      const int is_martin = strcmp(names[i], "martin_ratio") == 0; /* of 29 returns */
      if (isfinite(out[k]) != (n == 30 && !is_martin))
        fail_msg("%s of %d days: %g", names[i], (int)n, out[k]);
      if (!isfinite(out[k])) assert_int_equal(why[k], PLN_UNDEFINED_TOO_SHORT);
    }
    assert_true(isfinite(figure(out, "sharpe_ratio")));
    free(why);
    free(out);
    pln_stats_free(stats);
  }
  free_table(&t);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(deposits_and_withdrawals_are_no_returns),
      cmocka_unit_test(an_account_that_is_emptied_keeps_its_return),
      cmocka_unit_test(flows_and_leverage_do_not_depend_on_chunks),
      cmocka_unit_test(trades_are_told_by_side),
      cmocka_unit_test(growth_of_a_few_days_is_not_annualised),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
