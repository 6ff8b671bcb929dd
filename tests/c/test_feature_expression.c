#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "feature_data.h"

enum { N = 64 };
static pln_bars *bars, *other;

static int setup(void **state) {
  (void)state;
  int64_t ts[N];
  double open[N], high[N], low[N], close[N], volume[N];
  for (int i = 0; i < N; i++) {
    ts[i] = i * 60000000000LL;
    open[i] = 100 + i;
    close[i] = 100 + (i * 7) % 11;
    high[i] = 300 + i;
    low[i] = 50 - i * 0.5;
    volume[i] = 1000 * i;
  }
  bars = pln_bars_from_arrays("SPY", "1m", N, ts, open, high, low, close, volume);
  other = pln_bars_from_arrays("BRK.B", "1m", N, ts, open, high, low, open, volume);
  return bars && other ? 0 : -1;
}

static int teardown(void **state) {
  (void)state;
  pln_bars_free(bars);
  pln_bars_free(other);
  return 0;
}

static void gives(const char *expression, int row, double expected) {
  double out[N];
  if (pln_feature_compute(bars, expression, out) != 0) fail_msg("%s: %s", expression, pln_error_last()->text);
  if (!(fabs(out[row] - expected) <= 1e-12 * fabs(expected)))
    fail_msg("%s: row %d is %.17g, expected %.17g", expression, row, out[row], expected);
}

static void fails(const char *expression, int32_t status, int32_t column, const char *part) {
  double out[N];
  assert_int_equal(pln_feature_compute(bars, expression, out), status);
  const pln_error *error = pln_error_last();
  if (!strstr(error->text, part)) fail_msg("'%s' does not say '%s'", error->text, part);
  if (error->column != column) fail_msg("'%s': column %d, expected %d", error->text, error->column, column);
}

static void arithmetic_follows_precedence(void **state) {
  (void)state;
  gives("1 + 2 * 3", 0, 7);
  gives("(1 + 2) * 3", 0, 9);
  gives("10 - 3 - 2", 0, 5);
  gives("64 / 4 / 2", 0, 8);
  gives("--3", 0, 3);
  gives("-2 * -3", 0, 6);
  gives("1.5e1 + .5", 0, 15.5);
  gives("open + close * 2", 5, 105 + 2 * 102);
  gives("high - low", 3, 303 - 48.5);
  gives("hl2", 2, (302 + 49) / 2.0);
  gives("hlc3", 2, (302 + 49 + 103) / 3.0);
  gives("ohlc4", 2, (102 + 302 + 49 + 103) / 4.0);
  gives("hlcc4", 2, (302 + 49 + 2 * 103) / 4.0);
  gives("wclprice - typprice", 2, (302 + 49 + 2 * 103) / 4.0 - (302 + 49 + 103) / 3.0);
}

static void comparison_and_logic_give_one_and_zero(void **state) {
  (void)state;
  gives("2 > 1", 0, 1);
  gives("2 <= 1", 0, 0);
  gives("1 == 1 and 2 != 3", 0, 1);
  gives("0 or not 1", 0, 0);
  gives("not 1 == 2", 0, 1);
  gives("1 or 0 and 0", 0, 1);
  gives("open > close", 5, 1);
  gives("where(open > close, 1, -1)", 5, 1);
}

static void undefined_results_are_neutral(void **state) {
  (void)state;
  gives("close / 0", 4, 0);
  gives("close / (volume - volume)", 4, 0);
  gives("sqrt(-1)", 0, 0);
  gives("close * 1e308", 4, 0);
  gives("close * 1e308 - close * 1e308", 4, 0);
  gives("-close * 1e306 - 1.75e308", 4, 0);
  gives("1e308 + close * 1e306", 4, 0);
  gives("close / 1e-308", 4, 0);
  gives("(volume - volume) / (close - close)", 4, 0);
  gives("sma(close * 1e308, 3) + 1", 4, 1);
  gives("close * 1e305", 4, 106e305);
  gives("log(0)", 0, 0);
}

static void functions_work(void **state) {
  (void)state;
  gives("min(open, close)", 5, 102);
  gives("max(open, close)", 5, 105);
  gives("abs(-3)", 0, 3);
  gives("sign(-3) + sign(0) + sign(9)", 0, 0);
  gives("sqrt(16) + exp(0) + log(1)", 0, 5);
}

static void nested_features_wait_for_their_source(void **state) {
  (void)state;
  double out[N];
  assert_int_equal(pln_feature_compute(bars, "sma(sma(close, 5), 3)", out), 0);
  for (int i = 0; i < N; i++) assert_int_equal(isnan(out[i]), i < 6);
  assert_int_equal(pln_feature_compute(bars, "sma(5) > 1", out), 0);
  for (int i = 0; i < N; i++) assert_int_equal(isnan(out[i]), i < 4);
}

