/* The views: what users and programs ask. docs/database.md describes them. They are made anew when the
 * schema's version changes, and those of figures when a metric comes. Plain SQL, so that every reader of the
 * file has them.
 */
#include "store/internal.h"

#include <stdlib.h>
#include <string.h>

/* In these texts
 *   {iso C}      is a column of nanoseconds as ISO 8601 UTC with 0, 3, 6 or 9 decimals,
 *   {seconds C}  the same without decimals,
 *   {side C}     the side of an order,
 *   {symbol C}   the symbol of instrument C of result r,
 *   {name K C}   the name of code C of kind K,
 *   {figures}    the columns of figure_row f, each after a comma. */
typedef struct view {
  const char *name;
  const char *sql;
} view;

static const view views[] = {
    {"phase",
     "SELECT id, run, name, topology, hash, status, nullif(content, id) AS source, n_combos, n_windows, "
     "spec FROM phase_row"},
    {"phases",
     "SELECT p.run, p.name AS phase, p.topology, p.status, (SELECT count(*) FROM combo_row c WHERE c.phase = "
     "p.content) AS combos, (SELECT count(*) FROM window_row w WHERE w.phase = p.content) AS windows, "
     "(SELECT "
     "count(*) FROM result_row r WHERE r.phase = p.content) AS results, (SELECT count(*) FROM result_row r "
     "WHERE "
     "r.phase = p.content AND r.done) AS done, (SELECT s.run FROM phase_row s WHERE s.id = p.content AND "
     "s.id <> "
     "p.id) AS source_run, p.hash FROM phase_row p"},
    {"window",
     "SELECT p.run, p.name AS phase, w.number, w.role, w.fold, w.from_ts, w.until_ts, p.id AS phase_id "
     "FROM phase_row p JOIN window_row w ON w.phase = p.content"},
    {"windows",
     "SELECT run, phase, number, role, fold, {iso from_ts} AS from_time, {iso until_ts} AS until_time "
     "FROM window"},
    {"combo",
     "SELECT p.run, c.combo, c.params, p.name AS phase, c.number, lower(hex(c.hash)) AS hash, p.id AS "
     "phase_id FROM phase_row p JOIN combo_row c ON c.phase = p.content"},
    {"result", "SELECT r.id, p.run, c.combo, r.portfolio, p.name AS phase, r.window, r.done, r.status, p.id "
               "AS phase_id, "
               "r.combo AS number FROM phase_row p JOIN result_row r ON r.phase = p.content JOIN combo_row c "
               "ON c.phase = "
               "r.phase AND c.number = r.combo"},
    {"trade",
     "SELECT r.run, r.combo, r.portfolio, t.id AS trade, {symbol t.instrument} AS symbol, CASE WHEN t.side > "
     "0 "
     "THEN 'long' ELSE 'short' END AS side, t.entry_ts, t.entry_price, t.exit_ts, t.exit_price, t.quantity, "
     "t.pnl, t.return_pct, t.fees, t.mae, t.mfe, t.entry_bar, t.exit_bar, t.entry_order, t.exit_order, "
     "t.source, "
     "CASE WHEN t.is_open THEN 'open' ELSE {name exit_reason t.exit_reason} END AS exit_reason, t.is_open, "
     "t.income, t.entry_rate, t.exit_rate, r.phase, r.window FROM result r JOIN trade_row t ON t.result = "
     "r.id"},
    {"\"order\"",
     "SELECT r.run, r.combo, r.portfolio, o.id AS order_id, {symbol o.instrument} AS symbol, {side o.side} "
     "AS "
     "side, {name order_type o.type} AS type, {name tif o.tif} AS tif, o.created_ts, o.updated_ts, {name "
     "order_status o.status} AS status, o.quantity, o.filled, o.limit_price, o.stop_price, "
     "o.average_fill_price, o.fees, {name refusal o.refusal} AS refusal, {name exit_reason o.reason} AS "
     "reason, "
     "o.source, o.tag, r.phase, r.window FROM result r JOIN order_row o ON o.result = r.id"},
    {"fill",
     "SELECT r.run, r.combo, r.portfolio, f.id AS fill, f.order_id, {symbol f.instrument} AS symbol, "
     "{side f.side} AS side, f.ts, f.bar, f.quantity, f.price, f.reference_price, f.fee, f.source, f.rate, "
     "r.phase, r.window FROM result r JOIN fill_row f ON f.result = r.id"},
    {"refusal",
     "SELECT r.run, r.combo, r.portfolio, f.code, {name refusal f.code} AS name, f.count, f.first_ts, "
     "{symbol f.first_instrument} AS first_symbol, f.first_asked, f.first_allowed, f.last_ts, "
     "{symbol f.last_instrument} AS last_symbol, f.last_asked, f.last_allowed, r.phase, r.window "
     "FROM result r JOIN refusal_row f ON f.result = r.id"},
    {"decision",
     "SELECT r.run, r.combo, r.portfolio, d.ts, d.order_id, {symbol d.instrument} AS symbol, d.rule, "
     "{name risk_kind d.kind} AS kind, CASE d.scope WHEN 0 THEN 'portfolio' ELSE 'all' END AS scope, "
     "{name risk_action d.action} AS action, {name refusal d.refusal} AS refusal, d.asked, d.allowed, "
     "d.value, "
     "d.limit_value, r.phase, r.window FROM result r JOIN decision_row d ON d.result = r.id"},
    {"weight",
     "SELECT p.run, p.name AS phase, w.name, w.ts, w.regime, w.member, w.weight FROM phase_row p JOIN "
     "weight_row w ON w.phase = p.content"},
    {"trial",
     "SELECT lower(hex(t.hash)) AS hash, p.run AS first_run, p.name AS first_phase, n.data_hash FROM "
     "trial_row t JOIN phase_row p ON p.id = t.phase JOIN run n ON n.id = p.run"},

    {"runs", "SELECT id AS run, {seconds started_at} AS started, {seconds finished_at} AS finished, status, "
             "workflow, name, (SELECT max(n) FROM (SELECT count(*) AS n FROM phase_row p JOIN combo_row c ON "
             "c.phase = p.content WHERE p.run = run.id GROUP BY p.id)) AS combos, bars, seconds, message, "
             "config_hash, data_hash, engine_version, seed FROM run"},
    {"data_files",
     "SELECT run, symbol, timeframe, source, rows, {iso first_ts} AS first_time, {iso last_ts} AS "
     "last_time, content_hash, quality FROM data_file"},
    {"combos", "SELECT run, combo, params, phase FROM combo"},
    {"results",
     "SELECT r.run, r.combo, r.portfolio, (SELECT params FROM combo_row c WHERE c.phase = p.content AND "
     "c.number = r.number) AS params, r.phase, r.window, r.done, r.status FROM result r JOIN phase_row p "
     "ON p.id = r.phase_id"},
    {"trades",
     "SELECT run, combo, portfolio, trade, symbol, side, {iso entry_ts} AS entry_time, entry_price, "
     "{iso exit_ts} AS exit_time, exit_price, quantity, pnl, return_pct, fees, mae, mfe, entry_bar, "
     "exit_bar, entry_order, exit_order, source, exit_reason, is_open, income, entry_rate, exit_rate, "
     "phase, window FROM trade"},
    {"orders",
     "SELECT run, combo, portfolio, order_id, symbol, side, type, tif, {iso created_ts} AS created_time, "
     "{iso updated_ts} AS updated_time, status, quantity, filled, limit_price, stop_price, "
     "average_fill_price, fees, refusal, reason, source, tag, phase, window FROM \"order\""},
    {"fills",
     "SELECT run, combo, portfolio, fill, order_id, symbol, side, {iso ts} AS time, bar, quantity, price, "
     "reference_price, fee, source, rate, phase, window FROM fill"},
    {"refusals",
     "SELECT run, combo, portfolio, code, name, count, {iso first_ts} AS first_time, first_symbol, "
     "first_asked, first_allowed, {iso last_ts} AS last_time, last_symbol, last_asked, last_allowed, "
     "phase, window FROM refusal"},
    {"decisions",
     "SELECT run, combo, portfolio, {iso ts} AS time, order_id, symbol, rule, kind, scope, action, "
     "refusal, asked, allowed, value, limit_value, phase, window FROM decision"},
    {"weights", "SELECT run, phase, name, {iso ts} AS time, regime, member, weight FROM weight"},
    {"trials", "SELECT hash, first_run, first_phase, data_hash FROM trial"},

    {"figures",
     "SELECT r.run, r.combo, r.portfolio, (SELECT params FROM combo_row c WHERE c.phase = p.content AND "
     "c.number = r.number) AS params{figures}, r.phase, r.window FROM result r JOIN phase_row p ON p.id "
     "= r.phase_id JOIN figure_row f ON f.result = r.id"},
};

