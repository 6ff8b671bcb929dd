/* Peeking at rows that are not final, and states as bytes: what is refused, and streams beside each other.
 * That both give the right bits for every indicator is in test_law1.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "feature_data.h"

enum { N = 300, N_FIVE = N / 5 };
static pln_bars *spy, *qqq;

static pln_bars *make_bars(const char *symbol, const char *timeframe, int64_t step, int n, double base) {
  static int64_t ts[N];
  static double open[N], high[N], low[N], close[N], volume[N];
  for (int i = 0; i < n; i++) {
    ts[i] = i * step * 1000000000;
    open[i] = base + i % 13;
    close[i] = base + (i * 7) % 11;
    high[i] = base + 30 + i % 5;
    low[i] = base - 50 - i % 3;
    volume[i] = 1000 + i;
  }
  return pln_bars_from_arrays(symbol, timeframe, n, ts, open, high, low, close, volume);
}

static int setup(void **state) {
  (void)state;
  spy = make_bars("SPY", "1m", 60, N, 100);
  qqq = make_bars("QQQ", "5m", 300, N_FIVE, 40);
  return spy && qqq ? 0 : -1;
}

static int teardown(void **state) {
  (void)state;
  pln_bars_free(spy);
  pln_bars_free(qqq);
  return 0;
}

enum { FEATURES = 6 };
static const char *const texts[FEATURES] = {
    "ema(close, 9)", "QQQ_5m.sma(3) / close", "time - session", "close_time", "7", "sma(QQQ_5m.close, 4)",
};

static pln_hub *make_hub_with(int32_t chunk_rows, const pln_bars *first, int32_t threads) {
  pln_hub *hub = pln_hub_new(chunk_rows);
  assert_int_equal(pln_hub_set_threads(hub, threads), 0);
  assert_int_equal(pln_hub_add_stream(hub, first), 0);
  assert_int_equal(pln_hub_add_stream(hub, qqq), 1);
  for (int i = 0; i < FEATURES; i++) assert_int_equal(pln_hub_add_feature(hub, 0, texts[i]), i);
  assert_int_equal(pln_hub_add_feature(hub, 1, "sma(5)"), FEATURES);
  assert_int_equal(pln_hub_features(hub), FEATURES + 1);
  assert_int_equal(pln_hub_seal(hub), 0);
  return hub;
}

static pln_hub *make_hub(int32_t chunk_rows, const pln_bars *first) {
  return make_hub_with(chunk_rows, first, 1);
}

static pln_hub_row row_of(const pln_bars *bars, int64_t i) {
  return (pln_hub_row){.ts_ns = bars->ts_ns[i],
                       .open = bars->open[i],
                       .high = bars->high[i],
                       .low = bars->low[i],
                       .close = bars->close[i],
                       .volume = bars->volume[i]};
}

static int64_t visible(int64_t row) { return pln_bars_visible_ns(spy, row); }

static void a_peek_is_what_the_next_row_gives(void **state) {
  (void)state;
  pln_hub *hub = make_hub(64, spy);
  double once[FEATURES + 1], twice[FEATURES + 1];
  for (int64_t i = 0; i < N; i++) {
    pln_hub_row wrong = row_of(spy, i), row = row_of(spy, i);
    wrong.close = 1e6;
    assert_int_equal(pln_hub_peek(hub, 0, &wrong, once), 0);
    assert_int_equal(pln_hub_peek(hub, 0, &row, once), 0);
    assert_int_equal(pln_hub_peek(hub, 0, &row, twice), 0);
    assert_memory_equal(once, twice, sizeof once);
    assert_true(isnan(once[FEATURES])); /* of the other stream */
    const int64_t rows = pln_hub_advance(hub, visible(i));
    for (int k = 0; k < FEATURES && rows == 1; k++) {
      const double value = pln_hub_column(hub, k)[0];
      if (!(value == once[k] || (isnan(value) && isnan(once[k]))))
        fail_msg("%s: row %d is %.17g, peeked at %.17g", texts[k], (int)i, value, once[k]);
    }
    if (rows == 1) assert_true(isnan(once[0]) == (i < 8));
  }
  pln_hub_free(hub);
}

static void a_peek_may_be_of_any_stream(void **state) {
  (void)state;
  pln_hub *hub = make_hub(64, spy);
  double out[FEATURES + 1];
  pln_hub_advance(hub, visible(29)); /* QQQ has 6 rows */
  const double *before = pln_hub_column(hub, 0), last = before[29];
  const pln_hub_row row = row_of(qqq, 6);
  assert_int_equal(pln_hub_peek(hub, 1, &row, out), 0);
  double sum = 0;
  for (int i = 2; i <= 6; i++) sum += qqq->close[i];
  assert_true(fabs(out[FEATURES] - sum / 5) < 1e-12);
  for (int k = 0; k < FEATURES; k++) assert_true(isnan(out[k]));
  assert_true(pln_hub_column(hub, 0)[29] == last); /* the slice stays */
  assert_int_equal(pln_hub_peek(hub, 2, &row, out), PLN_ERR_ARGUMENT);
  pln_hub_free(hub);
  hub = pln_hub_new(1);
  assert_int_equal(pln_hub_peek(hub, 0, &row, out), PLN_ERR_STATE);
  pln_hub_free(hub);
}

