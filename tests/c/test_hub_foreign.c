/* Indicators of the caller's own: the test plays the part of Lua. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "feature_data.h"

enum { N = 500 };
static pln_bars *bars, *slow;
static double bid[N];

static int setup(void **state) {
  (void)state;
  static int64_t ts[N];
  static double open[N], high[N], low[N], close[N], volume[N];
  for (int i = 0; i < N; i++) {
    ts[i] = i * 60000000000LL;
    open[i] = 100 + i % 13;
    close[i] = 100 + (i * 7) % 11;
    high[i] = 130 + i % 5;
    low[i] = 50 - i % 3;
    volume[i] = 1000 + i;
    bid[i] = i < 3 || i % 9 == 4 ? (double)NAN : close[i] - 0.5;
  }
  bars = pln_bars_from_arrays("SPY", "1m", N, ts, open, high, low, close, volume);
  slow = pln_bars_from_arrays("SPY", "5m", N / 5, ts, open, high, low, close, volume);
  static const double *extra[] = {bid};
  static const char *names[] = {"bid"};
  bars->extra = extra;
  bars->extra_names = names;
  bars->n_extra = 1;
  for (int i = 0; i < N / 5; i++) ts[i] = i * 300000000000LL;
  pln_bars_free(slow);
  slow = pln_bars_from_arrays("SPY", "5m", N / 5, ts, open, high, low, close, volume);
  return bars && slow ? 0 : -1;
}

static int teardown(void **state) {
  (void)state;
  bars->n_extra = 0;
  bars->extra = NULL;
  bars->extra_names = NULL;
  pln_bars_free(bars);
  pln_bars_free(slow);
  return 0;
}

/* mean(source, period, kind=plain|twice): mean of the last `period` values, and their count so far. */
static const pln_indicator_param mean_params[] = {
    {"period", "rows", 5, 1, 100, NULL, 1, 0},
    {"kind", "plain, or twice the mean", 0, 0, 1, "plain twice", 1, 0},
};
static const pln_indicator_info mean_info = {.name = "mean",
                                             .inputs = "source",
                                             .outputs = "mean count",
                                             .params = mean_params,
                                             .n_params = 2,
                                             .input_kind = PLN_INPUT_SOURCE};
/* reach: high - low, and whether it is wide; valid where the close is not the open. */
static const pln_indicator_info reach_info = {.name = "reach",
                                              .inputs = "open high low close",
                                              .outputs = "reach wide",
                                              .input_kind = PLN_INPUT_COLUMNS,
                                              .has_valid = 1};

typedef struct mean_state {
  int64_t count;
  double ring[];
} mean_state;

static void answer_mean(const pln_hub_request *r) {
  mean_state *s = r->state;
  const int64_t period = (int64_t)r->params[0];
  assert_int_equal(s->count, r->seen);
  for (int64_t i = 0; i < r->rows; i++) {
    assert_true(!isnan(r->inputs[0][i]));
    s->ring[s->count++ % period] = r->inputs[0][i];
    double sum = 0;
    for (int64_t k = 0; k < period; k++) sum += s->ring[k];
    r->outputs[0][i] = s->count < period ? (double)NAN : sum / (double)period * (1 + r->params[1]);
    r->outputs[1][i] = (double)s->count;
  }
}

static void answer_reach(const pln_hub_request *r) {
  assert_null(r->state);
  assert_int_equal(r->n_outputs, 3);
  for (int64_t i = 0; i < r->rows; i++) {
    r->outputs[0][i] = r->inputs[1][i] - r->inputs[2][i];
    r->outputs[1][i] = r->outputs[0][i] > 83 ? 1.0 : 0.0;
    r->outputs[2][i] = r->inputs[0][i] != r->inputs[3][i];
  }
}

static pln_hub *make(int32_t chunk_rows) {
  pln_hub *hub = pln_hub_new(chunk_rows);
  assert_int_equal(pln_hub_add_stream(hub, bars), 0);
  assert_int_equal(pln_hub_add_stream(hub, slow), 1);
  assert_int_equal(pln_hub_define(hub, &mean_info), 0);
  assert_int_equal(pln_hub_define(hub, &reach_info), 1);
  return hub;
}

