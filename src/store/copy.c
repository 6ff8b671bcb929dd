/* Moving results between databases: from a staging area or another project's file into this one. Ids of
 * results are made anew; everything else keeps its natural key: phase, combo, window, portfolio. */
#include "store/internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Tables whose rows belong to a result, and metric_row, returns_axis and combo_row apart. */
static const char *const children[] = {"figure_row",   "instrument",  "trade_row",    "order_row",
                                       "fill_row",     "refusal_row", "decision_row", "equity_chunk",
                                       "record_chunk", "returns_row", "signal_chunk"};
enum { CHILDREN = sizeof children / sizeof *children };

/* Runs SQL that was made with sqlite3_mprintf, and frees it. */
static int32_t run_made(pln_store *store, char *sql, const char *doing) {
  const int32_t status =
      sql ? pln_store_exec(store, sql, doing) : pln_fail(PLN_ERR_MEMORY, "no memory for SQL");
  sqlite3_free(sql);
  return status;
}

static int32_t number_of(pln_store *store, char *sql, int64_t *out) {
  if (!sql) return pln_fail(PLN_ERR_MEMORY, "no memory for SQL");
  sqlite3_stmt *statement = NULL;
  int status = sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL);
  if (status == SQLITE_OK) status = sqlite3_step(statement);
  if (status == SQLITE_ROW) *out = sqlite3_column_int64(statement, 0);
  sqlite3_finalize(statement);
  sqlite3_free(sql);
  return status == SQLITE_ROW ? 0 : pln_store_fail(store, status, "moving results");
}

/* The columns of a table of rows, each after a comma, without the result and a chunk's own id. */
static char *columns_of(pln_store *store, const char *table) {
  sqlite3_stmt *statement = NULL;
  sqlite3_str *out = sqlite3_str_new(store->db);
  int status = sqlite3_prepare_v2(
      store->db,
      "SELECT name FROM pragma_table_info(?, 'main') WHERE name <> 'result' AND NOT (name = "
      "'id' AND pk) ORDER BY cid",
      -1, &statement, NULL);
  if (status == SQLITE_OK) sqlite3_bind_text(statement, 1, table, -1, SQLITE_STATIC);
  while (status == SQLITE_OK || status == SQLITE_ROW) {
    status = sqlite3_step(statement);
    if (status == SQLITE_ROW)
      sqlite3_str_appendf(out, ", t.\"%w\"", (const char *)sqlite3_column_text(statement, 0));
  }
  sqlite3_finalize(statement);
  return sqlite3_str_finish(out);
}

/* "t.a, t.b" as names of columns to insert into: without the "t.". */
static char *bare(const char *columns) {
  char *out = sqlite3_mprintf("%s", columns), *to = out;
  for (const char *c = columns; out && *c; c++) {
    if (c[0] == 't' && c[1] == '.' && c[2] == '"') c += 2;
    *to++ = *c;
  }
  if (out) *to = 0;
  return out;
}

/* Rows of the results in temp.moved (old id, new id) from one schema's table to the project's. */
static int32_t copy_rows(pln_store *store, const char *from, const char *table) {
  int64_t any = 0;
  int32_t status =
      number_of(store, sqlite3_mprintf("SELECT EXISTS (SELECT 1 FROM %s.%s)", from, table), &any);
  if (status < 0 || !any) return status;
  char *columns = NULL;
  if (strcmp(table, "figure_row") == 0)
    status = pln_figures_join(store, from, &columns);
  else
    columns = columns_of(store, table);
  if (status < 0) return status;
  if (!columns) return pln_fail(PLN_ERR_MEMORY, "no memory for SQL");
  char *names = bare(columns);
  if (!names) {
    sqlite3_free(columns);
    return pln_fail(PLN_ERR_MEMORY, "no memory for SQL");
  }
  status = run_made(
      store,
      sqlite3_mprintf("INSERT INTO main.%s (result%s) SELECT m.new%s FROM temp.moved m CROSS JOIN %s.%s t "
                      "ON t.result = m.old",
                      table, names, columns, from, table),
      "moving results");
  sqlite3_free(names);
  sqlite3_free(columns);
  return status;
}

static int32_t copy_metrics(pln_store *store, const char *from) {
  return run_made(
      store,
      sqlite3_mprintf("INSERT OR IGNORE INTO main.metric_name (name) SELECT name FROM %s.metric_name ORDER "
                      "BY id; INSERT INTO main.metric_row SELECT m.new, k.id, t.value FROM temp.moved m "
                      "CROSS JOIN %s.metric_row t ON t.result = m.old CROSS JOIN %s.metric_name n ON n.id = "
                      "t.metric CROSS JOIN main.metric_name k ON k.name = n.name",
                      from, from, from),
      "moving results");
}