static void parameters_may_be_words(void **state) {
  (void)state;
  gives("ema(close, 4, seed=first)", 0, 100);
  gives("ema(4, first)", 0, 100);
  gives("ema(close, 4, seed=1) - ema(close, 4, first)", 9, 0);
  gives("ema(close, 3, sma)", 2, (100 + 107 + 103) / 3.0);
  fails("ema(close, 4, seed=frist)", PLN_ERR_NOT_FOUND, 15, "seed is 'frist', expected one of: sma first");
  fails("ema(first, 4)", PLN_ERR_NOT_FOUND, 5, "expected one of: a number");
  fails("ema(close, 4, first, seed=sma)", PLN_ERR_PARSE, 22, "seed is given twice");
}

static void undefined_rows_are_told_by_valid(void **state) {
  (void)state;
  gives("rsi(close * 0, 2)", 9, 0);
  gives("rsi(close * 0, 2).valid", 9, 0);
  gives("rsi(close, 2).valid", 9, 1);
  fails("sma(close, 2).valid", PLN_ERR_NOT_FOUND, 15, "sma has no output 'valid'");
}

static void names_before_a_dot_may_be_indicators(void **state) {
  (void)state;
  gives("tr.tr - tr", 9, 0);
  gives("hl2.value", 2, (302 + 49) / 2.0);
  gives("SPY_1m.hl2.value + SPY_1m:hl2", 2, 302 + 49);
  fails("tr.tx", PLN_ERR_NOT_FOUND, 4, "did you mean tr?");
  fails("tr:tr", PLN_ERR_NOT_FOUND, 1, "no stream 'tr'");
  fails("rsi.valid", PLN_ERR_NOT_FOUND, 1, "no stream 'rsi'");
  char scopes[64];
  assert_int_equal(pln_expression_scopes("tr.tr + QQQ_1d.hl2.value / IWM_1d:tr.tr", scopes, sizeof scopes),
                   13);
  assert_string_equal(scopes, "QQQ_1d\nIWM_1d");
}

static void times_are_series(void **state) {
  (void)state;
  gives("time", 3, 180);
  gives("local_time", 3, 180);
  gives("close_time", 3, 240);
  gives("session", 3, 0);
  gives("time - lag(time, 2)", 5, 120);
}

static void equal_expressions_are_one_node(void **state) {
  (void)state;
  pln_hub *hub = pln_hub_new(16);
  const int32_t s = pln_hub_add_stream(hub, bars);
  const int32_t id = pln_hub_add_feature(hub, s, "sma(close, 20)");
  assert_int_equal(id, 0);
  assert_int_equal(pln_hub_nodes(hub), 2);
  assert_int_equal(pln_hub_add_feature(hub, s, "sma(20)"), id);
  assert_int_equal(pln_hub_add_feature(hub, s, " sma( close ,period = 2*10 )"), id);
  assert_int_equal(pln_hub_add_feature(hub, s, "sma(period=20, source=close)"), id);
  assert_int_equal(pln_hub_add_feature(hub, s, "SPY_1m.sma(20)"), id);
  assert_int_equal(pln_hub_add_feature(hub, s, "sma(SPY_1m:close, 20)"), id);
  assert_int_equal(pln_hub_add_feature(hub, s, "sma()"), id);
  assert_int_equal(pln_hub_nodes(hub), 2);
  assert_int_equal(pln_hub_add_feature(hub, s, "sma(open, 20)"), 1);
  assert_int_equal(pln_hub_nodes(hub), 4);
  assert_true(pln_hub_add_feature(hub, s, "sma(high, 20) + smaz(2)") < 0);
  assert_int_equal(pln_hub_nodes(hub), 4);
  assert_int_equal(pln_hub_warmup(hub, id), 19);
  pln_hub_free(hub);
}

static void scopes_name_streams(void **state) {
  (void)state;
  pln_hub *hub = pln_hub_new(N);
  const int32_t s = pln_hub_add_stream(hub, bars), b = pln_hub_add_stream(hub, other);
  assert_int_equal(b, 1);
  const int32_t spread = pln_hub_add_feature(hub, s, "close - \"BRK.B\"_1m:sma(close, 2)");
  const int32_t quoted = pln_hub_add_feature(hub, s, "close - \"BRK.B_1m\".sma(2)");
  const int32_t group = pln_hub_add_feature(hub, s, "\"BRK.B\"_1m:(high - low)");
  assert_true(spread >= 0 && group >= 0);
  assert_int_equal(spread, quoted);
  assert_int_equal(pln_hub_seal(hub), 0);
  assert_int_equal(pln_hub_advance(hub, pln_hub_horizon(hub)), 2 * N);
  assert_true(isnan(pln_hub_column(hub, spread)[0]));
  assert_true(pln_hub_column(hub, spread)[4] == 106 - 103.5);
  assert_true(pln_hub_column(hub, group)[4] == 304 - 48);
  pln_hub_free(hub);
}

