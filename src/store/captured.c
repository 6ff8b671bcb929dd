/* Period returns and signals of results: writing and reading. */
#include "store/internal.h"

#include <math.h>
#include <stdlib.h>

enum { SIGNAL_COLUMNS = 4, AXIS_COLUMNS = 2, MAX_ROWS = 1 << 24 };

/* Times and benchmark, under the hash of what they are. 0 or a status; result->store->axis is the hash then.
 */
static int32_t add_axis(pln_store *store, const double *benchmark, const int64_t *ts_ns, int64_t n,
                        double periods_per_year) {
  uint64_t *values = malloc(sizeof *values * (size_t)(2 * n + 1));
  if (!values) return pln_fail(PLN_ERR_MEMORY, "no memory for period returns");
  for (int64_t i = 0; i < n; i++) {
    values[i] = (uint64_t)ts_ns[i];
    /* One NaN stands for all: their bits differ between ways to make one. */
    values[n + i] = pln_bits_of(benchmark && !isnan(benchmark[i]) ? benchmark[i] : (double)NAN);
  }
  values[2 * n] = pln_bits_of(periods_per_year);
  char text[33];
  pln_hash128_hex(values, (int64_t)sizeof *values * (2 * n + 1), text);
  uint8_t hash[16];
  for (int i = 0; i < 16; i++) {
    const char pair[3] = {text[2 * i], text[2 * i + 1], 0};
    hash[i] = (uint8_t)strtoul(pair, NULL, 16);
  }
  if (store->has_axis && memcmp(hash, store->axis, sizeof hash) == 0) {
    free(values);
    return 0;
  }
  sqlite3_stmt *statement = pln_store_statement(store, PLN_STATEMENT_AXIS);
  void *blob;
  int32_t size;
  uint64_t *const columns[AXIS_COLUMNS] = {values, values + n};
  int32_t status = statement ? pln_columns_encode(store, columns, AXIS_COLUMNS, 1, (int32_t)n, &blob, &size)
                             : pln_error_last()->code;
  free(values);
  if (status < 0) return status;
  sqlite3_bind_blob(statement, 1, hash, sizeof hash, SQLITE_STATIC);
  sqlite3_bind_int64(statement, 2, n);
  sqlite3_bind_double(statement, 3, periods_per_year);
  sqlite3_bind_blob(statement, 4, blob, size, free);
  status = pln_store_run(store, statement, "writing period returns");
  sqlite3_clear_bindings(statement);
  if (status < 0) return status;
  memcpy(store->axis, hash, sizeof hash);
  store->has_axis = true;
  return 0;
}

int32_t pln_store_add_returns(pln_store_result *result, const double *returns, const double *benchmark,
                              const int64_t *ts_ns, int64_t n, double periods_per_year) {
  pln_store *store = result->store;
  if (n < 0 || n > MAX_ROWS)
    return pln_fail(PLN_ERR_ARGUMENT, "period returns: found %lld of them, expected 0 to %d", (long long)n,
                    MAX_ROWS);
  if (n == 0) return 0;
  int32_t status = pln_store_write(store);
  if (status == 0) status = add_axis(store, benchmark, ts_ns, n, periods_per_year);
  if (status < 0) return status;
  sqlite3_stmt *statement = pln_store_statement(store, PLN_STATEMENT_RETURNS);
  if (!statement) return pln_error_last()->code;
  uint64_t *values = malloc(sizeof *values * (size_t)n);
  if (!values) return pln_fail(PLN_ERR_MEMORY, "no memory for period returns");
  memcpy(values, returns, sizeof *values * (size_t)n);
  void *blob;
  int32_t size;
  status = pln_columns_encode(store, &values, 1, 0, (int32_t)n, &blob, &size);
  free(values);
  if (status < 0) return status;
  sqlite3_bind_int64(statement, 1, result->id);
  sqlite3_bind_blob(statement, 2, store->axis, sizeof store->axis, SQLITE_STATIC);
  sqlite3_bind_int64(statement, 3, n);
  sqlite3_bind_blob(statement, 4, blob, size, free);
  status = pln_store_run(store, statement, "writing period returns");
  sqlite3_clear_bindings(statement);
  return status < 0 ? status : pln_store_wrote(store, 5);
}

