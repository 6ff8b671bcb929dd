/* The library of returns on odd and random series: every figure is a number or says why it is none, whatever
 * comes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "abi/returns.h"
#include "core/error.h"
#include "core/random.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 400 };
static const int64_t DAY = 86400LL * 1000000000;

/* Returns of a kind: quiet, wild (losses of all and more), huge, tiny, constant, with holes, integers. */
static double odd_return(pln_random *random, int kind) {
  const double u = pln_random_uniform(random) - 0.49;
  switch (kind) {
  case 0:
    return 0.02 * u;
  case 1:
    return 4 * u;
  case 2:
    return u * 1e200;
  case 3:
    return u * 1e-300;
  case 4:
    return 0.01;
  case 5:
    return pln_random_next(random) % 3 == 0 ? NAN : 0.02 * u;
  case 6:
    return NAN;
  default:
    return (double)(int)(3 * u);
  }
}
enum { KINDS = 8 };

typedef struct odd_series {
  double returns[MOST], benchmark[MOST], rate[MOST], required[MOST];
  int64_t ts_ns[MOST];
  pln_return_series series;
} odd_series;

static void make(odd_series *s, pln_random *random, int64_t n, int kind) {
  int64_t now = (int64_t)(pln_random_next(random) % 20000) * DAY;
  for (int64_t i = 0; i < n; i++) {
    s->returns[i] = odd_return(random, kind);
    s->benchmark[i] = odd_return(random, (int)(pln_random_next(random) % 2 ? 0 : kind));
    s->rate[i] = 1e-4 * pln_random_uniform(random);
    s->required[i] = 1e-4 * pln_random_uniform(random);
    now += (int64_t)(1 + pln_random_next(random) % 40) * DAY / 8;
    s->ts_ns[i] = now;
  }
  const uint64_t with = pln_random_next(random);
  s->series = (pln_return_series){.n = n,
                                  .returns = s->returns,
                                  .benchmark = with & 1 ? s->benchmark : NULL,
                                  .risk_free = with & 2 ? s->rate : NULL,
                                  .required_return = with & 4 ? s->required : NULL,
                                  .ts_ns = with & 8 ? s->ts_ns : NULL};
}

static void check_all(pln_returns *r) {
  for (int32_t k = 0; k < pln_return_statistic_count(); k++) {
    int32_t why = -1;
    const double value = pln_returns_value(r, k, &why);
    if (isfinite(value) != (why == PLN_UNDEFINED_NONE) || why < 0 || why >= PLN_UNDEFINED_COUNT)
      fail_msg("%s: %g, reason %d", pln_return_statistic_get(k)->name, value, why);
    int32_t again = -1;
    const double second = pln_returns_value(r, k, &again); /* what is kept changes nothing */
    assert_memory_equal(&value, &second, isnan(value) ? 0 : sizeof value);
    assert_int_equal(why, again);
  }
}

static void every_figure_is_a_number_or_says_why(void **state) {
  (void)state;
  pln_random random;
  pln_random_seed(&random, 11, 0);
  odd_series *s = malloc(sizeof *s);
  double out[MOST];
  for (int round = 0; round < 400; round++) {
    const int64_t n = round < 40 ? round / 8 : (int64_t)(pln_random_next(&random) % MOST);
    make(s, &random, n, round % KINDS);
    const pln_return_options options = {.min_days = round % 3 == 0 ? -1 : 0,
                                        .trials = round % 5 == 0 ? 20 : 0,
                                        .trials_variance = 0.01,
                                        .sharpe_threshold = 0.5,
                                        .order = round % 2 ? 3 : 0};
    pln_returns *r = pln_returns_new(&s->series, &options);
    assert_non_null(r);
    check_all(r);
    const int32_t statistic = (int32_t)(pln_random_next(&random) % (uint64_t)pln_return_statistic_count());
    const int64_t window = 1 + (int64_t)(pln_random_next(&random) % 60);
    const int64_t rolled = pln_returns_rolling(r, statistic, window, out);
    assert_int_equal(rolled, n == 0 ? 0 : window > n ? 1 : n - window + 1);
    const int32_t two[] = {statistic, 0};
    pln_bootstrap_row rows[2];
    const pln_bootstrap_options bootstrap = {.samples = 5, .seed = (uint64_t)round};
    assert_int_equal(pln_returns_bootstrap(r, two, 2, &bootstrap, rows), 0);
    pln_returns_free(r);
  }
  free(s);
}

static void drawdowns_add_up(void **state) {
  (void)state;
  pln_random random;
  pln_random_seed(&random, 3, 0);
  odd_series *s = malloc(sizeof *s);
  double depth[MOST], curve[MOST];
  pln_drawdown_row rows[MOST];
  for (int round = 0; round < 100; round++) {
    const int64_t n = (int64_t)(pln_random_next(&random) % MOST);
    make(s, &random, n, round % 2 ? 0 : 5);
    assert_int_equal(pln_returns_drawdowns(s->returns, n, depth), 0);
    assert_int_equal(pln_returns_cumulate(s->returns, n, 1, curve), 0);
    const int64_t count = pln_returns_drawdown_table(s->returns, n, rows, MOST);
    int64_t below = 0, told = 0;
    double peak = 1, deepest = 0;
    for (int64_t i = 0; i < n; i++) {
      peak = fmax(peak, curve[i]);
      assert_true(fabs(depth[i] - (curve[i] / peak - 1)) < 1e-14);
      below += depth[i] < 0;
    }
    for (int64_t k = 0; k < count; k++) {
      assert_true(rows[k].start <= rows[k].valley && rows[k].valley <= rows[k].end);
      assert_true(rows[k].depth < 0 && (isnan(rows[k].depth_99) || rows[k].depth_99 > rows[k].depth));
      assert_true(rows[k].recovery == (rows[k].end + 1 < n ? rows[k].end + 1 : -1));
      told += rows[k].end - rows[k].start + 1;
      deepest = fmin(deepest, rows[k].depth);
    }
    assert_int_equal(told, below);
    const pln_return_series series = {.n = n, .returns = s->returns};
    pln_returns *r = pln_returns_new(&series, NULL);
    if (n > 0) assert_true(pln_returns_value(r, pln_return_statistic_find("max_drawdown"), NULL) == deepest);
    assert_true(pln_returns_value(r, pln_return_statistic_find("drawdowns"), NULL) == (double)count);
    pln_returns_free(r);
  }
  free(s);
}