static void mistakes_are_explained(void **state) {
  (void)state;
  fails("", PLN_ERR_PARSE, 1, "empty");
  fails("sma(close, 0)", PLN_ERR_RANGE, 12, "sma: period 0 is out of range 1…100000");
  fails("sma(close, 2.5)", PLN_ERR_RANGE, 12, "must be a whole number");
  fails("sma(2.5)", PLN_ERR_RANGE, 5, "must be a whole number");
  fails("1 + smaz(20)", PLN_ERR_NOT_FOUND, 5, "did you mean sma?");
  fails("clsoe", PLN_ERR_NOT_FOUND, 1, "did you mean close?");
  fails("sma(clsoe, 20)", PLN_ERR_NOT_FOUND, 5, "did you mean close?");
  fails("sma(close, perod=20)", PLN_ERR_NOT_FOUND, 12, "did you mean period?");
  fails("sma(close, open)", PLN_ERR_PARSE, 12, "must be a number");
  fails("sma(close, 20, 3)", PLN_ERR_PARSE, 16, "too many arguments");
  fails("sma(20, 3)", PLN_ERR_PARSE, 9, "too many arguments");
  fails("sma(close, 20, period=3)", PLN_ERR_PARSE, 16, "given twice");
  fails("sma(period=3, close)", PLN_ERR_PARSE, 15, "without a name");
  fails("sma(close, 20", PLN_ERR_PARSE, 14, "found the end, expected ','");
  fails("sma(close, 20).smaz", PLN_ERR_NOT_FOUND, 16, "did you mean sma?");
  fails("sma", PLN_ERR_PARSE, 1, "as in sma(close, 20)");
  fails("abs()", PLN_ERR_PARSE, 1, "the series x is missing");
  fails("QQQ_1m.close", PLN_ERR_NOT_FOUND, 1, "no stream 'QQQ_1m'");
  fails("SPX_1m.close", PLN_ERR_NOT_FOUND, 1, "did you mean SPY_1m?");
  fails("1 < 2 < 3", PLN_ERR_PARSE, 7, "do not chain");
  fails("close = 3", PLN_ERR_PARSE, 7, "write ==");
  fails("close $ 3", PLN_ERR_PARSE, 7, "found '$'");
  fails("1 +", PLN_ERR_PARSE, 4, "found the end");
  fails("\"BRK.B close", PLN_ERR_PARSE, 1, "found '\"'");
  fails("2x", PLN_ERR_PARSE, 1, "found '2'");
  fails("1e999", PLN_ERR_RANGE, 1, "too large");
  fails("1e308 * 10", PLN_ERR_RANGE, 7, "too large");
  fails("1 - 1e308 * -10", PLN_ERR_RANGE, 11, "too large");
  fails("1e308 + 1e308", PLN_ERR_RANGE, 7, "too large");
  fails("1 / 1e-320", PLN_ERR_RANGE, 3, "too large");
}

static void depth_and_length_are_limited(void **state) {
  (void)state;
  char text[20000];
  memset(text, '(', sizeof text);
  text[1000] = 0;
  fails(text, PLN_ERR_LIMIT, 129, "nested more than");
  memset(text, '-', sizeof text);
  text[1000] = 0;
  fails(text, PLN_ERR_LIMIT, 256, "nested more than");
  memset(text, '1', sizeof text);
  text[sizeof text - 1] = 0;
  fails(text, PLN_ERR_LIMIT, 0, "longer than");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(arithmetic_follows_precedence),
      cmocka_unit_test(comparison_and_logic_give_one_and_zero),
      cmocka_unit_test(undefined_results_are_neutral),
      cmocka_unit_test(functions_work),
      cmocka_unit_test(nested_features_wait_for_their_source),
      cmocka_unit_test(parameters_may_be_words),
      cmocka_unit_test(undefined_rows_are_told_by_valid),
      cmocka_unit_test(names_before_a_dot_may_be_indicators),
      cmocka_unit_test(times_are_series),
      cmocka_unit_test(equal_expressions_are_one_node),
      cmocka_unit_test(scopes_name_streams),
      cmocka_unit_test(mistakes_are_explained),
      cmocka_unit_test(depth_and_length_are_limited),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
