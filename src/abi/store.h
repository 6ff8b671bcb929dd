#pragma once
#include "abi/exec.h"
#include "abi/time.h"
/* The store: one SQLite file a project, which holds runs and their results (tables in docs/database.md), and the
 * CSV exports of the same rows.
 *
 * Writing is batched: a transaction is committed by the call that finds it a second old or 50,000 rows long, at
 * begin_run, finish_run and free, and by pln_store_commit, which is due before a long pause, since it keeps other
 * writers waiting. A process that is killed therefore leaves a readable database in which the run's status
 * is still "running". A store, its results and queries belong to one thread; any number of processes may read
 * while one writes, and writers wait for each other (30 s at most). */
typedef struct pln_store pln_store;
typedef struct pln_store_result pln_store_result;

typedef enum pln_store_flags {
  PLN_STORE_READ_ONLY = 1,
  PLN_STORE_ROLLBACK_JOURNAL = 2, /* no WAL; chosen by itself on network file systems */
  PLN_STORE_MUST_EXIST = 4        /* do not make a new database */
} pln_store_flags;

/* Opens the database at `path`, making it (and its tables) unless a flag forbids, migrating an older schema.
 * NULL on error: not a database, not Perilune's, made by a newer version, not permitted, locked. */
pln_store *pln_store_open(const char *path, int32_t flags);
/* Writes out what is buffered, commits, destroys the store and its results. Queries must have been freed. */
void pln_store_free(pln_store *store);
/* Makes what was added so far visible to other processes: commits. */
int32_t pln_store_commit(pln_store *store);

/* Texts are copied; NULL is stored as NULL. */
typedef struct pln_run_info {
  const char *workflow;    /* "full_backtest" */
  const char *name;
  const char *config_text; /* the whole YAML, overrides applied */
  const char *config_hash;
  const char *data_hash;
  int64_t seed;
} pln_run_info;
/* The new run's id (> 0) or a status. Its status is "running". */
int64_t pln_store_begin_run(pln_store *store, const pln_run_info *info);
/* `status` is "finished", "failed" or "interrupted"; `message` (may be NULL) says why it failed. Flushes all
 * results of the run. */
int32_t pln_store_finish_run(pln_store *store, int64_t run, const char *status, double seconds, int64_t bars,
                             const char *message);
/* Names the data that a run read. `timeframe` in its canonical form; `quality` is a JSON text or NULL. */
int32_t pln_store_add_data(pln_store *store, int64_t run, const char *timeframe, const pln_bars *bars,
                           const char *quality);

/* Adds a result of a combo (made with its parameters, a JSON object, if the run does not have it yet) and a
 * portfolio. `symbols` names the instruments 0, 1, …. Owned by the store; result_free ends it early. NULL on
 * error, also when the run has this result already. */
pln_store_result *pln_store_add_result(pln_store *store, int64_t run, const char *combo, const char *portfolio,
                                       const char *params, const char *const *symbols, int32_t n_symbols);
/* Writes out buffered equity and records and destroys the result. 0 or a status (it is destroyed anyway). */
int32_t pln_store_result_free(pln_store_result *result);

/* A value that is NaN or infinite becomes NULL in the database, here and in the next ones. */
int32_t pln_store_add_metrics(pln_store_result *result, const char *const *names, const double *values, int32_t n);
int32_t pln_store_add_trades(pln_store_result *result, const pln_trade *trades, int64_t n);
int32_t pln_store_add_orders(pln_store_result *result, const pln_order *orders, int64_t n);
int32_t pln_store_add_fills(pln_store_result *result, const pln_fill *fills, int64_t n);
int32_t pln_store_add_decisions(pln_store_result *result, const pln_decision *decisions, int64_t n);
/* Array of PLN_REFUSAL_COUNT counters; those at zero are not stored. */
int32_t pln_store_add_refusals(pln_store_result *result, const pln_refusal_count *refusals);
/* Equity rows, in time order; slicing does not matter. Exact: every bit comes back. */
int32_t pln_store_add_equity(pln_store_result *result, const pln_equity_rows *rows);
/* A series of the user's own, in time order; more of the same name continues it. NaN is kept and read as NULL. */
int32_t pln_store_add_record(pln_store_result *result, const char *name, const int64_t *ts_ns,
                             const double *values, int64_t n);

