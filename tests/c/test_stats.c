/* Statistics of runs: the references, and small cases by hand. */
#include "stats_util.h"

/* ---- the reference: three runs of backtesting.py ---- */

static int64_t days(const char *text) {
  int64_t ns;
  assert_int_equal(pln_time_parse_iso(text, NULL, &ns), 0);
  return ns;
}

static gzFile open_shared(const char *folder, const char *name, const char *ending) {
  const char *shared = getenv("PLN_TEST_SHARED");
  char path[1024];
  snprintf(path, sizeof path, "%s/%s/%s%s", shared ? shared : "", folder, name, ending);
  gzFile file = gzopen(path, "rb");
  if (!file) {
    print_message("skipped: %s is not there\n", path);
    skip();
  }
  return file;
}

static table read_reference(const char *name) {
  table t = new_table(MOST);
  char line[512], time[64];
  gzFile file = open_shared("reference/backtesting_py", name, ".equity.csv.gz");
  gzgets(file, line, sizeof line);
  while (gzgets(file, line, sizeof line)) {
    assert_int_equal(sscanf(line, "%63[^,],%lf", time, &t.equity[t.n]), 2);
    t.cash[t.n] = t.equity[t.n];
    t.ts_ns[t.n++] = days(time);
  }
  gzclose(file);
  file = open_shared("data/backtesting_py", "GOOG", ".csv");
  gzgets(file, line, sizeof line);
  for (int64_t i = 0; gzgets(file, line, sizeof line); i++)
    assert_int_equal(sscanf(line, "%*[^,],%*f,%*f,%*f,%lf", &t.benchmark[i]), 1);
  gzclose(file);
  file = open_shared("reference/backtesting_py", name, ".trades.csv");
  gzgets(file, line, sizeof line);
  while (gzgets(file, line, sizeof line)) {
    pln_trade *trade = &t.trades[t.n_trades++];
    double size, fraction;
    long long entry, exit;
    char out[64];
    assert_int_equal(sscanf(line, "%lf,%lld,%lld,%lf,%lf,,,%lf,%lf,%lf,%63[^,],%63s", &size, &entry, &exit,
                            &trade->entry_price, &trade->exit_price, &trade->pnl, &trade->fees, &fraction,
                            time, out),
                     10);
    trade->id = t.n_trades;
    trade->entry_bar = entry;
    trade->exit_bar = exit;
    trade->quantity = fabs(size);
    trade->side = size > 0 ? PLN_SIDE_BUY : PLN_SIDE_SELL;
    trade->return_pct = fraction * 100;
    trade->entry_ts_ns = days(time);
    trade->exit_ts_ns = days(out);
    for (int64_t i = entry; i <= exit; i++) t.exposure[i] |= size > 0 ? 1 : 2;
    t.exposure[exit] |= 4;
  }
  gzclose(file);
  /* The position that is still open where trades were not finalized. */
  for (int64_t i = t.trades[t.n_trades - 1].exit_bar; i < t.n; i++) t.exposure[i] |= 1;
  return t;
}

static json_t *reference_stats(const char *name) {
  char path[1024];
  snprintf(path, sizeof path, "%s/reference/backtesting_py/results.json", getenv("PLN_TEST_SHARED"));
  json_error_t error;
  json_t *all = json_load_file(path, 0, &error);
  if (!all) fail_msg("%s: %s", path, error.text);
  json_t *stats = json_incref(json_object_get(json_object_get(all, name), "stats"));
  json_decref(all);
  return stats;
}

