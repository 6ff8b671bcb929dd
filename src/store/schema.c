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

/* A column of nanoseconds as ISO 8601 UTC with 0, 3, 6 or 9 decimals, in plain SQL so that every reader of
 * the file has it. Division truncates, so times before 1970 need the correction. */
#define FRACTION(c) "((" c " % 1000000000 + 1000000000) % 1000000000)"
#define ISO(c)                                                                                                                                                 \
  "strftime('%Y-%m-%dT%H:%M:%S', (" c                                                                                                                          \
  " - " FRACTION(c) ") / 1000000000, 'unixepoch') || CASE WHEN " FRACTION(c) " = 0 THEN '' WHEN " FRACTION(c) " % 1000000 = 0 THEN printf('.%03d', " FRACTION( \
      c) " / 1000000) WHEN " FRACTION(c) " % 1000 = 0 THEN printf('.%06d', " FRACTION(c) " / 1000) ELSE "                                                      \
                                                                                         "printf('.%09d',"                                                     \
                                                                                         " " FRACTION(c) ")"                                                   \
                                                                                                         " "                                                   \
                                                                                                         "E"                                                   \
                                                                                                         "N"                                                   \
                                                                                                         "D"                                                   \
                                                                                                         " "                                                   \
                                                                                                         "|"                                                   \
                                                                                                         "|"                                                   \
                                                                                                         " "                                                   \
                                                                                                         "'"                                                   \
                                                                                                         "Z"                                                   \
                                                                                                         "'"
#define SECONDS(c) "strftime('%Y-%m-%dT%H:%M:%SZ', " c " / 1000000000, 'unixepoch')"
#define SIDE(c) "CASE WHEN " c " > 0 THEN 'buy' ELSE 'sell' END"
#define NAME(kind, c) "(SELECT name FROM code WHERE kind = '" kind "' AND code = " c ")"
#define SYMBOL(c) "(SELECT symbol FROM instrument i WHERE i.result = r.id AND i.instrument = " c ")"

/* Views that a later version has changed. */
#define TRADE_VIEW                                                                                           \
  "CREATE VIEW trade AS SELECT r.run, r.combo, r.portfolio, t.id AS trade, " SYMBOL(                         \
      "t.instrument") " AS symbol, CASE WHEN t.side > 0 THEN 'long' ELSE 'short' END AS side, t.entry_ts, "  \
                      "t.entry_price, "                                                                      \
                      "t.exit_ts, t.exit_price, t.quantity, t.pnl, t.return_pct, t.fees, t.mae, t.mfe, "     \
                      "t.entry_bar, t.exit_bar, "                                                            \
                      "t.entry_order, t.exit_order, t.source, CASE WHEN t.is_open THEN 'open' ELSE " NAME(   \
                          "exit_reason",                                                                     \
                          "t.exit_reason") " END AS exit_reason, t.is_open, t.income, t.entry_rate, "        \
                                           "t.exit_rate "                                                    \
                                           "FROM result r JOIN trade_row t ON t.result = r.id"
#define TRADES_VIEW                                                                                          \
  "CREATE VIEW trades AS SELECT run, combo, portfolio, trade, symbol, side, " ISO(                           \
      "entry_ts") " AS entry_time, entry_price, " ISO("exit_ts") " AS exit_time, exit_price, quantity, "     \
                                                                 "pnl, return_pct, "                         \
                                                                 "fees, mae, mfe, entry_bar, exit_bar, "     \
                                                                 "entry_order, exit_order, source, "         \
                                                                 "exit_reason, is_open, income, "            \
                                                                 "entry_rate, exit_rate FROM trade"
#define FILL_VIEW                                                                                            \
  "CREATE VIEW fill AS SELECT r.run, r.combo, r.portfolio, f.id AS fill, f.order_id, " SYMBOL(               \
      "f.instrument") " AS symbol, " SIDE("f.side") " AS side, f.ts, f.bar, f.quantity, f.price, "           \
                                                    "f.reference_price, f.fee, f.source, f.rate FROM "       \
                                                    "result r JOIN fill_row f ON f.result = r.id"
