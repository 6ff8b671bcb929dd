#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "abi/core.h"
#include "exec/model.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* tests/vectors/model_<name>.csv: comments with #, then a header and rows split by ';'. Columns p.NAME are
 * parameters (empty: the default; lists split by blanks), the others what the model is asked and, by its
 * kind, what it says. */
enum { MAX_COLUMNS = 24 };

typedef struct row {
  char names[MAX_COLUMNS][40];
  char cells[MAX_COLUMNS][200];
  int n;
} row;

static int split(char *line, char (*out)[200]) {
  int n = 0;
  line[strcspn(line, "\r\n")] = 0;
  for (char *at = line; at; n++) {
    char *end = strchr(at, ';');
    if (end) *end = 0;
    assert_true(n < MAX_COLUMNS);
    snprintf(out[n], 200, "%s", at);
    at = end ? end + 1 : NULL;
  }
  return n;
}

static const char *cell(const row *r, const char *name) {
  for (int i = 0; i < r->n; i++)
    if (strcmp(r->names[i], name) == 0) return r->cells[i];
  return NULL;
}

static double number(const row *r, const char *name, double otherwise) {
  const char *text = cell(r, name);
  if (!text || !*text) return otherwise;
  char *end;
  const double value = strtod(text, &end);
  if (*end) fail_msg("'%s' is no number", text);
  return value;
}

static void read_values(const pln_model_info *info, const row *r, pln_model_values *v, double (*lists)[64]) {
  *v = (pln_model_values){0};
  for (int i = 0; i < r->n; i++) {
    bool known = strncmp(r->names[i], "p.", 2) != 0;
    for (int32_t k = 0; k < info->n_params; k++)
      known = known || strcmp(r->names[i] + 2, info->params[k].name) == 0;
    if (!known) fail_msg("model %s has no parameter %s", info->name, r->names[i]);
  }
  for (int32_t k = 0; k < info->n_params; k++) {
    char name[48];
    snprintf(name, sizeof name, "p.%s", info->params[k].name);
    const char *text = cell(r, name);
    v->list[k] = lists[k];
    v->n[k] = 1;
    lists[k][0] = info->params[k].default_value;
    if (text && *text) {
      v->n[k] = 0;
      char *end = (char *)text;
      while (*end) lists[k][v->n[k]++] = strtod(end, &end);
    }
    v->p[k] = lists[k][0];
  }
}

static void expect(const row *r, const char *path, int line, const char *what, double found) {
  const double wanted = number(r, what, NAN);
  const double tolerance = strcmp(what, "delay_ns") == 0 ? 2 : 1e-12 + 1e-12 * fabs(wanted);
  if (isnan(wanted) != isnan(found) || fabs(found - wanted) > tolerance)
    fail_msg("%s:%d: %s is %.17g, expected %.17g", path, line, what, found, wanted);
}

static void check_row(const pln_model_desc *d, const row *r, const char *path, int line) {
  double lists[PLN_MODEL_MAX_PARAMS][64];
  pln_model_values v;
  read_values(&d->info, r, &v, lists);
  const char *problem = d->check ? d->check(&v) : NULL;
  if (problem) fail_msg("%s:%d: %s", path, line, problem);
  const uint64_t random = pln_model_hash((uint64_t)number(r, "seed", 0), (uint64_t)number(r, "stream", 0),
                                         (uint64_t)number(r, "order", 0));
  if (d->offset) {
    const pln_model_fill f = {.price = number(r, "price", NAN),
                              .quantity = number(r, "quantity", NAN),
                              .volume = number(r, "volume", NAN),
                              .spread = number(r, "spread", NAN),
                              .gauges = {number(r, "gauge0", NAN), number(r, "gauge1", NAN)},
                              .random = random,
                              .worsens = 1};
    expect(r, path, line, "offset", d->offset(&v, &f));
  } else if (d->fee) {
    const pln_tally t = {.quantity = number(r, "quantity", 0),
                         .notional = number(r, "notional", 0),
                         .maker_quantity = number(r, "maker_quantity", 0),
                         .maker_notional = number(r, "maker_notional", 0),
                         .month_quantity = number(r, "month_quantity", 0),
                         .month_notional = number(r, "month_notional", 0)};
    const pln_fee fee = d->fee(&v, &t);
    expect(r, path, line, "commission", fee.commission);
    expect(r, path, line, "exchange", fee.exchange);
  } else if (d->delay_ns) {
    expect(r, path, line, "delay_ns", d->delay_ns(&v, random));
  } else {
    const pln_model_accrual a = {
        .value = number(r, "value", 0), .rate = number(r, "rate", NAN), .days = number(r, "days", 0)};
    expect(r, path, line, "cash", d->accrue(&v, &a));
  }
}

