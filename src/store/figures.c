/* figure_row: one row for each result, a column for each metric of the short table. Columns are made from the
 * list of metrics, and added when a newer engine has more. */
#include "store/internal.h"

#include "abi/stats.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int32_t pln_headline_count(void) {
  int32_t n = 0;
  while (pln_metric_is_headline(n)) n++; /* they are the first of the list */
  return n;
}

/* Columns of a schema's figure_row, without the first. The list and its names are the caller's to free. */
static int32_t read_columns(pln_store *store, const char *schema_name, char ***out, int32_t *n) {
  *out = NULL;
  *n = 0;
  sqlite3_stmt *statement = NULL;
  int status = sqlite3_prepare_v2(
      store->db, "SELECT name FROM pragma_table_info('figure_row', ?) WHERE name <> 'result' ORDER BY cid",
      -1, &statement, NULL);
  if (status != SQLITE_OK) return pln_store_fail(store, status, "reading the columns of figures");
  sqlite3_bind_text(statement, 1, schema_name, -1, SQLITE_STATIC);
  int32_t result = 0;
  while (result == 0 && (status = sqlite3_step(statement)) == SQLITE_ROW) {
    char **grown = realloc(*out, sizeof *grown * (size_t)(*n + 1));
    if (grown) *out = grown;
    char *copy = strdup((const char *)sqlite3_column_text(statement, 0));
    if (grown && copy) {
      (*out)[(*n)++] = copy;
    } else {
      free(copy);
      result = pln_fail(PLN_ERR_MEMORY, "no memory for the columns of figures");
    }
  }
  sqlite3_finalize(statement);
  return result < 0 || status == SQLITE_DONE
             ? result
             : pln_store_fail(store, status, "reading the columns of figures");
}

static void free_columns(char **columns, int32_t n) {
  for (int32_t i = 0; i < n; i++) free(columns[i]);
  free(columns);
}

void pln_figures_forget(pln_store *store) {
  free_columns(store->columns, store->n_columns);
  store->columns = NULL;
  store->n_columns = 0;
}

static bool has_column(char *const *columns, int32_t n, const char *name) {
  for (int32_t i = 0; i < n; i++)
    if (strcmp(columns[i], name) == 0) return true;
  return false;
}

int32_t pln_figures_make(pln_store *store, const char *schema_name) {
  sqlite3_str *out = sqlite3_str_new(store->db);
  sqlite3_str_appendf(out, "CREATE TABLE %s.figure_row (result INTEGER PRIMARY KEY REFERENCES result_row",
                      schema_name);
  for (int32_t i = 0; pln_metric_is_headline(i); i++)
    sqlite3_str_appendf(out, ", \"%w\" REAL", pln_metric_get(i)->name);
  sqlite3_str_appendall(out, ")");
  char *sql = sqlite3_str_finish(out);
  const int32_t status = sql ? pln_store_exec(store, sql, "making the tables")
                             : pln_fail(PLN_ERR_MEMORY, "no memory for the table of figures");
  sqlite3_free(sql);
  return status;
}

int32_t pln_figures_missing(pln_store *store, const char *schema_name) {
  pln_figures_forget(store);
  const int32_t status = read_columns(store, schema_name, &store->columns, &store->n_columns);
  if (status < 0) return status;
  int32_t missing = 0;
  for (int32_t i = 0; pln_metric_is_headline(i); i++)
    missing += !has_column(store->columns, store->n_columns, pln_metric_get(i)->name);
  return missing;
}

static int32_t add_column(pln_store *store, const char *name) {
  char *sql = sqlite3_mprintf("ALTER TABLE main.figure_row ADD COLUMN \"%w\" REAL", name);
  const int32_t status = sql ? pln_store_exec(store, sql, "adding a column of figures")
                             : pln_fail(PLN_ERR_MEMORY, "no memory for a column of figures");
  sqlite3_free(sql);
  return status;
}

