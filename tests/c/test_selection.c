/* Selection kernels on odd series: every figure is in its range or NaN, whatever comes, and nothing depends
 * on how combos fall into groups of eight. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "abi/selection.h"
#include "core/random.h"

#include <math.h>
#include <string.h>

enum { MOST = 300, COMBOS = 21 };

static void fill(pln_random *random, double *returns, int64_t n, int kind) {
  for (int64_t i = 0; i < n; i++) {
    const double u = pln_random_uniform(random) - 0.49;
    switch (kind) {
    case 0:
      returns[i] = 0.02 * u;
      break;
    case 1:
      returns[i] = 4 * u;
      break;
    case 2:
      returns[i] = u * 1e100;
      break;
    case 3:
      returns[i] = u * 1e-300;
      break;
    case 4:
      returns[i] = 0.01;
      break;
    case 5:
      returns[i] = i % 3 ? 0.02 * u : NAN;
      break;
    case 6:
      returns[i] = NAN;
      break;
    default:
      returns[i] = i == n / 2 ? u : 0;
    }
  }
}

static void assert_share(double value) { assert_true(value >= 0 && value <= 1); }

static void check_cscv(pln_random *random, int64_t n, int32_t statistic) {
  pln_cscv_options options = {.n_rows = n, .statistic = statistic};
  pln_cscv *cscv = pln_cscv_new(&options);
  if (pln_cscv_blocks(n) == 0) {
    assert_null(cscv);
    return;
  }
  assert_non_null(cscv);
  double returns[MOST];
  pln_cscv_result result;
  assert_int_equal(pln_cscv_run(cscv, &result), PLN_ERR_STATE);
  assert_null(pln_cscv_splits(cscv));
  for (int k = 0; k < COMBOS; k++) {
    fill(random, returns, n, k % 8);
    assert_int_equal(pln_cscv_add(cscv, returns), 0);
  }
  assert_int_equal(pln_cscv_run(cscv, &result), 0);
  assert_int_equal(result.n_combos, COMBOS);
  assert_share(result.pbo);
  assert_share(result.probability_of_loss);
  assert_false(isnan(result.in_sample_mean) || isnan(result.out_of_sample_mean) || isnan(result.all_mean));
  const pln_cscv_split *splits = pln_cscv_splits(cscv);
  for (int64_t i = 0; i < result.n_splits; i++) {
    assert_in_range(splits[i].combo, 0, COMBOS - 1);
    assert_true(isfinite(splits[i].logit));
  }
  pln_cscv_result again;
  assert_int_equal(pln_cscv_run(cscv, &again), 0);
  assert_memory_equal(&again, &result, sizeof again);
  pln_cscv_free(cscv);
}

static void test_cross_validation(void **state) {
  (void)state;
  pln_random random;
  pln_random_seed(&random, 1, 0);
  for (int32_t statistic = PLN_CSCV_SHARPE; statistic <= PLN_CSCV_GROWTH; statistic++) {
    static const int64_t lengths[] = {0, 31, 32, 47, 100, 299};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) check_cscv(&random, lengths[i], statistic);
  }
}

static void check_spa(pln_random *random, int64_t n, double mean_block) {
  const pln_spa_options options = {.n_rows = n, .samples = 50, .mean_block = mean_block, .seed = 3};
  double returns[COMBOS][MOST];
  for (int k = 0; k < COMBOS; k++) fill(random, returns[k], n, k % 8);
  double least = INFINITY, p_reality = 0;
  /* The groups of eight fall otherwise when combos are turned around. */
  for (int turned = 0; turned < 2; turned++) {
    pln_spa *spa = pln_spa_new(&options, returns[5]);
    assert_non_null(spa);
    pln_spa_result result;
    assert_int_equal(pln_spa_result_get(spa, &result), PLN_ERR_STATE);
    for (int k = 0; k < COMBOS; k++)
      assert_int_equal(pln_spa_add(spa, returns[turned ? COMBOS - 1 - k : k]), 0);
    assert_int_equal(pln_spa_result_get(spa, &result), 0);
    assert_int_equal(result.n_combos, COMBOS);
    assert_share(result.p_lower);
    assert_share(result.p_reality_check);
    assert_true(result.p_lower <= result.p_consistent && result.p_consistent <= result.p_upper);
    if (turned) {
      assert_true(result.p_consistent == least && result.p_reality_check == p_reality);
    }
    least = result.p_consistent;
    p_reality = result.p_reality_check;
    pln_spa_free(spa);
  }
}

static void test_superior_ability(void **state) {
  (void)state;
  pln_random random;
  pln_random_seed(&random, 2, 0);
  check_spa(&random, 16, 1);
  check_spa(&random, 300, 0);
  check_spa(&random, 100, 1e6); /* one block a resample */
  const pln_spa_options few = {.n_rows = 15}, samples = {.n_rows = 100, .samples = 9};
  assert_null(pln_spa_new(&few, NULL));
  assert_null(pln_spa_new(&samples, NULL));
}

static void test_trials(void **state) {
  (void)state;
  pln_random random;
  pln_random_seed(&random, 3, 0);
  static const int64_t lengths[] = {4, 5, 255, 256, 257, 300};
  for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
    pln_trials *trials = pln_trials_new(lengths[i]);
    assert_non_null(trials);
    pln_trials_result result;
    pln_trials_result_get(trials, &result);
    assert_int_equal(result.n_defined, 0);
    double returns[MOST];
    for (int k = 0; k < COMBOS; k++) {
      fill(&random, returns, lengths[i], k % 8);
      assert_int_equal(pln_trials_add(trials, returns), 0);
      pln_trials_result_get(trials, &result);
      if (result.n_defined < 2) continue;
      assert_true(fabs(result.average_correlation) <= 1);
      assert_true(result.effective >= 1 && result.effective <= (double)result.n_defined);
      assert_true(isnan(result.eigen_effective) ||
                  (result.eigen_effective >= 1 && result.eigen_effective <= (double)result.n_defined));
    }
    returns[1] = -INFINITY;
    assert_int_equal(pln_trials_add(trials, returns), PLN_ERR_ARGUMENT);
    pln_trials_free(trials);
  }
  assert_null(pln_trials_new(3));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_cross_validation),
      cmocka_unit_test(test_superior_ability),
      cmocka_unit_test(test_trials),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
