#include "data/csv_rows.h"

#include "core/error.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int grow(void *column, int64_t n, size_t width) {
  void **place = column;
  void *more = realloc(*place, (size_t)n * width);
  if (more) *place = more;
  return more != NULL;
}

int32_t pln_rows_reserve(pln_rows *rows, int64_t capacity) {
  if (capacity <= rows->capacity) return PLN_OK;
  int ok = grow(&rows->ts_ns, capacity, 8) && grow(&rows->place, capacity, 8);
  if (rows->symbol) ok = ok && grow(&rows->symbol, capacity, 4);
  for (int32_t i = 0; ok && i < rows->n_columns; i++) ok = grow(&rows->column[i], capacity, 8);
  if (!ok) return pln_fail(PLN_ERR_MEMORY, "no memory for %lld rows", (long long)capacity);
  rows->capacity = capacity;
  return PLN_OK;
}

int32_t pln_rows_add_column(pln_rows *rows, const char *name) {
  const int64_t capacity = rows->capacity ? rows->capacity : 1;
  double *column = malloc((size_t)capacity * 8);
  char *copy = strdup(name);
  const int64_t n = rows->n_columns + 1;
  if (!column || !copy || !grow(&rows->column, n, sizeof *rows->column) ||
      !grow(&rows->name, n, sizeof *rows->name)) {
    free(column);
    free(copy);
    return pln_fail(PLN_ERR_MEMORY, "no memory for column '%s'", name);
  }
  for (int64_t i = 0; i < rows->n; i++) column[i] = NAN;
  rows->column[rows->n_columns] = column;
  rows->name[rows->n_columns] = copy;
  return rows->n_columns++;
}

void pln_rows_free(pln_rows *rows) {
  free(rows->ts_ns);
  free(rows->place);
  free(rows->symbol);
  for (int32_t i = 0; i < rows->n_columns; i++) {
    free(rows->column[i]);
    free(rows->name[i]);
  }
  free(rows->column);
  free(rows->name);
  for (int32_t i = 0; i < rows->n_files; i++) free(rows->file[i]);
  free(rows->file);
  *rows = (pln_rows){0};
}

void pln_rows_drop(pln_rows *rows, int64_t first, const uint8_t *dropped) {
  int64_t kept = first;
  for (int64_t i = first; i < rows->n; i++) {
    if (dropped[i - first]) continue;
    if (kept != i) {
      rows->ts_ns[kept] = rows->ts_ns[i];
      rows->place[kept] = rows->place[i];
      if (rows->symbol) rows->symbol[kept] = rows->symbol[i];
      for (int32_t c = 0; c < rows->n_columns; c++) rows->column[c][kept] = rows->column[c][i];
    }
    kept++;
  }
  rows->n = kept;
}

void pln_rows_reverse(pln_rows *rows, int64_t first) {
  for (int64_t i = first, j = rows->n - 1; i < j; i++, j--) {
    const int64_t ts = rows->ts_ns[i];
    rows->ts_ns[i] = rows->ts_ns[j];
    rows->ts_ns[j] = ts;
    const uint64_t place = rows->place[i];
    rows->place[i] = rows->place[j];
    rows->place[j] = place;
    for (int32_t c = 0; c < rows->n_columns; c++) {
      const double value = rows->column[c][i];
      rows->column[c][i] = rows->column[c][j];
      rows->column[c][j] = value;
    }
  }
}

typedef struct pln_rows_key {
  int64_t ts_ns;
  int64_t row;
} pln_rows_key;

static int compare_keys(const void *left, const void *right) {
  const pln_rows_key *a = left, *b = right;
  if (a->ts_ns != b->ts_ns) return a->ts_ns < b->ts_ns ? -1 : 1;
  return a->row < b->row ? -1 : a->row > b->row;
}

int32_t pln_rows_sort(pln_rows *rows) {
  const size_t n = (size_t)rows->n;
  pln_rows_key *keys = malloc((n + 1) * sizeof *keys);
  uint64_t *spare = malloc((n + 1) * 8);
  if (!keys || !spare) {
    free(keys);
    free(spare);
    return pln_fail(PLN_ERR_MEMORY, "no memory to sort %lld rows", (long long)rows->n);
  }
  for (size_t i = 0; i < n; i++) keys[i] = (pln_rows_key){rows->ts_ns[i], (int64_t)i};
  qsort(keys, n, sizeof *keys, compare_keys);
  for (size_t i = 0; i < n; i++) spare[i] = rows->place[keys[i].row];
  memcpy(rows->place, spare, n * 8);
  for (int32_t c = 0; c < rows->n_columns; c++) {
    double *values = (double *)spare;
    for (size_t i = 0; i < n; i++) values[i] = rows->column[c][keys[i].row];
    memcpy(rows->column[c], values, n * 8);
  }
  for (size_t i = 0; i < n; i++) rows->ts_ns[i] = keys[i].ts_ns;
  free(keys);
  free(spare);
  return PLN_OK;
}