static int32_t add(pln_hub *hub, const char *expression) {
  const int32_t seen = pln_hub_calls(hub), id = pln_hub_add_feature(hub, 0, expression);
  if (id < 0) fail_msg("%s: %s", expression, pln_error_last()->text);
  for (int32_t call = seen; call < pln_hub_calls(hub); call++) {
    const int is_mean = pln_hub_call_definition(hub, call) == 0;
    const int64_t period = is_mean ? (int64_t)pln_hub_call_params(hub, call)[0] : 1;
    assert_int_equal(
        pln_hub_answer_call(hub, call, period - 1, is_mean ? (int64_t)sizeof(mean_state) + period * 8 : 0),
        0);
  }
  return id;
}

static void answer_all(pln_hub *hub) {
  pln_hub_request request;
  while (pln_hub_pending(hub, &request)) {
    assert_true(request.rows >= 1);
    if (request.definition == 0)
      answer_mean(&request);
    else
      answer_reach(&request);
    const int32_t more = pln_hub_resume(hub);
    if (more < 0) fail_msg("%s", pln_error_last()->text);
    assert_int_equal(more, pln_hub_pending(hub, &request));
  }
}

static const char *const expressions[] = {
    "mean(close, 5)",
    "mean(7)",
    "mean(7, twice)",
    "mean(close, 7, kind=twice).count",
    "mean(mean(sma(open, 3), 4), 2)",
    "ema(mean(4), 3) - reach",
    "reach.wide",
    "reach.valid + reach.wide",
    "mean(bid, 6)",
    "mean(bid, 6) - sma(bid, 6)",
    "SPY_5m.mean(close, 3)",
    "SPY_5m.reach.wide",
    "sma(SPY_5m.mean(sma(2), 3), 2)",
};
enum { COUNT = sizeof expressions / sizeof expressions[0] };

static double *compute_with(int32_t chunk_rows, int32_t threads) {
  pln_hub *hub = make(chunk_rows);
  assert_int_equal(pln_hub_set_threads(hub, threads), 0);
  int32_t ids[COUNT];
  for (int i = 0; i < COUNT; i++) ids[i] = add(hub, expressions[i]);
  assert_int_equal(pln_hub_seal(hub), 0);
  double *out = malloc((size_t)(COUNT * N) * sizeof *out);
  for (int64_t until; (until = pln_hub_horizon(hub)) != INT64_MAX;) {
    assert_true(pln_hub_advance(hub, until) > 0);
    answer_all(hub);
    const int64_t first = pln_hub_first_row(hub, 0), last = pln_hub_last_row(hub, 0);
    if (last > first)
      for (int i = 0; i < COUNT; i++)
        memcpy(out + i * N + first, pln_hub_column(hub, ids[i]), (size_t)(last - first) * sizeof *out);
  }
  pln_hub_free(hub);
  return out;
}

static double *compute(int32_t chunk_rows) { return compute_with(chunk_rows, 1); }

static void any_chunking_gives_the_same(void **state) {
  (void)state;
  double *whole = compute(4096);
  static const int32_t chunks[] = {1, 2, 5, 64, 499};
  for (size_t k = 0; k < sizeof chunks / sizeof chunks[0]; k++) {
    double *out = compute_with(chunks[k], 1 + (int32_t)k % 3);
    for (int i = 0; i < COUNT * N; i++)
      if (memcmp(&out[i], &whole[i], 8) != 0 && !(isnan(out[i]) && isnan(whole[i])))
        fail_msg("%s: row %d is %g in chunks of %d, %g in one", expressions[i / N], i % N, out[i], chunks[k],
                 whole[i]);
    free(out);
  }
  free(whole);
}

