/* Units: prices in other units (a power of two, so that nothing is rounded) give the same figures in those
 * units: each output is multiplied by a power of the factor, which is 0 for a ratio. An absolute threshold
 * anywhere shows. The same for volumes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "feature_all.h"
#include "feature_walk.h"

/* Those whose figures have no unit, each with its reason. */
static const struct {
  const char *name, *reason;
} unitless[] = {
    {"acos", "of a number"},
    {"asin", "of a number"},
    {"atan", "of a number"},
    {"ceil", "of a number"},
    {"cos", "of a number"},
    {"cosh", "of a number"},
    {"decay", "falls by a number, 1 / period"},
    {"exp", "of a number"},
    {"floor", "of a number"},
    {"linearreg_angle", "the angle of a price against a row, as TA-Lib has it"},
    {"log", "a factor adds to it"},
    {"market_profile", "its levels are a number of units apart"},
    {"pfe", "a row counts as one unit of price, by definition"},
    {"log10", "a factor adds to it"},
    {"mavp", "the periods are numbers of rows"},
    {"pow", "of a number"},
    {"round", "of a number"},
    {"sin", "of a number"},
    {"sinh", "of a number"},
    {"tan", "of a number"},
    {"tanh", "of a number"},
    {"trunc", "of a number"},
};

static int is_unitless(const char *name) {
  for (size_t k = 0; k < sizeof unitless / sizeof unitless[0]; k++)
    if (strcmp(unitless[k].name, name) == 0) return 1;
  return 0;
}

static double *compute(const series *s, double price, double volume, const calls *list) {
  static series t;
  t = *s;
  for (int64_t i = 0; i < s->n; i++) {
    t.open[i] *= price;
    t.high[i] *= price;
    t.low[i] *= price;
    t.close[i] *= price;
    t.volume[i] *= volume;
  }
  pln_bars *bars = series_bars(&t);
  pln_hub *hub = pln_hub_new(1024);
  assert_int_equal(pln_hub_add_stream(hub, bars), 0);
  int32_t *ids = malloc((size_t)list->n * sizeof *ids);
  for (int32_t i = 0; i < list->n; i++) {
    ids[i] = pln_hub_add_feature(hub, 0, list->items[i].text);
    if (ids[i] < 0) fail_msg("%s: %s", list->items[i].text, pln_error_last()->text);
  }
  assert_int_equal(pln_hub_seal(hub), 0);
  assert_int_equal(pln_hub_advance(hub, pln_hub_horizon(hub)), s->n);
  double *out = malloc(sizeof(double) * (size_t)(s->n * list->n));
  for (int32_t i = 0; i < list->n; i++)
    memcpy(out + i * s->n, pln_hub_column(hub, ids[i]), sizeof(double) * (size_t)s->n);
  pln_hub_free(hub);
  pln_bars_free(bars);
  free(ids);
  return out;
}

/* First row whose value is not the other's by the factor, -1 if none. */
static int64_t differs(const double *a, const double *b, int64_t n, double factor) {
  double scale = 0;
  for (int64_t i = 0; i < n; i++)
    if (isfinite(a[i])) scale = fmax(scale, fabs(a[i] * factor));
  for (int64_t i = 0; i < n; i++)
    if (isfinite(a[i]) && !(fabs(a[i] * factor - b[i]) <= 1e-9 * scale)) return i;
  return -1;
}

static int complaints;

static void check(const char *where, const series *s, double price, double volume) {
  calls list = {0};
  add_all_indicators(&list, CALL_DEFAULT, NULL);
  double *a = compute(s, 1, 1, &list), *b = compute(s, price, volume, &list);
  for (int32_t i = 0; i < list.n; i++) {
    if (is_unitless(list.items[i].name)) continue;
    const double *x = a + i * s->n, *y = b + i * s->n;
    int64_t row = 0, longest = -1;
    for (int halves = -4; halves <= 8 && row >= 0; halves++) {
      row = differs(x, y, s->n, pow(price * volume, halves / 2.0));
      if (row > longest) longest = row;
    }
    if (row < 0) continue;
    complaints++;
    print_message("%s: %s: row %d is %.12g, in other units %.12g\n", where, list.items[i].text, (int)longest,
                  x[longest], y[longest]);
  }
  free(a);
  free(b);
  free(list.items);
}

static series s;

static void units(void **state) {
  (void)state;
  static const double factors[] = {0x1p-44, 0x1p40};
  for (size_t k = 0; k < 2; k++) {
    walk(&s, SERIES_ROWS, 100, 1, 0, 1000);
    check("a walk", &s, factors[k], 1);
    check("volumes", &s, 1, factors[k]);
    flat_stretches(&s);
    check("flat stretches", &s, factors[k], 1);
  }
  if (complaints) fail_msg("%d calls are wrong", complaints);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(units)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