#define FILLS_VIEW                                                                                           \
  "CREATE VIEW fills AS SELECT run, combo, portfolio, fill, order_id, symbol, side, " ISO(                   \
      "ts") " AS time, bar, quantity, price, reference_price, fee, source, rate FROM fill"
#define DECISION_TABLE                                                                                       \
  "CREATE TABLE decision_row (result INTEGER NOT NULL REFERENCES result, seq INTEGER NOT NULL, ts INTEGER "  \
  "NOT "                                                                                                     \
  "NULL, order_id INTEGER, instrument INTEGER NOT NULL, rule INTEGER NOT NULL, scope INTEGER NOT NULL, "     \
  "kind "                                                                                                    \
  "INTEGER NOT NULL, action INTEGER NOT NULL, refusal INTEGER NOT NULL, asked REAL, allowed REAL, value "    \
  "REAL, "                                                                                                   \
  "limit_value REAL, PRIMARY KEY (result, seq)) WITHOUT ROWID"
#define DECISION_VIEW                                                                                        \
  "CREATE VIEW decision AS SELECT r.run, r.combo, r.portfolio, d.ts, d.order_id, " SYMBOL(                   \
      "d.instrument") " AS symbol, d.rule, " NAME("risk_kind",                                               \
                                                  "d.kind") " AS kind, CASE d.scope WHEN 0 THEN "            \
                                                            "'portfolio' ELSE "                              \
                                                            "'all' END AS scope, " NAME(                     \
                                                                "risk_action",                               \
                                                                "d."                                         \
                                                                "act"                                        \
                                                                "io"                                         \
                                                                "n") " AS action, " NAME("refusal",          \
                                                                                         "d.refusal") " AS " \
                                                                                                      "refu" \
                                                                                                      "sal," \
                                                                                                      " d."  \
                                                                                                      "aske" \
                                                                                                      "d, "  \
                                                                                                      "d."   \
                                                                                                      "allo" \
                                                                                                      "wed," \
                                                                                                      " d."  \
                                                                                                      "valu" \
                                                                                                      "e, "  \
                                                                                                      "d."   \
                                                                                                      "limi" \
                                                                                                      "t_"   \
                                                                                                      "valu" \
                                                                                                      "e "   \
                                                                                                      "FROM" \
                                                                                                      " res" \
                                                                                                      "ult " \
                                                                                                      "r "   \
                                                                                                      "JOIN" \
                                                                                                      " dec" \
                                                                                                      "isio" \
                                                                                                      "n_"   \
                                                                                                      "row " \
                                                                                                      "d "   \
                                                                                                      "ON "  \
                                                                                                      "d."   \
                                                                                                      "resu" \
                                                                                                      "lt "  \
                                                                                                      "= "   \
                                                                                                      "r.id"
#define DECISIONS_VIEW                                                                                       \
  "CREATE VIEW decisions AS SELECT run, combo, portfolio, " ISO(                                             \
      "ts") " AS time, order_id, symbol, rule, kind, "                                                       \
            "scope, action, refusal, asked, allowed, value, limit_value FROM decision"

