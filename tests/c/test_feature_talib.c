#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "feature_data.h"

static const struct {
  const char *column, *expression;
} pairs[] = {
    {"SMA(30)", "sma(30)"},
    {"SMA(5)", "sma(5)"},
    {"SMA(20)", "sma(20)"},
    {"SMA(50)", "sma(50)"},
    {"SMA(200)", "sma(200)"},
    {"EMA(2)", "ema(2)"},
    {"EMA(10)", "ema(10)"},
    {"EMA(12)", "ema(12)"},
    {"EMA(26)", "ema(26)"},
    {"EMA(30)", "ema(30)"},
    {"EMA(50)", "ema(50)"},
    {"WMA(10)", "wma(10)"},
    {"WMA(30)", "wma(30)"},
    {"RSI(14)", "rsi(14)"},
    {"RSI(2)", "rsi(2)"},
    {"RSI(7)", "rsi(7)"},
    {"RSI(21)", "rsi(21)"},
    {"MACD(12_26_9).MACD", "macd(12, 26, 9)"},
    {"MACD(12_26_9).MACDSignal", "macd(12, 26, 9).signal"},
    {"MACD(12_26_9).MACDHist", "macd(12, 26, 9).histogram"},
    {"MACD(5_35_5).MACD", "macd(5, 35, 5)"},
    {"MACD(5_35_5).MACDSignal", "macd(5, 35, 5).signal"},
    {"MACD(5_35_5).MACDHist", "macd(5, 35, 5).histogram"},
    {"ATR(14)", "atr(14)"},
    {"ATR(7)", "atr(7)"},
    {"ATR(20)", "atr(20)"},
    {"TRANGE", "tr"},
    {"BBANDS(20_2_2_0).RealUpperBand", "bbands(20, 2).upper"},
    {"BBANDS(20_2_2_0).RealMiddleBand", "bbands(20, 2).middle"},
    {"BBANDS(20_2_2_0).RealLowerBand", "bbands(20, 2).lower"},
    {"BBANDS(5_2_2_0).RealUpperBand", "bbands(5).upper"},
    {"BBANDS(5_2_2_0).RealLowerBand", "bbands(5).lower"},
    {"STDDEV(5_1)", "stddev(5)"},
    {"STDDEV(20_1)", "stddev(20)"},
    {"VAR(20_1)", "stddev(20) * stddev(20)"},
    {"ROC(10)", "roc(10)"},
    {"ROCP(10)", "returns(10)"},
    {"MOM(10)", "close - lag(close, 10)"},
    {"MAX(30)", "highest(30)"},
    {"MAX(20)", "highest(20)"},
    {"MIN(30)", "lowest(30)"},
    {"MIN(20)", "lowest(20)"},
    {"MIDPRICE(14)", "(highest(high, 14) + lowest(low, 14)) / 2"},
    {"WILLR(14)", "-100 * (highest(high, 14) - close) / (highest(high, 14) - lowest(low, 14))"},
    {"SUM(30)", "sma(30) * 30"},
    {"AVGPRICE", "ohlc4"},
    {"MEDPRICE", "hl2"},
    {"TYPPRICE", "hlc3"},
    {"WCLPRICE", "(high + low + 2 * close) / 4"},
    {"NATR(14)", "atr(14) / close * 100"},
    {"DEMA(20)", "2 * ema(20) - ema(ema(20), 20)"},
    {"TRIX(15)", "roc(ema(ema(ema(15), 15), 15), 1)"},
};

static void agrees_with_talib(void **state) {
  (void)state;
  char path[1024];
  table prices = {0}, expected = {0};
  if (!table_read(shared_path("reference/talib/ta_regtest_252.csv", path), ',', 1, 0, &prices) ||
      !table_read(shared_path("reference/talib/ta_regtest_252_talib_all.csv.gz", path), ',', 1, 0,
                  &expected)) {
    print_message("skipped: no reference at %s\n", path);
    skip();
  }
  assert_int_equal(prices.n_rows, 252);
  assert_int_equal(expected.n_rows, 252);
  pln_bars *bars = named_bars(&prices, "TA", "1m", 60000000000);
  double out[252];
  for (size_t k = 0; k < sizeof pairs / sizeof pairs[0]; k++) {
    const int64_t c = table_find(&expected, pairs[k].column);
    if (c < 0) fail_msg("no column %s", pairs[k].column);
    if (pln_feature_compute(bars, pairs[k].expression, out) != 0) fail_msg("%s", pln_error_last()->text);
    for (int64_t i = 0; i < 252; i++) {
      const double e = expected.cells[i * expected.n_columns + c];
      if (isnan(e) != isnan(out[i]) || fabs(out[i] - e) > 1e-9 + 1e-9 * fabs(e))
        fail_msg("%s: row %d: %s gives %.12g, expected %.12g", pairs[k].column, (int)i, pairs[k].expression,
                 out[i], e);
    }
  }
  pln_bars_free(bars);
  table_free(&prices);
  table_free(&expected);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(agrees_with_talib)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