/* One arm for each column of figures, and one for the others. */
static const char metric_arm[] = "SELECT r.run, r.combo, r.portfolio, '%s' AS name, f.\"%s\" AS value, "
                                 "r.phase, r.window FROM result r JOIN "
                                 "figure_row f ON f.result = r.id UNION ALL ";
static const char other_metrics[] =
    "SELECT r.run, r.combo, r.portfolio, n.name, m.value, r.phase, r.window FROM "
    "result r JOIN metric_row m ON m.result = r.id JOIN metric_name n ON n.id = "
    "m.metric";

static void expand(const pln_store *store, sqlite3_str *out, const char *sql);

/* Division truncates, so times before 1970 need the correction. */
static void put_iso(sqlite3_str *out, const char *c) {
  static const char fraction[] = "((%s %% 1000000000 + 1000000000) %% 1000000000)";
  char *f = sqlite3_mprintf(fraction, c);
  if (!f) return;
  sqlite3_str_appendf(
      out,
      "strftime('%%Y-%%m-%%dT%%H:%%M:%%S', (%s - %s) / 1000000000, 'unixepoch') || CASE WHEN %s = 0 THEN '' "
      "WHEN %s %% 1000000 = 0 THEN printf('.%%03d', %s / 1000000) WHEN %s %% 1000 = 0 THEN printf('.%%06d', "
      "%s / "
      "1000) ELSE printf('.%%09d', %s) END || 'Z'",
      c, f, f, f, f, f, f, f);
  sqlite3_free(f);
}

