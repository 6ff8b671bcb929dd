/* Law 1: streaming = batch. Every indicator and operator, over real data and in any chunking, to the last
 * bit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "feature/ops.h"
#include "feature_data.h"

enum { MAX_EXPRESSIONS = 3000, TEXT = 400, N_ROWS = 4001, WHOLE = 65536 };

typedef struct list {
  char text[MAX_EXPRESSIONS][TEXT];
  int32_t n;
} list;

static void add(list *l, const char *text) {
  assert_true(l->n < MAX_EXPRESSIONS);
  snprintf(l->text[l->n++], TEXT, "%s", text);
}

/* Expressions: every indicator with several choices of parameters and sources. */

typedef enum choice { DEFAULTS, LEAST, SMALL, LARGE, ODD, CHOICES } choice;

static double chosen(const pln_indicator_param *p, int32_t i, choice c) {
  double value = p->default_value;
  if (c == LEAST) value = p->min_value;
  if (c == SMALL) value = 1 + i;
  if (c == LARGE) value = floor(p->default_value * 37) + 1;
  if (c == ODD) value = p->is_integer ? floor(p->default_value * 1.7) + 2 - i : p->default_value * 0.83;
  return fmax(p->min_value, fmin(p->max_value, value));
}

/* NAME(inputs, params).output for every output, with value `set` for parameter `at` (-1: none). */
static void add_call(list *l, const pln_ind_desc *desc, choice c, int32_t at, double set,
                     const char *const *inputs) {
  char call[TEXT], text[TEXT];
  const int32_t n_series = desc->info.input_kind == PLN_INPUT_COLUMNS  ? 0
                           : desc->info.input_kind == PLN_INPUT_SOURCE ? 1
                                                                       : desc->n_inputs;
  int n = snprintf(call, TEXT, "%s(", desc->info.name);
  for (int32_t i = 0; i < n_series; i++)
    n += snprintf(call + n, (size_t)(TEXT - n), "%s%s", i ? ", " : "", inputs[i]);
  for (int32_t i = 0; i < desc->info.n_params; i++) {
    const pln_indicator_param *p = &desc->info.params[i];
    n += snprintf(call + n, (size_t)(TEXT - n), "%s%s=%.17g", call[n - 1] != '(' ? ", " : "", p->name,
                  i == at ? set : chosen(p, i, c));
  }
  assert_true(n + 40 < TEXT);
  snprintf(call + n, (size_t)(TEXT - n), ")");
  const char *s = desc->info.outputs;
  for (int32_t i = 0; i < desc->n_outputs; i++) {
    const size_t length = strcspn(s, " ");
    snprintf(text, TEXT, "%s.%.*s", call, (int)length, s);
    add(l, text);
    s += length + (s[length] == ' ');
  }
  if (desc->info.has_valid) {
    snprintf(text, TEXT, "%s.valid", call);
    add(l, text);
  }
}

static void add_indicator(list *l, const pln_ind_desc *desc) {
  static const char *const plain[] = {"close", "open", "high", "low", "volume", "hl2", "hlc3", "ohlc4"};
  static const char *const nested[] = {"rsi(5) - 50",  "sma(rsi(3), 4)", "volume / lag(volume, 3)",
                                       "tr",           "returns(2)",     "ema(7)",
                                       "close - open", "high - low"};
  for (int c = DEFAULTS; c < (desc->info.n_params ? CHOICES : 1); c++)
    add_call(l, desc, (choice)c, -1, 0, plain);
  for (int32_t i = 0; i < desc->info.n_params; i++)
    for (int32_t word = 1; desc->info.params[i].words && word <= desc->info.params[i].max_value; word++)
      add_call(l, desc, DEFAULTS, i, word, plain);
  if (desc->info.input_kind != PLN_INPUT_COLUMNS) add_call(l, desc, DEFAULTS, -1, 0, nested);
}

