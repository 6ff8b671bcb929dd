/* Columns of times and doubles as compressed blobs, without losing a bit. */
#include "store/internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

enum { ZSTD_LEVEL = 1, BLOCK = 256 };

double pln_drawdown_pct(double equity, double peak) {
  return peak > 0 ? (1 - equity / peak) * 100 : (double)NAN;
}

int32_t pln_series_reserve(pln_series *series) {
  if (series->n_rows < series->capacity) return 0;
  const int32_t capacity = series->capacity ? series->capacity * 2 : 256;
  for (int32_t c = 0; c < series->n_columns; c++) {
    uint64_t *grown = realloc(series->columns[c], sizeof *grown * (size_t)capacity);
    if (!grown) return pln_fail(PLN_ERR_MEMORY, "no memory for a series");
    series->columns[c] = grown;
  }
  series->capacity = capacity;
  return 0;
}

void pln_series_free(pln_series *series) {
  for (int32_t c = 0; c < series->n_columns; c++) free(series->columns[c]);
  *series = (pln_series){.n_columns = series->n_columns};
}

/* Byte b of value i goes to plane b: neighbours differ in their low bytes, so the high planes are near
 * constant. Loops go along a plane, so that the compiler makes vectors of them. */
static void to_planes(const uint64_t *values, int32_t n, bool is_time, uint8_t *planes) {
  uint64_t previous = 0, change[BLOCK];
  for (int32_t first = 0; first < n; first += BLOCK) {
    const int32_t rows = n - first < BLOCK ? n - first : BLOCK;
    for (int32_t i = 0; i < rows; i++) {
      const uint64_t value = values[first + i];
      change[i] = is_time ? value - previous : value ^ previous;
      previous = value;
    }
    for (int b = 0; b < 8; b++) {
      uint8_t *plane = planes + (size_t)b * (size_t)n + first;
      for (int32_t i = 0; i < rows; i++) plane[i] = (uint8_t)(change[i] >> (8 * b));
    }
  }
}

/* Many planes are all zero: strengths that are always 1, exposures, the high bytes of times. */
static bool is_zero(const uint8_t *bytes, int32_t n) {
  return n == 0 || (bytes[0] == 0 && memcmp(bytes, bytes + 1, (size_t)n - 1) == 0);
}

static void from_planes(const uint8_t *planes, int32_t n, bool is_time, uint64_t *values) {
  memset(values, 0, sizeof *values * (size_t)n);
  for (int b = 0; b < 8; b++) {
    const uint8_t *plane = planes + (size_t)b * (size_t)n;
    if (is_zero(plane, n)) continue;
    for (int32_t i = 0; i < n; i++) values[i] |= (uint64_t)plane[i] << (8 * b);
  }
  uint64_t previous = 0;
  for (int32_t i = 0; i < n; i++) {
    previous = is_time ? previous + values[i] : previous ^ values[i];
    values[i] = previous;
  }
}

int32_t pln_columns_encode(pln_store *store, uint64_t *const *columns, int32_t n_columns, int32_t n_times,
                           int32_t n_rows, void **blob, int32_t *size) {
  const size_t column_bytes = 8 * (size_t)n_rows;
  const size_t raw_bytes = column_bytes * (size_t)n_columns;
  const size_t bound = ZSTD_compressBound(raw_bytes);
  if (store && !store->compress) store->compress = ZSTD_createCCtx();
  uint8_t *planes = malloc(raw_bytes);
  *blob = malloc(bound);
  if (!planes || !*blob || (store && !store->compress)) {
    free(planes);
    free(*blob);
    return pln_fail(PLN_ERR_MEMORY, "no memory to compress a series");
  }
  for (int32_t c = 0; c < n_columns; c++)
    to_planes(columns[c], n_rows, c < n_times, planes + (size_t)c * column_bytes);
  const size_t written = store
                             ? ZSTD_compressCCtx(store->compress, *blob, bound, planes, raw_bytes, ZSTD_LEVEL)
                             : ZSTD_compress(*blob, bound, planes, raw_bytes, ZSTD_LEVEL);
  free(planes);
  if (ZSTD_isError(written)) {
    free(*blob);
    return pln_fail(PLN_ERR_MEMORY, "compressing a series: %s", ZSTD_getErrorName(written));
  }
  *size = (int32_t)written;
  return 0;
}

int32_t pln_columns_decode(pln_store *store, const void *blob, int32_t size, int32_t n_columns,
                           int32_t n_times, int32_t n_rows, uint64_t *values) {
  const size_t column_bytes = 8 * (size_t)n_rows;
  const size_t raw_bytes = column_bytes * (size_t)n_columns;
  if (store && !store->decompress) store->decompress = ZSTD_createDCtx();
  uint8_t *planes = malloc(raw_bytes);
  if (!planes || (store && !store->decompress)) {
    free(planes);
    return pln_fail(PLN_ERR_MEMORY, "no memory to read a series");
  }
  const size_t read = store ? ZSTD_decompressDCtx(store->decompress, planes, raw_bytes, blob, (size_t)size)
                            : ZSTD_decompress(planes, raw_bytes, blob, (size_t)size);
  if (read != raw_bytes) {
    free(planes);
    return pln_fail(PLN_ERR_CORRUPT, "a stored series is damaged: %s",
                    ZSTD_isError(read) ? ZSTD_getErrorName(read) : "it is shorter than its row says");
  }
  for (int32_t c = 0; c < n_columns; c++)
    from_planes(planes + (size_t)c * column_bytes, n_rows, c < n_times, values + (size_t)c * (size_t)n_rows);
  free(planes);
  return 0;
}

int32_t pln_series_encode(pln_store *store, const pln_series *series, void **blob, int32_t *size) {
  return pln_columns_encode(store, series->columns, series->n_columns, 1, series->n_rows, blob, size);
}

int32_t pln_series_decode(const void *blob, int32_t size, int32_t n_columns, int32_t n_rows,
                          uint64_t *values) {
  return pln_columns_decode(NULL, blob, size, n_columns, 1, n_rows, values);
}
