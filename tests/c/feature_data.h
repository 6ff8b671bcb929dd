#pragma once
/* Bars and tables for the feature tests. */
#include "abi/feature.h"
#include "abi/core.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

typedef struct table {
  int64_t n_rows, n_columns, capacity;
  char **names;
  double *cells; /* row by row; NaN where empty or not a number */
} table;

/* Reads a (gzipped) text table whose fields are split by `separator`; lines that begin with '#' are skipped.
 * With names == 0 the first line is data. `max_rows` 0: all. */
static inline int table_read(const char *path, char separator, int names, int64_t max_rows, table *t) {
  gzFile file = gzopen(path, "rb");
  if (!file) return 0;
  static char line[1 << 16];
  *t = (table){0};
  while ((!max_rows || t->n_rows < max_rows) && gzgets(file, line, sizeof line)) {
    line[strcspn(line, "\r\n")] = 0;
    if (line[0] == '#' || line[0] == 0) continue;
    if (t->n_columns == 0) {
      t->n_columns = 1;
      for (char *s = line; *s; s++) t->n_columns += *s == separator;
      t->names = calloc((size_t)t->n_columns, sizeof *t->names);
      if (names) {
        char *s = line;
        for (int64_t c = 0; c < t->n_columns; c++) {
          char *end = strchr(s, separator);
          if (end) *end = 0;
          t->names[c] = strdup(s);
          s = end ? end + 1 : s + strlen(s);
        }
        continue;
      }
    }
    if (t->n_rows == t->capacity) {
      t->capacity = t->capacity ? t->capacity * 2 : 1024;
      t->cells = realloc(t->cells, (size_t)(t->capacity * t->n_columns) * sizeof(double));
    }
    double *row = t->cells + t->n_rows++ * t->n_columns;
    char *s = line;
    for (int64_t c = 0; c < t->n_columns; c++) {
      char *end;
      row[c] = strtod(s, &end);
      if (end == s) row[c] = (double)NAN;
      s = strchr(s, separator);
      s = s ? s + 1 : line + strlen(line);
    }
  }
  gzclose(file);
  return 1;
}

static inline void table_free(table *t) {
  for (int64_t c = 0; c < t->n_columns; c++) free(t->names[c]);
  free(t->names);
  free(t->cells);
}

static inline int64_t table_find(const table *t, const char *name) {
  for (int64_t c = 0; c < t->n_columns; c++)
    if (t->names[c] && strcmp(t->names[c], name) == 0) return c;
  return -1;
}

static inline double *table_column(const table *t, int64_t c) {
  double *out = malloc((size_t)t->n_rows * sizeof(double));
  for (int64_t i = 0; i < t->n_rows; i++) out[i] = c < 0 ? 0.0 : t->cells[i * t->n_columns + c];
  return out;
}

/* Bars from columns of a table; a column that is not there (-1) is the close, or 0 for the volume. */
static inline pln_bars *table_bars(const table *t, const char *symbol, const char *timeframe,
                                   const int64_t *ts_ns, const int64_t at[5]) {
  double *columns[5];
  for (int i = 0; i < 5; i++) columns[i] = table_column(t, i < 4 && at[i] < 0 ? at[3] : at[i]);
  pln_bars *bars = pln_bars_from_arrays(symbol, timeframe, t->n_rows, ts_ns, columns[0], columns[1],
                                        columns[2], columns[3], columns[4]);
  for (int i = 0; i < 5; i++) free(columns[i]);
  return bars;
}

/* Bars of a table with columns named open … volume, at row numbers of days. */
static inline pln_bars *named_bars(const table *t, const char *symbol, const char *timeframe,
                                   int64_t step_ns) {
  int64_t *ts = malloc((size_t)(t->n_rows + 1) * sizeof *ts);
  const int64_t time = table_find(t, "time"); /* seconds since 1970; else one step after the other */
  for (int64_t i = 0; i < t->n_rows; i++)
    ts[i] = time >= 0 ? (int64_t)t->cells[i * t->n_columns + time] * 1000000000 : i * step_ns;
  const int64_t at[5] = {table_find(t, "open"), table_find(t, "high"), table_find(t, "low"),
                         table_find(t, "close"), table_find(t, "volume")};
  pln_bars *bars = table_bars(t, symbol, timeframe, ts, at);
  free(ts);
  return bars;
}