static void check_file(const pln_model_desc *d) {
  char path[1024], line[4096];
  const char *home = getenv("PERILUNE_HOME");
  snprintf(path, sizeof path, "%s/tests/vectors/model_%s.csv", home ? home : ".", d->info.name);
  FILE *file = fopen(path, "r");
  if (!file) fail_msg("%s cannot be read", path);
  row r = {0};
  int rows = 0;
  for (int at = 1; fgets(line, sizeof line, file); at++) {
    if (line[0] == '#') continue;
    if (r.n == 0) {
      char names[MAX_COLUMNS][200];
      r.n = split(line, names);
      for (int i = 0; i < r.n; i++) snprintf(r.names[i], 40, "%.39s", names[i]);
      continue;
    }
    assert_int_equal(split(line, r.cells), r.n);
    check_row(d, &r, path, at);
    rows++;
  }
  fclose(file);
  if (rows < 3) fail_msg("%s has %d rows, expected three or more", path, rows);
}

static void every_model_agrees_with_its_vectors(void **state) {
  (void)state;
  assert_true(pln_model_count >= 19);
  for (int32_t i = 0; i < pln_model_count; i++) check_file(pln_model_list[i]);
}

static void every_descriptor_is_whole(void **state) {
  (void)state;
  for (int32_t i = 0; i < pln_model_count; i++) {
    const pln_model_desc *d = pln_model_list[i];
    const pln_model_info *info = &d->info;
    assert_true(info->name && *info->name && info->help && *info->help && info->formula && *info->formula);
    assert_int_equal(pln_cost_model_find(info->name), i);
    assert_true(i == 0 || strcmp(pln_model_list[i - 1]->info.name, info->name) < 0);
    assert_int_equal((d->offset != NULL) + (d->fee != NULL) + (d->delay_ns != NULL) + (d->accrue != NULL), 1);
    assert_true((d->offset != NULL) == (info->kind == PLN_MODEL_SLIPPAGE));
    assert_true((d->fee != NULL) == (info->kind == PLN_MODEL_COMMISSION));
    assert_true((d->delay_ns != NULL) == (info->kind == PLN_MODEL_LATENCY));
    assert_true(info->n_params <= PLN_MODEL_MAX_PARAMS && info->n_gauges <= PLN_MODEL_MAX_GAUGES);
    for (int32_t k = 0; k < info->n_params; k++) {
      const pln_model_param *p = &info->params[k];
      assert_true(p->default_value >= p->min_value && p->default_value <= p->max_value);
      assert_true(p->help && *p->help && p->unit);
    }
    for (int32_t g = 0; g < info->n_gauges; g++) assert_non_null(info->gauges[g].timeframe);
  }
  assert_int_equal(pln_cost_model_find("no_such_model"), PLN_ERR_NOT_FOUND);
}

/* What chance decides does not depend on anything but seed, model and order, and is spread evenly. */
static void draws_are_even(void **state) {
  (void)state;
  int bins[10] = {0};
  for (uint64_t order = 1; order <= 100000; order++) {
    const double u = pln_model_uniform(pln_model_hash(1, 3, order));
    assert_true(u > 0 && u < 1);
    bins[(int)(u * 10)]++;
  }
  for (int i = 0; i < 10; i++) assert_true(abs(bins[i] - 10000) < 500);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(every_model_agrees_with_its_vectors),
                                     cmocka_unit_test(every_descriptor_is_whole),
                                     cmocka_unit_test(draws_are_even)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
