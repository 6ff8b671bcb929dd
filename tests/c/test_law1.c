/* Law 1: streaming = batch. Every indicator and operator, over real data and in any chunking, to the last
 * bit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "feature/ops.h"
#include "feature_data.h"

enum { MAX_EXPRESSIONS = 8000, TEXT = 320 };
static const int32_t chunks[] = {1, 2, 3, 7, 64, 4096, 65536};
enum { N_CHUNKS = sizeof chunks / sizeof chunks[0], WHOLE = N_CHUNKS - 1 };

typedef struct list {
  char text[MAX_EXPRESSIONS][TEXT];
  int32_t n;
} list;

static void add(list *l, const char *text) {
  assert_true(l->n < MAX_EXPRESSIONS);
  snprintf(l->text[l->n++], TEXT, "%s", text);
}

/* NAME(inputs, params).output for one choice of parameters: 0: defaults; 1: small; 2: large. */
static void add_indicator(list *l, const pln_ind_desc *desc, int choice, const char *const *inputs) {
  char call[TEXT], text[TEXT];
  int n = snprintf(call, TEXT, "%s(", desc->info.name);
  if (desc->info.input_kind != PLN_INPUT_COLUMNS)
    for (int32_t i = 0; i < (desc->info.input_kind == PLN_INPUT_SOURCE ? 1 : desc->n_inputs); i++)
      n += snprintf(call + n, (size_t)(TEXT - n), "%s%s", i ? ", " : "", inputs[i]);
  for (int32_t i = 0; i < desc->info.n_params; i++) {
    const pln_indicator_param *p = &desc->info.params[i];
    const double value = choice == 0   ? p->default_value
                         : choice == 1 ? fmax(p->min_value, fmin(p->max_value, 1 + i))
                                       : fmin(p->max_value, floor(p->default_value * 37) + 1);
    n += snprintf(call + n, (size_t)(TEXT - n), "%s%s=%.17g", n && call[n - 1] != '(' ? ", " : "", p->name,
                  value);
  }
  snprintf(call + n, (size_t)(TEXT - n), ")");
  const char *s = desc->info.outputs;
  for (int32_t i = 0; i < desc->n_outputs; i++) {
    const size_t length = strcspn(s, " ");
    snprintf(text, TEXT, "%s.%.*s", call, (int)length, s);
    add(l, text);
    s += length + (s[length] == ' ');
  }
}

static void add_all(list *l) {
  static const char *const plain[] = {"close", "open", "high", "low", "volume", "hl2", "hlc3", "ohlc4"};
  static const char *const nested[] = {"rsi(5) - 50",  "sma(rsi(3), 4)", "volume / lag(volume, 3)",
                                       "tr",           "returns(2)",     "ema(7)",
                                       "close - open", "high - low"};
  for (int32_t i = 0; i < pln_indicator_count(); i++) {
    const pln_ind_desc *desc =
        pln_ind_find(pln_indicator_get(i)->name, (int64_t)strlen(pln_indicator_get(i)->name));
    for (int choice = 0; choice < (desc->info.n_params ? 3 : 1); choice++)
      add_indicator(l, desc, choice, plain);
    if (desc->info.input_kind != PLN_INPUT_COLUMNS) add_indicator(l, desc, 0, nested);
  }
  static const char *const infix[] = {"+", "-", "*", "/", ">", ">=", "<", "<=", "==", "!=", "and", "or"};
  for (size_t i = 0; i < sizeof infix / sizeof infix[0]; i++) {
    char text[TEXT];
    snprintf(text, TEXT, "rsi(3) - 60 %s close - sma(13)", infix[i]);
    add(l, text);
  }
  add(l, "-close");
  add(l, "not (close > open)");
  for (int32_t period = 2; period <= 33; period++) { /* every pattern of low binary digits */
    char text[TEXT];
    snprintf(text, TEXT, "sma(%d) + wma(%d) + stddev(%d) + highest(%d) + lowest(%d)", (int)period,
             (int)period, (int)period, (int)period, (int)period);
    add(l, text);
  }
  add(l, "sma(5000)");
  add(l, "stddev(1023)");
  add(l, "highest(4097)");
}