static const char *const reference_names[][2] = {
    {"Start", "start"},
    {"End", "end"},
    {"Duration", "duration"},
    {"Exposure Time [%]", "exposure_pct"},
    {"Equity Final [$]", "equity_final"},
    {"Equity Peak [$]", "equity_peak"},
    {"Commissions [$]", "commissions"},
    {"Return [%]", "return_pct"},
    {"Buy & Hold Return [%]", "buy_and_hold_return_pct"},
    {"Return (Ann.) [%]", "return_ann_pct"},
    {"Volatility (Ann.) [%]", "volatility_ann_pct"},
    {"CAGR [%]", "cagr_pct"},
    {"Sharpe Ratio", "sharpe_ratio_geometric"},
    {"Sortino Ratio", "sortino_ratio_geometric"},
    {"Calmar Ratio", "calmar_ratio"},
    {"Alpha [%]", "alpha_pct"},
    {"Beta", "beta"},
    {"Max. Drawdown [%]", "max_drawdown_pct"},
    {"Avg. Drawdown [%]", "avg_drawdown_pct"},
    {"Max. Drawdown Duration", "max_drawdown_duration"},
    {"Avg. Drawdown Duration", "avg_drawdown_duration"},
    {"# Trades", "trades"},
    {"Win Rate [%]", "win_rate_pct"},
    {"Best Trade [%]", "best_trade_pct"},
    {"Worst Trade [%]", "worst_trade_pct"},
    {"Avg. Trade [%]", "avg_trade_pct"},
    {"Max. Trade Duration", "max_trade_duration"},
    {"Avg. Trade Duration", "avg_trade_duration"},
    {"Profit Factor", "profit_factor"},
    {"Expectancy [%]", "expectancy_pct"},
    {"SQN", "sqn"},
    {"Kelly Criterion", "kelly"},
};

static double reference_value(const json_t *value) {
  if (json_is_number(value)) return json_number_value(value);
  const char *text = json_string_value(value);
  if (strstr(text, "days")) return strtod(text, NULL) * 86400;
  return (double)days(text);
}

static void check_reference(const char *name, int64_t first_trading_row) {
  table t = read_reference(name);
  assert_int_equal(t.n, 2148);
  pln_stats *stats = new_stats(ONE_DAY, "UTC", first_trading_row);
  feed(stats, &t, 0, t.n);
  assert_int_equal(pln_stats_add_trades(stats, t.trades, t.n_trades), 0);
  double *out = computed(stats);
  json_t *expected = reference_stats(name);
  size_t known = 0;
  for (size_t i = 0; i < sizeof reference_names / sizeof *reference_names; i++) {
    const json_t *value = json_object_get(expected, reference_names[i][0]);
    if (!value) continue; /* a run without costs has no commissions */
    known++;
    assert_close(reference_names[i][0], figure(out, reference_names[i][1]), reference_value(value), 1e-8);
  }
  assert_int_equal(known, json_object_size(expected));
  json_decref(expected);
  free(out);
  free_table(&t);
}

static void backtesting_py_readme(void **state) {
  (void)state;
  check_reference("goog_readme_commission002", 19);
}

static void backtesting_py_readme_finalized(void **state) {
  (void)state;
  check_reference("goog_readme_commission002_final", 19);
}

static void backtesting_py_without_costs(void **state) {
  (void)state;
  check_reference("goog_sma10_30_nocost_final", 29);
}

static void any_chunking_gives_the_same_bits(void **state) {
  (void)state;
  table t = read_reference("goog_readme_commission002");
  t.benchmark[0] = NAN;
  pln_stats *whole = new_stats(ONE_DAY, "America/New_York", 19);
  feed(whole, &t, 0, t.n);
  pln_stats_add_trades(whole, t.trades, t.n_trades);
  double *expected = computed(whole);
  static const int64_t chunks[] = {1, 2, 3, 7, 64, 255, 256, 257, 1000};
  for (size_t c = 0; c < sizeof chunks / sizeof *chunks; c++) {
    pln_stats *stats = new_stats(ONE_DAY, "America/New_York", 0);
    assert_int_equal(pln_stats_set_first_trading_row(stats, 19), 0);
    double scratch[512];
    assert_true(pln_metric_count() <= 512);
    int64_t done = 0;
    for (int64_t i = 0; i < t.n; i += chunks[c]) {
      const int64_t n = t.n - i < chunks[c] ? t.n - i : chunks[c];
      feed(stats, &t, i, n);
      if (i % 64 == 0) pln_stats_compute(stats, NULL, 0, scratch); /* looking changes nothing */
      int64_t closed = done;
      while (closed < t.n_trades && t.trades[closed].exit_bar < i + n) closed++;
      pln_stats_add_trades(stats, t.trades + done, closed - done);
      done = closed;
    }
    double *out = computed(stats);
    assert_memory_equal(out, expected, (size_t)pln_metric_count() * sizeof *out);
    free(out);
  }
  free(expected);
  free_table(&t);
}