static int32_t copy_axes(pln_store *store, const char *from) {
  return run_made(
      store,
      sqlite3_mprintf("INSERT OR IGNORE INTO main.returns_axis SELECT * FROM %s.returns_axis WHERE hash IN "
                      "(SELECT t.axis FROM temp.moved m CROSS JOIN %s.returns_row t ON t.result = m.old)",
                      from, from),
      "moving results");
}

/* Deletes the results whose ids are in temp.doomed, with their rows, from a schema. */
static int32_t delete_doomed(pln_store *store, const char *schema) {
  int32_t status = 0;
  for (int i = 0; status == 0 && i < CHILDREN; i++)
    status = run_made(store,
                      sqlite3_mprintf("DELETE FROM %s.%s WHERE result IN (SELECT id FROM temp.doomed)",
                                      schema, children[i]),
                      "deleting results");
  if (status == 0)
    status = run_made(
        store,
        sqlite3_mprintf("DELETE FROM %s.metric_row WHERE result IN (SELECT id FROM temp.doomed); DELETE "
                        "FROM %s.result_row WHERE id IN (SELECT id FROM temp.doomed); DELETE FROM "
                        "temp.doomed",
                        schema, schema),
        "deleting results");
  return status;
}

static int32_t make_lists(pln_store *store) {
  return pln_store_exec(
      store,
      "CREATE TABLE IF NOT EXISTS temp.moved (old INTEGER PRIMARY KEY, new INTEGER NOT NULL); "
      "CREATE TABLE IF NOT EXISTS temp.doomed (id INTEGER PRIMARY KEY); "
      "DELETE FROM temp.moved; DELETE FROM temp.doomed",
      "moving results");
}

/* Copies results that are complete, of one phase or (0) all, to the phase `to` (0: of the same id). Leaves
 * the list of their old and new ids in temp.moved. Within a transaction. The number of results or a status.
 */
static int64_t copy_results(pln_store *store, const char *from, int64_t from_phase, int64_t to_phase) {
  int32_t status = make_lists(store);
  int64_t first = 0, last = 0, count = 0;
  if (status == 0)
    status =
        number_of(store, sqlite3_mprintf("SELECT coalesce(min(id), 1) FROM %s.result_row", from), &first);
  if (status == 0)
    status = number_of(store, sqlite3_mprintf("SELECT coalesce(max(id), 0) FROM main.result_row"), &last);
  char of_phase[64] = "", phase[32] = "r.phase";
  if (from_phase) snprintf(of_phase, sizeof of_phase, "r.phase = %" PRId64 " AND ", from_phase);
  if (to_phase) snprintf(phase, sizeof phase, "%" PRId64, to_phase);
  if (status == 0)
    status = run_made(store,
                      sqlite3_mprintf("INSERT INTO temp.moved SELECT r.id, r.id + %lld FROM %s.result_row r "
                                      "WHERE %s r.done AND NOT EXISTS "
                                      "(SELECT 1 FROM %s.result_row s WHERE s.phase = r.phase AND s.combo = "
                                      "r.combo AND s.window = r.window AND "
                                      "NOT s.done) AND NOT EXISTS (SELECT 1 FROM main.result_row t WHERE "
                                      "t.phase = %s AND t.combo = r.combo AND "
                                      "t.window = r.window AND t.portfolio = r.portfolio AND t.done); "
                                      /* What a killed process has left of the same combo and window. */
                                      "INSERT INTO temp.doomed SELECT DISTINCT t.id FROM temp.moved m CROSS "
                                      "JOIN %s.result_row r ON r.id = m.old "
                                      "CROSS JOIN main.result_row t ON t.phase = %s AND t.combo = r.combo "
                                      "AND t.window = r.window AND NOT t.done",
                                      last + 1 - first, from, of_phase, from, phase, from, phase),
                      "moving results");
  if (status == 0) status = number_of(store, sqlite3_mprintf("SELECT count(*) FROM temp.doomed"), &count);
  if (status == 0 && count > 0) status = delete_doomed(store, "main");
  if (status == 0) status = number_of(store, sqlite3_mprintf("SELECT count(*) FROM temp.moved"), &count);
  if (status == 0)
    status = run_made(
        store,
        sqlite3_mprintf(
            "INSERT OR IGNORE INTO main.combo_row SELECT %s, c.number, c.combo, c.params, c.hash "
            "FROM temp.moved m CROSS JOIN %s.result_row r ON r.id = m.old CROSS JOIN %s.combo_row c ON "
            "c.phase = r.phase AND c.number = r.combo; "
            "INSERT OR IGNORE INTO main.trial_row SELECT c.hash, %s FROM temp.moved m CROSS JOIN "
            "%s.result_row r ON r.id = m.old CROSS JOIN %s.combo_row c ON c.phase = r.phase AND c.number = "
            "r.combo WHERE c.hash IS NOT NULL; "
            "INSERT INTO main.result_row (id, phase, combo, window, portfolio, done, status) SELECT m.new, "
            "%s, r.combo, r.window, r.portfolio, 1, r.status FROM temp.moved m CROSS JOIN %s.result_row r "
            "ON r.id = m.old",
            phase, from, from, phase, from, from, phase, from),
        "moving results");
  if (status == 0) status = copy_metrics(store, from);
  if (status == 0) status = copy_axes(store, from);
  for (int i = 0; status == 0 && i < CHILDREN; i++) status = copy_rows(store, from, children[i]);
  return status < 0 ? status : count;
}