/* All features of `l` on stream 0 of the bars, as columns one after the other. */
static double *compute(const pln_bars *const *bars, int32_t n_bars, const list *l, int32_t chunk_rows) {
  pln_hub *hub = pln_hub_new(chunk_rows);
  for (int32_t i = 0; i < n_bars; i++) assert_int_equal(pln_hub_add_stream(hub, bars[i]), i);
  static int32_t ids[MAX_EXPRESSIONS];
  for (int32_t i = 0; i < l->n; i++) {
    ids[i] = pln_hub_add_feature(hub, 0, l->text[i]);
    if (ids[i] < 0) fail_msg("%s", pln_error_last()->text);
  }
  assert_int_equal(pln_hub_seal(hub), 0);
  const int64_t rows = bars[0]->n_bars;
  double *out = malloc((size_t)(rows * l->n) * sizeof *out);
  int64_t expected = 0, total = 0;
  for (int64_t until; (until = pln_hub_horizon(hub)) != INT64_MAX;) {
    const int64_t done = pln_hub_advance(hub, until);
    if (done <= 0) fail_msg("advance gives %d: %s", (int)done, pln_error_last()->text);
    total += done;
    const int64_t first = pln_hub_first_row(hub, 0), last = pln_hub_last_row(hub, 0);
    assert_int_equal(first, expected);
    assert_true(last - first <= chunk_rows);
    expected = last;
    if (last > first)
      for (int32_t i = 0; i < l->n; i++)
        memcpy(out + i * rows + first, pln_hub_column(hub, ids[i]), (size_t)(last - first) * sizeof *out);
  }
  int64_t all = 0;
  for (int32_t i = 0; i < n_bars; i++) all += bars[i]->n_bars;
  assert_int_equal(total, all);
  pln_hub_free(hub);
  return out;
}

static void check(const pln_bars *const *bars, int32_t n_bars, const list *l) {
  double *whole = compute(bars, n_bars, l, chunks[WHOLE]);
  const int64_t rows = bars[0]->n_bars;
  for (int32_t k = 0; k < WHOLE; k++) {
    double *out = compute(bars, n_bars, l, chunks[k]);
    for (int32_t i = 0; i < l->n; i++)
      for (int64_t row = 0; row < rows; row++)
        if (memcmp(out + i * rows + row, whole + i * rows + row, sizeof *out) != 0 &&
            !(isnan(out[i * rows + row]) && isnan(whole[i * rows + row])))
          fail_msg("%s: row %d is %.17g in chunks of %d and %.17g in one", l->text[i], (int)row,
                   out[i * rows + row], (int)chunks[k], whole[i * rows + row]);
    free(out);
  }
  free(whole);
}

static list expressions;

static void one_stream(const pln_bars *bars) {
  expressions.n = 0;
  add_all(&expressions);
  check(&bars, 1, &expressions);
  /* Warm-up is fixed by the parameters, and after it there is no NaN and no infinity. */
  double *out = compute(&bars, 1, &expressions, 4096);
  pln_hub *hub = pln_hub_new(64);
  pln_hub_add_stream(hub, bars);
  for (int32_t i = 0; i < expressions.n; i++) {
    const int32_t id = pln_hub_add_feature(hub, 0, expressions.text[i]);
    const int64_t warmup = pln_hub_warmup(hub, id);
    for (int64_t row = 0; row < bars->n_bars; row++) {
      const double value = out[i * bars->n_bars + row];
      if (row < warmup ? !isnan(value) : !isfinite(value))
        fail_msg("%s: row %d is %g, warm-up is %d", expressions.text[i], (int)row, value, (int)warmup);
    }
  }
  pln_hub_free(hub);
  free(out);
}

static void needs(const void *data) {
  if (data) return;
  print_message("skipped: the market data is absent\n");
  skip();
}

static void bitcoin_minutes(void **state) {
  (void)state;
  pln_bars *bars = bitfinex_bars("BTCUSD_1m_2013.csv.gz", "BTCUSD", 7001);
  needs(bars);
  one_stream(bars);
  pln_bars_free(bars);
}

static void spy_minutes(void **state) {
  (void)state;
  pln_bars *bars = equity_bars("SPY", 6003);
  needs(bars);
  one_stream(bars);
  pln_bars_free(bars);
}

