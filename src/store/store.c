/* Opening, transactions, runs, results. */
#include "store/internal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

enum { COMMIT_ROWS = 50000, BUSY_MS = 30000 };
static const int64_t commit_after_ns = 1000000000;

static const char *hint_for(int status) {
  switch (status & 0xff) {
  case SQLITE_FULL:
    return "the disk is full";
  case SQLITE_READONLY:
    return "it cannot be written: check its permissions and its folder's";
  case SQLITE_PERM:
  case SQLITE_AUTH:
    return "permission denied";
  case SQLITE_CANTOPEN:
    return "it cannot be opened: check that its folder exists and may be written";
  case SQLITE_NOTADB:
    return "it is not a database: give another file with --db";
  case SQLITE_CORRUPT:
    return "it is damaged: restore it from a copy, or give another file with --db";
  case SQLITE_BUSY:
  case SQLITE_LOCKED:
    return "another process is writing to it";
  case SQLITE_IOERR:
    return "the operating system failed to read or write it";
  default:
    return NULL;
  }
}

static int32_t code_for(int status) {
  switch (status & 0xff) {
  case SQLITE_NOMEM:
    return PLN_ERR_MEMORY;
  case SQLITE_NOTADB:
    return PLN_ERR_FORMAT;
  case SQLITE_CORRUPT:
    return PLN_ERR_CORRUPT;
  case SQLITE_INTERRUPT:
    return PLN_ERR_INTERRUPTED;
  case SQLITE_CONSTRAINT:
  case SQLITE_ERROR:
  case SQLITE_MISUSE:
  case SQLITE_RANGE:
    return PLN_ERR_ARGUMENT;
  default:
    return PLN_ERR_IO;
  }
}

int32_t pln_store_fail(const pln_store *store, int status, const char *doing) {
  const char *hint = hint_for(status),
             *message = store->db ? sqlite3_errmsg(store->db) : sqlite3_errstr(status);
  const int system_error = store->db ? sqlite3_system_errno(store->db) : 0;
  if (hint && system_error && ((status & 0xff) == SQLITE_CANTOPEN || (status & 0xff) == SQLITE_IOERR))
    return pln_fail_at(code_for(status), store->path, 0, 0, "%s: %s (%s; %s)", doing, hint, message,
                       strerror(system_error));
  if (hint) return pln_fail_at(code_for(status), store->path, 0, 0, "%s: %s (%s)", doing, hint, message);
  return pln_fail_at(code_for(status), store->path, 0, 0, "%s: %s", doing, message);
}

int32_t pln_store_exec(pln_store *store, const char *sql, const char *doing) {
  const int status = sqlite3_exec(store->db, sql, NULL, NULL, NULL);
  return status == SQLITE_OK ? 0 : pln_store_fail(store, status, doing);
}

/* WAL needs shared memory between the processes that use a file, which network file systems do not give
 * (https://sqlite.org/wal.html). Numbers are those of statfs(2). */
static bool on_network(const char *path) {
  struct statfs fs;
  if (statfs(path, &fs) != 0) {
    char folder[4096];
    const char *slash = strrchr(path, '/');
    snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - path) : 1, slash ? path : ".");
    if (statfs(*folder ? folder : "/", &fs) != 0) return false;
  }
  static const uint32_t network[] = {
      0x6969 /* NFS */,       0x517b /* SMB */,      0xfe534d42u /* SMB2 */,  0xff534d42u /* CIFS */,
      0x5346414f /* AFS */,   0x73757245 /* CODA */, 0x564c /* NCP */,        0x01021997 /* 9P */,
      0x65735546 /* FUSE */,  0x00c36400 /* Ceph */, 0x47504653 /* GPFS */,   0x0bd00bd0 /* Lustre */,
      0x7461636f /* OCFS2 */, 0x01161970 /* GFS2 */, 0x19830326 /* BeeGFS */, 0x786f4256 /* VirtualBox */,
  };
  for (size_t i = 0; i < sizeof network / sizeof *network; i++)
    if ((uint32_t)fs.f_type == network[i]) return true;
  return false;
}

/* Where neither the folder nor the file can be written, SQLite cannot make the shared memory of a WAL
 * database; without a WAL there is nothing in it, and the file can be read as it is. */
