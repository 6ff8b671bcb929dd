/* Tables and views. docs/database.md describes them; a change here is a new version and a migration. */
#include "store/internal.h"

#include <stdio.h>

const char *pln_order_type_name(int32_t type) {
  static const char *const names[] = {"market",         "limit",          "stop",
                                      "stop_limit",     "trailing_stop",  "trailing_stop_limit",
                                      "market_on_open", "market_on_close"};
  return type >= 0 && type <= PLN_ORDER_MARKET_ON_CLOSE ? names[type] : "?";
}

const char *pln_order_tif_name(int32_t tif) {
  static const char *const names[] = {"gtc", "day", "ioc", "fok", "gtd", "opg", "cls"};
  return tif >= 0 && tif <= PLN_TIF_CLS ? names[tif] : "?";
}

const char *pln_order_status_name(int32_t status) {
  static const char *const names[] = {"new",    "pending",  "accepted", "partially_filled",
                                      "filled", "canceled", "rejected", "expired"};
  return status >= 0 && status < 8 ? names[status] : "?";
}

const char *pln_decision_action_name(int32_t action) {
  static const char *const names[] = {"?", "allow", "resize", "refuse", "halt", "resume"};
  return action >= PLN_RISK_ALLOW && action <= PLN_RISK_RESUME ? names[action] : "?";
}

const char *pln_decision_kind_name(int32_t kind) {
  return kind < 0 ? "fill" : pln_risk_kind_info(kind) ? pln_risk_kind_info(kind)->name : "?";
}

/* Tables of the project's file only. */
static const char *const project_tables[] = {
    "CREATE TABLE schema_version (version INTEGER NOT NULL, engine_version TEXT NOT NULL)",
    "CREATE TABLE code (kind TEXT NOT NULL, code INTEGER NOT NULL, name TEXT NOT NULL, PRIMARY KEY (kind, "
    "code)) "
    "WITHOUT ROWID",
    "CREATE TABLE run (id INTEGER PRIMARY KEY AUTOINCREMENT, started_at INTEGER NOT NULL, finished_at "
    "INTEGER, "
    "status TEXT NOT NULL CHECK (status IN ('running', 'finished', 'failed', 'interrupted')), message TEXT, "
    "workflow TEXT, name TEXT, config_text TEXT, config_hash TEXT, data_hash TEXT, engine_version TEXT NOT "
    "NULL, "
    "build_info TEXT NOT NULL, seed INTEGER, seconds REAL, bars INTEGER, shard TEXT)",
    "CREATE TABLE data_file (run INTEGER NOT NULL REFERENCES run, symbol TEXT NOT NULL, timeframe TEXT NOT "
    "NULL, "
    "source TEXT, rows INTEGER NOT NULL, first_ts INTEGER, last_ts INTEGER, content_hash TEXT NOT NULL, "
    "quality TEXT, PRIMARY KEY (run, symbol, timeframe)) WITHOUT ROWID",
};

/* Tables that came with schema 4. `content` is the phase whose rows this one shows: its own id, or that of an
 * earlier one that had the same hash. */
static const char *const phase_tables[] = {
    "CREATE TABLE phase_row (id INTEGER PRIMARY KEY AUTOINCREMENT, run INTEGER NOT NULL REFERENCES run, name "
    "TEXT "
    "NOT NULL, topology TEXT, hash TEXT NOT NULL, status TEXT NOT NULL CHECK (status IN ('running', "
    "'finished', "
    "'failed', 'interrupted')), content INTEGER NOT NULL REFERENCES phase_row, n_combos INTEGER, n_windows "
    "INTEGER, "
    "spec TEXT, UNIQUE (run, name, hash))",
    "CREATE INDEX phase_by_content ON phase_row (content)",
    "CREATE INDEX phase_by_hash ON phase_row (hash)",
    "CREATE TABLE window_row (phase INTEGER NOT NULL REFERENCES phase_row, number INTEGER NOT NULL, role "
    "TEXT, fold "
    "INTEGER, from_ts INTEGER, until_ts INTEGER, PRIMARY KEY (phase, number)) WITHOUT ROWID",
    "CREATE TABLE weight_row (phase INTEGER NOT NULL REFERENCES phase_row, name TEXT NOT NULL, ts INTEGER "
    "NOT NULL, "
    "regime NOT NULL, member TEXT NOT NULL, weight REAL, PRIMARY KEY (phase, name, ts, regime, member)) "
    "WITHOUT "
    "ROWID",
    "CREATE TABLE trial_row (hash BLOB PRIMARY KEY, phase INTEGER NOT NULL REFERENCES phase_row) WITHOUT "
    "ROWID",
};