static void flat_and_zero_prices(void **state) {
  (void)state;
  enum { N = 6000 };
  static int64_t ts[N];
  static double prices[N], volume[N];
  for (int i = 0; i < N; i++) {
    ts[i] = i * 60000000000LL;
    prices[i] = i < 2000 ? 123.45 : i < 4000 ? 0.0 : 1e-7;
  }
  pln_bars *bars = pln_bars_from_arrays("FLAT", "1m", N, ts, prices, prices, prices, prices, volume);
  needs(bars);
  one_stream(bars);
  double out[N];
  static const char *const same[] = {"sma(20)",          "ema(20)",          "wma(20)",
                                     "bbands(20).upper", "bbands(20).lower", "highest(20)"};
  for (size_t k = 0; k < sizeof same / sizeof same[0]; k++) {
    assert_int_equal(pln_feature_compute(bars, same[k], out), 0);
    for (int i = 19; i < 2000; i++)
      if (out[i] != 123.45) fail_msg("%s of a flat price: row %d is %.17g", same[k], i, out[i]);
  }
  pln_bars_free(bars);
}

/* Coarser bars of the same stream: every n rows are one, visible when the last of them is. */
static pln_bars *coarser(const pln_bars *bars, int64_t n, const char *timeframe, const char *symbol) {
  const int64_t step = n * 60000000000LL;
  double *columns[4];
  int64_t *ts = malloc((size_t)bars->n_bars * sizeof *ts), m = 0;
  for (int k = 0; k < 4; k++) columns[k] = malloc((size_t)bars->n_bars * sizeof(double));
  for (int64_t i = 0; i < bars->n_bars; i++) {
    const int64_t bucket = bars->ts_ns[i] - bars->ts_ns[i] % step;
    if (m == 0 || ts[m - 1] != bucket) {
      ts[m] = bucket;
      columns[0][m] = bars->open[i];
      columns[1][m] = bars->high[i];
      columns[2][m] = bars->low[i];
      m++;
    }
    if (bars->high[i] > columns[1][m - 1]) columns[1][m - 1] = bars->high[i];
    if (bars->low[i] < columns[2][m - 1]) columns[2][m - 1] = bars->low[i];
    columns[3][m - 1] = bars->close[i];
  }
  pln_bars *out =
      pln_bars_from_arrays(symbol, timeframe, m, ts, columns[0], columns[1], columns[2], columns[3], NULL);
  for (int k = 0; k < 4; k++) free(columns[k]);
  free(ts);
  return out;
}

static void streams_joined_as_of(void **state) {
  (void)state;
  pln_bars *spy = equity_bars("SPY", 6003), *qqq = equity_bars("QQQ", 5800), *iwm = equity_bars("IWM", 7000);
  needs(spy);
  needs(qqq);
  needs(iwm);
  pln_bars *hour = coarser(spy, 60, "1h", "SPY"), *five = coarser(qqq, 5, "5m", "QQQ");
  static list l;
  l.n = 0;
  add(&l, "QQQ_1m.close");
  add(&l, "SPY_1h.close");
  add(&l, "QQQ_5m.sma(close, 12) - sma(60)");
  add(&l, "crossover(close / QQQ_1m.close, sma(close / QQQ_1m.close, 30))");
  add(&l, "lag(SPY_1h.rsi(14), 7)");
  add(&l, "SPY_1h:macd(3, 6, 4).signal");
  add(&l, "ema(SPY_1h.atr(5) / close, 9)");
  add(&l, "QQQ_5m.(close - IWM_1m.sma(40))");
  add(&l, "IWM_1m.(close > SPY_1h.sma(3))");
  const pln_bars *bars[] = {spy, qqq, iwm, hour, five};
  check(bars, 5, &l);

  /* Against the definition: the last value whose bar is visible when the row is. */
  const pln_bars *others[] = {qqq, hour};
  double *out = compute(bars, 5, &l, 256);
  for (int k = 0; k < 2; k++) {
    const pln_bars *other = others[k];
    for (int64_t i = 0, j = 0; i < spy->n_bars; i++) {
      while (j < other->n_bars && pln_bars_visible_ns(other, j) <= pln_bars_visible_ns(spy, i)) j++;
      const double value = out[k * spy->n_bars + i];
      if (j == 0 ? !isnan(value) : value != other->close[j - 1])
        fail_msg("%s: row %d is %g, expected %g", l.text[k], (int)i, value, j ? other->close[j - 1] : NAN);
    }
  }
  free(out);
  pln_bars_free(spy);
  pln_bars_free(qqq);
  pln_bars_free(iwm);
  pln_bars_free(hour);
  pln_bars_free(five);
}