static void a_peek_asks_too_and_a_snapshot_has_the_state(void **state) {
  (void)state;
  double *whole = compute(4096), peeked[COUNT];
  pln_hub *hub = make(64);
  for (int i = 0; i < COUNT; i++) add(hub, expressions[i]);
  assert_int_equal(pln_hub_seal(hub), 0);
  for (int64_t i = 0; i < N; i++) {
    const pln_hub_row row = {.ts_ns = bars->ts_ns[i],
                             .open = bars->open[i],
                             .high = bars->high[i],
                             .low = bars->low[i],
                             .close = bars->close[i],
                             .extra = &bid[i]};
    const int64_t until = pln_bars_visible_ns(bars, i);
    assert_int_equal(pln_hub_peek(hub, 0, &row, peeked), 1);
    assert_int_equal(pln_hub_peek(hub, 0, &row, peeked), PLN_ERR_STATE);
    answer_all(hub);
    const int64_t rows = pln_hub_advance(hub, until);
    answer_all(hub);
    for (int k = 0; k < COUNT && rows == 1; k++) {
      const double value = whole[k * N + i];
      if (memcmp(&peeked[k], &value, 8) != 0 && !(isnan(peeked[k]) && isnan(value)))
        fail_msg("%s: row %d is %g, peeked at %g", expressions[k], (int)i, value, peeked[k]);
      assert_true(memcmp(pln_hub_column(hub, k), &value, 8) == 0 || isnan(value));
    }
    if (i % 100 != 50) continue;
    const int64_t size = pln_hub_snapshot_size(hub);
    void *bytes = malloc((size_t)size);
    assert_int_equal(pln_hub_save(hub, bytes, size), 0);
    pln_hub_free(hub);
    hub = make(64);
    for (int k = 0; k < COUNT; k++) add(hub, expressions[k]);
    assert_int_equal(pln_hub_seal(hub), 0);
    assert_int_equal(pln_hub_load(hub, bytes, size), 0);
    free(bytes);
  }
  pln_hub_free(hub);
  free(whole);
}

static void values_and_warm_up_are_right(void **state) {
  (void)state;
  double *out = compute(64);
  for (int i = 0; i < N; i++) {
    double sum = 0;
    for (int k = 0; k < 5 && k <= i; k++) sum += bars->close[i - k];
    if (i < 4)
      assert_true(isnan(out[i]));
    else
      assert_true(fabs(out[i] - sum / 5) < 1e-12);
    assert_true(i < 6 ? isnan(out[3 * N + i]) : out[3 * N + i] == i + 1); /* count */
    assert_int_equal(isnan(out[4 * N + i]), i < 2 + 3 + 1);
    assert_true(out[6 * N + i] == (bars->high[i] - bars->low[i] > 83));
    assert_true(out[7 * N + i] == (bars->open[i] != bars->close[i]) + out[6 * N + i]);
    if (isnan(bid[i]))
      assert_true(isnan(out[8 * N + i]));
    else if (i > 12)
      assert_true(fabs(out[9 * N + i]) < 1e-12);
  }
  free(out);
}

static void equal_calls_are_one(void **state) {
  (void)state;
  pln_hub *hub = make(64);
  const int32_t a = add(hub, "mean(close, 5)");
  assert_int_equal(add(hub, "mean()"), a);
  assert_int_equal(add(hub, "mean(source=close, kind=plain)"), a);
  assert_int_equal(pln_hub_calls(hub), 1);
  const int32_t b = add(hub, "mean(mean(5), 8)"), c = add(hub, "ema(mean(5), 8)");
  assert_int_equal(pln_hub_calls(hub), 2);
  assert_int_equal(pln_hub_warmup(hub, b), 4 + 7);
  assert_int_equal(pln_hub_warmup(hub, c), 4 + 7);
  pln_hub_free(hub);
}

static void define_fails(const pln_indicator_info *info, const char *part) {
  pln_hub *hub = make(64);
  assert_int_equal(pln_hub_define(hub, info), PLN_ERR_ARGUMENT);
  if (!strstr(pln_error_last()->text, part)) fail_msg("'%s' does not say '%s'", pln_error_last()->text, part);
  pln_hub_free(hub);
}

