#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "abi/actions.h"
#include "abi/quotes.h"
#include "core/error.h"
#include "data/bars_build.h"
#include <math.h>
#include <string.h>

static const int64_t DAY = 86400000000000;

static pln_bars *days(int64_t n, const double *close, const double *volume) {
  int64_t ts[32];
  for (int64_t i = 0; i < n; i++) ts[i] = i * DAY;
  pln_bars *bars = pln_bars_from_arrays("X", "1d", n, ts, close, close, close, close, volume);
  assert_non_null(bars);
  return bars;
}

static void assert_message(const char *part) {
  if (!strstr(pln_error_last()->text, part)) fail_msg("'%s' is not in: %s", part, pln_error_last()->text);
}

/* Two for one on day 3, a dividend of 1 on day 5 at a close of 50 before it. */
static const double close[] = {100, 100, 110, 55, 50, 48, 49};
static const double volume[] = {10, 10, 10, 20, 20, 20, 20};
static const pln_action both[] = {{3 * 86400000000000, PLN_ACTION_SPLIT, 0, 2},
                                  {5 * 86400000000000, PLN_ACTION_DIVIDEND, 0, 1}};

static void factors(void **state) {
  (void)state;
  pln_bars *bars = days(7, close, volume);
  pln_price_factor out[4];
  assert_int_equal(pln_price_factors_of(bars, both, 2, out), 2);
  assert_int_equal(out[0].until_ns, 3 * DAY);
  assert_true(out[0].price_factor == 0.98 && out[0].split_factor == 0.5);
  assert_int_equal(out[1].until_ns, 5 * DAY);
  assert_true(out[1].price_factor == 0.98 && out[1].split_factor == 1);
  /* One row for a split and a dividend of the same day, the dividend being of the units before the split. */
  const pln_action same[] = {{3 * DAY, PLN_ACTION_DIVIDEND, 0, 1.1},
                             {3 * DAY, PLN_ACTION_SPLIT, 0, 2},
                             {4 * DAY, PLN_ACTION_HALT, 0, 0}};
  assert_int_equal(pln_price_factors_of(bars, same, 3, out), 1);
  assert_true(fabs(out[0].price_factor - 0.99) < 1e-15 && out[0].split_factor == 0.5);
  /* Before the first bar nothing is left to adjust. */
  const pln_action early[] = {{-5 * DAY, PLN_ACTION_DIVIDEND, 0, 1000}};
  assert_int_equal(pln_price_factors_of(bars, early, 1, out), 1);
  assert_true(out[0].price_factor == 1);
  assert_int_equal(pln_price_factors_of(bars, NULL, 0, out), 0);

  const pln_action large[] = {{5 * DAY, PLN_ACTION_DIVIDEND, 0, 50}};
  assert_int_equal(pln_price_factors_of(bars, large, 1, out), PLN_ERR_RANGE);
  assert_message("the dividend of 1970-01-06 is 50, expected less than the close before it, 50");
  const pln_action none[] = {{5 * DAY, PLN_ACTION_SPLIT, 0, 0}};
  assert_int_equal(pln_price_factors_of(bars, none, 1, out), PLN_ERR_RANGE);
  assert_message("expected more than 0");
  const pln_action unordered[] = {both[1], both[0]};
  assert_int_equal(pln_price_factors_of(bars, unordered, 2, out), PLN_ERR_ARGUMENT);
  pln_bars_free(bars);
}

static void adjusted(void **state) {
  (void)state;
  pln_bars *bars = days(7, close, volume);
  pln_price_factor rows[2];
  assert_int_equal(pln_price_factors_of(bars, both, 2, rows), 2);
  pln_bars *made = pln_bars_adjust(bars, rows, 2, PLN_ADJUST_ALL);
  assert_non_null(made);
  static const double expected[] = {100 * 0.49, 100 * 0.49, 110 * 0.49, 55 * 0.98, 50 * 0.98, 48, 49};
  for (int i = 0; i < 7; i++) {
    assert_true(made->close[i] == expected[i] && made->open[i] == expected[i]);
    assert_true(made->volume[i] == 20);
  }
  /* No jump over the split; over the ex-date that of the close less the dividend. */
  assert_true(fabs(made->close[3] / made->close[2] - 1) < 1e-15);
  assert_true(fabs(made->close[5] / made->close[4] - 48.0 / (50 - 1)) < 1e-15);
  assert_true(made->content_hash != bars->content_hash);
  assert_memory_equal(made->ts_ns, bars->ts_ns, 7 * sizeof(int64_t));
  pln_bars_free(made);
  made = pln_bars_adjust(bars, rows, 2, PLN_ADJUST_SPLITS);
  assert_non_null(made);
  assert_true(made->close[0] == 50 && made->close[3] == 55 && made->close[4] == 50);
  pln_bars_free(made);
  made = pln_bars_adjust(bars, rows, 0, PLN_ADJUST_ALL);
  assert_non_null(made);
  assert_true(made->content_hash == bars->content_hash);
  pln_bars_free(made);

  pln_price_factor bad[] = {{DAY, 1, 0}};
  assert_null(pln_bars_adjust(bars, bad, 1, PLN_ADJUST_ALL));
  assert_message("expected more than 0");
  pln_price_factor unordered[] = {rows[1], rows[0]};
  assert_null(pln_bars_adjust(bars, unordered, 2, PLN_ADJUST_ALL));
  assert_message("are not after those before them");
  pln_bars_free(bars);

  const int64_t week[] = {4 * DAY, 11 * DAY};
  bars = pln_bars_from_arrays("X", "1w", 2, week, close, close, close, close, NULL);
  assert_non_null(bars);
  bad[0] = (pln_price_factor){7 * DAY, 0.5, 1};
  assert_null(pln_bars_adjust(bars, bad, 1, PLN_ADJUST_ALL));
  assert_message("lies within bar 1 of 1w");
  bad[0].until_ns = 11 * DAY; /* where the next one begins */
  made = pln_bars_adjust(bars, bad, 1, PLN_ADJUST_ALL);
  assert_non_null(made);
  assert_true(made->close[0] == 50 && made->close[1] == 100);
  pln_bars_free(made);
  pln_bars_free(bars);
}