/* Tables that a staging area has too; %s is the schema that they are made in. */
static const char *const combo_tables[] = {
    "CREATE TABLE %s.combo_row (phase INTEGER NOT NULL REFERENCES phase_row, number INTEGER NOT NULL, combo "
    "TEXT NOT "
    "NULL, params TEXT NOT NULL, hash BLOB, PRIMARY KEY (phase, number), UNIQUE (phase, combo)) WITHOUT "
    "ROWID",
    "CREATE TABLE %s.result_row (id INTEGER PRIMARY KEY, phase INTEGER NOT NULL REFERENCES phase_row, combo "
    "INTEGER "
    "NOT NULL, window INTEGER NOT NULL, portfolio TEXT NOT NULL, done INTEGER NOT NULL, status TEXT, UNIQUE "
    "(phase, "
    "combo, window, portfolio), FOREIGN KEY (phase, combo) REFERENCES combo_row (phase, number))",
};

static const char *const result_tables[] = {
    "CREATE TABLE %s.instrument (result INTEGER NOT NULL REFERENCES result_row, instrument INTEGER NOT NULL, "
    "symbol "
    "TEXT NOT NULL, PRIMARY KEY (result, instrument)) WITHOUT ROWID",
    "CREATE TABLE %s.metric_name (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)",
    "CREATE TABLE %s.metric_row (result INTEGER NOT NULL REFERENCES result_row, metric INTEGER NOT NULL, "
    "value REAL, "
    "PRIMARY KEY (result, metric)) WITHOUT ROWID",
    "CREATE INDEX %s.metric_by_value ON metric_row (metric, value)",
    "CREATE TABLE %s.trade_row (result INTEGER NOT NULL REFERENCES result_row, seq INTEGER NOT NULL, id "
    "INTEGER NOT "
    "NULL, instrument INTEGER NOT NULL, side INTEGER NOT NULL, entry_ts INTEGER NOT NULL, entry_price REAL, "
    "exit_ts "
    "INTEGER NOT NULL, exit_price REAL, quantity REAL, pnl REAL, return_pct REAL, fees REAL, mae REAL, mfe "
    "REAL, "
    "entry_bar INTEGER, exit_bar INTEGER, entry_order INTEGER, exit_order INTEGER, source INTEGER, "
    "exit_reason "
    "INTEGER, is_open INTEGER, income REAL, entry_rate REAL, exit_rate REAL, PRIMARY KEY (result, seq)) "
    "WITHOUT "
    "ROWID",
    "CREATE TABLE %s.order_row (result INTEGER NOT NULL REFERENCES result_row, seq INTEGER NOT NULL, id "
    "INTEGER NOT "
    "NULL, instrument INTEGER NOT NULL, side INTEGER NOT NULL, type INTEGER NOT NULL, tif INTEGER NOT NULL, "
    "created_ts INTEGER NOT NULL, updated_ts INTEGER NOT NULL, status INTEGER NOT NULL, quantity REAL, "
    "filled REAL, "
    "limit_price REAL, stop_price REAL, average_fill_price REAL, fees REAL, refusal INTEGER, reason INTEGER, "
    "source "
    "INTEGER, tag INTEGER, PRIMARY KEY (result, seq)) WITHOUT ROWID",
    "CREATE TABLE %s.fill_row (result INTEGER NOT NULL REFERENCES result_row, seq INTEGER NOT NULL, id "
    "INTEGER NOT "
    "NULL, order_id INTEGER NOT NULL, instrument INTEGER NOT NULL, side INTEGER NOT NULL, ts INTEGER NOT "
    "NULL, bar "
    "INTEGER, quantity REAL, price REAL, reference_price REAL, fee REAL, source INTEGER, rate REAL, PRIMARY "
    "KEY "
    "(result, seq)) WITHOUT ROWID",
    "CREATE TABLE %s.refusal_row (result INTEGER NOT NULL REFERENCES result_row, code INTEGER NOT NULL, "
    "count INTEGER "
    "NOT NULL, first_ts INTEGER, first_instrument INTEGER, first_asked REAL, first_allowed REAL, last_ts "
    "INTEGER, "
    "last_instrument INTEGER, last_asked REAL, last_allowed REAL, PRIMARY KEY (result, code)) WITHOUT ROWID",
    "CREATE TABLE %s.decision_row (result INTEGER NOT NULL REFERENCES result_row, seq INTEGER NOT NULL, ts "
    "INTEGER "
    "NOT NULL, order_id INTEGER, instrument INTEGER NOT NULL, rule INTEGER NOT NULL, scope INTEGER NOT NULL, "
    "kind "
    "INTEGER NOT NULL, action INTEGER NOT NULL, refusal INTEGER NOT NULL, asked REAL, allowed REAL, value "
    "REAL, "
    "limit_value REAL, PRIMARY KEY (result, seq)) WITHOUT ROWID",
    "CREATE TABLE %s.equity_chunk (id INTEGER PRIMARY KEY, result INTEGER NOT NULL REFERENCES result_row, "
    "chunk "
    "INTEGER NOT NULL, first_ts INTEGER NOT NULL, last_ts INTEGER NOT NULL, rows INTEGER NOT NULL, peak REAL "
    "NOT "
    "NULL, data BLOB NOT NULL, UNIQUE (result, chunk))",
    "CREATE TABLE %s.record_chunk (id INTEGER PRIMARY KEY, result INTEGER NOT NULL REFERENCES result_row, "
    "name TEXT "
    "NOT NULL, chunk INTEGER NOT NULL, first_ts INTEGER NOT NULL, last_ts INTEGER NOT NULL, rows INTEGER NOT "
    "NULL, "
    "data BLOB NOT NULL, UNIQUE (result, name, chunk))",
};