/* ---- small cases, by hand ---- */

static void drawdowns_are_those_of_the_reference_test(void **state) {
  (void)state;
  /* backtesting.py's own test: dd = [0, 1, 7, 0, 4, 0, 0] gives durations 3 and 2, depths 7 and 4 (in
   * tenths). */
  static const double dd[] = {0, 1, 7, 0, 4, 0, 0};
  table t = new_table(8);
  t.n = 7;
  for (int64_t i = 0; i < t.n; i++) {
    t.ts_ns[i] = i * DAY;
    t.equity[i] = 10000 * (1 - dd[i] / 10);
    t.benchmark[i] = 1;
  }
  pln_stats *stats = new_stats(ONE_DAY, NULL, 0);
  feed(stats, &t, 0, t.n);
  double *out = computed(stats);
  assert_close("max", figure(out, "max_drawdown_duration"), 3 * 86400, 0);
  assert_close("avg", figure(out, "avg_drawdown_duration"), 3 * 86400, 0); /* 2.5 days, rounded up */
  assert_close("depth", figure(out, "avg_drawdown_pct"), -55, 1e-12);
  assert_close("deepest", figure(out, "max_drawdown_pct"), -70, 1e-12);
  assert_true(isnan(figure(out, "beta"))); /* the benchmark never moved */
  free(out);
  free_table(&t);
}

static void nothing_is_undefined_rather_than_wrong(void **state) {
  (void)state;
  double *out = computed(new_stats(ONE_DAY, NULL, 0));
  for (int32_t i = 0; i < pln_metric_count(); i++) {
    const char *unit = pln_metric_get(i)->unit;
    const char *name = pln_metric_get(i)->name;
    const int is_sum = strcmp(name, "commissions") == 0 || strncmp(name, "gross_", 6) == 0 ||
                       strcmp(name, "long_pnl") == 0 || strcmp(name, "short_pnl") == 0;
    if (strcmp(unit, "count") != 0 && !is_sum && !isnan(out[i]))
      fail_msg("%s: %g", pln_metric_get(i)->name, out[i]);
  }
  assert_close("trades", figure(out, "trades"), 0, 0);
  free(out);

  table t = new_table(4);
  t.n = 1;
  t.ts_ns[0] = -5 * DAY;
  t.equity[0] = 10000;
  t.benchmark[0] = NAN;
  pln_stats *stats = new_stats(ONE_DAY, NULL, 0);
  feed(stats, &t, 0, 1);
  out = computed(stats);
  assert_close("final", figure(out, "equity_final"), 10000, 0);
  assert_close("return", figure(out, "return_pct"), 0, 0);
  assert_true(isnan(figure(out, "return_ann_pct")));
  assert_true(isnan(figure(out, "cagr_pct")));
  assert_true(isnan(figure(out, "sharpe_ratio")));
  assert_true(isnan(figure(out, "buy_and_hold_return_pct")));
  assert_true(isnan(figure(out, "max_drawdown_duration")));
  assert_true(isnan(figure(out, "win_rate_pct")));
  free(out);
  free_table(&t);
}