/* The same over a column with gaps. */
static void add_gappy(list *l, const pln_ind_desc *desc) {
  static const char *const gappy[] = {"bid",        "close + bid", "bid - open", "bid",
                                      "volume * 1", "bid * bid",   "close",      "bid"};
  if (desc->info.input_kind != PLN_INPUT_COLUMNS) add_call(l, desc, DEFAULTS, -1, 0, gappy);
}

static void add_operators(list *l) {
  static const char *const infix[] = {"+", "-", "*", "/", ">", ">=", "<", "<=", "==", "!=", "and", "or"};
  for (size_t i = 0; i < sizeof infix / sizeof infix[0]; i++) {
    char text[TEXT];
    snprintf(text, TEXT, "rsi(3) - 60 %s close - sma(13)", infix[i]);
    add(l, text);
  }
  add(l, "-close");
  add(l, "not (close > open)");
}

/* Every pattern of low binary digits, and windows longer than slices. */
static void add_windows(list *l) {
  for (int32_t period = 2; period <= 33; period++) {
    char text[TEXT];
    snprintf(text, TEXT, "sma(%d) + wma(%d) + stddev(%d) + highest(%d) + lowest(%d)", (int)period,
             (int)period, (int)period, (int)period, (int)period);
    add(l, text);
  }
  add(l, "sma(3000)");
  add(l, "stddev(1023)");
  add(l, "highest(2049)");
}

/* Ways through the data, which must all give what one slice of all rows gives. */
typedef struct way {
  const char *name;
  int32_t chunk_rows;
  int32_t ragged;   /* slices of 1 to so many rows; 0: as long as they may be */
  int32_t peek;     /* before each advance, all features are peeked at */
  int32_t threads;  /* 0: one */
  int32_t snapshot; /* twice on the way, a new hub goes on from the state of the one before */
} way;

static const way whole = {.name = "one slice", .chunk_rows = WHOLE};
static const way ways[] = {
    {.name = "slices of 1 row, with a peek", .chunk_rows = 1, .peek = 1},
    {.name = "slices of 1 to 9 rows", .chunk_rows = 9, .ragged = 9},
    {.name = "slices of 1 to 700 rows, with snapshots", .chunk_rows = 700, .ragged = 700, .snapshot = 1},
    {.name = "slices of 64 rows", .chunk_rows = 64},
};

typedef struct feed {
  const pln_bars *const *bars;
  int32_t n_bars;
} feed;

static pln_hub *open_hub(const feed *f, const list *l, const way *w, int32_t *ids) {
  pln_hub *hub = pln_hub_new(w->chunk_rows);
  if (w->threads) assert_int_equal(pln_hub_set_threads(hub, w->threads), 0);
  for (int32_t i = 0; i < f->n_bars; i++) assert_int_equal(pln_hub_add_stream(hub, f->bars[i]), i);
  for (int32_t i = 0; i < l->n; i++) {
    ids[i] = pln_hub_add_feature(hub, 0, l->text[i]);
    if (ids[i] < 0) fail_msg("%s", pln_error_last()->text);
  }
  assert_int_equal(pln_hub_seal(hub), 0);
  return hub;
}

/* A fresh hub that goes on where the other stopped, which is freed. */
static pln_hub *reopened(pln_hub *hub, const feed *f, const list *l, const way *w, int32_t *ids) {
  const int64_t size = pln_hub_snapshot_size(hub);
  void *bytes = malloc((size_t)size);
  assert_int_equal(pln_hub_save(hub, bytes, size), 0);
  pln_hub_free(hub);
  hub = open_hub(f, l, w, ids);
  if (pln_hub_load(hub, bytes, size) != 0) fail_msg("%s", pln_error_last()->text);
  free(bytes);
  return hub;
}

static int64_t next_until(const pln_hub *hub, const feed *f, const way *w, uint32_t *random) {
  const int64_t horizon = pln_hub_horizon(hub), row = pln_hub_last_row(hub, 0);
  if (w->ragged == 0 || horizon == INT64_MAX || row == f->bars[0]->n_bars) return horizon;
  *random = *random * 1664525u + 1013904223u;
  int64_t last = row + (*random >> 8) % (uint32_t)w->ragged;
  if (last >= f->bars[0]->n_bars) last = f->bars[0]->n_bars - 1;
  const int64_t until = pln_bars_visible_ns(f->bars[0], last);
  return until < horizon ? until : horizon;
}