/* … and of these, those that came with schema 4. Times and benchmark of period returns are the same for all
 * combos of a window and kept once, under the hash of what they are. */
static const char *const capture_tables[] = {
    "CREATE TABLE %s.returns_axis (hash BLOB PRIMARY KEY, rows INTEGER NOT NULL, periods_per_year REAL, data "
    "BLOB NOT "
    "NULL) WITHOUT ROWID",
    "CREATE TABLE %s.returns_row (result INTEGER PRIMARY KEY REFERENCES result_row, axis BLOB NOT NULL "
    "REFERENCES "
    "returns_axis, rows INTEGER NOT NULL, data BLOB NOT NULL)",
    "CREATE TABLE %s.signal_chunk (id INTEGER PRIMARY KEY, result INTEGER NOT NULL REFERENCES result_row, "
    "source TEXT "
    "NOT NULL, symbol TEXT NOT NULL, chunk INTEGER NOT NULL, first_ts INTEGER NOT NULL, last_ts INTEGER NOT "
    "NULL, "
    "rows INTEGER NOT NULL, data BLOB NOT NULL, UNIQUE (result, source, symbol, chunk))",
};

#define COUNT(list) (int)(sizeof(list) / sizeof *(list))

/* migrations[v - 1] takes the tables of a database of version v to v + 1; the views are made anew. From
 * version 3 on, make_phases below goes on. */
