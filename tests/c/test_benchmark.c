#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "account_util.h"

/* Two for one before bar 2, a dividend of 5 before bar 4, at a close of 55: what is recorded beside the
 * equity is what an investor has who puts the dividend into more of the same. */
static const double raw[] = {100, 120, 60, 55, 50, 60};
static const double held[] = {100, 120, 120, 110, 2 * 50 * (55.0 / 50), 2 * 60 * (55.0 / 50)};

static void run(int32_t benchmark, int second, const double *expected) {
  const pln_exec_config config = {.benchmark = benchmark, .fill = PLN_FILL_NEXT_OPEN};
  const pln_portfolio_config pc = {.capital = 1000, .leverage = 1, .allow_short = 1, .sizing = {.value = 1}};
  const pln_instrument spec = plain_instrument();
  const double other[] = {10, 11, 12, 13, 14, 15};
  const pln_action actions[] = {{bar_open(2), PLN_ACTION_SPLIT, 0, 2},
                                {bar_open(4), PLN_ACTION_DIVIDEND, 0, 5}};
  books b;
  books_open(&b, &config);
  books_add(&b, raw, 6, &spec);
  if (second) books_add(&b, other, 6, &spec);
  books_account(&b, &pc);
  assert_int_equal(pln_exec_add_actions(b.exec, 0, actions, 2), 0);
  assert_int_equal(pln_exec_add_source(b.exec, 0, 0, 1), 0);
  assert_int_equal(pln_exec_run(b.exec, INT64_MAX), PLN_EXEC_DONE);
  assert_int_equal(pln_exec_finish(b.exec), 0);
  const pln_equity_rows *rows = pln_portfolio_equity(b.portfolio);
  assert_int_equal(rows->n_rows, 6);
  for (int64_t i = 0; i < 6; i++)
    if (fabs(rows->benchmark[i] - expected[i]) > 1e-12 * expected[i])
      fail_msg("row %lld: %.17g, expected %.17g", (long long)i, rows->benchmark[i], expected[i]);
  books_close(&b);
}

static void alone(void **state) {
  (void)state;
  run(0, 0, held);
}

static void beside_another(void **state) {
  (void)state;
  run(0, 1, held);
}

static void of_another(void **state) {
  (void)state;
  run(1, 1, (const double[]){10, 11, 12, 13, 14, 15});
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(alone),
      cmocka_unit_test(beside_another),
      cmocka_unit_test(of_another),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