static void peek_next(pln_hub *hub, const pln_bars *bars, double *out) {
  const int64_t i = pln_hub_last_row(hub, 0);
  if (i == bars->n_bars) return;
  double extra[4] = {0};
  for (int32_t k = 0; k < bars->n_extra; k++) extra[k] = bars->extra[k][i];
  const pln_hub_row row = {bars->ts_ns[i],  pln_bars_visible_ns(bars, i),
                           bars->open[i],   bars->high[i],
                           bars->low[i],    bars->close[i],
                           bars->volume[i], extra};
  assert_int_equal(pln_hub_peek(hub, 0, &row, out), 0);
}

static int same(double a, double b) { return memcmp(&a, &b, sizeof a) == 0 || (isnan(a) && isnan(b)); }

/* All features of `l` on stream 0, as columns one after the other. */
static double *compute(const feed *f, const list *l, const way *w) {
  static int32_t ids[MAX_EXPRESSIONS];
  static double peeked[MAX_EXPRESSIONS];
  pln_hub *hub = open_hub(f, l, w, ids);
  const int64_t rows = f->bars[0]->n_bars;
  double *out = malloc((size_t)(rows * l->n) * sizeof *out);
  int64_t expected = 0, total = 0, all = 0;
  uint32_t random = 12345;
  for (int64_t until; (until = next_until(hub, f, w, &random)) != INT64_MAX;) {
    /* Beyond the warm-up of nearly all, a row in eleven is enough. */
    const int is_peeked = w->peek && (expected < 400 || expected % 11 == 0);
    if (is_peeked) peek_next(hub, f->bars[0], peeked);
    const int64_t done = pln_hub_advance(hub, until);
    if (done <= 0) fail_msg("advance gives %d: %s", (int)done, pln_error_last()->text);
    total += done;
    const int64_t first = pln_hub_first_row(hub, 0), last = pln_hub_last_row(hub, 0);
    assert_int_equal(first, expected);
    assert_true(last - first <= w->chunk_rows);
    expected = last;
    for (int32_t i = 0; last > first && i < l->n; i++)
      memcpy(out + i * rows + first, pln_hub_column(hub, ids[i]), (size_t)(last - first) * sizeof *out);
    for (int32_t i = 0; is_peeked && done == 1 && last > first && i < l->n; i++)
      if (!same(peeked[ids[i]], out[i * rows + first]))
        fail_msg("%s: row %d is %.17g, but %.17g when peeked at", l->text[i], (int)first,
                 out[i * rows + first], peeked[ids[i]]);
    if (w->snapshot && ((first < rows / 3 && last >= rows / 3) || (first < rows / 2 && last >= rows / 2)))
      hub = reopened(hub, f, l, w, ids);
  }
  for (int32_t i = 0; i < f->n_bars; i++) all += f->bars[i]->n_bars;
  assert_int_equal(total, all);
  pln_hub_free(hub);
  return out;
}

/* Every one of n ways gives the same bits. Returns the values. */
static double *check_ways(const feed *f, const list *l, const way *w, size_t n) {
  double *expected = compute(f, l, &whole);
  const int64_t rows = f->bars[0]->n_bars;
  for (size_t k = 0; k < n; k++) {
    double *out = compute(f, l, &w[k]);
    for (int32_t i = 0; i < l->n; i++)
      for (int64_t row = 0; row < rows; row++)
        if (!same(out[i * rows + row], expected[i * rows + row]))
          fail_msg("%s: row %d is %.17g in %s and %.17g in one", l->text[i], (int)row, out[i * rows + row],
                   w[k].name, expected[i * rows + row]);
    free(out);
  }
  return expected;
}

static double *check(const feed *f, const list *l) {
  return check_ways(f, l, ways, sizeof ways / sizeof ways[0]);
}