static void calendar_units_compound_to_the_whole(void **state) {
  (void)state;
  pln_random random;
  pln_random_seed(&random, 5, 0);
  odd_series *s = malloc(sizeof *s);
  double out[MOST];
  int64_t starts[MOST];
  make(s, &random, MOST, 0);
  double whole = 1;
  for (int64_t i = 0; i < MOST; i++) whole *= 1 + s->returns[i];
  int64_t before = MOST;
  for (int32_t unit = PLN_CALENDAR_WEEK; unit <= PLN_CALENDAR_YEAR; unit++) {
    const int64_t n = pln_returns_aggregate(s->returns, s->ts_ns, MOST, unit, out, starts);
    double growth = 1;
    for (int64_t i = 0; i < n; i++) {
      growth *= 1 + out[i];
      assert_true(i == 0 || starts[i] > starts[i - 1]);
    }
    assert_true(fabs(growth / whole - 1) < 1e-12);
    assert_true(n < before);
    before = n;
  }
  assert_true(pln_returns_aggregate(s->returns, s->ts_ns, MOST, 0, out, starts) < 0);
  free(s);
}

static void names_are_unique_and_described(void **state) {
  (void)state;
  const int32_t n = pln_return_statistic_count();
  for (int32_t i = 0; i < n; i++) {
    const pln_return_info *info = pln_return_statistic_get(i);
    assert_int_equal(pln_return_statistic_find(info->name), i);
    const size_t length = strlen(info->definition);
    if (length < 10 || info->definition[length - 1] != '.')
      fail_msg("%s: '%s'", info->name, info->definition);
    if (info->metric && strcmp(info->unit, "fraction") == 0 && !strstr(info->metric, "_pct"))
      fail_msg("%s is shown in percent as %s", info->name, info->metric);
    for (int32_t k = 0; k < i && info->metric; k++) {
      const char *other = pln_return_statistic_get(k)->metric;
      if (other && strcmp(other, info->metric) == 0) fail_msg("two statistics are %s", other);
    }
  }
  assert_null(pln_return_statistic_get(n));
  assert_null(pln_return_statistic_get(-1));
  assert_int_equal(pln_return_statistic_find("nothing"), PLN_ERR_NOT_FOUND);
}

static void mistakes_are_refused(void **state) {
  (void)state;
  const double fine[] = {0.1, 0.2}, infinite[] = {0.1, INFINITY};
  const int64_t same[] = {5, 5};
  const pln_return_series good = {.n = 2, .returns = fine}, bad = {.n = 2, .returns = infinite};
  const pln_return_series unsorted = {.n = 2, .returns = fine, .ts_ns = same};
  assert_null(pln_returns_new(&bad, NULL));
  assert_non_null(strstr(pln_error_last()->text, "return 2 is infinite"));
  assert_null(pln_returns_new(&unsorted, NULL));
  const pln_return_options options[] = {{.confidence = 1}, {.periods_per_year = -1}, {.trials = 0.5},
                                        {.order = -1},     {.risk_free_ann = -1},    {.risk_free = NAN}};
  for (size_t i = 0; i < sizeof options / sizeof *options; i++)
    assert_null(pln_returns_new(&good, &options[i]));
  pln_returns *r = pln_returns_new(&good, NULL);
  double out[2];
  assert_true(pln_returns_rolling(r, 0, 0, out) < 0);
  const int32_t first = 0;
  pln_bootstrap_row row;
  const pln_bootstrap_options bootstraps[] = {{.samples = 1}, {.mean_block = 0.5}, {.confidence = 2}};
  for (size_t i = 0; i < sizeof bootstraps / sizeof *bootstraps; i++)
    assert_true(pln_returns_bootstrap(r, &first, 1, &bootstraps[i], &row) < 0);
  double risk[5];
  assert_true(pln_returns_gpd_risk(fine, 2, 0, risk) < 0);
  pln_returns_free(r);
  pln_returns_free(NULL);
}

static void gpd_of_random_losses_is_finite(void **state) {
  (void)state;
  pln_random random;
  pln_random_seed(&random, 9, 0);
  odd_series *s = malloc(sizeof *s);
  for (int round = 0; round < 40; round++) {
    const int64_t n = (int64_t)(pln_random_next(&random) % MOST);
    make(s, &random, n, round % KINDS);
    double out[5];
    assert_int_equal(pln_returns_gpd_risk(s->returns, n, 0.01, out), 0);
    for (int k = 0; k < 4; k++) assert_true(isfinite(out[k]) && out[k] >= 0);
    assert_true(out[4] >= 0);
  }
  free(s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_figure_is_a_number_or_says_why),
      cmocka_unit_test(drawdowns_add_up),
      cmocka_unit_test(calendar_units_compound_to_the_whole),
      cmocka_unit_test(names_are_unique_and_described),
      cmocka_unit_test(mistakes_are_refused),
      cmocka_unit_test(gpd_of_random_losses_is_finite),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