/* Queries: SQL with `?` parameters, over tables, views and the table-valued functions equity and records. */
typedef struct pln_query pln_query;
typedef enum pln_value_type {
  PLN_VALUE_NULL = 0,
  PLN_VALUE_INTEGER = 1,
  PLN_VALUE_REAL = 2,
  PLN_VALUE_TEXT = 3,
  PLN_VALUE_BLOB = 4
} pln_value_type;

/* One statement; NULL on error, with SQLite's message. Runs when it is stepped. */
pln_query *pln_query_new(pln_store *store, const char *sql);
void pln_query_free(pln_query *query);
/* Parameters and columns count from 0. Texts and blobs are copied. */
int32_t pln_query_parameters(const pln_query *query);
int32_t pln_query_bind_null(pln_query *query, int32_t index);
int32_t pln_query_bind_integer(pln_query *query, int32_t index, int64_t value);
int32_t pln_query_bind_real(pln_query *query, int32_t index, double value);
int32_t pln_query_bind_text(pln_query *query, int32_t index, const char *text, int64_t length);
/* 1: there is a row, 0: done, or a status. */
int32_t pln_query_step(pln_query *query);
int32_t pln_query_columns(const pln_query *query);
const char *pln_query_column_name(const pln_query *query, int32_t column); /* until the query is freed */
int32_t pln_query_type(const pln_query *query, int32_t column);            /* pln_value_type of this row's value */
int64_t pln_query_integer(const pln_query *query, int32_t column);
double pln_query_real(const pln_query *query, int32_t column);
/* Bytes of a text (NUL-terminated) or blob, with their number in *length; until the next step. */
const char *pln_query_text(const pln_query *query, int32_t column, int64_t *length);

/* CSV exports, streamed as the run goes. The file appears under its name at close, complete; until then it is
 * `path`.tmp-PID. "-" and devices are written directly. Times are ISO 8601 UTC, numbers have 17
 * significant digits in any locale, what is undefined is empty. */
typedef struct pln_csv pln_csv;
typedef enum pln_csv_kind {
  PLN_CSV_TRADES = 0, /* combo,trade,symbol,side,entry_time,entry_price,exit_time,exit_price,quantity,pnl,
                         return_pct,fees,entry_bar,exit_bar,exit_reason */
  PLN_CSV_EQUITY = 1, /* combo,time,equity,cash,drawdown_pct */
  PLN_CSV_ORDERS = 2, /* combo,order,symbol,side,type,tif,created_time,updated_time,status,quantity,filled,
                         limit_price,stop_price,average_fill_price,fees,refusal,reason,tag,parent,replaces */
  PLN_CSV_TRADES_IN_CURRENCY = 3, /* as TRADES, then income,entry_rate,exit_rate */
  PLN_CSV_DECISIONS = 4  /* combo,time,order,symbol,rule,kind,scope,action,refusal,asked,allowed,value,limit */
} pln_csv_kind;

pln_csv *pln_csv_new(const char *path, int32_t kind);
/* Symbols name instruments 0, 1, …. Each returns 0 or a status; after a failure all further calls fail. */
int32_t pln_csv_add_trades(pln_csv *csv, const char *combo, const pln_trade *trades, int64_t n,
                           const char *const *symbols, int32_t n_symbols);
int32_t pln_csv_add_orders(pln_csv *csv, const char *combo, const pln_order *orders, int64_t n,
                           const char *const *symbols, int32_t n_symbols);
int32_t pln_csv_add_decisions(pln_csv *csv, const char *combo, const pln_decision *decisions, int64_t n,
                              const char *const *symbols, int32_t n_symbols);
/* *peak is the highest equity before these rows, 0 at the start of a curve; it is carried forward here. */
int32_t pln_csv_add_equity(pln_csv *csv, const char *combo, const pln_equity_rows *rows, double *peak);
/* Completes the file and gives it its name. The csv remains to be freed. */
int32_t pln_csv_close(pln_csv *csv);
/* Before a close, this abandons the file. */
void pln_csv_free(pln_csv *csv);

/* Text forms of numbers, with a NUL; the same in every locale. Each returns the length. */
int32_t pln_format_17(double value, char *out);       /* C's %.17g; out[32] */
int32_t pln_format_shortest(double value, char *out); /* fewest digits that read back the same; out[32] */
