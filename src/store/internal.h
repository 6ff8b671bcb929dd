#pragma once
/* What the files of the store share. */
#include "abi/store.h"
#include "core/error.h"

#include <sqlite3.h>
#include <stdbool.h>

enum {
  PLN_SCHEMA_VERSION = 3,
  PLN_APPLICATION_ID = 0x504c4e31 /* "PLN1" */,
  PLN_SERIES_ROWS = 8192,
  PLN_SERIES_COLUMNS = 4
};

/* Statements that are prepared once, at first use. */
typedef enum pln_statement {
  PLN_STATEMENT_COMBO,
  PLN_STATEMENT_RESULT,
  PLN_STATEMENT_INSTRUMENT,
  PLN_STATEMENT_METRIC_NAME,
  PLN_STATEMENT_METRIC_ID,
  PLN_STATEMENT_METRIC,
  PLN_STATEMENT_TRADE,
  PLN_STATEMENT_ORDER,
  PLN_STATEMENT_FILL,
  PLN_STATEMENT_REFUSAL,
  PLN_STATEMENT_DECISION,
  PLN_STATEMENT_EQUITY,
  PLN_STATEMENT_RECORD,
  PLN_STATEMENT_COUNT
} pln_statement;

typedef struct pln_metric_id {
  char *name;
  int64_t id;
} pln_metric_id;

struct pln_store {
  sqlite3 *db;
  char *path;
  sqlite3_stmt *statements[PLN_STATEMENT_COUNT];
  pln_store_result *results; /* list of those not yet freed */
  pln_metric_id *metrics;    /* names whose id is known */
  int32_t n_metrics;
  bool read_only;
  bool in_transaction;
  bool failed; /* a transaction was rolled back: what follows would refer to what is missing */
  int64_t pending_rows;
  int64_t transaction_began_ns; /* monotonic clock */
};

/* Rows of a series on their way to a blob: a column of times, then columns of doubles (as their bits). */
typedef struct pln_series {
  int32_t n_columns;
  int32_t n_rows;
  int32_t chunk;    /* number of chunks written */
  int32_t capacity; /* rows that there is room for now; grows to PLN_SERIES_ROWS */
  uint64_t *columns[PLN_SERIES_COLUMNS];
} pln_series;

/* A series of the user's own within a result. */
typedef struct pln_record {
  char *name;
  pln_series series;
} pln_record;

struct pln_store_result {
  pln_store *store;
  pln_store_result *previous, *next;
  int64_t run;
  int64_t id;
  int64_t n_trades, n_orders, n_fills, n_decisions;
  double peak;       /* of the equity before the buffered rows */
  pln_series equity; /* time, equity, cash, exposure */
  pln_record *records;
  int32_t n_records;
};

/* Makes room for one more row; PLN_ERR_MEMORY. A sweep holds thousands of series, most of them short. */
int32_t pln_series_reserve(pln_series *series);
void pln_series_free(pln_series *series);
/* Encodes the buffered rows: each column as differences (times) or exclusive-ors (doubles) of neighbours, its
 * bytes regrouped by significance, all of it through zstd. The blob is the caller's to free(). */
int32_t pln_series_encode(const pln_series *series, void **blob, int32_t *size);
/* The reverse: values[n_columns * n_rows], column after column. PLN_ERR_CORRUPT where the blob does not hold
 * that. */
int32_t pln_series_decode(const void *blob, int32_t size, int32_t n_columns, int32_t n_rows,
                          uint64_t *values);

/* Fails with SQLite's message and the likely fix, at the database's path. */
int32_t pln_store_fail(const pln_store *store, int sqlite_status, const char *doing);
int32_t pln_store_exec(pln_store *store, const char *sql, const char *doing);
/* Opens a transaction unless there is one; PLN_ERR_STATE for a read-only store. */
int32_t pln_store_write(pln_store *store);
/* Counts n rows; commits when the transaction is old or large. */
int32_t pln_store_wrote(pln_store *store, int64_t n);
/* A cached statement, reset, NULL on error. */
sqlite3_stmt *pln_store_statement(pln_store *store, pln_statement which);
/* Runs a statement that returns no row. */
int32_t pln_store_run(pln_store *store, sqlite3_stmt *statement, const char *doing);

/* Checks or makes the schema. */
int32_t pln_schema_prepare(pln_store *store);
/* Registers the table-valued functions. */
int32_t pln_store_add_tables(pln_store *store);

/* Names of codes, as views and exports show them; "?" out of range. */
const char *pln_order_type_name(int32_t type);
static inline bool pln_order_has_stop(int32_t type) {
  return type == PLN_ORDER_STOP || type == PLN_ORDER_STOP_LIMIT || type == PLN_ORDER_TRAILING_STOP ||
         type == PLN_ORDER_TRAILING_STOP_LIMIT;
}
static inline bool pln_order_has_limit(int32_t type) {
  return type == PLN_ORDER_LIMIT || type == PLN_ORDER_STOP_LIMIT || type == PLN_ORDER_TRAILING_STOP_LIMIT;
}
const char *pln_order_tif_name(int32_t tif);
const char *pln_order_status_name(int32_t status);
const char *pln_decision_action_name(int32_t action);
/* The rule's kind; "fill" for the limits at the fill. */
const char *pln_decision_kind_name(int32_t kind);
/* Percent below the peak, >= 0; NaN where there is no peak. */
double pln_drawdown_pct(double equity, double peak);