static void ruin_is_a_total_loss(void **state) {
  (void)state;
  table t = new_table(600);
  t.n = 600;
  for (int64_t i = 0; i < t.n; i++) {
    t.ts_ns[i] = i * DAY;
    t.equity[i] = i < 300 ? 10000 + 10 * (double)(i % 7) : 0;
    t.benchmark[i] = 100 + (double)(i % 5);
  }
  pln_stats *stats = new_stats(ONE_DAY, NULL, 0);
  feed(stats, &t, 0, t.n);
  double *out = computed(stats);
  assert_close("return", figure(out, "return_pct"), -100, 0);
  assert_close("annual", figure(out, "return_ann_pct"), -100, 0);
  assert_close("cagr", figure(out, "cagr_pct"), -100, 0);
  assert_close("drawdown", figure(out, "max_drawdown_pct"), -100, 0);
  assert_close("year", figure(out, "periods_per_year"), 365, 0);
  assert_true(isnan(figure(out, "sharpe_ratio_geometric")));
  assert_true(isfinite(figure(out, "sharpe_ratio")));
  assert_true(isfinite(figure(out, "beta")));
  free(out);
  free_table(&t);
}

static void days_are_local_days(void **state) {
  (void)state;
  /* Hourly rows around midnight in New York (04:00 UTC in summer): equity gains 1 % over each local midnight.
   */
  table t = new_table(100);
  const int64_t start = days("2020-06-01T04:00:00Z");
  double level = 10000;
  for (int64_t i = 0; i < 96; i++) {
    if (i > 0 && i % 24 == 0) level *= i == 48 ? 0.99 : 1.02;
    t.ts_ns[i] = start + i * ONE_HOUR.ns;
    t.equity[i] = level;
    t.benchmark[i] = level;
  }
  t.n = 96;
  pln_stats *stats = new_stats(ONE_HOUR, "America/New_York", 0);
  feed(stats, &t, 0, t.n);
  double *out = computed(stats);
  /* Monday to Thursday: three returns, 2 %, -1 %, 2 %: mean 1 %, sample deviation sqrt(3) %. */
  assert_close("sharpe", figure(out, "sharpe_ratio"), sqrt(252.0) / sqrt(3.0), 1e-11);
  assert_close("sortino", figure(out, "sortino_ratio"), sqrt(252.0) * 0.01 / sqrt(0.0001 / 3), 1e-11);
  assert_close("beta", figure(out, "beta"), 1, 1e-14);
  assert_close("duration", figure(out, "max_drawdown_duration"), 25 * 3600, 0); /* from the day's last hour */
  free(out);
  stats = new_stats(ONE_HOUR, "UTC", 0);
  feed(stats, &t, 0, t.n);
  out = computed(stats);
  assert_true(fabs(figure(out, "sharpe_ratio") - sqrt(252.0) / sqrt(3.0)) > 0.1);
  free(out);
  free_table(&t);
}

static void log_returns_of_any_size_are_exact(void **state) {
  (void)state;
  /* Equity is the benchmark squared, in steps from tiny to huge: beta is 2. */
  table t = new_table(MOST);
  t.n = MOST;
  uint64_t seed = 12345;
  double level = 1;
  for (int64_t i = 0; i < t.n; i++) {
    seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
    const double uniform = (double)(seed >> 11) / 9007199254740992.0 - 0.5;
    level *= 1 + uniform * (i % 3 == 0 ? 1e-6 : i % 3 == 1 ? 0.03 : 0.4);
    t.ts_ns[i] = i * ONE_HOUR.ns;
    t.benchmark[i] = level;
    t.equity[i] = level * level;
  }
  pln_stats *stats = new_stats(ONE_HOUR, NULL, 0);
  feed(stats, &t, 0, t.n);
  double *out = computed(stats);
  assert_close("beta", figure(out, "beta"), 2, 1e-13);
  free(out);
  free_table(&t);
}

