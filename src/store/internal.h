#pragma once
/* What the files of the store share. */
#include "abi/store.h"
#include "core/error.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <string.h>
#include <zstd.h>

enum {
  PLN_SCHEMA_VERSION = 4,
  PLN_APPLICATION_ID = 0x504c4e31 /* "PLN1" */,
  PLN_SERIES_ROWS = 8192,
  PLN_SERIES_COLUMNS = 4
};

/* Statements that are prepared once, at first use. */
typedef enum pln_statement {
  PLN_STATEMENT_COMBO,
  PLN_STATEMENT_TRIAL,
  PLN_STATEMENT_RESULT,
  PLN_STATEMENT_DONE,
  PLN_STATEMENT_FIGURES,
  PLN_STATEMENT_AXIS,
  PLN_STATEMENT_RETURNS,
  PLN_STATEMENT_SIGNALS,
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
  PLN_STATEMENT_READ_SIGNALS,
  PLN_STATEMENT_READ_RETURNS,
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
  const char *target; /* schema that rows of results go to: "main", or "staging" */
  char **columns;     /* of the project's figure_row */
  int32_t n_columns;
  int32_t n_headline;  /* metrics of the short table */
  ZSTD_CCtx *compress; /* made at first use */
  ZSTD_DCtx *decompress;
  uint8_t axis[16]; /* the last axis of period returns that was written, if has_axis */
  bool has_axis;
  bool read_only;
  bool staged; /* rows of results go to a private database until they are flushed */
  bool in_transaction;
  bool hold;   /* rows that belong together are being written: no commit between them */
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

/* A named series within a result: one of the user's own, or the signals of a source for a symbol. */
typedef struct pln_record {
  char *name;
  char *symbol; /* of signals */
  pln_series series;
} pln_record;

typedef struct pln_records {
  pln_record *list;
  int32_t n;
} pln_records;

struct pln_store_result {
  pln_store *store;
  pln_store_result *previous, *next;
  int64_t run, phase;
  int64_t id;
  char *symbols; /* names of instruments, each with its NUL, until they are written */
  int32_t n_symbols;
  bool has_figures; /* not yet written */
  double *figures;  /* [pln_headline_count()], NaN where not given */
  int64_t n_trades, n_orders, n_fills, n_decisions;
  double peak;       /* of the equity before the buffered rows */
  pln_series equity; /* time, equity, cash, exposure */
  pln_records records, signals;
};

/* Makes room for one more row; PLN_ERR_MEMORY. A sweep holds thousands of series, most of them short. */
int32_t pln_series_reserve(pln_series *series);
void pln_series_free(pln_series *series);
/* Encodes columns of n_rows: each as differences (the first n_times) or exclusive-ors (the others) of
 * neighbours, its bytes regrouped by significance, all of it through zstd. The blob is the caller's to
 * free(). `store` lends its compressor; NULL = one is made. */
int32_t pln_columns_encode(pln_store *store, uint64_t *const *columns, int32_t n_columns, int32_t n_times,
                           int32_t n_rows, void **blob, int32_t *size);
/* The reverse: values[n_columns * n_rows], column after column. PLN_ERR_CORRUPT where the blob does not hold
 * that. */
int32_t pln_columns_decode(pln_store *store, const void *blob, int32_t size, int32_t n_columns,
                           int32_t n_times, int32_t n_rows, uint64_t *values);
/* The same for the buffered rows of a series, whose first column is one of times. */
int32_t pln_series_encode(pln_store *store, const pln_series *series, void **blob, int32_t *size);
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
/* Makes the tables of results in the schema "staging". */
int32_t pln_schema_stage(pln_store *store);
/* Makes all views, in place of those that there are; drops all. */
int32_t pln_views_make(pln_store *store);
int32_t pln_views_drop(pln_store *store);

/* Metrics of the short table: the first of the list. */
int32_t pln_headline_count(void);
/* figure_row: makes the table; reads the columns of the project's into the store and counts those that are
 * missing of the engine's; adds those that are missing. */
int32_t pln_figures_make(pln_store *store, const char *schema_name);
int32_t pln_figures_missing(pln_store *store, const char *schema_name);
int32_t pln_figures_complete(pln_store *store, const char *schema_name);
void pln_figures_forget(pln_store *store);
/* Adds columns that another schema's table has to the project's, with its views; *list becomes that table's
 * columns of table t, each after a comma, to be freed with sqlite3_free. */
int32_t pln_figures_join(pln_store *store, const char *schema_name, char **list);
/* Moves metrics of the short table from metric_row to figure_row. */
int32_t pln_figures_gather(pln_store *store);
/* The SQL that inserts a row, to be freed with sqlite3_free. */
char *pln_figures_insert(const char *schema_name);

/* What rows.c shares with the files of captured series. A result's symbols are written before the first row
 * that refers to them. */
int32_t pln_result_symbols(pln_store_result *result);
/* The series of that name (and symbol), made when it is new; NULL on error. */
pln_series *pln_records_find(pln_records *records, const char *name, const char *symbol, int32_t n_columns);
void pln_records_free(pln_records *records);
/* Writes the buffered rows of a series of signals. */
int32_t pln_signals_flush(pln_store_result *result, pln_record *record);

static inline uint64_t pln_bits_of(double value) {
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}
static inline double pln_double_of(uint64_t bits) {
  double value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

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