/* Empties the staging area of what has moved. What has not is of combos that go on. */
static int32_t forget_moved(pln_store *store) {
  int64_t left = 0;
  int32_t status = number_of(
      store, sqlite3_mprintf("SELECT (SELECT count(*) FROM staging.result_row) - count(*) FROM temp.moved"),
      &left);
  if (status == 0 && left == 0) {
    for (int i = 0; status == 0 && i < CHILDREN; i++)
      status = run_made(store, sqlite3_mprintf("DELETE FROM staging.%s", children[i]), "moving results");
    if (status == 0)
      status = pln_store_exec(store,
                              "DELETE FROM staging.metric_row; DELETE FROM staging.result_row; DELETE FROM "
                              "staging.combo_row; DELETE FROM staging.returns_axis",
                              "moving results");
    store->has_axis = false;
    return status;
  }
  /* Also what was done already in the project's file, and so did not move. */
  if (status == 0)
    status = pln_store_exec(
        store,
        "INSERT INTO temp.doomed SELECT r.id FROM staging.result_row r WHERE r.done AND NOT EXISTS "
        "(SELECT 1 FROM staging.result_row s WHERE s.phase = r.phase AND s.combo = r.combo AND "
        "s.window = r.window AND NOT s.done)",
        "moving results");
  return status < 0 ? status : delete_doomed(store, "staging");
}

int64_t pln_store_flush(pln_store *store) {
  int32_t status = pln_store_commit(store);
  if (status < 0 || !store->staged) return status;
  if (store->failed)
    return pln_fail_at(PLN_ERR_STATE, store->path, 0, 0,
                       "an earlier write failed and took the rows of its transaction with it");
  int64_t any = 0;
  status = number_of(store, sqlite3_mprintf("SELECT EXISTS (SELECT 1 FROM staging.result_row)"), &any);
  if (status < 0 || !any) return status;
  status = pln_store_begin(store);
  if (status < 0) return status;
  const int64_t moved = copy_results(store, "staging", 0, 0);
  status = moved < 0 ? (int32_t)moved : pln_store_commit(store);
  if (status < 0) {
    pln_store_rollback(store);
    return status;
  }
  status = forget_moved(store);
  return status < 0 ? status : moved;
}

int32_t pln_store_drop_partial(pln_store *store, int64_t phase) {
  int32_t status = pln_store_begin(store);
  if (status < 0) return status;
  status = make_lists(store);
  if (status == 0)
    status = run_made(
        store,
        sqlite3_mprintf("INSERT INTO temp.doomed SELECT DISTINCT s.id FROM main.result_row r CROSS JOIN "
                        "main.result_row s ON s.phase = r.phase AND s.combo = r.combo AND s.window = "
                        "r.window WHERE r.phase = %lld AND NOT r.done",
                        phase),
        "deleting results");
  if (status == 0) status = delete_doomed(store, "main");
  if (status == 0) return pln_store_commit(store);
  pln_store_rollback(store);
  return status;
}

int32_t pln_store_attach(pln_store *store, const char *path) {
  const int32_t status = pln_store_commit(store);
  return status < 0 ? status
                    : run_made(store, sqlite3_mprintf("ATTACH %Q AS source", path), "attaching a database");
}

int64_t pln_store_copy_phase(pln_store *store, int64_t from_phase, int64_t to_phase) {
  return copy_results(store, "source", from_phase, to_phase);
}

int32_t pln_store_detach(pln_store *store) {
  const int32_t status = pln_store_commit(store);
  return status < 0 ? status : pln_store_exec(store, "DETACH source", "detaching a database");
}