static void the_library_sees_the_periods_returns(void **state) {
  (void)state;
  table t = read_reference("goog_readme_commission002");
  pln_stats *stats = new_stats(ONE_DAY, "UTC", 19);
  feed(stats, &t, 0, t.n);
  double *out = calloc((size_t)pln_metric_count(), sizeof *out);
  int32_t *why = calloc((size_t)pln_metric_count(), sizeof *why);
  assert_int_equal(pln_stats_evaluate(stats, NULL, 0, out, why), 0);
  double *returns = calloc(MOST, sizeof *returns), *benchmark = calloc(MOST, sizeof *benchmark);
  int64_t *ts_ns = calloc(MOST, sizeof *ts_ns);
  const int64_t n = pln_stats_returns(stats, returns, benchmark, ts_ns, MOST, NULL);
  assert_int_equal(n, t.n - 1);
  const pln_return_series series = {.n = n, .returns = returns, .benchmark = benchmark, .ts_ns = ts_ns};
  pln_returns *library = pln_returns_new(&series, NULL);
  assert_true(pln_returns_periods_per_year(library) == figure(out, "periods_per_year"));
  for (int32_t i = 0; i < pln_metric_count(); i++) {
    assert_true(isnan(out[i]) == (why[i] != 0));
    const int32_t statistic = pln_metric_statistic(i);
    if (statistic < 0) continue;
    const char *unit = pln_return_statistic_get(statistic)->unit;
    const double scale = strcmp(unit, "fraction") == 0 ? 100 : strcmp(unit, "days") == 0 ? 86400 : 1;
    const double value = pln_returns_value(library, statistic, NULL) * scale;
    if (isfinite(value))
      assert_close(pln_metric_get(i)->name, out[i], value, 0);
    else
      assert_true(isnan(out[i]));
  }
  /* What the run reckons by itself agrees with the library. */
  static const char *const same[][2] = {
      {"return_ann_pct", "annual_return"}, {"volatility_ann_pct", "annual_volatility_geometric"},
      {"sharpe_ratio", "sharpe_ratio"},    {"sharpe_ratio_geometric", "sharpe_ratio_geometric"},
      {"sortino_ratio", "sortino_ratio"},  {"sortino_ratio_geometric", "sortino_ratio_geometric"}};
  for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
    const double scale = strstr(same[i][0], "_pct") ? 100 : 1;
    assert_close(same[i][0], figure(out, same[i][0]),
                 pln_returns_value(library, pln_return_statistic_find(same[i][1]), NULL) * scale, 1e-11);
  }
  pln_returns_free(library);
  free(returns);
  free(benchmark);
  free(ts_ns);
  free(why);
  free(out);
  pln_stats_free(stats);
  free_table(&t);
}

static void mistakes_are_refused(void **state) {
  (void)state;
  pln_stats_config config = {.timeframe = ONE_DAY};
  assert_null(pln_stats_new(&config));
  config.capital = 1;
  config.timezone = "Mars/Olympus_Mons";
  assert_null(pln_stats_new(&config));
  assert_int_equal(pln_metric_find("sharp_ratio"), PLN_ERR_NOT_FOUND);
  assert_null(pln_metric_get(-1));
  assert_null(pln_metric_get(pln_metric_count()));
  table t = new_table(4);
  for (int64_t i = 0; i < 4; i++) t.ts_ns[i] = i, t.equity[i] = 1;
  pln_stats *stats = new_stats(ONE_DAY, NULL, 0);
  feed(stats, &t, 2, 2);
  assert_int_equal(pln_stats_set_first_trading_row(stats, 1), PLN_ERR_STATE);
  const pln_equity_rows early = {1, 1, t.ts_ns, t.equity, t.cash, t.benchmark, t.exposure, NULL, NULL};
  assert_int_equal(pln_stats_add_rows(stats, &early), PLN_ERR_ARGUMENT);
  pln_stats_free(stats);
  free_table(&t);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(backtesting_py_readme),
      cmocka_unit_test(backtesting_py_readme_finalized),
      cmocka_unit_test(backtesting_py_without_costs),
      cmocka_unit_test(any_chunking_gives_the_same_bits),
      cmocka_unit_test(drawdowns_are_those_of_the_reference_test),
      cmocka_unit_test(nothing_is_undefined_rather_than_wrong),
      cmocka_unit_test(ruin_is_a_total_loss),
      cmocka_unit_test(days_are_local_days),
      cmocka_unit_test(log_returns_of_any_size_are_exact),
      cmocka_unit_test(the_library_sees_the_periods_returns),
      cmocka_unit_test(mistakes_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
