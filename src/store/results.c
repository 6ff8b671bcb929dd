/* Reading metrics of many results, and which are done. */
#include "store/internal.h"

#include <math.h>
#include <stdlib.h>

void pln_stored_results_free(pln_stored_results *stored) {
  if (!stored) return;
  free(stored->combos);
  free(stored->windows);
  free(stored->portfolios);
  for (int32_t i = 0; i < stored->n_portfolios; i++) free(stored->portfolio_names[i]);
  free(stored->portfolio_names);
  for (int32_t i = 0; stored->values && i < stored->n_names; i++) free(stored->values[i]);
  free(stored->values);
  free(stored);
}

static bool is_figure(pln_store *store, const char *name) {
  for (int32_t i = 0; i < store->n_columns; i++)
    if (strcmp(store->columns[i], name) == 0) return true;
  return false;
}

/* The id of a metric that is no figure; a status where there is none. */
static int64_t other_metric(pln_store *store, const char *name) {
  sqlite3_stmt *statement = NULL;
  int status =
      sqlite3_prepare_v2(store->db, "SELECT id FROM main.metric_name WHERE name = ?", -1, &statement, NULL);
  if (status == SQLITE_OK) {
    sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC);
    status = sqlite3_step(statement);
  }
  const int64_t id = status == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : 0;
  sqlite3_finalize(statement);
  if (status == SQLITE_ROW) return id;
  if (status == SQLITE_DONE)
    return pln_fail_at(PLN_ERR_NOT_FOUND, store->path, 0, 0, "found no metric '%s' in the database", name);
  return pln_store_fail(store, status, "reading metrics");
}

static char *sql_of_results(pln_store *store, const char *const *names, int32_t n_names) {
  sqlite3_str *out = sqlite3_str_new(store->db);
  bool failed = false;
  sqlite3_str_appendall(out, "SELECT r.combo, r.window, r.portfolio");
  for (int32_t i = 0; i < n_names && !failed; i++) {
    if (is_figure(store, names[i])) {
      sqlite3_str_appendf(out, ", f.\"%w\"", names[i]);
      continue;
    }
    const int64_t id = other_metric(store, names[i]);
    if (id < 0)
      failed = true;
    else
      sqlite3_str_appendf(
          out, ", (SELECT value FROM main.metric_row m WHERE m.result = r.id AND m.metric = %lld)", id);
  }
  sqlite3_str_appendall(
      out, " FROM main.result_row r LEFT JOIN main.figure_row f ON f.result = r.id WHERE r.phase = ?1 "
           "AND r.done AND (?2 = 0 OR r.window = ?2) ORDER BY r.combo, r.window, r.portfolio");
  char *sql = sqlite3_str_finish(out);
  if (!failed) return sql;
  sqlite3_free(sql);
  return NULL;
}

static int32_t grow(pln_stored_results *to, int64_t room) {
  const size_t size = (size_t)room;
  int32_t *combos = realloc(to->combos, sizeof *combos * size);
  if (combos) to->combos = combos;
  int32_t *windows = realloc(to->windows, sizeof *windows * size);
  if (windows) to->windows = windows;
  int32_t *portfolios = realloc(to->portfolios, sizeof *portfolios * size);
  if (portfolios) to->portfolios = portfolios;
  bool ok = combos && windows && portfolios;
  for (int32_t i = 0; ok && i < to->n_names; i++) {
    double *values = realloc(to->values[i], sizeof *values * size);
    if (values) to->values[i] = values;
    ok = values != NULL;
  }
  return ok ? 0 : pln_fail(PLN_ERR_MEMORY, "no memory for %lld results", (long long)room);
}

static int32_t portfolio_index(pln_stored_results *to, const char *name) {
  for (int32_t i = 0; i < to->n_portfolios; i++)
    if (strcmp(to->portfolio_names[i], name) == 0) return i;
  char **grown = realloc(to->portfolio_names, sizeof *grown * (size_t)(to->n_portfolios + 1));
  if (grown) to->portfolio_names = grown;
  char *copy = strdup(name);
  if (!grown || !copy) {
    free(copy);
    return pln_fail(PLN_ERR_MEMORY, "no memory for a portfolio's name");
  }
  to->portfolio_names[to->n_portfolios] = copy;
  return to->n_portfolios++;
}