static const char *const migrations[PLN_SCHEMA_VERSION] = {
    "ALTER TABLE trade_row ADD COLUMN income REAL; ALTER TABLE trade_row ADD COLUMN entry_rate REAL; "
    "ALTER TABLE trade_row ADD COLUMN exit_rate REAL; ALTER TABLE fill_row ADD COLUMN rate REAL; "
    "UPDATE trade_row SET income = 0, entry_rate = 1, exit_rate = 1; UPDATE fill_row SET rate = 1",
    "CREATE TABLE decision_row (result INTEGER NOT NULL REFERENCES result, seq INTEGER NOT NULL, ts INTEGER "
    "NOT "
    "NULL, order_id INTEGER, instrument INTEGER NOT NULL, rule INTEGER NOT NULL, scope INTEGER NOT NULL, "
    "kind INTEGER "
    "NOT NULL, action INTEGER NOT NULL, refusal INTEGER NOT NULL, asked REAL, allowed REAL, value REAL, "
    "limit_value "
    "REAL, PRIMARY KEY (result, seq)) WITHOUT ROWID",
    "ALTER TABLE run ADD COLUMN shard TEXT",
};

/* Schema 3 had combos and results of runs: each run gets the phase full_backtest with one window. The tables
 * of rows refer to result_row from the moment at which `result` has its name, and still do when the new one
 * takes its place. */
static const char before_results[] =
    "INSERT INTO phase_row (run, name, topology, hash, status, content, n_combos, n_windows) SELECT id, "
    "'full_backtest', 'full_backtest', '', status, 0, (SELECT count(*) FROM combo c WHERE c.run = run.id), 1 "
    "FROM run "
    "ORDER BY id; "
    "UPDATE phase_row SET content = id; "
    "INSERT INTO window_row (phase, number, role) SELECT id, 1, 'full' FROM phase_row; "
    "INSERT INTO combo_row (phase, number, combo, params) SELECT p.id, row_number() OVER (PARTITION BY p.id "
    "ORDER BY "
    "length(c.combo), c.combo), c.combo, c.params FROM combo c JOIN phase_row p ON p.run = c.run; "
    "CREATE TEMP TABLE old_result AS SELECT r.id, c.phase, c.number, r.portfolio, p.status = 'finished' AS "
    "done FROM "
    "result r JOIN phase_row p ON p.run = r.run JOIN combo_row c ON c.phase = p.id AND c.combo = r.combo; "
    "ALTER TABLE result RENAME TO result_row; DROP TABLE result_row; DROP TABLE combo";
static const char after_results[] = "INSERT INTO result_row (id, phase, combo, window, portfolio, done) "
                                    "SELECT id, phase, number, 1, portfolio, done "
                                    "FROM temp.old_result ORDER BY id; DROP TABLE temp.old_result";

static int32_t pragma_value(pln_store *store, const char *sql, int64_t *out) {
  sqlite3_stmt *statement = NULL;
  int status = sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL);
  if (status == SQLITE_OK) status = sqlite3_step(statement);
  if (status == SQLITE_ROW) *out = sqlite3_column_int64(statement, 0);
  sqlite3_finalize(statement);
  return status == SQLITE_ROW ? 0 : pln_store_fail(store, status, "reading the database");
}

static int32_t add_code(pln_store *store, sqlite3_stmt *statement, const char *kind, int32_t code,
                        const char *name) {
  sqlite3_bind_text(statement, 1, kind, -1, SQLITE_STATIC);
  sqlite3_bind_int(statement, 2, code);
  sqlite3_bind_text(statement, 3, name, -1, SQLITE_STATIC);
  return pln_store_run(store, statement, "making the tables");
}