int32_t pln_signals_flush(pln_store_result *result, pln_record *record) {
  pln_series *series = &record->series;
  if (series->n_rows == 0) return 0;
  pln_store *store = result->store;
  int32_t status = pln_store_write(store);
  if (status < 0) return status;
  sqlite3_stmt *statement = pln_store_statement(store, PLN_STATEMENT_SIGNALS);
  if (!statement) return pln_error_last()->code;
  void *blob;
  int32_t size;
  status = pln_series_encode(store, series, &blob, &size);
  if (status < 0) return status;
  sqlite3_bind_int64(statement, 1, result->id);
  sqlite3_bind_text(statement, 2, record->name, -1, SQLITE_STATIC);
  sqlite3_bind_text(statement, 3, record->symbol, -1, SQLITE_STATIC);
  sqlite3_bind_int(statement, 4, series->chunk);
  sqlite3_bind_int64(statement, 5, (int64_t)series->columns[0][0]);
  sqlite3_bind_int64(statement, 6, (int64_t)series->columns[0][series->n_rows - 1]);
  sqlite3_bind_int(statement, 7, series->n_rows);
  sqlite3_bind_blob(statement, 8, blob, size, free);
  status = pln_store_run(store, statement, "writing signals");
  sqlite3_clear_bindings(statement);
  if (status < 0) return status;
  series->n_rows = 0;
  series->chunk++;
  return pln_store_wrote(store, 20);
}

int32_t pln_store_add_signals(pln_store_result *result, const char *source, const char *symbol,
                              const pln_signal *signals, const int8_t *regimes, int64_t n) {
  pln_series *series = pln_records_find(&result->signals, source, symbol, SIGNAL_COLUMNS);
  if (!series) return pln_error_last()->code;
  for (int64_t i = 0; i < n; i++) {
    int32_t status = pln_series_reserve(series);
    if (status < 0) return status;
    const int32_t row = series->n_rows;
    series->columns[0][row] = (uint64_t)signals[i].ts_ns;
    series->columns[1][row] = pln_bits_of(signals[i].strength);
    series->columns[2][row] = pln_bits_of(signals[i].confidence);
    series->columns[3][row] =
        (uint8_t)(signals[i].direction + 1) | (uint64_t)(uint8_t)(regimes ? regimes[i] : 0) << 8;
    if (++series->n_rows < PLN_SERIES_ROWS) continue;
    for (int32_t k = 0; k < result->signals.n; k++)
      if (&result->signals.list[k].series == series)
        status = pln_signals_flush(result, &result->signals.list[k]);
    if (status < 0) return status;
  }
  return 0;
}

void pln_stored_signals_free(pln_stored_signals *stored) {
  if (!stored) return;
  free(stored->signals);
  free(stored->regimes);
  free(stored);
}

/* Appends a chunk. */
static int32_t take_signals(pln_store *store, sqlite3_stmt *statement, pln_stored_signals *to) {
  const int64_t rows = sqlite3_column_int64(statement, 0);
  if (rows < 1 || rows > MAX_ROWS)
    return pln_fail(PLN_ERR_CORRUPT, "stored signals are damaged: absurd number of rows");
  pln_signal *signals = realloc(to->signals, sizeof *signals * (size_t)(to->n + rows));
  if (signals) to->signals = signals;
  int8_t *regimes = realloc(to->regimes, (size_t)(to->n + rows));
  if (regimes) to->regimes = regimes;
  uint64_t *values = malloc(sizeof *values * SIGNAL_COLUMNS * (size_t)rows);
  int32_t status = signals && regimes && values ? 0 : pln_fail(PLN_ERR_MEMORY, "no memory for signals");
  if (status == 0)
    status = pln_columns_decode(store, sqlite3_column_blob(statement, 1), sqlite3_column_bytes(statement, 1),
                                SIGNAL_COLUMNS, 1, (int32_t)rows, values);
  for (int64_t i = 0; status == 0 && i < rows; i++) {
    const uint64_t codes = values[3 * rows + i];
    to->signals[to->n + i] = (pln_signal){.ts_ns = (int64_t)values[i],
                                          .strength = pln_double_of(values[rows + i]),
                                          .confidence = pln_double_of(values[2 * rows + i]),
                                          .direction = (int32_t)(codes & 0xff) - 1};
    to->regimes[to->n + i] = (int8_t)(uint8_t)(codes >> 8);
  }
  free(values);
  if (status == 0) to->n += rows;
  return status;
}