static void bad_definitions_are_refused(void **state) {
  (void)state;
  pln_indicator_info info = mean_info;
  define_fails(&info, "defined twice");
  info.name = "sma";
  define_fails(&info, "taken by a built-in");
  info.name = "close_time";
  define_fails(&info, "taken by a built-in");
  info.name = "not";
  define_fails(&info, "taken by a built-in");
  info.name = "a b";
  define_fails(&info, "cannot be the name");
  info.name = "mine";
  info.inputs = "a b c d e f g h i";
  define_fails(&info, "not 1 to 8 names");
  info.inputs = "source";
  info.outputs = "";
  define_fails(&info, "not 1 to 16 names");
  info.outputs = "value";
  info.n_params = 13;
  define_fails(&info, "13 parameters");
  static const pln_indicator_param bad[] = {{"k", "", 5, 6, 7, NULL, 0, 0}};
  info.params = bad;
  info.n_params = 1;
  define_fails(&info, "not in the range 6…7");
  static const pln_indicator_param words[] = {{"k", "", 0, 0, 2, "a b", 1, 0}};
  info.params = words;
  define_fails(&info, "its words are 'a b'");
}

static void add_fails(const char *expression, const char *part) {
  pln_hub *hub = make(64);
  assert_true(pln_hub_add_feature(hub, 0, expression) < 0);
  if (!strstr(pln_error_last()->text, part)) fail_msg("'%s' does not say '%s'", pln_error_last()->text, part);
  pln_hub_free(hub);
}

static void calls_are_checked_as_those_of_built_in_ones(void **state) {
  (void)state;
  add_fails("mean(close, 101)", "out of range 1…100");
  add_fails("meann(3)", "did you mean mean?");
  add_fails("mean(3).cuont", "did you mean count?");
  add_fails("mean(kind=none)", "expected one of: plain twice");
  add_fails("mean(3).valid", "no output 'valid'");
  add_fails("reach.wid", "did you mean wide?");
  pln_hub *hub = make(64);
  const pln_indicator_info info = {
      .name = "quoted", .inputs = "ask", .outputs = "value", .input_kind = PLN_INPUT_COLUMNS};
  assert_int_equal(pln_hub_define(hub, &info), 2);
  assert_int_equal(pln_hub_add_feature(hub, 0, "quoted + 1"), PLN_ERR_NOT_FOUND);
  assert_non_null(strstr(pln_error_last()->text, "the column 'ask', which the data lacks"));
  pln_hub_free(hub);
}

static void the_order_of_calls_is_kept(void **state) {
  (void)state;
  pln_hub *hub = make(64);
  pln_hub_request request;
  assert_true(pln_hub_add_feature(hub, 0, "mean(close, 5)") == 0);
  assert_int_equal(pln_hub_seal(hub), PLN_ERR_STATE);
  assert_non_null(strstr(pln_error_last()->text, "its lookback was not told"));
  assert_int_equal(pln_hub_answer_call(hub, 0, -1, 0), PLN_ERR_RANGE);
  assert_int_equal(pln_hub_answer_call(hub, 1, 0, 0), PLN_ERR_ARGUMENT);
  assert_int_equal(pln_hub_answer_call(hub, 0, 4, 48), 0);
  assert_int_equal(pln_hub_seal(hub), 0);
  assert_int_equal(pln_hub_define(hub, &mean_info), PLN_ERR_STATE);
  assert_int_equal(pln_hub_pending(hub, &request), 0);
  assert_int_equal(pln_hub_resume(hub), PLN_ERR_STATE);
  assert_true(pln_hub_advance(hub, pln_hub_horizon(hub)) > 0);
  assert_int_equal(pln_hub_advance(hub, pln_hub_horizon(hub)), PLN_ERR_STATE);
  assert_int_equal(pln_hub_pending(hub, &request), 1);
  answer_mean(&request);
  request.outputs[0][17] = (double)INFINITY;
  assert_int_equal(pln_hub_resume(hub), PLN_ERR_RANGE);
  assert_non_null(strstr(pln_error_last()->text, "mean gave inf as output 1 of row 17 of SPY_1m"));
  assert_int_equal(pln_hub_advance(hub, pln_hub_horizon(hub)), PLN_ERR_STATE);
  pln_hub_free(hub);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(any_chunking_gives_the_same),
      cmocka_unit_test(a_peek_asks_too_and_a_snapshot_has_the_state),
      cmocka_unit_test(values_and_warm_up_are_right),
      cmocka_unit_test(equal_calls_are_one),
      cmocka_unit_test(bad_definitions_are_refused),
      cmocka_unit_test(calls_are_checked_as_those_of_built_in_ones),
      cmocka_unit_test(the_order_of_calls_is_kept),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
