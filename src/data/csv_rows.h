#pragma once
/* Rows as they were read, before they are bars: columns that may still hold anything. */
#include "abi/data.h"
#include "abi/time.h"

enum { PLN_ROWS_OPEN, PLN_ROWS_HIGH, PLN_ROWS_LOW, PLN_ROWS_CLOSE, PLN_ROWS_VOLUME, PLN_ROWS_EXTRA };

typedef struct pln_rows {
  int64_t n;
  int64_t capacity;
  int64_t *ts_ns;
  uint64_t *place; /* file << 40 | line */
  int32_t *symbol; /* index into symbols; NULL without a symbol column */
  int32_t n_columns;
  double **column; /* open, high, low, close, volume, then the extras */
  char **name;     /* of each column */
  int32_t n_files;
  char **file; /* as messages name them */
  int32_t has_volume;
  int32_t reversed; /* a file was newest first */
} pln_rows;

static inline int64_t pln_rows_line(const pln_rows *rows, int64_t i) {
  return (int64_t)(rows->place[i] & ((1ull << 40) - 1));
}
static inline int32_t pln_rows_file(const pln_rows *rows, int64_t i) {
  return (int32_t)(rows->place[i] >> 40);
}
static inline const char *pln_rows_file_name(const pln_rows *rows, int64_t i) {
  return rows->file[rows->place[i] >> 40];
}

int32_t pln_rows_reserve(pln_rows *rows, int64_t capacity);
/* Adds a column of NaN and returns its index, or a status. The name is copied. */
int32_t pln_rows_add_column(pln_rows *rows, const char *name);
void pln_rows_free(pln_rows *rows);
/* Removes rows [first, n) whose dropped[i - first] is not 0. */
void pln_rows_drop(pln_rows *rows, int64_t first, const uint8_t *dropped);
void pln_rows_reverse(pln_rows *rows, int64_t first);
/* Stable sort by time. 0 or PLN_ERR_MEMORY. */
int32_t pln_rows_sort(pln_rows *rows);
