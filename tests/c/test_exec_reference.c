#include "exec_util.h"
#include "abi/stats.h"
#include <zlib.h>

/* The three runs of backtesting.py in reference/backtesting_py. */

typedef struct goog {
  int64_t n;
  double rows[4000][4];
  char dates[4000][11];
} goog;

static const char *shared(void) {
  const char *folder = getenv("PLN_TEST_SHARED");
  return folder && *folder ? folder : "../shared";
}

static goog *load_goog(void) {
  char path[4096];
  snprintf(path, sizeof path, "%s/data/backtesting_py/GOOG.csv", shared());
  FILE *f = fopen(path, "r");
  if (!f) return NULL;
  goog *g = must(calloc(1, sizeof *g));
  char line[256];
  assert_non_null(fgets(line, sizeof line, f));
  while (fgets(line, sizeof line, f)) {
    double *r = g->rows[g->n];
    assert_int_equal(sscanf(line, "%10[^,],%lf,%lf,%lf,%lf", g->dates[g->n], &r[0], &r[1], &r[2], &r[3]), 5);
    g->n++;
  }
  fclose(f);
  return g;
}

/* Strict crossings on both sides, from the bar at which the slow average has been known for two bars. */
static void push_crossings(rig *r, const goog *g, int64_t fast, int64_t slow) {
  double *a = must(calloc((size_t)g->n, sizeof *a)), *b = must(calloc((size_t)g->n, sizeof *b));
  for (int64_t i = 0; i < g->n; i++) {
    double sa = 0, sb = 0;
    for (int64_t j = 0; j < fast && j <= i; j++) sa += g->rows[i - j][3];
    for (int64_t j = 0; j < slow && j <= i; j++) sb += g->rows[i - j][3];
    a[i] = sa / (double)fast;
    b[i] = sb / (double)slow;
    if (i < slow) continue;
    const int32_t direction = a[i - 1] < b[i - 1] && a[i] > b[i]   ? 1
                              : a[i - 1] > b[i - 1] && a[i] < b[i] ? -1
                                                                   : 0;
    if (direction == 0) continue;
    const pln_signal s = {.ts_ns = rig_visible(i), .strength = 1, .confidence = 1, .direction = direction};
    assert_int_equal(pln_exec_push_signals(r->exec, 0, &s, 1), 0);
  }
  free(a);
  free(b);
}

static void close_to(double found, double expected) {
  if (fabs(found - expected) <= 1e-9 * fabs(expected) + 1e-9) return;
  fail_msg("found %.17g, expected %.17g", found, expected);
}

static void check_trades(const rig *r, const goog *g, const char *name) {
  char path[4096], line[512];
  snprintf(path, sizeof path, "%s/reference/backtesting_py/%s.trades.csv", shared(), name);
  FILE *f = must(fopen(path, "r"));
  assert_non_null(fgets(line, sizeof line, f));
  const pln_trade *trades;
  const int64_t n = pln_portfolio_trades(r->portfolio, &trades);
  int64_t i = 0;
  for (; fgets(line, sizeof line, f); i++) {
    double size, entry_price, exit_price, pnl, commission, share;
    long long entry_bar, exit_bar;
    char entry_date[11], exit_date[11];
    assert_int_equal(sscanf(line, "%lf,%lld,%lld,%lf,%lf,,,%lf,%lf,%lf,%10[^,],%10s", &size, &entry_bar,
                            &exit_bar, &entry_price, &exit_price, &pnl, &commission, &share, entry_date,
                            exit_date),
                     10);
    assert_true(i < n);
    const pln_trade *t = &trades[i];
    assert_int_equal(t->entry_bar, entry_bar);
    assert_int_equal(t->exit_bar, exit_bar);
    assert_string_equal(g->dates[t->entry_bar], entry_date);
    assert_string_equal(g->dates[t->exit_bar], exit_date);
    assert_true(t->quantity * t->side == size);
    assert_true(t->entry_price == entry_price);
    assert_true(t->exit_price == exit_price);
    close_to(t->pnl, pnl);
    close_to(t->fees, commission);
    close_to(t->return_pct, share * 100);
  }
  assert_int_equal(i, n);
  assert_true(n > 60);
  fclose(f);
}

static void check_equity(const rig *r, const goog *g, const char *name) {
  char path[4096], line[512];
  snprintf(path, sizeof path, "%s/reference/backtesting_py/%s.equity.csv.gz", shared(), name);
  gzFile f = must(gzopen(path, "r"));
  assert_non_null(gzgets(f, line, sizeof line));
  const pln_equity_rows *rows = pln_portfolio_equity(r->portfolio);
  assert_int_equal(rows->n_rows, g->n);
  int64_t i = 0;
  for (; gzgets(f, line, sizeof line); i++) {
    char date[11];
    double equity;
    assert_int_equal(sscanf(line, "%10[^,],%lf", date, &equity), 2);
    assert_string_equal(g->dates[i], date);
    close_to(rows->equity[i], equity);
    assert_true(rows->benchmark[i] == g->rows[i][3]);
  }
  assert_int_equal(i, g->n);
  gzclose(f);
}

/* The statistics of what the recorder holds; those of the equity and trades are tested in test_stats.c. */
static void check_exposure(const rig *r, double expected_pct) {
  const pln_stats_config config = {.capital = 10000, .timeframe = {PLN_TIMEFRAME_DAY, 1, RIG_STEP_NS}};
  pln_stats *stats = must(pln_stats_new(&config));
  double *values = must(calloc((size_t)pln_metric_count(), sizeof *values));
  assert_int_equal(pln_stats_add_rows(stats, pln_portfolio_equity(r->portfolio)), 0);
  assert_int_equal(pln_stats_compute(stats, pln_portfolio_account(r->portfolio), 0, values), 0);
  close_to(values[pln_metric_find("exposure_pct")], expected_pct);
  free(values);
  pln_stats_free(stats);
}

static void reproduce(const char *name, int64_t fast, int64_t slow, double commission_pct, int32_t finalize,
                      double exposure_pct) {
  goog *g = load_goog();
  if (!g) {
    print_message("skipped: no %s/data\n", shared());
    skip();
  }
  for (int32_t quirk = 0; quirk < 2; quirk++) {
    pln_portfolio_config p = rig_portfolio();
    p.sizing.at = PLN_SIZE_AT_FILL;
    p.fill_price_quirk = quirk;
    const pln_exec_config c = {.commission = {.pct = commission_pct}, .finalize_trades = finalize};
    rig *r = rig_new(g->rows, g->n, &c, &p);
    assert_int_equal(pln_exec_add_source(r->exec, 0, 0, 1), 0);
    push_crossings(r, g, fast, slow);
    assert_int_equal(pln_exec_run(r->exec, INT64_MAX), PLN_EXEC_DONE);
    assert_int_equal(pln_exec_finish(r->exec), 0);
    check_trades(r, g, name);
    check_equity(r, g, name);
    check_exposure(r, exposure_pct);
    rig_free(r);
  }
  free(g);
}

static void goog_with_commission(void **state) {
  (void)state;
  reproduce("goog_readme_commission002", 10, 20, 0.2, 0, 94.27374301675978);
}

static void goog_with_commission_finalized(void **state) {
  (void)state;
  reproduce("goog_readme_commission002_final", 10, 20, 0.2, 1, 97.06703910614524);
}

static void goog_without_costs(void **state) {
  (void)state;
  reproduce("goog_sma10_30_nocost_final", 10, 30, 0, 1, 96.74115456238361);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(goog_with_commission),
      cmocka_unit_test(goog_with_commission_finalized),
      cmocka_unit_test(goog_without_costs),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