static int32_t take_result(sqlite3_stmt *statement, pln_stored_results *to, int64_t *room) {
  if (to->n == *room) {
    *room = *room ? *room * 2 : 1024;
    const int32_t status = grow(to, *room);
    if (status < 0) return status;
  }
  const int32_t portfolio = portfolio_index(to, (const char *)sqlite3_column_text(statement, 2));
  if (portfolio < 0) return portfolio;
  to->combos[to->n] = sqlite3_column_int(statement, 0);
  to->windows[to->n] = sqlite3_column_int(statement, 1);
  to->portfolios[to->n] = portfolio;
  for (int32_t i = 0; i < to->n_names; i++)
    to->values[i][to->n] = sqlite3_column_type(statement, 3 + i) == SQLITE_NULL
                               ? (double)NAN
                               : sqlite3_column_double(statement, 3 + i);
  to->n++;
  return 0;
}

pln_stored_results *pln_store_read_results(pln_store *store, int64_t phase, int32_t window,
                                           const char *const *names, int32_t n_names) {
  char *sql = sql_of_results(store, names, n_names);
  if (!sql) return NULL;
  sqlite3_stmt *statement = NULL;
  int step = sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL);
  sqlite3_free(sql);
  int32_t status = step == SQLITE_OK ? 0 : pln_store_fail(store, step, "reading results");
  pln_stored_results *stored = status == 0 ? calloc(1, sizeof *stored) : NULL;
  if (stored) stored->values = calloc((size_t)n_names + 1, sizeof *stored->values);
  if (status == 0 && (!stored || !stored->values)) status = pln_fail(PLN_ERR_MEMORY, "no memory for results");
  int64_t room = 0;
  if (status == 0) {
    stored->n_names = n_names;
    sqlite3_bind_int64(statement, 1, phase);
    sqlite3_bind_int(statement, 2, window);
    while (status == 0 && (step = sqlite3_step(statement)) != SQLITE_DONE)
      status = step == SQLITE_ROW ? take_result(statement, stored, &room)
                                  : pln_store_fail(store, step, "reading results");
  }
  sqlite3_finalize(statement);
  if (status == 0) return stored;
  pln_stored_results_free(stored);
  return NULL;
}

int32_t pln_done_has(const pln_done_set *set, int32_t window, int32_t combo) {
  if (window < 1 || window > set->n_windows || combo < 1 || combo > set->n_combos) return 0;
  const int64_t bit = (int64_t)(window - 1) * set->n_combos + combo - 1;
  return set->bits[bit >> 3] >> (bit & 7) & 1;
}

void pln_done_free(pln_done_set *set) {
  if (!set) return;
  free(set->bits);
  free(set);
}

pln_done_set *pln_store_done(pln_store *store, int64_t phase, int32_t n_windows, int32_t n_combos) {
  static const char largest[] = "SELECT max(window), max(combo) FROM main.result_row WHERE phase = ?";
  static const char groups[] =
      "SELECT window, combo, min(done) FROM main.result_row WHERE phase = ? GROUP BY combo, window";
  pln_done_set *set = calloc(1, sizeof *set);
  if (!set) {
    pln_fail(PLN_ERR_MEMORY, "no memory for what is done");
    return NULL;
  }
  set->n_windows = n_windows;
  set->n_combos = n_combos;
  sqlite3_stmt *statement = NULL;
  int step = sqlite3_prepare_v2(store->db, largest, -1, &statement, NULL);
  if (step == SQLITE_OK) {
    sqlite3_bind_int64(statement, 1, phase);
    step = sqlite3_step(statement);
  }
  int32_t status = 0;
  if (step == SQLITE_ROW) {
    if (sqlite3_column_int(statement, 0) > set->n_windows) set->n_windows = sqlite3_column_int(statement, 0);
    if (sqlite3_column_int(statement, 1) > set->n_combos) set->n_combos = sqlite3_column_int(statement, 1);
    set->bits = calloc((size_t)((int64_t)set->n_windows * set->n_combos / 8 + 1), 1);
    if (!set->bits) status = pln_fail(PLN_ERR_MEMORY, "no memory for what is done");
  } else {
    status = pln_store_fail(store, step, "reading what is done");
  }
  sqlite3_finalize(statement);
  statement = NULL;
  if (status == 0) {
    step = sqlite3_prepare_v2(store->db, groups, -1, &statement, NULL);
    if (step == SQLITE_OK) sqlite3_bind_int64(statement, 1, phase);
    while (step == SQLITE_OK || step == SQLITE_ROW) {
      step = sqlite3_step(statement);
      if (step != SQLITE_ROW || !sqlite3_column_int(statement, 2)) continue;
      const int64_t bit = (int64_t)(sqlite3_column_int(statement, 0) - 1) * set->n_combos +
                          sqlite3_column_int(statement, 1) - 1;
      set->bits[bit >> 3] |= (uint8_t)(1u << (bit & 7));
      set->n_done++;
    }
    if (step != SQLITE_DONE) status = pln_store_fail(store, step, "reading what is done");
    sqlite3_finalize(statement);
  }
  if (status == 0) return set;
  pln_done_free(set);
  return NULL;
}
