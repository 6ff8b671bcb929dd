#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "abi/column.h"
#include "abi/synth.h"
#include "abi/time.h"
#include "core/error.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static pln_synth_options options_of(const char *timeframe, int64_t n, uint64_t seed, int32_t session) {
  pln_synth_options o;
  pln_synth_options_init(&o);
  assert_int_equal(pln_timeframe_parse(timeframe, &o.timeframe), 0);
  o.n_bars = n;
  o.seed = seed;
  o.session = session;
  return o;
}

static pln_bars *make(const pln_synth_options *o) {
  pln_bars *bars = pln_synth_bars(o);
  if (!bars && pln_error_last()->code == PLN_ERR_NOT_FOUND) skip(); /* no tz database */
  if (!bars) fail_msg("%s", pln_error_last()->text);
  return bars;
}

/* The bytes of a seed are part of what Perilune promises: another compiler, optimisation or processor that
 * changes them is wrong, and so is an edit of the generator that is not meant to. */
static void a_seed_gives_the_same_bytes_everywhere(void **state) {
  (void)state;
  pln_synth_options o = options_of("1m", 10000, 1, PLN_SYNTH_ALWAYS);
  pln_bars *bars = make(&o);
  if (bars->content_hash != UINT64_C(0x5d5a7f22c8f20d93))
    fail_msg("found %#llx", (unsigned long long)bars->content_hash);
  pln_bars_free(bars);
  o = options_of("5m", 20000, 42, PLN_SYNTH_SESSION);
  o.symbol_index = 3;
  o.with_regime = 1;
  bars = make(&o);
  if (bars->content_hash != UINT64_C(0x976d3a6b2c3b168c))
    fail_msg("found %#llx", (unsigned long long)bars->content_hash);
  pln_bars_free(bars);
  o = options_of("1d", 5000, 7, PLN_SYNTH_SESSION);
  bars = make(&o);
  if (bars->content_hash != UINT64_C(0x469f3c77852713cf))
    fail_msg("found %#llx", (unsigned long long)bars->content_hash);
  pln_bars_free(bars);
}

static void a_file_holds_the_same_bars_as_memory(void **state) {
  (void)state;
  char path[64];
  snprintf(path, sizeof path, "/tmp/pln-synth-%ld.plc", (long)getpid());
  static const char *const timeframes[] = {"1m", "1d"};
  for (int i = 0; i < 8; i++) {
    pln_synth_options o = options_of(timeframes[i & 1], i & 4 ? 1 : 20000, 5, i >> 1 & 1);
    o.with_regime = i & 1;
    pln_bars *bars = make(&o);
    assert_int_equal(pln_synth_write(&o, path), 0);
    pln_bars *back = pln_column_open(path);
    if (!back) fail_msg("%s", pln_error_last()->text);
    assert_int_equal(back->n_bars, bars->n_bars);
    assert_true(back->content_hash == bars->content_hash);
    assert_string_equal(back->timezone, bars->timezone);
    for (int64_t k = 0; k < bars->n_bars; k++)
      assert_int_equal(pln_bars_visible_ns(back, k), pln_bars_visible_ns(bars, k));
    pln_bars_free(back);
    pln_bars_free(bars);
  }
  unlink(path);
}

static void steps_make_the_same_file(void **state) {
  (void)state;
  char path[64];
  snprintf(path, sizeof path, "/tmp/pln-synth-%ld.plc", (long)getpid());
  pln_synth_options o = options_of("5m", 20000, 5, PLN_SYNTH_SESSION);
  pln_bars *bars = make(&o);
  static const int64_t steps[] = {1000, 8192, 20000, 1000000};
  for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
    pln_synth_writer *w = pln_synth_writer_new(&o, path);
    assert_non_null(w);
    assert_int_equal(pln_synth_writer_step(w, steps[i]), 20000 - (steps[i] < 20000 ? steps[i] : 20000));
    if (i == 1) pln_synth_writer_step(w, 5);
    assert_int_equal(pln_synth_writer_finish(w), 0);
    pln_bars *back = pln_column_open(path);
    assert_true(back->content_hash == bars->content_hash);
    pln_bars_free(back);
    unlink(path);
  }
  pln_synth_writer *w = pln_synth_writer_new(&o, path);
  pln_synth_writer_step(w, 100);
  pln_synth_writer_free(w);
  assert_int_not_equal(access(path, F_OK), 0);
  assert_null(pln_synth_writer_new(&o, "/nonexistent-folder/x.plc"));
  pln_bars_free(bars);
}