pln_stored_signals *pln_store_read_signals(pln_store *store, int64_t phase, int32_t window, int32_t combo,
                                           const char *source, const char *symbol) {
  sqlite3_stmt *statement = pln_store_statement(store, PLN_STATEMENT_READ_SIGNALS);
  if (!statement) return NULL;
  pln_stored_signals *stored = calloc(1, sizeof *stored);
  if (!stored) {
    pln_fail(PLN_ERR_MEMORY, "no memory for signals");
    return NULL;
  }
  sqlite3_bind_int64(statement, 1, phase);
  sqlite3_bind_int(statement, 2, combo);
  sqlite3_bind_int(statement, 3, window);
  sqlite3_bind_text(statement, 4, source, -1, SQLITE_STATIC);
  sqlite3_bind_text(statement, 5, symbol, -1, SQLITE_STATIC);
  int step;
  int32_t status = 0;
  while (status == 0 && (step = sqlite3_step(statement)) != SQLITE_DONE)
    status = step == SQLITE_ROW ? take_signals(store, statement, stored)
                                : pln_store_fail(store, step, "reading signals");
  sqlite3_reset(statement);
  sqlite3_clear_bindings(statement);
  if (status == 0) return stored;
  pln_stored_signals_free(stored);
  return NULL;
}

void pln_stored_returns_free(pln_stored_returns *stored) {
  if (!stored) return;
  free(stored->combos);
  free(stored->returns);
  free(stored->benchmark);
  free(stored->ts_ns);
  free(stored);
}

static int32_t read_axis(pln_store *store, const void *hash, pln_stored_returns *to) {
  sqlite3_stmt *statement = NULL;
  int status = sqlite3_prepare_v2(store->db,
                                  "SELECT rows, periods_per_year, data FROM main.returns_axis WHERE hash = ?",
                                  -1, &statement, NULL);
  if (status != SQLITE_OK) return pln_store_fail(store, status, "reading period returns");
  sqlite3_bind_blob(statement, 1, hash, 16, SQLITE_STATIC);
  status = sqlite3_step(statement);
  int32_t result =
      status == SQLITE_ROW ? 0 : pln_fail(PLN_ERR_CORRUPT, "stored period returns have no times");
  uint64_t *values = NULL;
  if (result == 0) {
    to->n = sqlite3_column_int64(statement, 0);
    to->periods_per_year = sqlite3_column_double(statement, 1);
    if (to->n < 1 || to->n > MAX_ROWS) {
      result = pln_fail(PLN_ERR_CORRUPT, "stored period returns are damaged: absurd number of rows");
    } else {
      values = malloc(sizeof *values * 2 * (size_t)to->n);
      to->ts_ns = malloc(sizeof *to->ts_ns * (size_t)to->n);
      to->benchmark = malloc(sizeof *to->benchmark * (size_t)to->n);
      if (!values || !to->ts_ns || !to->benchmark)
        result = pln_fail(PLN_ERR_MEMORY, "no memory for period returns");
    }
  }
  if (result == 0)
    result = pln_columns_decode(store, sqlite3_column_blob(statement, 2), sqlite3_column_bytes(statement, 2),
                                AXIS_COLUMNS, 1, (int32_t)to->n, values);
  if (result == 0) {
    memcpy(to->ts_ns, values, sizeof *to->ts_ns * (size_t)to->n);
    memcpy(to->benchmark, values + to->n, sizeof *to->benchmark * (size_t)to->n);
  }
  free(values);
  sqlite3_finalize(statement);
  return result;
}