static inline const char *shared_path(const char *name, char out[1024]) {
  const char *folder = getenv("PLN_TEST_SHARED");
  snprintf(out, 1024, "%s/%s", folder ? folder : "../shared", name);
  return out;
}

/* Bitfinex minutes: time in ms, open, close, high, low, volume. NULL where the data is absent. */
static inline pln_bars *bitfinex_bars(const char *file, const char *symbol, int64_t max_rows) {
  char path[1024], name[256];
  snprintf(name, sizeof name, "data/bitfinex_1m/%s", file);
  table t = {0};
  if (!table_read(shared_path(name, path), ',', 0, max_rows, &t)) return NULL;
  int64_t *ts = malloc((size_t)t.n_rows * sizeof *ts);
  for (int64_t i = 0; i < t.n_rows; i++) ts[i] = (int64_t)t.cells[i * t.n_columns] * 1000000;
  const int64_t at[5] = {1, 3, 4, 2, 5};
  pln_bars *bars = table_bars(&t, symbol, "1m", ts, at);
  free(ts);
  table_free(&t);
  return bars;
}

/* US equity minutes of 2015: "2014-11-19 08:30,open,high,low,close,volume"; the stamp is taken as it stands.
 */
static inline pln_bars *equity_bars(const char *symbol, int64_t max_rows) {
  char path[1024], name[256], line[256];
  snprintf(name, sizeof name, "data/equity_1m_2015/%s_1m.csv.gz", symbol);
  table t = {0};
  if (!table_read(shared_path(name, path), ',', 1, max_rows, &t)) return NULL;
  int64_t *ts = malloc((size_t)t.n_rows * sizeof *ts);
  gzFile file = gzopen(path, "rb");
  gzgets(file, line, sizeof line);
  for (int64_t i = 0; i < t.n_rows && gzgets(file, line, sizeof line); i++) {
    int y, m, d, hour, minute;
    if (sscanf(line, "%d-%d-%d %d:%d", &y, &m, &d, &hour, &minute) != 5) return NULL;
    const int64_t era = y - (m <= 2), day = 365 * era + era / 4 - era / 100 + era / 400 +
                                            (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1 - 719468;
    ts[i] = ((day * 24 + hour) * 60 + minute) * 60000000000;
  }
  gzclose(file);
  const int64_t at[5] = {1, 2, 3, 4, 5};
  pln_bars *bars = table_bars(&t, symbol, "1m", ts, at);
  free(ts);
  table_free(&t);
  return bars;
}

/* All of the Bitfinex minutes of BTCUSD, 1,091,782 of them. NULL where the data is absent. */
static inline pln_bars *all_bitcoin_bars(void) {
  char name[64];
  pln_bars *parts[4];
  int64_t n = 0;
  for (int year = 0; year < 4; year++) {
    snprintf(name, sizeof name, "BTCUSD_1m_%d.csv.gz", 2013 + year);
    if (!(parts[year] = bitfinex_bars(name, "BTCUSD", 0))) return NULL;
    n += parts[year]->n_bars;
  }
  int64_t *ts = malloc((size_t)n * sizeof *ts), used = 0;
  double *columns[5];
  for (int k = 0; k < 5; k++) columns[k] = malloc((size_t)n * sizeof(double));
  for (int year = 0; year < 4; year++) {
    const double *from[5] = {parts[year]->open, parts[year]->high, parts[year]->low, parts[year]->close,
                             parts[year]->volume};
    const size_t size = (size_t)parts[year]->n_bars * 8;
    memcpy(ts + used, parts[year]->ts_ns, size);
    for (int k = 0; k < 5; k++) memcpy(columns[k] + used, from[k], size);
    used += parts[year]->n_bars;
    pln_bars_free(parts[year]);
  }
  pln_bars *bars =
      pln_bars_from_arrays("BTCUSD", "1m", n, ts, columns[0], columns[1], columns[2], columns[3], columns[4]);
  free(ts);
  for (int k = 0; k < 5; k++) free(columns[k]);
  return bars;
}