static int32_t add_codes(pln_store *store) {
  sqlite3_stmt *statement = NULL;
  int status =
      sqlite3_prepare_v2(store->db, "INSERT OR REPLACE INTO code VALUES (?, ?, ?)", -1, &statement, NULL);
  if (status != SQLITE_OK) return pln_store_fail(store, status, "making the tables");
  int32_t result = 0;
  for (int32_t i = 0; result == 0 && i <= PLN_ORDER_MARKET_ON_CLOSE; i++)
    result = add_code(store, statement, "order_type", i, pln_order_type_name(i));
  for (int32_t i = 0; result == 0 && i <= PLN_TIF_CLS; i++)
    result = add_code(store, statement, "tif", i, pln_order_tif_name(i));
  for (int32_t i = 0; result == 0 && i <= PLN_STATUS_EXPIRED; i++)
    result = add_code(store, statement, "order_status", i, pln_order_status_name(i));
  for (int32_t i = 0; result == 0 && i < PLN_REFUSAL_COUNT; i++)
    result = add_code(store, statement, "refusal", i, pln_refusal_name(i));
  for (int32_t i = 0; result == 0 && i < PLN_EXIT_REASON_COUNT; i++)
    result = add_code(store, statement, "exit_reason", i, pln_exit_reason_name(i));
  for (int32_t i = -1; result == 0 && i < PLN_RISK_KIND_COUNT; i++)
    result = add_code(store, statement, "risk_kind", i, pln_decision_kind_name(i));
  for (int32_t i = PLN_RISK_ALLOW; result == 0 && i <= PLN_RISK_RESUME; i++)
    result = add_code(store, statement, "risk_action", i, pln_decision_action_name(i));
  sqlite3_finalize(statement);
  return result;
}

/* Names of codes and columns of figures that came after the file was made. */
static int32_t refresh(pln_store *store) {
  int64_t known = 0;
  const int64_t expected = PLN_ORDER_MARKET_ON_CLOSE + 1 + PLN_TIF_CLS + 1 + PLN_STATUS_EXPIRED + 1 +
                           PLN_REFUSAL_COUNT + PLN_EXIT_REASON_COUNT;
  int32_t status = pragma_value(store, "SELECT count(*) FROM main.code", &known);
  const int32_t missing = status < 0 ? status : pln_figures_missing(store, "main");
  if (missing < 0) return missing;
  if (known >= expected && missing == 0) return 0;
  status = pln_store_exec(store, "BEGIN IMMEDIATE", "bringing the tables up to date");
  if (status < 0) return status;
  if (known < expected) status = add_codes(store);
  if (status == 0 && missing > 0) status = pln_figures_complete(store, "main");
  if (status == 0 && missing > 0) status = pln_views_make(store);
  if (status == 0) return pln_store_exec(store, "COMMIT", "bringing the tables up to date");
  sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
  return status;
}

static int32_t make_tables(pln_store *store, const char *const *tables, int n, const char *schema_name) {
  int32_t status = 0;
  for (int i = 0; status == 0 && i < n; i++) {
    char *sql = sqlite3_mprintf(tables[i], schema_name);
    status =
        sql ? pln_store_exec(store, sql, "making the tables") : pln_fail(PLN_ERR_MEMORY, "no memory for SQL");
    sqlite3_free(sql);
  }
  return status;
}

static int32_t note_version(pln_store *store) {
  char sql[256];
  snprintf(
      sql, sizeof sql,
      "INSERT INTO schema_version VALUES (%d, '%s'); PRAGMA user_version = %d; PRAGMA application_id = %d",
      PLN_SCHEMA_VERSION, pln_version(), PLN_SCHEMA_VERSION, PLN_APPLICATION_ID);
  const int32_t status = pln_store_exec(store, sql, "making the tables");
  return status < 0 ? status : add_codes(store);
}

static int32_t make_schema(pln_store *store) {
  int32_t status = make_tables(store, project_tables, COUNT(project_tables), "main");
  if (status == 0) status = make_tables(store, phase_tables, COUNT(phase_tables), "main");
  if (status == 0) status = make_tables(store, combo_tables, COUNT(combo_tables), "main");
  if (status == 0) status = make_tables(store, result_tables, COUNT(result_tables), "main");
  if (status == 0) status = make_tables(store, capture_tables, COUNT(capture_tables), "main");
  if (status == 0) status = pln_figures_make(store, "main");
  if (status == 0) status = pln_figures_complete(store, "main");
  if (status == 0) status = pln_views_make(store);
  return status < 0 ? status : note_version(store);
}

int32_t pln_schema_stage(pln_store *store) {
  int32_t status = make_tables(store, combo_tables, COUNT(combo_tables), "staging");
  if (status == 0) status = make_tables(store, result_tables, COUNT(result_tables), "staging");
  if (status == 0) status = make_tables(store, capture_tables, COUNT(capture_tables), "staging");
  return status < 0 ? status : pln_figures_make(store, "staging");
}