static void put_marker(const pln_store *store, sqlite3_str *out, char *marker) {
  char *rest = NULL;
  const char *word = strtok_r(marker, " ", &rest);
  const char *first = strtok_r(NULL, " ", &rest), *second = strtok_r(NULL, " ", &rest);
  if (strcmp(word, "iso") == 0) {
    put_iso(out, first);
  } else if (strcmp(word, "seconds") == 0) {
    sqlite3_str_appendf(out, "strftime('%%Y-%%m-%%dT%%H:%%M:%%SZ', %s / 1000000000, 'unixepoch')", first);
  } else if (strcmp(word, "side") == 0) {
    sqlite3_str_appendf(out, "CASE WHEN %s > 0 THEN 'buy' ELSE 'sell' END", first);
  } else if (strcmp(word, "symbol") == 0) {
    sqlite3_str_appendf(out, "(SELECT symbol FROM instrument i WHERE i.result = r.id AND i.instrument = %s)",
                        first);
  } else if (strcmp(word, "name") == 0) {
    sqlite3_str_appendf(out, "(SELECT name FROM code WHERE kind = '%s' AND code = %s)", first, second);
  } else {
    for (int32_t i = 0; i < store->n_columns; i++) sqlite3_str_appendf(out, ", f.\"%w\"", store->columns[i]);
  }
}

static void expand(const pln_store *store, sqlite3_str *out, const char *sql) {
  while (*sql) {
    const char *open = strchr(sql, '{');
    if (!open) break;
    sqlite3_str_append(out, sql, (int)(open - sql));
    const char *close = strchr(open, '}');
    char marker[64];
    const size_t length = (size_t)(close - open - 1);
    memcpy(marker, open + 1, length);
    marker[length] = 0;
    put_marker(store, out, marker);
    sql = close + 1;
  }
  sqlite3_str_appendall(out, sql);
}

static int32_t make_view(pln_store *store, const char *name, sqlite3_str *body) {
  char *text = sqlite3_str_finish(body);
  char *sql =
      text ? sqlite3_mprintf("DROP VIEW IF EXISTS main.%s; CREATE VIEW main.%s AS %s", name, name, text)
           : NULL;
  const int32_t status = sql ? pln_store_exec(store, sql, "making the views")
                             : pln_fail(PLN_ERR_MEMORY, "no memory for the database's views");
  sqlite3_free(sql);
  sqlite3_free(text);
  return status;
}

int32_t pln_views_make(pln_store *store) {
  int32_t status = 0;
  for (size_t i = 0; status == 0 && i < sizeof views / sizeof *views; i++) {
    sqlite3_str *body = sqlite3_str_new(store->db);
    expand(store, body, views[i].sql);
    status = make_view(store, views[i].name, body);
  }
  if (status < 0) return status;
  sqlite3_str *body = sqlite3_str_new(store->db);
  for (int32_t i = 0; i < store->n_columns; i++)
    sqlite3_str_appendf(body, metric_arm, store->columns[i], store->columns[i]);
  sqlite3_str_appendall(body, other_metrics);
  status = make_view(store, "metric", body);
  if (status < 0) return status;
  body = sqlite3_str_new(store->db);
  sqlite3_str_appendall(body, "SELECT * FROM metric");
  return make_view(store, "metrics", body);
}

/* All of them, whatever version made them: tables that they name may be changed then. */
int32_t pln_views_drop(pln_store *store) {
  for (;;) {
    sqlite3_stmt *statement = NULL;
    int status = sqlite3_prepare_v2(
        store->db, "SELECT name FROM main.sqlite_schema WHERE type = 'view' LIMIT 1", -1, &statement, NULL);
    if (status == SQLITE_OK) status = sqlite3_step(statement);
    char *sql = status == SQLITE_ROW ? sqlite3_mprintf("DROP VIEW main.\"%w\"",
                                                       (const char *)sqlite3_column_text(statement, 0))
                                     : NULL;
    sqlite3_finalize(statement);
    if (status == SQLITE_DONE) return 0;
    if (status != SQLITE_ROW) return pln_store_fail(store, status, "bringing the views up to date");
    const int32_t dropped = pln_store_exec(store, sql, "bringing the views up to date");
    sqlite3_free(sql);
    if (dropped < 0) return dropped;
  }
}
