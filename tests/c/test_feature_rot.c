/* No number rots: every indicator over all of BTCUSD's minutes, near their end, against the same indicator
 * that has only just begun. What an indicator forgets (a window, a mean that fades, a stop that turns) cannot
 * tell the two apart. What never forgets is put together from short pieces. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <time.h>
#include <cmocka.h>

#include "feature_all.h"

enum { FRESH = 60000, COMPARED = 3000, PIECE = 4000, BATCH = 48 };

typedef enum endless_kind {
  SUM,     /* changes add up: over a piece they are those of an indicator that begins with it */
  PRODUCT, /* so do ratios multiply */
  OTHER,   /* not checked here, for the reason given */
} endless_kind;

/* Those that never forget. */
static const struct {
  const char *name;
  endless_kind kind;
  const char *reason;
} endless[] = {
    {"accumulative_swing_index", SUM, NULL},
    {"ad", SUM, NULL},
    {"cumsum", SUM, NULL},
    {"drawdown", OTHER, "the peak is that of all rows"},
    {"hmm", OTHER, "it learns from its first rows"},
    {"max_index", OTHER, "rows are counted from the first one"},
    {"mcclellan_summation", OTHER, "the sum of an oscillator whose averages begin with the piece"},
    {"min_index", OTHER, "rows are counted from the first one"},
    {"minmax_index", OTHER, "rows are counted from the first one"},
    {"nvi", PRODUCT, NULL},
    {"obv", SUM, NULL},
    {"pvi", PRODUCT, NULL},
    {"renko", OTHER, "bricks are percents of the first close"},
    {"slope", OTHER, "its intercept counts rows from the first one"},
    {"sobv", SUM, NULL},
    {"vpt", SUM, NULL},
    {"wad", SUM, NULL},
};

/* Those allowed more than 1e-9 of their largest value. */
static const struct {
  const char *name;
  double allowed;
  const char *reason;
} exceptions[] = {
    {"", 0, ""},
};

static int32_t find_endless(const char *name) {
  for (size_t k = 0; k < sizeof endless / sizeof endless[0]; k++)
    if (strcmp(endless[k].name, name) == 0) return (int32_t)k;
  return -1;
}

static double allowed_of(const char *name) {
  for (size_t k = 0; k < sizeof exceptions / sizeof exceptions[0]; k++)
    if (strcmp(exceptions[k].name, name) == 0) return exceptions[k].allowed;
  return 1e-9;
}

/* The last `wanted` values of each call over all of `bars`: out[i * wanted + row]. */
static void last_values(const pln_bars *bars, const call *items, int32_t n, int64_t wanted, double *out) {
  pln_hub *hub = pln_hub_new(4096);
  assert_int_equal(pln_hub_add_stream(hub, bars), 0);
  int32_t ids[BATCH];
  for (int32_t i = 0; i < n; i++) {
    ids[i] = pln_hub_add_feature(hub, 0, items[i].text);
    if (ids[i] < 0) fail_msg("%s: %s", items[i].text, pln_error_last()->text);
  }
  assert_int_equal(pln_hub_seal(hub), 0);
  const int64_t from = bars->n_bars - wanted;
  for (int64_t until; (until = pln_hub_horizon(hub)) != INT64_MAX;) {
    assert_true(pln_hub_advance(hub, until) > 0);
    const int64_t first = pln_hub_first_row(hub, 0), last = pln_hub_last_row(hub, 0);
    const int64_t start = first > from ? first : from;
    for (int32_t i = 0; i < n && last > start; i++)
      memcpy(out + i * wanted + (start - from), pln_hub_column(hub, ids[i]) + (start - first),
             (size_t)(last - start) * sizeof *out);
  }
  pln_hub_free(hub);
}

static int complaints;