static int32_t to_phases(pln_store *store) {
  int32_t status = make_tables(store, phase_tables, COUNT(phase_tables), "main");
  if (status == 0) status = make_tables(store, combo_tables, 1, "main");
  if (status == 0) status = pln_store_exec(store, before_results, "bringing the tables up to date");
  if (status == 0) status = make_tables(store, combo_tables + 1, 1, "main");
  if (status == 0) status = pln_store_exec(store, after_results, "bringing the tables up to date");
  if (status == 0) status = make_tables(store, capture_tables, COUNT(capture_tables), "main");
  if (status == 0) status = pln_figures_make(store, "main");
  return status < 0 ? status : pln_figures_gather(store);
}

static int32_t migrate(pln_store *store, int64_t version) {
  int32_t status = pln_views_drop(store);
  for (int64_t v = version; status == 0 && v < PLN_SCHEMA_VERSION; v++)
    status = pln_store_exec(store, migrations[v - 1], "bringing the tables up to date");
  if (status == 0 && version < 4) status = to_phases(store);
  if (status == 0) status = pln_figures_complete(store, "main");
  if (status == 0) status = pln_views_make(store);
  return status < 0 ? status : note_version(store);
}

/* Decides what the file is; within a transaction, so that what it reads is of one moment. */
static int32_t inspect(pln_store *store, int64_t *version) {
  int64_t application = 0, tables = 0;
  int32_t status = pragma_value(store, "PRAGMA user_version", version);
  if (status == 0) status = pragma_value(store, "PRAGMA application_id", &application);
  if (status == 0) status = pragma_value(store, "SELECT count(*) FROM sqlite_schema", &tables);
  if (status < 0) return status;
  if (application != PLN_APPLICATION_ID && (application != 0 || tables != 0 || *version != 0))
    return pln_fail_at(
        PLN_ERR_FORMAT, store->path, 0, 0,
        "found a SQLite database of another program, expected one of Perilune's (give another file "
        "with --db)");
  if (*version > PLN_SCHEMA_VERSION)
    return pln_fail_at(
        PLN_ERR_UNSUPPORTED, store->path, 0, 0,
        "found a database of a newer Perilune (schema %lld; version %s knows up to %d): use that "
        "version, or another file with --db",
        (long long)*version, pln_version(), PLN_SCHEMA_VERSION);
  if (application == PLN_APPLICATION_ID && *version < 1)
    return pln_fail_at(PLN_ERR_CORRUPT, store->path, 0, 0, "the database has no schema version");
  return 0;
}

int32_t pln_schema_prepare(pln_store *store) {
  int64_t version = 0;
  int32_t status = pln_store_exec(store, "BEGIN", "looking at the tables");
  if (status < 0) return status;
  status = inspect(store, &version);
  sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL); /* nothing was written */
  if (status == 0 && version == PLN_SCHEMA_VERSION && !store->read_only) return refresh(store);
  if (status < 0 || version == PLN_SCHEMA_VERSION) return status;
  if (store->read_only)
    return version == 0
               ? pln_fail_at(PLN_ERR_FORMAT, store->path, 0, 0,
                             "the database is empty: `perilune run CONFIG.yaml` fills it")
               : pln_fail_at(PLN_ERR_UNSUPPORTED, store->path, 0, 0,
                             "found a database of an older schema (%lld): the next `perilune run` into it "
                             "brings it up to date",
                             (long long)version);
  status = pln_store_exec(store, "BEGIN IMMEDIATE", "making the tables");
  if (status < 0) return status;
  status = inspect(store, &version); /* another process may have made them meanwhile */
  if (status == 0 && version == 0)
    status = make_schema(store);
  else if (status == 0 && version < PLN_SCHEMA_VERSION)
    status = migrate(store, version);
  if (status == 0) return pln_store_exec(store, "COMMIT", "making the tables");
  sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
  return status;
}