static const char *const schema[] = {
    "CREATE TABLE schema_version (version INTEGER NOT NULL, engine_version TEXT NOT NULL)",
    "CREATE TABLE code (kind TEXT NOT NULL, code INTEGER NOT NULL, name TEXT NOT NULL, PRIMARY KEY "
    "(kind, code)) "
    "WITHOUT ROWID",
    "CREATE TABLE run (id INTEGER PRIMARY KEY AUTOINCREMENT, started_at INTEGER NOT NULL, "
    "finished_at INTEGER, "
    "status TEXT NOT NULL CHECK (status IN ('running', 'finished', 'failed', 'interrupted')), "
    "message TEXT, "
    "workflow TEXT, name TEXT, config_text TEXT, config_hash TEXT, data_hash TEXT, engine_version "
    "TEXT NOT NULL, "
    "build_info TEXT NOT NULL, seed INTEGER, seconds REAL, bars INTEGER)",
    "CREATE TABLE data_file (run INTEGER NOT NULL REFERENCES run, symbol TEXT NOT NULL, timeframe "
    "TEXT NOT NULL, "
    "source TEXT, rows INTEGER NOT NULL, first_ts INTEGER, last_ts INTEGER, content_hash TEXT NOT "
    "NULL, "
    "quality TEXT, PRIMARY KEY (run, symbol, timeframe)) WITHOUT ROWID",
    "CREATE TABLE combo (run INTEGER NOT NULL REFERENCES run, combo TEXT NOT NULL, params TEXT NOT "
    "NULL, "
    "PRIMARY KEY (run, combo)) WITHOUT ROWID",
    "CREATE TABLE result (id INTEGER PRIMARY KEY, run INTEGER NOT NULL, combo TEXT NOT NULL, "
    "portfolio TEXT NOT NULL, UNIQUE (run, combo, portfolio), "
    "FOREIGN KEY (run, combo) REFERENCES combo (run, combo))",
    "CREATE TABLE instrument (result INTEGER NOT NULL REFERENCES result, instrument INTEGER NOT "
    "NULL, "
    "symbol TEXT NOT NULL, PRIMARY KEY (result, instrument)) WITHOUT ROWID",
    "CREATE TABLE metric_name (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)",
    "CREATE TABLE metric_row (result INTEGER NOT NULL REFERENCES result, metric INTEGER NOT NULL, "
    "value REAL, "
    "PRIMARY KEY (result, metric)) WITHOUT ROWID",
    "CREATE INDEX metric_by_value ON metric_row (metric, value)",
    "CREATE TABLE trade_row (result INTEGER NOT NULL REFERENCES result, seq INTEGER NOT NULL, id "
    "INTEGER NOT NULL, "
    "instrument INTEGER NOT NULL, side INTEGER NOT NULL, entry_ts INTEGER NOT NULL, entry_price "
    "REAL, "
    "exit_ts INTEGER NOT NULL, exit_price REAL, quantity REAL, pnl REAL, return_pct REAL, fees REAL, "
    "mae REAL, "
    "mfe REAL, entry_bar INTEGER, exit_bar INTEGER, entry_order INTEGER, exit_order INTEGER, source "
    "INTEGER, "
    "exit_reason INTEGER, is_open INTEGER, income REAL, entry_rate REAL, exit_rate REAL, PRIMARY KEY "
    "(result, seq)) WITHOUT ROWID",
    "CREATE TABLE order_row (result INTEGER NOT NULL REFERENCES result, seq INTEGER NOT NULL, id "
    "INTEGER NOT NULL, "
    "instrument INTEGER NOT NULL, side INTEGER NOT NULL, type INTEGER NOT NULL, tif INTEGER NOT "
    "NULL, "
    "created_ts INTEGER NOT NULL, updated_ts INTEGER NOT NULL, status INTEGER NOT NULL, quantity "
    "REAL, "
    "filled REAL, limit_price REAL, stop_price REAL, average_fill_price REAL, fees REAL, refusal "
    "INTEGER, "
    "reason INTEGER, source INTEGER, tag INTEGER, PRIMARY KEY (result, seq)) WITHOUT ROWID",
    "CREATE TABLE fill_row (result INTEGER NOT NULL REFERENCES result, seq INTEGER NOT NULL, id "
    "INTEGER NOT NULL, "
    "order_id INTEGER NOT NULL, instrument INTEGER NOT NULL, side INTEGER NOT NULL, ts INTEGER NOT "
    "NULL, "
    "bar INTEGER, quantity REAL, price REAL, reference_price REAL, fee REAL, source INTEGER, rate REAL, "
    "PRIMARY KEY (result, seq)) WITHOUT ROWID",
    "CREATE TABLE refusal_row (result INTEGER NOT NULL REFERENCES result, code INTEGER NOT NULL, "
    "count INTEGER NOT NULL, first_ts INTEGER, first_instrument INTEGER, first_asked REAL, "
    "first_allowed REAL, "
    "last_ts INTEGER, last_instrument INTEGER, last_asked REAL, last_allowed REAL, PRIMARY KEY "
    "(result, code)) "
    "WITHOUT ROWID",
    "CREATE TABLE equity_chunk (id INTEGER PRIMARY KEY, result INTEGER NOT NULL REFERENCES result, "
    "chunk INTEGER NOT NULL, first_ts INTEGER NOT NULL, last_ts INTEGER NOT NULL, rows INTEGER NOT "
    "NULL, "
    "peak REAL NOT NULL, data BLOB NOT NULL, UNIQUE (result, chunk))",
    "CREATE TABLE record_chunk (id INTEGER PRIMARY KEY, result INTEGER NOT NULL REFERENCES result, "
    "name TEXT NOT NULL, chunk INTEGER NOT NULL, first_ts INTEGER NOT NULL, last_ts INTEGER NOT "
    "NULL, "
    "rows INTEGER NOT NULL, data BLOB NOT NULL, UNIQUE (result, name, chunk))",

    "CREATE VIEW metric AS SELECT r.run, r.combo, r.portfolio, n.name, m.value FROM metric_row m "
    "JOIN result r ON r.id = m.result JOIN metric_name n ON n.id = m.metric",
    TRADE_VIEW,
    "CREATE VIEW \"order\" AS SELECT r.run, r.combo, r.portfolio, o.id AS order_id, " SYMBOL(
        "o."
        "instrum"
        "ent") " AS symbol, " SIDE("o.side") " AS side, " NAME("order_type",
                                                               "o.type") " AS type, " NAME("tif",
                                                                                           "o.tif") " AS "
                                                                                                    "tif, "
                                                                                                    "o."
                                                                                                    "created_"
                                                                                                    "ts, "
                                                                                                    "o."
                                                                                                    "updated_"
                                                                                                    "ts,"
                                                                                                    " " NAME(
                                                                                                        "orde"
                                                                                                        "r_"
                                                                                                        "stat"
                                                                                                        "us",
                                                                                                        "o."
                                                                                                        "stat"
                                                                                                        "us") " AS status, o.quantity, "
                                                                                                              "o.filled, "
                                                                                                              "o.limit_price, o.stop_price, "
                                                                                                              "o.average_fill_price, "
                                                                                                              "o.fees, " NAME(
                                                                                                                  "refusal",
                                                                                                                  "o."
                                                                                                                  "refus"
                                                                                                                  "al") " AS refusal, " NAME("exit_reason",
                                                                                                                                             "o.reason") " AS reason, "
                                                                                                                                                         "o.source, o.tag "
                                                                                                                                                         "FROM result r "
                                                                                                                                                         "JOIN order_row "
                                                                                                                                                         "o ON o.result = "
                                                                                                                                                         "r.id",
    FILL_VIEW,
    "CREATE VIEW refusal AS SELECT r.run, r.combo, r.portfolio, f.code, " NAME(
        "refusal",
        "f.code") " AS name, f.count, "
                  "f.first_ts, " SYMBOL(
                      "f.first_instrument") " AS first_symbol, f.first_asked, f.first_allowed, "
                                            "f.last_ts, " SYMBOL("f.last_instrument") " AS "
                                                                                      "last_symbol, "
                                                                                      "f.last_asked, "
                                                                                      "f.last_"
                                                                                      "allowed "
                                                                                      "FROM result r "
                                                                                      "JOIN "
                                                                                      "refusal_row f "
                                                                                      "ON f.result = "
                                                                                      "r.id",

    "CREATE VIEW runs AS SELECT id AS run, " SECONDS("started_at") " AS started, " SECONDS(
        "finished_at") " AS finished, status, workflow, name, "
                       "(SELECT count(*) FROM combo c WHERE c.run = run.id) AS combos, bars, seconds, "
                       "message, "
                       "config_hash, data_hash, engine_version, seed FROM run",
    "CREATE VIEW data_files AS SELECT run, symbol, timeframe, source, rows, " ISO(
        "first_ts") " AS first_time, " ISO("last_ts") " AS last_time, content_hash, quality FROM "
                                                      "data_file",
    "CREATE VIEW combos AS SELECT run, combo, params FROM combo",
    "CREATE VIEW results AS SELECT run, combo, portfolio, "
    "(SELECT params FROM combo c WHERE c.run = result.run AND c.combo = result.combo) AS params FROM "
    "result",
    "CREATE VIEW metrics AS SELECT * FROM metric",
    TRADES_VIEW,
    "CREATE VIEW orders AS SELECT run, combo, portfolio, order_id, symbol, side, type, tif, " ISO(
        "created_ts") " AS created_time, " ISO("updated_ts") " AS updated_time, status, quantity, "
                                                             "filled, "
                                                             "limit_price, stop_price, "
                                                             "average_fill_price, fees, refusal, "
                                                             "reason, source, tag FROM \"order\"",
    FILLS_VIEW,
    "CREATE VIEW refusals AS SELECT run, combo, portfolio, code, name, count, " ISO(
        "first_ts") " AS first_time, "
                    "first_symbol, first_asked, first_allowed, " ISO(
                        "last_ts") " AS last_time, last_symbol, last_asked, "
                                   "last_allowed FROM refusal",
    DECISION_TABLE,
    DECISION_VIEW,
    DECISIONS_VIEW,
};

