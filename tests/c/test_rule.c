/* Signals of rules are the changes of the feature's sign, row by row. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "abi/replay.h"
#include "abi/rule.h"
#include "feature_data.h"

enum { N = 5000, MOST = 3 };
static uint64_t seed = 7;
static double unit(void) {
  seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
  return (double)(seed >> 11) * 0x1p-53;
}

/* A walk on a grid, so that averages meet; with stretches in which nothing moves. */
static pln_bars *make_bars(void) {
  static int64_t ts[N];
  static double open[N], close[N], high[N], low[N];
  double price = 100;
  for (int64_t i = 0; i < N; i++) {
    ts[i] = i * 60000000000;
    open[i] = price;
    if (i % 700 > 150) price += (double)((int)(unit() * 5) - 2) * 0.5;
    if (price < 20) price = 20;
    close[i] = price;
    high[i] = (open[i] > price ? open[i] : price) + 0.5;
    low[i] = (open[i] < price ? open[i] : price) - 0.5;
  }
  return pln_bars_from_arrays("X", "1m", N, ts, open, high, low, close, NULL);
}

/* The feature whose sign it is, and what it is made of: a difference, whose column need not be there. */
static const char *const rules[][MOST] = {
    {"close - open", "close", "open"},
    {"sma(3) - sma(20)", "sma(3)", "sma(20)"},
    {"sma(5) - sma(200)", "sma(5)", "sma(200)"},
    {"sign(close - sma(10))", "close", "sma(10)"},
    {"rsi(14) - 50", "rsi(14)", "50"},
    {"close - close", "close", "close"},
    /* a difference that is too large for a double is 0 */
    {"close * 8.9e305 - (0 - open) * 8.9e305", "close * 8.9e305", "(0 - open) * 8.9e305"},
    {"(close > open) - (close < open)", "close > open", "close < open"},
};
enum { RULES = sizeof rules / sizeof *rules };

typedef struct list {
  pln_signal s[N];
  int64_t n;
} list;

static void add(list *l, const pln_signal *signals, int64_t n) {
  memcpy(l->s + l->n, signals, (size_t)n * sizeof *signals);
  l->n += n;
}

/* The changes as a loop over rows finds them. */
static void by_row(const double *column, int64_t base, int64_t first, int64_t last, const pln_bars *bars,
                   int32_t *direction, list *out) {
  for (int64_t i = first; i < last; i++) {
    const double x = column[i - base];
    const int32_t now = x > 0 ? 1 : x < 0 ? -1 : 0;
    if (now == *direction) continue;
    *direction = now;
    add(out,
        &(pln_signal){.ts_ns = pln_bars_visible_ns(bars, i),
                      .strength = 1,
                      .confidence = 1,
                      .direction = now,
                      .row = (int32_t)(i - first)},
        1);
  }
}

static void check(const pln_bars *bars, int32_t chunk, int64_t from, int64_t until) {
  static list expected, whole, parts;
  static pln_signal out[N];
  for (int k = 0; k < RULES; k++) {
    pln_hub *hub = pln_hub_new(chunk);
    assert_int_equal(pln_hub_add_stream(hub, bars), 0);
    int32_t ids[MOST];
    for (int i = 0; i < MOST; i++) assert_true((ids[i] = pln_hub_add_feature(hub, 0, rules[k][i])) >= 0);
    assert_int_equal(pln_hub_seal(hub), 0);
    expected.n = whole.n = parts.n = 0;
    pln_signal_rule one = {
        .feature = ids[0], .less = -1, .first_row = from, .last_row = until, .warm_row = -1};
    pln_signal_rule two = one;
    two.feature = ids[1];
    two.less = ids[2];
    int64_t warm = pln_hub_warmup(hub, ids[0]);
    if (warm < from) warm = from;
    int32_t direction = 0;
    for (int64_t horizon; (horizon = pln_hub_horizon(hub)) != INT64_MAX;) {
      assert_true(pln_hub_advance(hub, horizon) > 0);
      const int64_t begin = pln_hub_first_row(hub, 0), end = pln_hub_last_row(hub, 0);
      by_row(pln_hub_column(hub, ids[0]), begin, begin > warm ? begin : warm, end < until ? end : until, bars,
             &direction, &expected);
      add(&whole, out, pln_rule_signals(&one, hub, bars, out));
      add(&parts, out, pln_rule_signals(&two, hub, bars, out));
    }
    assert_int_equal(one.warm_row, warm);
    assert_int_equal(two.warm_row, warm);
    if (expected.n != whole.n || expected.n != parts.n)
      fail_msg("%s: %lld changes, %lld and %lld by rule", rules[k][0], (long long)expected.n,
               (long long)whole.n, (long long)parts.n);
    assert_int_equal(one.n_changes, expected.n);
    assert_memory_equal(whole.s, expected.s, (size_t)expected.n * sizeof *out);
    assert_memory_equal(parts.s, expected.s, (size_t)expected.n * sizeof *out);
    if (strcmp(rules[k][0], "close - close") != 0) assert_true(expected.n > 2);
    pln_hub_free(hub);
  }
}

static void signals_are_the_changes_of_the_sign(void **state) {
  (void)state;
  pln_bars *bars = make_bars();
  static const int32_t chunks[] = {1, 31, 33, 1000, 4096};
  for (size_t c = 0; c < sizeof chunks / sizeof *chunks; c++) {
    check(bars, chunks[c], 0, N);
    check(bars, chunks[c], 777, 4321);
  }
  pln_bars_free(bars);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(signals_are_the_changes_of_the_sign)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