/* Warm-up is fixed by the parameters, and after it there is no NaN and no infinity. */
static void check_warm(const pln_bars *bars, const list *l, const double *out) {
  pln_hub *hub = pln_hub_new(64);
  pln_hub_add_stream(hub, bars);
  for (int32_t i = 0; i < l->n; i++) {
    const int32_t id = pln_hub_add_feature(hub, 0, l->text[i]);
    const int64_t warmup = pln_hub_warmup(hub, id);
    for (int64_t row = 0; row < bars->n_bars; row++) {
      const double value = out[i * bars->n_bars + row];
      if (row < warmup ? !isnan(value) : !isfinite(value))
        fail_msg("%s: row %d is %g, warm-up is %d", l->text[i], (int)row, value, (int)warmup);
    }
  }
  pln_hub_free(hub);
}

static void needs(const void *data) {
  if (data) return;
  print_message("skipped: the market data is absent\n");
  skip();
}

/* Many calls over the same source, which the hub may compute together: the same bits as each call alone. */
static void families(void **state) {
  (void)state;
  static const int32_t periods[] = {
      1,   2,   3,   4,   5,   6,   7,   8,   9,   11,   12,   13,   15,   16,   17,   21,   23,  27,
      31,  32,  33,  37,  48,  55,  63,  64,  65,  95,   96,   97,   100,  127,  128,  129,  192, 200,
      255, 256, 257, 300, 511, 512, 513, 600, 768, 1000, 1023, 1024, 1025, 1500, 2047, 2048, 2049};
  pln_bars *bars = bitfinex_bars("BTCUSD_1m_2013.csv.gz", "BTCUSD", 2600);
  needs(bars);
  const feed f = {(const pln_bars *const *)&bars, 1};
  static list all, one;
  int32_t n_families = 0;
  for (int32_t i = 0; i < pln_ind_count; i++) {
    const pln_ind_desc *desc = pln_ind_list[i];
    if (!desc->family) continue;
    n_families++;
    all.n = 0;
    const char *second = desc->info.input_kind == PLN_INPUT_SOURCE ? "" : ", volume";
    for (size_t k = 0; k < sizeof periods / sizeof periods[0]; k++) {
      char text[TEXT];
      if (periods[k] < desc->info.params[0].min_value) continue;
      snprintf(text, TEXT, "%s(close%s, %d)", desc->info.name, second, (int)periods[k]);
      add(&all, text);
    }
    for (int32_t k = 40; desc->info.n_params > 1 && k < 140; k++) { /* more than one family holds */
      char text[TEXT];
      snprintf(text, TEXT, "%s(close%s, %d, %d)", desc->info.name, second, (int)k,
               (int)fmin(desc->info.params[1].max_value, 1 + k % 3));
      add(&all, text);
    }
    double *together = check(&f, &all);
    for (int32_t k = 0; k < all.n; k++) {
      one.n = 0;
      add(&one, all.text[k]);
      double *alone = compute(&f, &one, &ways[k % 4]);
      for (int64_t row = 0; row < bars->n_bars; row++)
        if (!same(alone[row], together[k * bars->n_bars + row]))
          fail_msg("%s: row %d is %.17g alone and %.17g in a family", all.text[k], (int)row, alone[row],
                   together[k * bars->n_bars + row]);
      free(alone);
    }
    free(together);
  }
  assert_true(n_families >= 8);
  pln_bars_free(bars);
}

static list expressions;

static const pln_ind_desc *indicator(int32_t i) {
  const char *name = pln_indicator_get(i)->name;
  return pln_ind_find(name, (int64_t)strlen(name));
}

static void check_list(const pln_bars *bars) {
  const feed f = {&bars, 1};
  double *out = check(&f, &expressions);
  check_warm(bars, &expressions, out);
  free(out);
}

/* Indicator by indicator, so that little memory is at work at a time. */
static void one_stream(const pln_bars *bars) {
  for (int32_t i = 0; i < pln_indicator_count(); i++) {
    expressions.n = 0;
    add_indicator(&expressions, indicator(i));
    check_list(bars);
  }
  expressions.n = 0;
  add_operators(&expressions);
  add_windows(&expressions);
  check_list(bars);
}

