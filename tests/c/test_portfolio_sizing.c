#include "exec_util.h"
#include "portfolio/sizing.h"

static void lots_are_not_lost_to_rounding(void **state) {
  (void)state;
  pln_step s = pln_step_make(0.1);
  assert_true(pln_step_floor(&s, 0.3) == 3);
  assert_true(pln_step_value(&s, 3) == 0.3);
  assert_true(pln_step_floor(&s, 0.1 + 0.2) == 3);
  assert_true(pln_step_floor(&s, 0.2999999999999999) == 2);
  for (double n = 1; n < 3000; n++) {
    char text[32];
    snprintf(text, sizeof text, "%.1f", n / 10);
    assert_true(pln_step_floor(&s, strtod(text, NULL)) == n);
  }
  s = pln_step_make(1e-6);
  assert_true(pln_step_floor(&s, 0.000003) == 3);
  assert_true(pln_step_floor(&s, 1.234567) == 1234567);
  assert_true(pln_step_floor(&s, 20999999.987654) == 20999999987654);
  s = pln_step_make(100);
  assert_true(pln_step_floor(&s, 399) == 3 && pln_step_value(&s, 3) == 300);
  s = pln_step_make(1);
  assert_true(pln_step_floor(&s, 0.999) == 0 && pln_step_floor(&s, 7) == 7);
  s = pln_step_make(0.25);
  assert_true(pln_step_round(&s, 100.3, true) == 100.5 && pln_step_round(&s, 100.3, false) == 100.25);
  assert_true(pln_step_round(&s, 100.25, true) == 100.25);
}

static void division_is_exact(void **state) {
  (void)state;
  uint64_t g = 1;
  for (int i = 0; i < 100000; i++) {
    g = g * 6364136223846793005u + 1442695040888963407u;
    const double b = 0.01 + (double)(g >> 44) * 1e-5;
    g = g * 6364136223846793005u + 1442695040888963407u;
    const double q = (double)(g >> 50), a = i % 2 ? q * b : (double)(g >> 40);
    const double n = pln_floor_div(a, b);
    assert_true(fma(n, b, -a) <= 0 && fma(n + 1, b, -a) > 0);
  }
}

static void costs_fit_into_the_budget(void **state) {
  (void)state;
  const pln_step lot = pln_step_make(1);
  assert_true(pln_sizing_affordable(1000, 10, &(pln_costs){0}, &lot) == 100);
  assert_true(pln_sizing_affordable(1000, 10, &(pln_costs){.per_order = 1}, &lot) == 99);
  assert_true(pln_sizing_affordable(1000, 10, &(pln_costs){.per_unit = 2.5}, &lot) == 80);
  assert_true(pln_sizing_affordable(1000, 10, &(pln_costs){.rate = 0.25}, &lot) == 80);
  assert_true(pln_sizing_affordable(1000, 10, &(pln_costs){.minimum = 25}, &lot) == 97);
  assert_true(pln_sizing_affordable(1000, 10, &(pln_costs){.rate = 0.1, .minimum = 25}, &lot) == 90);
  assert_true(pln_sizing_affordable(5, 10, &(pln_costs){0}, &lot) == 0);
  assert_true(pln_sizing_affordable(-5, 10, &(pln_costs){0}, &lot) == 0);
  uint64_t g = 7;
  for (int i = 0; i < 20000; i++) {
    g = g * 6364136223846793005u + 1442695040888963407u;
    const pln_costs c = {
        .rate = i % 2 ? 0.001 : 0, .per_unit = i % 3 ? 0.01 : 0, .per_order = i % 5, .minimum = i % 7};
    const double price = 0.5 + (double)(g >> 52) / 16, budget = (double)(g >> 40 & 0xffff);
    const double n = pln_sizing_affordable(budget, price, &c, &lot);
    for (double m = n; m <= n + 1; m++) {
      const double cost = m * price + pln_costs_fee(&c, pln_costs_variable(&c, m, m * price));
      assert_true(m == n ? n == 0 || cost <= budget * (1 + 1e-15) : cost > budget * (1 - 1e-15));
    }
  }
}

static void names_and_configs(void **state) {
  (void)state;
  for (int32_t i = 0; i < PLN_REFUSAL_COUNT; i++) {
    assert_true(strlen(pln_refusal_name(i)) > 3 && strlen(pln_refusal_help(i)) > 10);
    for (int32_t j = 0; j < i; j++) assert_string_not_equal(pln_refusal_name(i), pln_refusal_name(j));
  }
  assert_string_equal(pln_refusal_name(PLN_REFUSAL_POSITION_LIMIT), "position_limit");
  assert_string_equal(pln_refusal_name(PLN_REFUSAL_BANKRUPT), "bankrupt");
  assert_string_equal(pln_refusal_name(99), "?");
  assert_string_equal(pln_exit_reason_name(PLN_EXIT_STOP_LOSS), "stop_loss");
  assert_string_equal(pln_exit_reason_name(PLN_EXIT_ORDER), "order");
  pln_portfolio_config c = rig_portfolio();
  pln_portfolio *p = must(pln_portfolio_new(&c, 1));
  pln_portfolio_free(p);
  c.capital = 0;
  assert_null(pln_portfolio_new(&c, 1));
  c = rig_portfolio();
  c.leverage = 0.5;
  assert_null(pln_portfolio_new(&c, 1));
  c = rig_portfolio();
  c.risk.stop_loss_pct = NAN;
  assert_null(pln_portfolio_new(&c, 1));
  assert_string_equal(pln_error_last()->text,
                      "stop_loss_pct is nan, expected a percentage that is not negative (0 = off)");
  assert_null(pln_exec_new(&(pln_exec_config){.slippage_bps = -1}));
  assert_null(pln_exec_new(&(pln_exec_config){.spread_bps = 20000}));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(lots_are_not_lost_to_rounding),
      cmocka_unit_test(division_is_exact),
      cmocka_unit_test(costs_fit_into_the_budget),
      cmocka_unit_test(names_and_configs),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