static void forgets(const call *c, const double *old, const double *fresh) {
  double scale = 0, worst = 0;
  int64_t at = 0;
  for (int64_t row = 0; row < COMPARED; row++) scale = fmax(scale, fabs(old[row]));
  for (int64_t row = 0; row < COMPARED; row++) {
    const double error = fabs(old[row] - fresh[row]);
    if (error <= worst) continue;
    worst = error;
    at = row;
  }
  if (worst <= allowed_of(c->name) * scale) return;
  complaints++;
  print_message(
      "%s: %.17g, begun %d rows ago %.17g: worst difference %.2g of its scale %g, at row %d of %d\n", c->text,
      old[at], (int)(FRESH - COMPARED + at), fresh[at], worst / scale, scale, (int)at, COMPARED);
}

/* A sum or product over all rows against the pieces, each begun anew. */
static void never_forgets(const pln_bars *bars, const call *c, endless_kind kind) {
  double *all = malloc((size_t)bars->n_bars * sizeof *all), piece[2 * PIECE];
  last_values(bars, c, 1, bars->n_bars, all);
  int64_t first = 0;
  while (first < bars->n_bars && isnan(all[first])) first++;
  assert_true(first < PIECE);
  long double exact = all[first], worst = 0, scale = fabsl(exact);
  for (int64_t at = first; at < bars->n_bars - 1; at += PIECE) {
    const int64_t end = at + PIECE < bars->n_bars - 1 ? at + PIECE : bars->n_bars - 1;
    pln_bars *some = pln_bars_slice(bars, at - first, end + 1);
    assert_non_null(some);
    last_values(some, c, 1, end + 1 - (at - first), piece);
    const long double from = piece[first], to = piece[end - (at - first)];
    exact = kind == SUM ? exact + (to - from) : exact * (to / from);
    scale = fmaxl(scale, fabsl(exact));
    worst = fmaxl(worst, fabsl(exact - all[end]));
    pln_bars_free(some);
  }
  if (!(worst <= 1e-12L * scale)) {
    complaints++;
    print_message("%s: %.2Lg of its scale from the sum of its pieces\n", c->text, worst / scale);
  }
  free(all);
}

static void nothing_rots(void **state) {
  (void)state;
  pln_bars *bars = all_bitcoin_bars();
  if (!bars) {
    print_message("skipped: the market data is absent\n");
    skip();
  }
  /* Under a sanitizer: a third of the indicators over a fifth of the data. */
  const char *sanitize = getenv("PLN_TEST_SANITIZE");
  const int sampled = sanitize && *sanitize;
  pln_bars *old = pln_bars_slice(bars, sampled ? bars->n_bars - 200000 : 0, bars->n_bars);
  pln_bars *fresh = pln_bars_slice(bars, bars->n_bars - FRESH, bars->n_bars);
  calls list = {0};
  for (int32_t i = 0; i < pln_indicator_count(); i += sampled ? 3 : 1) {
    const int32_t known = find_endless(pln_indicator_get(i)->name);
    if (known >= 0 && endless[known].kind == OTHER) continue;
    add_indicator(&list, nth_indicator(i), CALL_DEFAULT, NULL);
  }
  double *a = malloc(sizeof(double) * BATCH * COMPARED), *b = malloc(sizeof(double) * BATCH * COMPARED);
  for (int32_t i = 0; i < list.n;) {
    if (find_endless(list.items[i].name) >= 0) {
      if (list.items[i].output >= 0)
        never_forgets(old, &list.items[i], endless[find_endless(list.items[i].name)].kind);
      i++;
      continue;
    }
    int32_t n = 0;
    while (n < BATCH && i + n < list.n && find_endless(list.items[i + n].name) < 0) n++;
    const clock_t start = clock();
    last_values(old, &list.items[i], n, COMPARED, a);
    last_values(fresh, &list.items[i], n, COMPARED, b);
    for (int32_t k = 0; k < n; k++) forgets(&list.items[i + k], a + k * COMPARED, b + k * COMPARED);
    if (getenv("PLN_TEST_VERBOSE"))
      print_message("%.2f s: %s … %s\n", (double)(clock() - start) / CLOCKS_PER_SEC, list.items[i].text,
                    list.items[i + n - 1].text);
    i += n;
  }
  free(a);
  free(b);
  free(list.items);
  pln_bars_free(old);
  pln_bars_free(fresh);
  pln_bars_free(bars);
  if (complaints) fail_msg("%d calls are wrong", complaints);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(nothing_rots)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