static void more_bars_continue_the_same_market(void **state) {
  (void)state;
  pln_synth_options o = options_of("1m", 1000, 9, PLN_SYNTH_ALWAYS);
  pln_bars *few = make(&o);
  o.n_bars = 3000;
  pln_bars *more = make(&o);
  assert_memory_equal(few->close, more->close, 1000 * sizeof(double));
  pln_bars_free(few);
  o.seed = 10;
  pln_bars *other = make(&o);
  assert_true(other->content_hash != more->content_hash);
  pln_bars_free(more);
  pln_bars_free(other);
}

static void check_bars(const pln_bars *bars, double tick) {
  for (int64_t i = 0; i < bars->n_bars; i++) {
    const double o = bars->open[i], h = bars->high[i], l = bars->low[i], c = bars->close[i];
    assert_true(l > 0 && h >= o && h >= c && l <= o && l <= c && bars->volume[i] >= 0);
    assert_true(c == round(c / tick) / round(1 / tick)); /* the double nearest to the decimal */
  }
}

typedef struct moments {
  double sd, kurtosis, clustering; /* of log returns; autocorrelation of their size at lag 1 */
} moments;

static moments moments_of(const pln_bars *bars) {
  const int64_t n = bars->n_bars - 1;
  double *r = malloc((size_t)n * sizeof *r);
  double mean = 0, m2 = 0, m4 = 0, size = 0, with_next = 0, square = 0;
  for (int64_t i = 0; i < n; i++) mean += (r[i] = log(bars->close[i + 1] / bars->close[i])) / (double)n;
  for (int64_t i = 0; i < n; i++) {
    const double d = r[i] - mean;
    m2 += d * d / (double)n;
    m4 += d * d * d * d / (double)n;
    size += fabs(d) / (double)n;
  }
  for (int64_t i = 0; i < n; i++) {
    const double d = fabs(r[i] - mean) - size;
    square += d * d;
    if (i + 1 < n) with_next += d * (fabs(r[i + 1] - mean) - size);
  }
  free(r);
  return (moments){sqrt(m2), m4 / (m2 * m2), with_next / square};
}

static void it_looks_like_a_market(void **state) {
  (void)state;
  for (uint64_t seed = 1; seed <= 20; seed++) {
    pln_synth_options o = options_of("1d", 2520, seed, PLN_SYNTH_SESSION);
    pln_bars *bars = make(&o);
    check_bars(bars, 0.01);
    const moments m = moments_of(bars);
    const double annual = m.sd * sqrt(252);
    assert_true(annual > 0.10 && annual < 0.30);
    assert_true(m.kurtosis > 4);      /* 3 for a normal distribution */
    assert_true(m.clustering > 0.05); /* two deviations of white noise are 0.04 */
    const double last = bars->close[2519];
    assert_true(last > 20 && last < 1000);
    pln_bars_free(bars);
  }
}

static void symbols_of_a_seed_are_correlated(void **state) {
  (void)state;
  pln_synth_options o = options_of("1d", 5000, 3, PLN_SYNTH_SESSION);
  pln_bars *a = make(&o);
  o.symbol_index = 1;
  pln_bars *b = make(&o);
  o.symbol_index = 0;
  o.seed = 4;
  pln_bars *stranger = make(&o);
  const pln_bars *const others[] = {b, stranger};
  double correlation[2];
  for (int k = 0; k < 2; k++) {
    double xx = 0, yy = 0, xy = 0;
    for (int64_t i = 1; i < 5000; i++) {
      const double x = log(a->close[i] / a->close[i - 1]),
                   y = log(others[k]->close[i] / others[k]->close[i - 1]);
      xx += x * x;
      yy += y * y;
      xy += x * y;
    }
    correlation[k] = xy / sqrt(xx * yy);
  }
  assert_true(correlation[0] > 0.35 && correlation[0] < 0.85);
  assert_true(fabs(correlation[1]) < 0.1);
  pln_bars_free(a);
  pln_bars_free(b);
  pln_bars_free(stranger);
}

