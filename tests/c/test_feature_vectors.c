#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "feature/ind.h"
#include "feature_data.h"

/* tests/vectors/ind_<name>.csv: fields split by ';', columns time and open … volume as input, every other
 * heading an expression with its expected values (empty: not warm). */
static void check_file(const char *name) {
  char path[1024];
  const char *home = getenv("PERILUNE_HOME");
  snprintf(path, sizeof path, "%s/tests/vectors/ind_%s.csv", home ? home : ".", name);
  table t = {0};
  if (!table_read(path, ';', 1, 0, &t)) fail_msg("%s cannot be read", path);
  pln_bars *bars = named_bars(&t, "TEST", "1m", 60000000000);
  assert_non_null(bars);
  double *out = malloc((size_t)t.n_rows * sizeof *out);
  int expressions = 0, values = 0;
  for (int64_t c = 0; c < t.n_columns; c++) {
    if (strstr(" time open high low close volume ", t.names[c])) continue;
    expressions++;
    if (pln_feature_compute(bars, t.names[c], out) != 0) fail_msg("%s: %s", path, pln_error_last()->text);
    for (int64_t i = 0; i < t.n_rows; i++) {
      const double expected = t.cells[i * t.n_columns + c];
      if (isnan(expected) != isnan(out[i]) || fabs(out[i] - expected) > 1e-9 + 1e-9 * fabs(expected))
        fail_msg("%s: %s: row %d is %.17g, expected %.17g", path, t.names[c], (int)i, out[i], expected);
      values += !isnan(expected);
    }
  }
  if (expressions == 0 || values == 0) fail_msg("%s tests nothing", path);
  free(out);
  pln_bars_free(bars);
  table_free(&t);
}

static void every_indicator_agrees_with_its_vectors(void **state) {
  (void)state;
  assert_true(pln_ind_count > 0);
  for (int32_t i = 0; i < pln_ind_count; i++) check_file(pln_ind_list[i]->info.name);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(every_indicator_agrees_with_its_vectors)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
