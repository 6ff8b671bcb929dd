#pragma once
#include "abi/exec.h"
#include "abi/time.h"
/* The store: one SQLite file a project, which holds runs, their phases and results (tables in docs/database.md), and
 * the CSV exports of the same rows.
 *
 * Writing is batched: a transaction is committed by the call that finds it a second old or 50,000 rows long, at
 * begin_run, finish_run and free, and by pln_store_commit, which is due before a long pause, since it keeps other
 * writers waiting. A process that is killed therefore leaves a readable database in which the run's status
 * is still "running". A store, its results and queries belong to one thread; any number of processes may read
 * while one writes, and writers wait for each other (30 s at most).
 *
 * A store that is opened with PLN_STORE_STAGED keeps rows of results in a private temporary database; pln_store_flush
 * moves those of complete combos into the project's file in one transaction. So any number of threads and processes
 * write to one file, and what a killed one leaves is whole combos. Runs, phases, windows and queries are the project's
 * file's in either mode. */
typedef struct pln_store pln_store;
typedef struct pln_store_result pln_store_result;

typedef enum pln_store_flags {
  PLN_STORE_READ_ONLY = 1,
  PLN_STORE_ROLLBACK_JOURNAL = 2, /* no WAL; chosen by itself on network file systems */
  PLN_STORE_MUST_EXIST = 4,       /* do not make a new database */
  PLN_STORE_STAGED = 8
} pln_store_flags;

/* Opens the database at `path`, making it (and its tables) unless a flag forbids, migrating an older schema.
 * NULL on error: not a database, not Perilune's, made by a newer version, not permitted, locked. */
pln_store *pln_store_open(const char *path, int32_t flags);
/* Writes out what is buffered, commits or flushes, destroys the store and its results, which are not done thereby.
 * Queries must have been freed. */
void pln_store_free(pln_store *store);
/* Makes what was added so far visible to other processes: commits. */
int32_t pln_store_commit(pln_store *store);
/* Opens a transaction of its own, at once, for queries that change the project's file; what was pending is committed
 * first. pln_store_commit or pln_store_rollback ends it. */
int32_t pln_store_begin(pln_store *store);
int32_t pln_store_rollback(pln_store *store);
/* Staged: moves the results of combos (in a window) of which all results are closed into the project's file. Those that
 * are done there are left as they are; what was left of a killed process there is replaced. The number of results that
 * were moved, or a status; after a failure nothing has moved, and it may be tried again. Otherwise commits. */
int64_t pln_store_flush(pln_store *store);

/* Texts are copied; NULL is stored as NULL. */
typedef struct pln_run_info {
  const char *workflow;    /* "full_backtest" */
  const char *name;
  const char *config_text; /* the whole YAML, overrides applied */
  const char *config_hash;
  const char *data_hash;
  int64_t seed;
  const char *shard;       /* "3/64", NULL = all */
} pln_run_info;
/* The new run's id (> 0) or a status. Its status is "running". */
int64_t pln_store_begin_run(pln_store *store, const pln_run_info *info);
/* `status` is "finished", "failed" or "interrupted"; `message` (may be NULL) says why it failed. Ends all results of
 * the run (where it is finished they are done) and gives its phases that are running the same status. */
int32_t pln_store_finish_run(pln_store *store, int64_t run, const char *status, double seconds, int64_t bars,
                             const char *message);
/* Names the data that a run read. `timeframe` in its canonical form; `quality` is a JSON text or NULL. */
int32_t pln_store_add_data(pln_store *store, int64_t run, const char *timeframe, const pln_bars *bars,
                           const char *quality);

/* Deletes the results of a phase's combos (in a window) of which not all results are done, which a process that was
 * killed has left. Commits. */
int32_t pln_store_drop_partial(pln_store *store, int64_t phase);

/* A result of a combo in a window and a portfolio. Texts are copied. */
typedef struct pln_result_info {
  int64_t run, phase;      /* ids of rows of `run` and `phase_row` */
  int32_t window;          /* its number, >= 1 */
  int32_t number;          /* of the combo, >= 1 */
  const char *combo;       /* "c0001" */
  const char *portfolio;   /* "" for signals that belong to none */
  const char *params;      /* of the combo, a JSON object; NULL = {} */
  const char *hash;        /* of the trial that the combo is, 32 hexadecimal digits; NULL = not a trial */
  const char *const *symbols; /* names of instruments 0, 1, … */
  int32_t n_symbols;
  int32_t reserved;
} pln_result_info;
/* Adds a result, and the combo if the phase does not have it yet. Owned by the store. NULL on error, also when the
 * phase has this result already. */
pln_store_result *pln_store_add_result(pln_store *store, const pln_result_info *info);
/* Writes out what is buffered and destroys the result. close says that it is complete: it is done, in the same
 * transaction as its last rows; `status` (may be NULL) is a word to keep with it. 0 or a status (it is destroyed
 * anyway). */