int32_t pln_figures_complete(pln_store *store, const char *schema_name) {
  int32_t status = pln_figures_missing(store, schema_name);
  for (int32_t i = 0; status > 0 && pln_metric_is_headline(i); i++) {
    const char *name = pln_metric_get(i)->name;
    if (has_column(store->columns, store->n_columns, name)) continue;
    const int32_t added = add_column(store, name);
    if (added < 0) return added;
  }
  return status > 0 ? pln_figures_missing(store, schema_name) : status;
}

int32_t pln_figures_join(pln_store *store, const char *schema_name, char **list) {
  *list = NULL;
  char **columns = NULL;
  int32_t n = 0, added = 0;
  int32_t status = read_columns(store, schema_name, &columns, &n);
  for (int32_t i = 0; status == 0 && i < n; i++) {
    if (has_column(store->columns, store->n_columns, columns[i])) continue;
    status = add_column(store, columns[i]);
    added++;
  }
  if (status == 0 && added > 0) {
    status = pln_figures_missing(store, "main");
    if (status >= 0) status = pln_views_make(store);
  }
  if (status == 0) {
    sqlite3_str *out = sqlite3_str_new(store->db);
    for (int32_t i = 0; i < n; i++) sqlite3_str_appendf(out, ", t.\"%w\"", columns[i]);
    *list = sqlite3_str_finish(out);
    if (!*list) status = n ? pln_fail(PLN_ERR_MEMORY, "no memory for the columns of figures") : 0;
  }
  free_columns(columns, n);
  return status;
}

int32_t pln_figures_gather(pln_store *store) {
  sqlite3_str *out = sqlite3_str_new(store->db);
  sqlite3_str_appendall(out, "INSERT INTO figure_row (result");
  for (int32_t i = 0; pln_metric_is_headline(i); i++)
    sqlite3_str_appendf(out, ", \"%w\"", pln_metric_get(i)->name);
  sqlite3_str_appendall(out, ") SELECT m.result");
  for (int32_t i = 0; pln_metric_is_headline(i); i++)
    sqlite3_str_appendf(out, ", max(CASE WHEN n.name = %Q THEN m.value END)", pln_metric_get(i)->name);
  sqlite3_str_appendall(out, " FROM metric_row m JOIN metric_name n ON n.id = m.metric WHERE n.name IN (''");
  for (int32_t i = 0; pln_metric_is_headline(i); i++)
    sqlite3_str_appendf(out, ", %Q", pln_metric_get(i)->name);
  sqlite3_str_appendall(
      out, ") GROUP BY m.result; DELETE FROM metric_row WHERE metric IN (SELECT id FROM metric_name "
           "WHERE name IN (''");
  for (int32_t i = 0; pln_metric_is_headline(i); i++)
    sqlite3_str_appendf(out, ", %Q", pln_metric_get(i)->name);
  sqlite3_str_appendall(out, "))");
  char *sql = sqlite3_str_finish(out);
  const int32_t status = sql ? pln_store_exec(store, sql, "bringing the tables up to date")
                             : pln_fail(PLN_ERR_MEMORY, "no memory to gather figures");
  sqlite3_free(sql);
  return status;
}

char *pln_figures_insert(const char *schema_name) {
  sqlite3_str *out = sqlite3_str_new(NULL);
  sqlite3_str_appendf(out, "INSERT OR REPLACE INTO %s.figure_row (result", schema_name);
  for (int32_t i = 0; pln_metric_is_headline(i); i++)
    sqlite3_str_appendf(out, ", \"%w\"", pln_metric_get(i)->name);
  sqlite3_str_appendall(out, ") VALUES (?");
  for (int32_t i = 0; pln_metric_is_headline(i); i++) sqlite3_str_appendall(out, ", ?");
  sqlite3_str_appendall(out, ")");
  return sqlite3_str_finish(out);
}