/* migrations[v - 1] takes a database of version v to v + 1. */
static const char *const migrations[PLN_SCHEMA_VERSION] = {
    "ALTER TABLE trade_row ADD COLUMN income REAL; ALTER TABLE trade_row ADD COLUMN entry_rate REAL; "
    "ALTER TABLE trade_row ADD COLUMN exit_rate REAL; ALTER TABLE fill_row ADD COLUMN rate REAL; "
    "UPDATE trade_row SET income = 0, entry_rate = 1, exit_rate = 1; UPDATE fill_row SET rate = 1; "
    "DROP VIEW trades; DROP VIEW trade; DROP VIEW fills; DROP VIEW fill; " TRADE_VIEW "; " TRADES_VIEW
    "; " FILL_VIEW "; " FILLS_VIEW,
    DECISION_TABLE "; " DECISION_VIEW "; " DECISIONS_VIEW,
};

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

/* Codes that came after the file was made: names, which need no other tables. */
static int32_t refresh_codes(pln_store *store) {
  int64_t known = 0, expected = PLN_ORDER_MARKET_ON_CLOSE + 1 + PLN_TIF_CLS + 1 + PLN_STATUS_EXPIRED + 1 +
                                PLN_REFUSAL_COUNT + PLN_EXIT_REASON_COUNT;
  int32_t status = pragma_value(store, "SELECT count(*) FROM code", &known);
  if (status < 0 || known >= expected) return status;
  status = pln_store_exec(store, "BEGIN IMMEDIATE", "bringing the names up to date");
  if (status < 0) return status;
  status = add_codes(store);
  if (status == 0) return pln_store_exec(store, "COMMIT", "bringing the names up to date");
  sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
  return status;
}