int32_t pln_store_result_close(pln_store_result *result, const char *status);
int32_t pln_store_result_free(pln_store_result *result);

/* A value that is NaN or infinite becomes NULL in the database, here and in the next ones. */
/* Any metrics by name. Those of the short table (pln_metric_is_headline) are figures. */
int32_t pln_store_add_metrics(pln_store_result *result, const char *const *names, const double *values, int32_t n);
/* The metrics of the short table, of an array of pln_metric_count(). */
int32_t pln_store_add_figures(pln_store_result *result, const double *values);
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

/* The result's period returns as pln_stats_returns gives them: once for each result. `benchmark` NULL = not known. */
int32_t pln_store_add_returns(pln_store_result *result, const double *returns, const double *benchmark,
                              const int64_t *ts_ns, int64_t n, double periods_per_year);
/* Changes of a source's target level for a symbol, in time order; more of the same continues them. `regimes` (NULL = 0)
 * are the indices of the regime in force at each, 0 = none. */
int32_t pln_store_add_signals(pln_store_result *result, const char *source, const char *symbol,
                              const pln_signal *signals, const int8_t *regimes, int64_t n);

/* Reading. `phase` is that whose rows they are (column `content` of phase_row); what a staged store has not flushed is
 * not seen. Structs and what they point to are the caller's, freed together; NULL on error, n = 0 where there is
 * nothing. */
typedef struct pln_stored_signals {
  int64_t n;
  pln_signal *signals;     /* as they were added; `row` is 0 */
  int8_t *regimes;
} pln_stored_signals;
pln_stored_signals *pln_store_read_signals(pln_store *store, int64_t phase, int32_t window, int32_t combo,
                                           const char *source, const char *symbol);
void pln_stored_signals_free(pln_stored_signals *stored);

/* Period returns of many results over the same periods: row after row, one for each result. */
typedef struct pln_stored_returns {
  int64_t n_results;
  int64_t n;               /* periods */
  int32_t *combos;         /* number of each result's combo */
  double *returns;         /* [n_results][n] */
  double *benchmark;       /* [n], NaN where it is not known */
  int64_t *ts_ns;          /* [n] */
  double periods_per_year; /* factor of annualisation */
} pln_stored_returns;
/* Those of the combos in the list (ascending, n_combos of them; NULL = all) that have any, by number. `portfolio` NULL
 * = the first by name. PLN_ERR_STATE where the periods of two results differ. */
pln_stored_returns *pln_store_read_returns(pln_store *store, int64_t phase, int32_t window, const char *portfolio,
                                           const int32_t *combos, int64_t n_combos);
void pln_stored_returns_free(pln_stored_returns *stored);

/* Metrics of a phase's results that are done, column by column, ordered by combo, window, portfolio. */
typedef struct pln_stored_results {
  int64_t n;
  int32_t n_names;
  int32_t n_portfolios;
  int32_t *combos;         /* numbers */
  int32_t *windows;
  int32_t *portfolios;     /* index of the portfolio's name */
  char **portfolio_names;
  double **values;         /* [n_names][n], NaN where undefined or not there */
} pln_stored_results;
/* `window` 0 = all. PLN_ERR_NOT_FOUND for a name that is no metric of the database. */
pln_stored_results *pln_store_read_results(pln_store *store, int64_t phase, int32_t window, const char *const *names,
                                           int32_t n_names);
void pln_stored_results_free(pln_stored_results *stored);

/* Which combos of a phase are done: in a window, all their results. */
typedef struct pln_done_set {
  int32_t n_windows;
  int32_t n_combos;
  int64_t n_done;          /* combos x windows */
  uint8_t *bits;           /* of combo c in window w: (w - 1) * n_combos + c - 1 */
} pln_done_set;
/* `n_windows`, `n_combos`: the least size of the set, which grows to what is stored. */
pln_done_set *pln_store_done(pln_store *store, int64_t phase, int32_t n_windows, int32_t n_combos);
/* 1 or 0; 0 for numbers that are not in the set. */
int32_t pln_done_has(const pln_done_set *set, int32_t window, int32_t combo);
void pln_done_free(pln_done_set *set);

/* Merging: another project's file, of the same schema, is attached for reading; the results of its phases that are done
 * are copied within a transaction of pln_store_begin. The number of results, or a status. */
int32_t pln_store_attach(pln_store *store, const char *path);
int64_t pln_store_copy_phase(pln_store *store, int64_t from_phase, int64_t to_phase);
int32_t pln_store_detach(pln_store *store);

/* Queries: SQL with `?` parameters, over tables, views and the table-valued functions equity, records, returns and
 * signals, and content_hash(blob, columns, times, rows): the hash of what a chunk holds. */
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