static void sessions_follow_the_local_clock(void **state) {
  (void)state;
  pln_synth_options o = options_of("30m", 13 * 300, 1, PLN_SYNTH_SESSION);
  assert_int_equal(pln_time_parse_iso("2015-01-03", NULL, &o.start_ns), 0); /* a Saturday */
  pln_bars *bars = make(&o);
  assert_string_equal(bars->timezone, "America/New_York");
  const pln_timezone *zone = pln_timezone_get("America/New_York");
  double at_ends = 0, at_noon = 0;
  for (int64_t i = 0; i < bars->n_bars; i++) {
    pln_civil c;
    pln_civil_from_ns(pln_timezone_to_local(zone, bars->ts_ns[i]), &c);
    assert_true(c.weekday < 5);
    assert_int_equal(c.hour * 60 + c.minute, 570 + i % 13 * 30);
    if (i % 13 == 0) at_ends += bars->volume[i];
    if (i % 13 == 6) at_noon += bars->volume[i];
  }
  assert_true(at_ends > 1.5 * at_noon);
  char text[40];
  pln_time_format_iso(bars->ts_ns[0], text);
  assert_string_equal(text, "2015-01-05T14:30:00Z");
  pln_bars_free(bars);
  /* Starting within a session starts there. */
  assert_int_equal(pln_time_parse_iso("2015-07-01T15:10:00Z", NULL, &o.start_ns), 0);
  bars = make(&o);
  pln_time_format_iso(bars->ts_ns[0], text);
  assert_string_equal(text, "2015-07-01T15:30:00Z");
  pln_bars_free(bars);
  o = options_of("1d", 10, 1, PLN_SYNTH_SESSION);
  bars = make(&o);
  pln_time_format_iso(bars->ts_ns[0], text);
  assert_string_equal(text, "2000-01-03T05:00:00Z");
  pln_time_format_iso(pln_bars_visible_ns(bars, 4), text);
  assert_string_equal(text, "2000-01-08T05:00:00Z");
  pln_bars_free(bars);
  o = options_of("1h", 100, 1, PLN_SYNTH_ALWAYS);
  bars = make(&o);
  for (int64_t i = 0; i < 100; i++) assert_int_equal(bars->ts_ns[i], o.start_ns + i * 3600000000000);
  pln_bars_free(bars);
}

static void regimes_all_occur_and_differ(void **state) {
  (void)state;
  pln_synth_options o = options_of("1d", 10000, 2, PLN_SYNTH_SESSION);
  o.with_regime = 1;
  pln_bars *bars = make(&o);
  assert_string_equal(bars->extra_names[0], "regime");
  double square[3] = {0}, count[3] = {0};
  for (int64_t i = 1; i < bars->n_bars; i++) {
    const int32_t regime = (int32_t)bars->extra[0][i];
    assert_true(regime >= 0 && regime < 3);
    const double r = log(bars->close[i] / bars->close[i - 1]);
    square[regime] += r * r;
    count[regime]++;
  }
  for (int i = 0; i < 3; i++) assert_true(count[i] > 300);
  assert_true(square[0] / count[0] < square[1] / count[1] && square[1] / count[1] < square[2] / count[2]);
  pln_bars_free(bars);
  assert_string_equal(pln_synth_regime_name(2), "volatile");
  assert_string_equal(pln_synth_regime_name(3), "?");
}

/* Hours of 170 years, in the wildest regime allowed as much as in the ordinary ones, stay positive and
 * finite. */