static int open_immutable(pln_store *store) {
  char wal[4096];
  struct stat info;
  snprintf(wal, sizeof wal, "%s-wal", store->path);
  if (stat(wal, &info) == 0 && info.st_size > 0) return SQLITE_CANTOPEN;
  sqlite3_str *text = sqlite3_str_new(NULL);
  sqlite3_str_appendall(text, "file:");
  for (const char *c = store->path; *c; c++) {
    if (strchr("%?#", *c))
      sqlite3_str_appendf(text, "%%%02X", (unsigned)(unsigned char)*c);
    else
      sqlite3_str_appendchar(text, 1, *c);
  }
  sqlite3_str_appendall(text, "?immutable=1");
  char *uri = sqlite3_str_finish(text);
  if (!uri) return SQLITE_NOMEM;
  sqlite3_close(store->db);
  store->db = NULL;
  const int status =
      sqlite3_open_v2(uri, &store->db, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, NULL);
  sqlite3_free(uri);
  return status;
}

static const char probe[] = "SELECT count(*) FROM sqlite_schema";

/* A writer that was killed may have left a journal whose rollback a reader is not allowed to make: it is made
 * here, as the writer's next start would. */
static int recover(pln_store *store) {
  sqlite3 *writer = NULL;
  int status = sqlite3_open_v2(store->path, &writer, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
  if (status == SQLITE_OK) {
    sqlite3_busy_timeout(writer, BUSY_MS);
    status = sqlite3_exec(writer, probe, NULL, NULL, NULL);
  }
  sqlite3_close(writer);
  return status == SQLITE_OK ? sqlite3_exec(store->db, probe, NULL, NULL, NULL) : status;
}

static int32_t configure(pln_store *store, int32_t flags) {
  sqlite3_extended_result_codes(store->db, 1);
  sqlite3_busy_timeout(store->db, BUSY_MS);
  int status = sqlite3_exec(store->db, probe, NULL, NULL, NULL);
  if (store->read_only && (status & 0xff) == SQLITE_READONLY) status = recover(store);
  if (store->read_only && (status & 0xff) == SQLITE_CANTOPEN) {
    status = open_immutable(store);
    if (status == SQLITE_OK) status = sqlite3_exec(store->db, probe, NULL, NULL, NULL);
  }
  if (status != SQLITE_OK) return pln_store_fail(store, status, "opening the database");
  if (store->read_only) return pln_store_exec(store, "PRAGMA query_only = 1", "opening the database");
  const bool rollback = (flags & PLN_STORE_ROLLBACK_JOURNAL) != 0 || on_network(store->path);
  /* NORMAL: a crash of the machine may lose the last second, never damage the file (with WAL). */
  const char *const pragmas = rollback ? "PRAGMA journal_mode = DELETE; PRAGMA synchronous = FULL"
                                       : "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; "
                                         "PRAGMA wal_autocheckpoint = 16384; PRAGMA journal_size_limit = "
                                         "67108864; PRAGMA cache_size = -16384";
  /* The change of the journal's mode raises a read lock, which SQLite does not wait for: processes that make
   * one new database at the same time wait here. */
  for (int waited_ms = 0;; waited_ms += sqlite3_sleep(5)) {
    status = sqlite3_exec(store->db, pragmas, NULL, NULL, NULL);
    if ((status & 0xff) != SQLITE_BUSY || waited_ms >= BUSY_MS) break;
  }
  return status == SQLITE_OK ? 0 : pln_store_fail(store, status, "opening the database");
}

/* The private database: an empty name is a temporary file that SQLite makes when its cache is full, and
 * removes. It needs no journal: what has failed halfway is not flushed. */
static int32_t stage(pln_store *store) {
  const int32_t status = pln_store_exec(
      store,
      "ATTACH '' AS staging; PRAGMA staging.journal_mode = OFF; PRAGMA staging.synchronous = OFF; "
      "PRAGMA staging.cache_size = -16384",
      "making a place for results");
  return status < 0 ? status : pln_schema_stage(store);
}

pln_store *pln_store_open(const char *path, int32_t flags) {
  if (!path || !*path) {
    pln_fail(PLN_ERR_ARGUMENT, "a database needs a path");
    return NULL;
  }
  struct stat info;
  const bool exists = stat(path, &info) == 0;
  if (!exists && (flags & (PLN_STORE_READ_ONLY | PLN_STORE_MUST_EXIST))) {
    pln_fail_at(PLN_ERR_NOT_FOUND, path, 0, 0,
                "no such database (`perilune run CONFIG.yaml` makes one; --db FILE names another)");
    return NULL;
  }
  if (exists && !S_ISREG(info.st_mode)) {
    pln_fail_at(PLN_ERR_FORMAT, path, 0, 0, "found a %s, expected a database file",
                S_ISDIR(info.st_mode) ? "folder" : "special file");
    return NULL;
  }
  pln_store *store = calloc(1, sizeof *store);
  if (store) store->path = strdup(path);
  if (!store || !store->path) {
    free(store);
    pln_fail(PLN_ERR_MEMORY, "no memory for a store");
    return NULL;
  }
  store->read_only = (flags & PLN_STORE_READ_ONLY) != 0;
  store->n_headline = pln_headline_count();
  store->staged = (flags & PLN_STORE_STAGED) != 0;
  store->target = store->staged ? "staging" : "main";
  const int open_flags =
      SQLITE_OPEN_NOMUTEX |
      (store->read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  const int status = sqlite3_open_v2(path, &store->db, open_flags, NULL);
  int32_t result = status == SQLITE_OK ? 0 : pln_store_fail(store, status, "opening the database");
  if (result == 0 && !store->read_only && sqlite3_db_readonly(store->db, "main") == 1)
    result = pln_store_fail(store, SQLITE_READONLY, "opening the database");
  if (result == 0) result = configure(store, flags);
  if (result == 0) result = pln_schema_prepare(store);
  if (result == 0) result = pln_store_add_tables(store);
  if (result == 0 && store->staged) result = stage(store);
  if (result == 0) return store;
  sqlite3_close(store->db);
  pln_figures_forget(store);
  free(store->path);
  free(store);
  return NULL;
}

static void forget_metrics(pln_store *store) {
  for (int32_t i = 0; i < store->n_metrics; i++) free(store->metrics[i].name);
  store->n_metrics = 0;
}

void pln_store_free(pln_store *store) {
  if (!store) return;
  while (store->results) pln_store_result_free(store->results);
  if (store->staged && !store->failed)
    pln_store_flush(store);
  else
    pln_store_commit(store);
  for (int i = 0; i < PLN_STATEMENT_COUNT; i++) sqlite3_finalize(store->statements[i]);
  sqlite3_close_v2(store->db); /* v2: a query that is still open keeps the connection until it is freed */
  forget_metrics(store);
  pln_figures_forget(store);
  ZSTD_freeCCtx(store->compress);
  ZSTD_freeDCtx(store->decompress);
  free(store->metrics);
  free(store->path);
  free(store);
}

int32_t pln_store_write(pln_store *store) {
  if (store->in_transaction) return 0;
  if (store->read_only)
    return pln_fail_at(PLN_ERR_STATE, store->path, 0, 0, "the database is open for reading only");
  if (store->failed)
    return pln_fail_at(PLN_ERR_STATE, store->path, 0, 0,
                       "an earlier write failed and took the rows of its transaction with it");
  /* Of a staged store the transaction is one of the private database: the project's file is neither locked
   * nor read. */
  const int32_t status =
      pln_store_exec(store, store->staged ? "BEGIN" : "BEGIN IMMEDIATE", "writing results");
  if (status < 0) return status;
  store->in_transaction = true;
  store->pending_rows = 0;
  store->transaction_began_ns = pln_clock_monotonic_ns();
  return 0;
}

int32_t pln_store_begin(pln_store *store) {
  if (store->read_only)
    return pln_fail_at(PLN_ERR_STATE, store->path, 0, 0, "the database is open for reading only");
  int32_t status = pln_store_commit(store);
  if (status == 0) status = pln_store_exec(store, "BEGIN IMMEDIATE", "writing to the database");
  if (status < 0) return status;
  store->in_transaction = true;
  store->pending_rows = 0;
  store->transaction_began_ns = pln_clock_monotonic_ns();
  return 0;
}

int32_t pln_store_rollback(pln_store *store) {
  if (!store->in_transaction) return 0;
  store->in_transaction = false;
  store->has_axis = false;
  return sqlite3_get_autocommit(store->db) ? 0 : pln_store_exec(store, "ROLLBACK", "giving up a change");
}

/* Disk full, I/O errors and the like roll the whole transaction back: rows that refer to rows that it held
 * must not follow. */
static void note_rollback(pln_store *store) {
  if (store->in_transaction && sqlite3_get_autocommit(store->db)) {
    store->in_transaction = false;
    store->failed = true;
    store->has_axis = false;
    forget_metrics(store); /* names that it added are gone */
  }
}

int32_t pln_store_commit(pln_store *store) {
  if (!store->in_transaction) return 0;
  const int32_t status = pln_store_exec(store, "COMMIT", "writing results");
  if (status == 0) store->in_transaction = false;
  note_rollback(store);
  return status;
}

int32_t pln_store_wrote(pln_store *store, int64_t n) {
  store->pending_rows += n;
  if (store->hold) return 0;
  if (store->pending_rows < COMMIT_ROWS &&
      pln_clock_monotonic_ns() - store->transaction_began_ns < commit_after_ns)
    return 0;
  return pln_store_commit(store);
}

/* %s is the schema that rows of results go to. */
static char *sql_of(const pln_store *store, pln_statement which) {
  static const char *const sql[PLN_STATEMENT_COUNT] = {
      [PLN_STATEMENT_COMBO] = "INSERT OR IGNORE INTO %s.combo_row VALUES (?, ?, ?, ?, ?)",
      [PLN_STATEMENT_TRIAL] = "INSERT OR IGNORE INTO main.trial_row VALUES (?, ?)",
      [PLN_STATEMENT_RESULT] =
          "INSERT INTO %s.result_row (phase, combo, window, portfolio, done) VALUES (?, ?, ?, ?, 0)",
      [PLN_STATEMENT_DONE] = "UPDATE %s.result_row SET done = 1, status = ?2 WHERE id = ?1",
      [PLN_STATEMENT_AXIS] = "INSERT OR IGNORE INTO %s.returns_axis VALUES (?, ?, ?, ?)",
      [PLN_STATEMENT_RETURNS] = "INSERT INTO %s.returns_row VALUES (?, ?, ?, ?)",
      [PLN_STATEMENT_SIGNALS] =
          ("INSERT INTO %s.signal_chunk (result, source, symbol, chunk, first_ts, last_ts, rows, data) "
           "VALUES (?, ?, ?, ?, ?, ?, ?, ?)"),
      [PLN_STATEMENT_INSTRUMENT] = "INSERT INTO %s.instrument VALUES (?, ?, ?)",
      [PLN_STATEMENT_METRIC_NAME] = "INSERT OR IGNORE INTO %s.metric_name (name) VALUES (?)",
      [PLN_STATEMENT_METRIC_ID] = "SELECT id FROM %s.metric_name WHERE name = ?",
      [PLN_STATEMENT_METRIC] = "INSERT OR REPLACE INTO %s.metric_row VALUES (?, ?, ?)",
      [PLN_STATEMENT_TRADE] =
          "INSERT INTO %s.trade_row VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
          "?, ?, ?, ?, ?, ?, ?, ?, ?)",
      [PLN_STATEMENT_ORDER] =
          "INSERT INTO %s.order_row VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      [PLN_STATEMENT_FILL] = "INSERT INTO %s.fill_row VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      [PLN_STATEMENT_REFUSAL] =
          "INSERT OR REPLACE INTO %s.refusal_row VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      [PLN_STATEMENT_DECISION] =
          "INSERT INTO %s.decision_row VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      [PLN_STATEMENT_EQUITY] =
          ("INSERT INTO %s.equity_chunk (result, chunk, first_ts, last_ts, rows, peak, data) "
           "VALUES (?, ?, ?, ?, ?, ?, ?)"),
      [PLN_STATEMENT_RECORD] =
          ("INSERT INTO %s.record_chunk (result, name, chunk, first_ts, last_ts, rows, data) "
           "VALUES (?, ?, ?, ?, ?, ?, ?)"),
      [PLN_STATEMENT_READ_SIGNALS] = ("SELECT c.rows, c.data FROM main.result_row r CROSS JOIN "
                                      "main.signal_chunk c ON c.result = r.id WHERE "
                                      "r.phase = ?1 AND r.combo = ?2 AND r.window = ?3 AND c.source = ?4 AND "
                                      "c.symbol = ?5 ORDER BY c.chunk"),
      [PLN_STATEMENT_READ_RETURNS] = ("SELECT r.portfolio, t.axis, t.rows, t.data FROM main.result_row r "
                                      "CROSS JOIN main.returns_row t ON "
                                      "t.result = r.id WHERE r.phase = ?1 AND r.combo = ?2 AND r.window = ?3 "
                                      "AND (?4 IS NULL OR r.portfolio = "
                                      "?4) ORDER BY r.portfolio LIMIT 1"),
  };
  return which == PLN_STATEMENT_FIGURES ? pln_figures_insert(store->target)
                                        : sqlite3_mprintf(sql[which], store->target);
}

sqlite3_stmt *pln_store_statement(pln_store *store, pln_statement which) {
  sqlite3_stmt **statement = &store->statements[which];
  if (*statement) {
    sqlite3_reset(*statement);
    return *statement;
  }
  char *sql = sql_of(store, which);
  const int status =
      sql ? sqlite3_prepare_v3(store->db, sql, -1, SQLITE_PREPARE_PERSISTENT, statement, NULL) : SQLITE_NOMEM;
  sqlite3_free(sql);
  if (status != SQLITE_OK) pln_store_fail(store, status, "preparing to write results");
  return *statement;
}

int32_t pln_store_run(pln_store *store, sqlite3_stmt *statement, const char *doing) {
  const int status = sqlite3_step(statement);
  if (status == SQLITE_DONE || status == SQLITE_ROW) {
    sqlite3_reset(statement);
    return 0;
  }
  const int32_t result = pln_store_fail(store, status, doing);
  sqlite3_reset(statement);
  note_rollback(store);
  return result;
}

/* Prepares, for statements that run once or twice in a run. */
static sqlite3_stmt *prepare(pln_store *store, const char *sql, const char *doing) {
  sqlite3_stmt *statement = NULL;
  const int status = sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL);
  if (status != SQLITE_OK) pln_store_fail(store, status, doing);
  return statement;
}

int64_t pln_store_begin_run(pln_store *store, const pln_run_info *info) {
  int32_t result = pln_store_begin(store);
  if (result < 0) return result;
  sqlite3_stmt *statement =
      prepare(store,
              "INSERT INTO run (started_at, status, workflow, name, config_text, config_hash, data_hash, "
              "engine_version, build_info, seed, shard) VALUES (?, 'running', ?, ?, ?, ?, ?, ?, ?, ?, ?)",
              "starting a run");
  if (!statement) return pln_error_last()->code;
  sqlite3_bind_int64(statement, 1, pln_clock_wall_ns());
  sqlite3_bind_text(statement, 2, info->workflow, -1, SQLITE_STATIC);
  sqlite3_bind_text(statement, 3, info->name, -1, SQLITE_STATIC);
  sqlite3_bind_text(statement, 4, info->config_text, -1, SQLITE_STATIC);
  sqlite3_bind_text(statement, 5, info->config_hash, -1, SQLITE_STATIC);
  sqlite3_bind_text(statement, 6, info->data_hash, -1, SQLITE_STATIC);
  sqlite3_bind_text(statement, 7, pln_version(), -1, SQLITE_STATIC);
  sqlite3_bind_text(statement, 8, pln_build_info(), -1, SQLITE_STATIC);
  sqlite3_bind_int64(statement, 9, info->seed);
  sqlite3_bind_text(statement, 10, info->shard, -1, SQLITE_STATIC);
  result = pln_store_run(store, statement, "starting a run");
  const int64_t id = sqlite3_last_insert_rowid(store->db);
  sqlite3_finalize(statement);
  if (result == 0) result = pln_store_commit(store);
  return result < 0 ? result : id;
}

int32_t pln_store_finish_run(pln_store *store, int64_t run, const char *status, double seconds, int64_t bars,
                             const char *message) {
  if (strcmp(status, "finished") != 0 && strcmp(status, "failed") != 0 && strcmp(status, "interrupted") != 0)
    return pln_fail(PLN_ERR_ARGUMENT, "a run's status: found '%s', expected finished, failed or interrupted",
                    status);
  int32_t result = 0;
  for (pln_store_result *r = store->results, *next; r; r = next) {
    next = r->next;
    if (r->run != run) continue;
    const int32_t flushed =
        strcmp(status, "finished") == 0 ? pln_store_result_close(r, NULL) : pln_store_result_free(r);
    if (result == 0) result = flushed;
  }
  if (store->staged && result == 0) {
    const int64_t flushed = pln_store_flush(store);
    if (flushed < 0) result = (int32_t)flushed;
  }
  if (result < 0 && strcmp(status, "finished") == 0) return result;
  store->failed = false;
  result = pln_store_begin(store);
  if (result < 0) return result;
  sqlite3_stmt *statement = prepare(
      store, "UPDATE run SET finished_at = ?, status = ?, seconds = ?, bars = ?, message = ? WHERE id = ?",
      "finishing a run");
  if (!statement) return pln_error_last()->code;
  sqlite3_bind_int64(statement, 1, pln_clock_wall_ns());
  sqlite3_bind_text(statement, 2, status, -1, SQLITE_STATIC);
  sqlite3_bind_double(statement, 3, seconds);
  sqlite3_bind_int64(statement, 4, bars);
  sqlite3_bind_text(statement, 5, message, -1, SQLITE_STATIC);
  sqlite3_bind_int64(statement, 6, run);
  result = pln_store_run(store, statement, "finishing a run");
  sqlite3_finalize(statement);
  if (result == 0 && sqlite3_changes(store->db) != 1)
    result = pln_fail(PLN_ERR_NOT_FOUND, "there is no run %" PRId64, run);
  if (result == 0) {
    statement = prepare(store, "UPDATE phase_row SET status = ? WHERE run = ? AND status = 'running'",
                        "finishing a run");
    if (!statement) return pln_error_last()->code;
    sqlite3_bind_text(statement, 1, status, -1, SQLITE_STATIC);
    sqlite3_bind_int64(statement, 2, run);
    result = pln_store_run(store, statement, "finishing a run");
    sqlite3_finalize(statement);
  }
  const int32_t committed = pln_store_commit(store);
  return result < 0 ? result : committed;
}

int32_t pln_store_add_data(pln_store *store, int64_t run, const char *timeframe, const pln_bars *bars,
                           const char *quality) {
  int32_t result = store->staged ? pln_store_begin(store) : pln_store_write(store);
  if (result < 0) return result;
  sqlite3_stmt *statement = prepare(
      store, "INSERT OR REPLACE INTO data_file VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", "naming a run's data");
  if (!statement) return pln_error_last()->code;
  char hash[24];
  snprintf(hash, sizeof hash, "%016" PRIx64, bars->content_hash);
  sqlite3_bind_int64(statement, 1, run);
  sqlite3_bind_text(statement, 2, bars->symbol, -1, SQLITE_STATIC);
  sqlite3_bind_text(statement, 3, timeframe, -1, SQLITE_STATIC);
  sqlite3_bind_text(statement, 4, bars->source, -1, SQLITE_STATIC);
  sqlite3_bind_int64(statement, 5, bars->n_bars);
  if (bars->n_bars > 0) {
    sqlite3_bind_int64(statement, 6, bars->ts_ns[0]);
    sqlite3_bind_int64(statement, 7, bars->ts_ns[bars->n_bars - 1]);
  }
  sqlite3_bind_text(statement, 8, hash, -1, SQLITE_STATIC);
  sqlite3_bind_text(statement, 9, quality, -1, SQLITE_STATIC);
  result = pln_store_run(store, statement, "naming a run's data");
  sqlite3_finalize(statement);
  if (store->staged) {
    const int32_t committed = pln_store_commit(store);
    return result < 0 ? result : committed;
  }
  return result < 0 ? result : pln_store_wrote(store, 1);
}
