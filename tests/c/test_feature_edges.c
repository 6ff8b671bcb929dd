/* Every indicator on what data can be at its edges: too short, flat, zero, negative, tiny, huge, with gaps
 * and ties. Before its first row there is NaN, from then on a finite number; `.valid` is 0 or 1. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "feature_all.h"
#include "feature_walk.h"

enum { N = SERIES_ROWS, SHOWN = 40 };

static int complaints;
static void complain(const char *where, const call *c, int64_t row, double value, const char *what) {
  if (complaints++ < SHOWN)
    print_message("%s: %s: row %d is %.17g, %s\n", where, c->text, (int)row, value, what);
}

/* What is wrong with a value, or NULL. */
static const char *problem(double value, int gap, int warm, int is_valid) {
  if (gap) return isnan(value) ? NULL : "there is no source";
  if (!warm) return isnan(value) ? NULL : "not warm yet";
  if (!isfinite(value)) return "warm";
  return is_valid && value != 0.0 && value != 1.0 ? "expected 0 or 1" : NULL;
}

static void check_call(const char *where, const call *c, const double *column, int64_t n, int64_t warmup,
                       const double *source) {
  int64_t seen = 0; /* rows that the kernel was given */
  for (int64_t row = 0; row < n; row++) {
    const int gap = source && isnan(source[row]);
    const char *wrong = problem(column[row], gap, seen >= warmup, c->output < 0);
    if (wrong) {
      complain(where, c, row, column[row], wrong);
      return;
    }
    seen += !gap;
  }
}

static void check(const char *where, const series *s, const char *const *sources) {
  static const call_choice choices[] = {CALL_DEFAULT, CALL_SMALL, CALL_LARGE};
  pln_bars *owned = series_bars(s);
  pln_bars bars = *owned;
  const double *extra[] = {s->extra};
  const char *names[] = {"gappy"};
  bars.extra = extra;
  bars.extra_names = names;
  bars.n_extra = 1;
  for (size_t k = 0; k < sizeof choices / sizeof choices[0]; k++) {
    calls list = {0};
    add_all_indicators(&list, choices[k], sources);
    pln_hub *hub = pln_hub_new(1024);
    assert_int_equal(pln_hub_add_stream(hub, &bars), 0);
    int32_t *ids = malloc((size_t)list.n * sizeof *ids);
    for (int32_t i = 0; i < list.n; i++) {
      ids[i] = pln_hub_add_feature(hub, 0, list.items[i].text);
      if (ids[i] < 0) fail_msg("%s: %s", list.items[i].text, pln_error_last()->text);
    }
    assert_int_equal(pln_hub_seal(hub), 0);
    assert_int_equal(pln_hub_advance(hub, pln_hub_horizon(hub)), s->n);
    for (int32_t i = 0; i < list.n; i++)
      check_call(where, &list.items[i], pln_hub_column(hub, ids[i]), s->n, pln_hub_warmup(hub, ids[i]),
                 sources ? s->extra : NULL);
    pln_hub_free(hub);
    free(ids);
    free(list.items);
  }
  pln_bars_free(owned);
}

static series s;

static void done(void) {
  const int n = complaints;
  complaints = 0;
  if (n) fail_msg("%d calls are wrong", n);
}

static void too_short(void **state) {
  (void)state;
  static const int64_t lengths[] = {1, 2, 3, 5, 12, 40};
  for (size_t k = 0; k < sizeof lengths / sizeof lengths[0]; k++) {
    char where[32];
    snprintf(where, sizeof where, "%d bars", (int)lengths[k]);
    walk(&s, lengths[k], 100, 1, 0, 1000);
    check(where, &s, NULL);
  }
  done();
}

static void flat_prices(void **state) {
  (void)state;
  flat(&s, N, 123.45, 1000);
  check("a flat price", &s, NULL);
  flat(&s, N, 123.45, 0);
  check("a flat price without volume", &s, NULL);
  flat(&s, N, 0, 0);
  check("zeros", &s, NULL);
  flat(&s, N, 0, 1000);
  check("zero prices", &s, NULL);
  flat(&s, N, 123.45, 1000);
  for (int64_t i = N / 2; i < N; i++) s.open[i] = s.high[i] = s.low[i] = s.close[i] = 0.1;
  check("a flat price that jumps", &s, NULL);
  flat_stretches(&s);
  check("flat stretches", &s, NULL);
  done();
}

static void scales(void **state) {
  (void)state;
  walk(&s, N, 1e-9, 1e-11, 0, 1000);
  check("prices of 1e-9", &s, NULL);
  walk(&s, N, 1e12, 1e10, 0, 1e15);
  check("prices of 1e12, volumes of 1e15", &s, NULL);
  walk(&s, N, 1e12, 1e-3, 0, 1e-9);
  check("prices of 1e12 that hardly move", &s, NULL);
  walk(&s, N, 100, 1e-13, 0, 1e15);
  check("moves of one last place", &s, NULL);
  walk(&s, N, 0, 1, 0, 1000);
  check("prices around 0", &s, NULL);
  walk(&s, N, -50, 1, 0, 1000);
  check("negative prices", &s, NULL);
  walk(&s, N, 100, 1, 0, 1000);
  for (int64_t i = 0; i < N; i++)
    if (i % 50 == 7) s.open[i] = s.high[i] = s.low[i] = s.close[i] = i % 100 == 7 ? 0 : 1e9;
  check("prices that drop to 0 and jump to 1e9", &s, NULL);
  done();
}

static void ordinary(void **state) {
  (void)state;
  walk(&s, N, 100, 1, 0, 1000);
  check("a walk", &s, NULL);
  walk(&s, N, 100, 1, 0, 0);
  check("no volume", &s, NULL);
  walk(&s, N, 100, 1, 0, 1000);
  for (int64_t i = 0; i < N; i++)
    if (i % 3) s.volume[i] = 0;
  check("volume now and then", &s, NULL);
  walk(&s, N, 20, 1, 1, 3);
  for (int64_t i = 0; i < N; i++) s.volume[i] = round(s.volume[i]);
  check("ties", &s, NULL);
  for (int64_t i = 0; i < N; i++) {
    s.open[i] = 99.5 + (double)i;
    s.close[i] = 100 + (double)i;
    s.high[i] = 100.25 + (double)i;
    s.low[i] = 99.25 + (double)i;
  }
  check("a straight line up", &s, NULL);
  for (int64_t i = 0; i < N; i++) {
    s.open[i] = 1e4 - (double)i;
    s.close[i] = s.low[i] = 9999.5 - (double)i;
    s.high[i] = s.open[i];
  }
  check("a straight line down", &s, NULL);
  done();
}

static void gaps(void **state) {
  (void)state;
  static const char *const gappy[] = {"gappy", "gappy", "gappy", "gappy", "gappy", "gappy", "gappy", "gappy"};
  static const char *const mixed[] = {"gappy", "open", "high", "low", "volume", "hl2", "hlc3", "ohlc4"};
  walk(&s, N, 100, 1, 0, 1000);
  for (int64_t i = 0; i < N; i++)
    if (i % 7 == 3 || (i > 200 && i < 300) || i == 0) s.extra[i] = (double)NAN;
  check("a source with gaps", &s, gappy);
  check("one source with gaps", &s, mixed);
  for (int64_t i = 0; i < N; i++) s.extra[i] = (double)NAN;
  check("a source of nothing", &s, mixed);
  done();
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(too_short), cmocka_unit_test(flat_prices),
                                     cmocka_unit_test(scales), cmocka_unit_test(ordinary),
                                     cmocka_unit_test(gaps)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