static void long_markets_stay_sane(void **state) {
  (void)state;
  pln_synth_options o = options_of("1h", 1500000, 11, PLN_SYNTH_ALWAYS);
  pln_bars *bars = make(&o);
  check_bars(bars, 0.01);
  for (int64_t i = 0; i < bars->n_bars; i++) assert_true(bars->close[i] > 10 && bars->close[i] < 10000);
  pln_bars_free(bars);
  o.n_bars = 100000;
  for (int i = 0; i < 3; i++) o.regimes[i].volatility_pct = 400;
  bars = make(&o);
  check_bars(bars, 0.01);
  pln_bars_free(bars);
}

static void decimals_are_exact(void **state) {
  (void)state;
  pln_synth_options o = options_of("1m", 2000, 1, PLN_SYNTH_ALWAYS);
  o.price_decimals = 4;
  o.start_price = 1.1;
  pln_bars *bars = make(&o);
  check_bars(bars, 0.0001);
  for (int64_t i = 0; i < bars->n_bars; i++) {
    char text[40];
    snprintf(text, sizeof text, "%.4f", bars->close[i]);
    assert_true(strtod(text, NULL) == bars->close[i]);
  }
  pln_bars_free(bars);
}

static void many_bars_are_mapped_and_the_same(void **state) {
  (void)state;
  pln_synth_options o = options_of("1s", 4300000, 1, PLN_SYNTH_ALWAYS);
  pln_bars *mapped = make(&o);
  o.n_bars = 4000000;
  pln_bars *held = make(&o);
  assert_int_equal(mapped->n_bars, 4300000);
  assert_memory_equal(mapped->close, held->close, 4000000 * sizeof(double));
  assert_memory_equal(mapped->volume, held->volume, 4000000 * sizeof(double));
  pln_bars_free(mapped);
  pln_bars_free(held);
}

static void options_out_of_range_are_refused(void **state) {
  (void)state;
  for (int i = 0; i < 16; i++) {
    pln_synth_options o = options_of("1m", 10, 1, PLN_SYNTH_SESSION);
    switch (i) {
    case 0:
      o.n_bars = -1;
      break;
    case 1:
      o.n_bars = 1000000000;
      break; /* beyond 2199 */
    case 2:
      pln_timeframe_parse("1w", &o.timeframe);
      break;
    case 3:
      pln_timeframe_parse("2d", &o.timeframe);
      break;
    case 4:
      pln_timeframe_parse("tick", &o.timeframe);
      break;
    case 5:
      o.session_close_minute = o.session_open_minute;
      break;
    case 6:
      o.price_decimals = 7;
      break;
    case 7:
      o.start_price = -1;
      break;
    case 8:
      o.regimes[1].volatility_pct = NAN;
      break;
    case 9:
      o.regimes[1].mean_days = 0;
      break;
    case 10:
      o.regimes[2].correlation = 1.5;
      break;
    case 11:
      o.symbol_index = -1;
      break;
    case 12:
      o.timezone = "Mars/Olympus";
      break;
    case 13:
      o.session = 2;
      break;
    case 14:
      o.start_ns = INT64_MAX;
      break;
    default:
      o.volume_per_day = INFINITY;
      break;
    }
    assert_null(pln_synth_bars(&o));
    assert_true(pln_error_last()->text[0] != 0);
    assert_true(pln_synth_options_check(&o) < 0);
    assert_true(pln_synth_write(&o, "/tmp/never.plc") < 0);
  }
  pln_synth_options o = options_of("1m", 0, 1, PLN_SYNTH_ALWAYS);
  pln_bars *none = make(&o);
  assert_int_equal(none->n_bars, 0);
  pln_bars_free(none);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_seed_gives_the_same_bytes_everywhere),
      cmocka_unit_test(a_file_holds_the_same_bars_as_memory),
      cmocka_unit_test(steps_make_the_same_file),
      cmocka_unit_test(more_bars_continue_the_same_market),
      cmocka_unit_test(it_looks_like_a_market),
      cmocka_unit_test(symbols_of_a_seed_are_correlated),
      cmocka_unit_test(sessions_follow_the_local_clock),
      cmocka_unit_test(regimes_all_occur_and_differ),
      cmocka_unit_test(long_markets_stay_sane),
      cmocka_unit_test(decimals_are_exact),
      cmocka_unit_test(many_bars_are_mapped_and_the_same),
      cmocka_unit_test(options_out_of_range_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