static pln_bars *with_extra(int32_t n_extra, const char *const *names, const double (*values)[3]) {
  pln_bars_build build;
  assert_int_equal(pln_bars_build_init(&build, n_extra, names), 0);
  assert_int_equal(pln_bars_build_reserve(&build, 3), 0);
  for (int64_t i = 0; i < 3; i++) {
    build.ts_ns[i] = i * DAY;
    build.open[i] = build.high[i] = build.low[i] = build.close[i] = 10 + (double)i;
    for (int32_t c = 0; c < n_extra; c++) build.extra[c][i] = values[c][i];
  }
  build.n_bars = 3;
  pln_timeframe_parse("1d", &build.timeframe);
  build.symbol = "Q";
  pln_bars *bars = pln_bars_build_finish(&build);
  assert_non_null(bars);
  return bars;
}

static void sides(void **state) {
  (void)state;
  static const char *const names[] = {"bid_open", "bid_high", "bid_low", "bid_close",
                                      "bid_size", "other",    "ask"};
  const double values[][3] = {{9, NAN, 11}, {9.5, 10.5, 11.5}, {8, 9, 10},       {9.1, 10.1, 11.1},
                              {5, NAN, 7},  {1, 2, 3},         {10.2, 11.2, NAN}};
  pln_bars *bars = with_extra(7, names, values);
  pln_bars *bid = pln_bars_quote_side(bars, "bid");
  assert_non_null(bid);
  assert_true(bid->open[0] == 9 && bid->open[1] == 11 && bid->open[2] == 11); /* empty: the bars' own */
  assert_true(bid->high[1] == 10.5 && bid->low[2] == 10 && bid->close[0] == 9.1);
  assert_true(bid->has_volume && bid->volume[0] == 5 && bid->volume[1] == 0 && bid->volume[2] == 7);
  assert_int_equal(bid->n_extra, 0);
  pln_bars_free(bid);
  pln_bars *ask = pln_bars_quote_side(bars, "ask");
  assert_non_null(ask);
  assert_true(ask->open[0] == 10.2 && ask->high[0] == 10.2 && ask->close[1] == 11.2 && ask->close[2] == 12);
  pln_bars_free(ask);
  assert_null(pln_bars_quote_side(bars, "offer"));
  assert_message("there is no column offer_open");
  /* Adjusting reaches both sides, and nothing else. */
  const pln_price_factor half[] = {{DAY, 1, 0.5}};
  pln_bars *made = pln_bars_adjust(bars, half, 1, PLN_ADJUST_ALL);
  assert_non_null(made);
  assert_true(made->extra[0][0] == 4.5 && made->extra[4][0] == 10 && made->extra[5][0] == 1 &&
              made->extra[6][0] == 5.1);
  assert_true(made->extra[0][2] == 11 && made->extra[4][2] == 7);
  pln_bars_free(made);
  pln_bars_free(bars);
}

static void joined(void **state) {
  (void)state;
  const int64_t bid_ts[] = {0, DAY, 2 * DAY, 4 * DAY}, ask_ts[] = {DAY, 2 * DAY, 3 * DAY, 4 * DAY};
  const double b[] = {1, 2, 3, 4}, a[] = {2.5, 3.5, 9, 4.5}, v[] = {1, 1, 1, 1};
  pln_bars *bid = pln_bars_from_arrays("X", "1d", 4, bid_ts, b, b, b, b, v);
  pln_bars *ask = pln_bars_from_arrays("X", "1d", 4, ask_ts, a, a, a, a, v);
  int64_t left_out = 0;
  pln_bars *mid = pln_bars_join_quotes(bid, ask, &left_out);
  assert_non_null(mid);
  assert_int_equal(mid->n_bars, 3);
  assert_int_equal(left_out, 2);
  assert_true(mid->close[0] == 2.25 && mid->close[1] == 3.25 && mid->close[2] == 4.25);
  assert_true(mid->volume[0] == 2 && mid->ts_ns[2] == 4 * DAY);
  pln_bars *side = pln_bars_quote_side(mid, "ask");
  assert_non_null(side);
  assert_true(side->high[0] == 2.5 && side->close[2] == 4.5);
  pln_bars_free(side);
  pln_bars_free(mid);
  pln_bars_free(ask);
  ask = pln_bars_from_arrays("X", "1h", 1, ask_ts, a, a, a, a, NULL);
  assert_null(pln_bars_join_quotes(bid, ask, NULL));
  assert_message("expected the same");
  pln_bars_free(ask);
  const int64_t later[] = {10 * DAY};
  ask = pln_bars_from_arrays("X", "1d", 1, later, a, a, a, a, NULL);
  assert_null(pln_bars_join_quotes(bid, ask, NULL));
  assert_message("no time in common");
  pln_bars_free(ask);
  pln_bars_free(bid);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(factors),
      cmocka_unit_test(adjusted),
      cmocka_unit_test(sides),
      cmocka_unit_test(joined),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