static void *saved(const pln_hub *hub, int64_t *size) {
  *size = pln_hub_snapshot_size(hub);
  void *bytes = malloc((size_t)*size);
  assert_int_equal(pln_hub_save(hub, bytes, *size), 0);
  return bytes;
}

static void a_state_goes_on_in_another_hub(void **state) {
  (void)state;
  pln_hub *one = make_hub(64, spy);
  pln_hub_advance(one, visible(60));
  pln_hub_advance(one, visible(101));
  int64_t size;
  void *bytes = saved(one, &size);
  pln_hub_advance(one, visible(149));
  pln_hub *other = make_hub_with(48, spy, 2); /* slices may be of another size, and threads others */
  assert_int_equal(pln_hub_load(other, bytes, size), 0);
  assert_int_equal(pln_hub_first_row(other, 0), 102);
  assert_int_equal(pln_hub_last_row(other, 0), 102);
  pln_hub_advance(other, visible(149));
  assert_int_equal(pln_hub_first_row(other, 0), 102);
  for (int k = 0; k < FEATURES; k++)
    assert_memory_equal(pln_hub_column(other, k), pln_hub_column(one, k), 48 * sizeof(double));
  assert_memory_equal(pln_hub_column(other, FEATURES), pln_hub_column(one, FEATURES),
                      (size_t)(pln_hub_last_row(one, 1) - pln_hub_first_row(one, 1)) * sizeof(double));
  free(bytes);
  pln_hub_free(one);
  pln_hub_free(other);
}

static void load_fails(pln_hub *hub, const void *bytes, int64_t size, int32_t status, const char *part) {
  assert_int_equal(pln_hub_load(hub, bytes, size), status);
  if (!strstr(pln_error_last()->text, part)) fail_msg("'%s' does not say '%s'", pln_error_last()->text, part);
}

static void what_does_not_fit_is_refused(void **state) {
  (void)state;
  pln_hub *hub = make_hub(64, spy);
  int64_t size;
  pln_hub_advance(hub, visible(50));
  char *bytes = saved(hub, &size);
  load_fails(hub, bytes, 10, PLN_ERR_PARSE, "no snapshot");
  load_fails(hub, bytes, size - 1, PLN_ERR_PARSE, "damaged");
  bytes[size - 100] ^= 1;
  load_fails(hub, bytes, size, PLN_ERR_PARSE, "damaged");
  bytes[size - 100] ^= 1;
  bytes[0] ^= 1;
  load_fails(hub, bytes, size, PLN_ERR_PARSE, "no snapshot");
  bytes[0] ^= 1;
  assert_int_equal(pln_hub_load(hub, bytes, size), 0);
  assert_int_equal(pln_hub_save(hub, bytes, size - 1), PLN_ERR_LIMIT);

  pln_hub *more = pln_hub_new(64);
  assert_int_equal(pln_hub_add_stream(more, spy), 0);
  assert_int_equal(pln_hub_snapshot_size(more), PLN_ERR_STATE);
  assert_int_equal(pln_hub_seal(more), 0);
  load_fails(more, bytes, size, PLN_ERR_ARGUMENT, "other features");
  pln_hub_free(more);
  more = pln_hub_new(64);
  assert_int_equal(pln_hub_set_threads(more, 0), PLN_ERR_RANGE);
  assert_int_equal(pln_hub_set_threads(more, 65), PLN_ERR_RANGE);
  assert_int_equal(pln_hub_seal(more), 0);
  assert_int_equal(pln_hub_set_threads(more, 2), PLN_ERR_STATE);
  pln_hub_free(more);

  pln_bars *longer = make_bars("SPY", "1m", 61, N, 100);
  pln_hub *elsewhere = make_hub(64, longer);
  load_fails(elsewhere, bytes, size, PLN_ERR_ARGUMENT, "bars of SPY_1m are not those that are here");
  pln_hub_free(elsewhere);
  pln_bars_free(longer);
  free(bytes);
  pln_hub_free(hub);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_peek_is_what_the_next_row_gives),
      cmocka_unit_test(a_peek_may_be_of_any_stream),
      cmocka_unit_test(a_state_goes_on_in_another_hub),
      cmocka_unit_test(what_does_not_fit_is_refused),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