static void bitcoin_minutes(void **state) {
  (void)state;
  pln_bars *bars = bitfinex_bars("BTCUSD_1m_2013.csv.gz", "BTCUSD", N_ROWS);
  needs(bars);
  one_stream(bars);
  pln_bars_free(bars);
}

static void spy_minutes(void **state) {
  (void)state;
  pln_bars *bars = equity_bars("SPY", N_ROWS);
  needs(bars);
  one_stream(bars);
  pln_bars_free(bars);
}

/* All indicators in one hub, whose levels are shared among threads. */
static void threads(void **state) {
  (void)state;
  static const way with_threads[] = {
      {.name = "slices of 1 to 500 rows, two threads", .chunk_rows = 500, .ragged = 500, .threads = 2},
      {.name = "slices of 97 rows, four threads, snapshots", .chunk_rows = 97, .snapshot = 1, .threads = 4},
      {.name = "one slice, four threads", .chunk_rows = WHOLE, .threads = 4},
      {.name = "slices of 1 row, three threads", .chunk_rows = 1, .peek = 1, .threads = 3},
  };
  pln_bars *spy = equity_bars("SPY", 700), *qqq = equity_bars("QQQ", 600);
  needs(spy);
  needs(qqq);
  expressions.n = 0;
  for (int32_t i = 0; i < pln_indicator_count(); i++) {
    static const char *const inputs[] = {"close",  "QQQ_1m.close", "high",        "low", "sma(open, 3)",
                                         "volume", "hl2",          "QQQ_1m.hlc3", "open"};
    add_call(&expressions, indicator(i), DEFAULTS, -1, 0, inputs);
    add_call(&expressions, indicator(i), SMALL, -1, 0, inputs + 1);
  }
  add_windows(&expressions);
  const pln_bars *bars[] = {spy, qqq};
  const feed f = {bars, 2};
  free(check_ways(&f, &expressions, with_threads, sizeof with_threads / sizeof with_threads[0]));
  pln_bars_free(spy);
  pln_bars_free(qqq);
}

static void flat_and_zero_prices(void **state) {
  (void)state;
  enum { N = 1500 };
  static int64_t ts[N];
  static double prices[N], volume[N];
  for (int i = 0; i < N; i++) {
    ts[i] = i * 60000000000LL;
    prices[i] = i < 500 ? 123.45 : i < 1000 ? 0.0 : 1e-7;
  }
  pln_bars *bars = pln_bars_from_arrays("FLAT", "1m", N, ts, prices, prices, prices, prices, volume);
  needs(bars);
  one_stream(bars);
  double out[N];
  static const char *const same[] = {"sma(20)",          "ema(20)",          "wma(20)",
                                     "bbands(20).upper", "bbands(20).lower", "highest(20)"};
  for (size_t k = 0; k < sizeof same / sizeof same[0]; k++) {
    assert_int_equal(pln_feature_compute(bars, same[k], out), 0);
    for (int i = 19; i < 500; i++)
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
  const feed f = {bars, 5};
  free(check(&f, &l));

  /* Against the definition: the last value whose bar is visible when the row is. */
  const pln_bars *others[] = {qqq, hour};
  const way w = {.name = "slices of 256 rows", .chunk_rows = 256};
  double *out = compute(&f, &l, &w);
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
  const feed f = {bars, 1};
  double *out = check(&f, &l);
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
  for (int32_t i = 0; i < pln_indicator_count(); i++) {
    l.n = 0;
    add_gappy(&l, indicator(i));
    if (l.n > 0) free(check(&f, &l));
  }
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
      cmocka_unit_test(families),
      cmocka_unit_test(threads),
      cmocka_unit_test(step_equals_batch),
      cmocka_unit_test(bitcoin_minutes),
      cmocka_unit_test(spy_minutes),
      cmocka_unit_test(flat_and_zero_prices),
      cmocka_unit_test(streams_joined_as_of),
      cmocka_unit_test(further_columns_with_gaps),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