static int32_t make_schema(pln_store *store) {
  for (size_t i = 0; i < sizeof schema / sizeof *schema; i++) {
    const int32_t status = pln_store_exec(store, schema[i], "making the tables");
    if (status < 0) return status;
  }
  char sql[256];
  snprintf(
      sql, sizeof sql,
      "INSERT INTO schema_version VALUES (%d, '%s'); PRAGMA user_version = %d; PRAGMA application_id = %d",
      PLN_SCHEMA_VERSION, pln_version(), PLN_SCHEMA_VERSION, PLN_APPLICATION_ID);
  const int32_t status = pln_store_exec(store, sql, "making the tables");
  return status < 0 ? status : add_codes(store);
}

static int32_t migrate(pln_store *store, int64_t version) {
  char sql[128];
  for (int64_t v = version; v < PLN_SCHEMA_VERSION; v++) {
    const int32_t status = pln_store_exec(store, migrations[v - 1], "bringing the tables up to date");
    if (status < 0) return status;
  }
  snprintf(sql, sizeof sql, "INSERT INTO schema_version VALUES (%d, '%s'); PRAGMA user_version = %d",
           PLN_SCHEMA_VERSION, pln_version(), PLN_SCHEMA_VERSION);
  const int32_t status = pln_store_exec(store, sql, "bringing the tables up to date");
  return status < 0 ? status : add_codes(store);
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
  if (status == 0 && version == PLN_SCHEMA_VERSION && !store->read_only) return refresh_codes(store);
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