/* The row that the statement stands at, as the result of combo number `combo`. */
static int32_t take_returns(pln_store *store, sqlite3_stmt *statement, int32_t combo, pln_stored_returns *to,
                            int64_t *room, uint8_t *axis) {
  const uint8_t *hash = sqlite3_column_blob(statement, 1);
  if (!hash || sqlite3_column_bytes(statement, 1) != 16)
    return pln_fail(PLN_ERR_CORRUPT, "stored period returns have no times");
  int32_t status = 0;
  if (to->n_results == 0) {
    memcpy(axis, hash, 16);
    status = read_axis(store, hash, to);
  } else if (memcmp(axis, hash, 16) != 0) {
    status =
        pln_fail(PLN_ERR_STATE,
                 "the period returns of combos %d and %d are of different periods: they cannot be compared",
                 to->combos[0], combo);
  }
  if (status == 0 && sqlite3_column_int64(statement, 2) != to->n)
    status =
        pln_fail(PLN_ERR_CORRUPT, "stored period returns are damaged: there are more or fewer than times");
  if (status < 0) return status;
  if (to->n_results == *room) {
    const int64_t grown = *room ? *room * 2 : 16;
    double *returns = realloc(to->returns, sizeof *returns * (size_t)(grown * to->n));
    if (returns) to->returns = returns;
    int32_t *combos = realloc(to->combos, sizeof *combos * (size_t)grown);
    if (combos) to->combos = combos;
    if (!returns || !combos) return pln_fail(PLN_ERR_MEMORY, "no memory for period returns");
    *room = grown;
  }
  /* A double's bits and a word have the same size; the decoder's words become doubles where they stand. */
  uint64_t *words = (uint64_t *)(void *)(to->returns + to->n_results * to->n);
  status = pln_columns_decode(store, sqlite3_column_blob(statement, 3), sqlite3_column_bytes(statement, 3), 1,
                              0, (int32_t)to->n, words);
  to->combos[to->n_results++] = combo;
  return status;
}

pln_stored_returns *pln_store_read_returns(pln_store *store, int64_t phase, int32_t window,
                                           const char *portfolio, const int32_t *combos, int64_t n_combos) {
  pln_stored_returns *stored = calloc(1, sizeof *stored);
  if (!stored) {
    pln_fail(PLN_ERR_MEMORY, "no memory for period returns");
    return NULL;
  }
  int64_t room = 0;
  uint8_t axis[16];
  int32_t status = 0;
  sqlite3_stmt *all = NULL;
  if (!combos) {
    const int prepared =
        sqlite3_prepare_v2(store->db,
                           "SELECT DISTINCT combo FROM main.result_row WHERE phase = ? AND window = ? "
                           "ORDER BY combo",
                           -1, &all, NULL);
    if (prepared != SQLITE_OK) status = pln_store_fail(store, prepared, "reading period returns");
    sqlite3_bind_int64(all, 1, phase);
    sqlite3_bind_int(all, 2, window);
  }
  sqlite3_stmt *statement = pln_store_statement(store, PLN_STATEMENT_READ_RETURNS);
  if (!statement && status == 0) status = pln_error_last()->code;
  for (int64_t i = 0; status == 0; i++) {
    if (combos ? i >= n_combos : sqlite3_step(all) != SQLITE_ROW) break;
    const int32_t combo = combos ? combos[i] : sqlite3_column_int(all, 0);
    sqlite3_bind_int64(statement, 1, phase);
    sqlite3_bind_int(statement, 2, combo);
    sqlite3_bind_int(statement, 3, window);
    sqlite3_bind_text(statement, 4, portfolio, -1, SQLITE_STATIC);
    const int step = sqlite3_step(statement);
    if (step == SQLITE_ROW)
      status = take_returns(store, statement, combo, stored, &room, axis);
    else if (step != SQLITE_DONE)
      status = pln_store_fail(store, step, "reading period returns");
    sqlite3_reset(statement);
  }
  sqlite3_finalize(all);
  if (status == 0) return stored;
  pln_stored_returns_free(stored);
  return NULL;
}