static void further_columns_with_gaps(void **state) {
  (void)state;
  pln_bars *spy = equity_bars("SPY", 3000);
  needs(spy);
  double *bid = malloc((size_t)spy->n_bars * sizeof *bid);
  for (int64_t i = 0; i < spy->n_bars; i++)
    bid[i] = i % 7 == 3 || (i > 500 && i < 700) ? (double)NAN : spy->close[i] - 0.01;
  const double *extra[] = {bid};
  const char *names[] = {"bid"};
  pln_bars with = *spy;
  with.extra = extra;
  with.extra_names = names;
  with.n_extra = 1;
  static list l;
  l.n = 0;
  add(&l, "bid");
  add(&l, "sma(bid, 5)");
  add(&l, "ema(bid, 9) - bid");
  add(&l, "lag(bid, 2) > 1");
  add(&l, "crossover(close, bid)");
  const pln_bars *bars[] = {&with};
  check(bars, 1, &l);
  double *out = compute(bars, 1, &l, 100);
  double window[5];
  for (int64_t i = 0, seen = 0; i < spy->n_bars; i++) {
    const double value = out[spy->n_bars + i];
    if (!isnan(bid[i])) window[seen++ % 5] = bid[i];
    if (isnan(bid[i]) || seen < 5)
      assert_true(isnan(value));
    else
      assert_true(fabs(value - (window[0] + window[1] + window[2] + window[3] + window[4]) / 5) < 1e-10);
  }
  free(out);
  free(bid);
  pln_bars_free(spy);
}

/* The streaming form of each kernel, one call a row, against its batch form. */
static void step_equals_batch(void **state) {
  (void)state;
  pln_bars *bars = bitfinex_bars("BTCUSD_1m_2013.csv.gz", "BTCUSD", 5000);
  needs(bars);
  const double *in[PLN_IND_MAX_INPUTS] = {bars->high,   bars->low,   bars->close, bars->open,
                                          bars->volume, bars->close, bars->high,  bars->low};
  for (int32_t i = 0; i < pln_ind_count; i++) {
    const pln_ind_desc *desc = pln_ind_list[i];
    double params[PLN_IND_MAX_PARAMS];
    for (int32_t k = 0; k < desc->info.n_params; k++) params[k] = desc->info.params[k].default_value;
    if (desc->info.input_kind == PLN_INPUT_VARIADIC) params[desc->info.n_params] = desc->n_inputs;
    const int64_t size = desc->size ? desc->size(params) : 8;
    void *batch_state = calloc(1, (size_t)size), *step_state = calloc(1, (size_t)size);
    if (desc->init) desc->init(batch_state, params);
    if (desc->init) desc->init(step_state, params);
    double *out[PLN_IND_MAX_OUTPUTS];
    for (int32_t k = 0; k < PLN_IND_MAX_OUTPUTS; k++) out[k] = malloc((size_t)bars->n_bars * sizeof(double));
    desc->batch(batch_state, in, out, bars->n_bars);
    const int64_t lookback = desc->lookback ? desc->lookback(params) : 0;
    for (int64_t row = 0; row < bars->n_bars; row++) {
      double x[PLN_IND_MAX_INPUTS], y[PLN_IND_MAX_OUTPUTS + 1];
      for (int32_t k = 0; k < PLN_IND_MAX_INPUTS; k++) x[k] = in[k][row];
      desc->step(step_state, x, y);
      for (int32_t k = 0; row >= lookback && k < desc->n_outputs; k++)
        if (memcmp(&y[k], &out[k][row], sizeof y[k]) != 0)
          fail_msg("%s: row %d: step gives %.17g, batch %.17g", desc->info.name, (int)row, y[k], out[k][row]);
    }
    assert_memory_equal(batch_state, step_state, (size_t)size);
    for (int32_t k = 0; k < PLN_IND_MAX_OUTPUTS; k++) free(out[k]);
    free(batch_state);
    free(step_state);
  }
  pln_bars_free(bars);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(step_equals_batch),    cmocka_unit_test(bitcoin_minutes),
      cmocka_unit_test(spy_minutes),          cmocka_unit_test(flat_and_zero_prices),
      cmocka_unit_test(streams_joined_as_of), cmocka_unit_test(further_columns_with_gaps),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
