/* Queries from Lua. */
#include "store/internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct pln_query {
  pln_store *store;
  sqlite3_stmt *statement;
};

pln_query *pln_query_new(pln_store *store, const char *sql) {
  sqlite3_stmt *statement = NULL;
  const char *rest = NULL;
  const int status = sqlite3_prepare_v2(store->db, sql, -1, &statement, &rest);
  if (status != SQLITE_OK) {
    const int offset = sqlite3_error_offset(store->db);
    if ((status & 0xff) == SQLITE_ERROR && offset >= 0)
      pln_fail_at(PLN_ERR_PARSE, "SQL", 1, offset + 1, "%s", sqlite3_errmsg(store->db));
    else if ((status & 0xff) == SQLITE_ERROR)
      pln_fail(PLN_ERR_PARSE, "SQL: %s", sqlite3_errmsg(store->db));
    else
      pln_store_fail(store, status, "preparing a query");
    return NULL;
  }
  if (!statement) {
    pln_fail(PLN_ERR_PARSE, "SQL: found no statement");
    return NULL;
  }
  sqlite3_stmt *second = NULL;
  if (sqlite3_prepare_v2(store->db, rest, -1, &second, NULL) != SQLITE_OK || second) {
    sqlite3_finalize(second);
    sqlite3_finalize(statement);
    pln_fail(PLN_ERR_PARSE, "SQL: found more than one statement, expected one");
    return NULL;
  }
  pln_query *query = calloc(1, sizeof *query);
  if (!query) {
    sqlite3_finalize(statement);
    pln_fail(PLN_ERR_MEMORY, "no memory for a query");
    return NULL;
  }
  query->store = store;
  query->statement = statement;
  return query;
}

void pln_query_free(pln_query *query) {
  if (!query) return;
  sqlite3_finalize(query->statement);
  free(query);
}

int32_t pln_query_parameters(const pln_query *query) {
  return sqlite3_bind_parameter_count(query->statement);
}

static int32_t bound(pln_query *query, int status) {
  return status == SQLITE_OK ? 0 : pln_store_fail(query->store, status, "giving a query its parameters");
}

int32_t pln_query_bind_null(pln_query *query, int32_t index) {
  return bound(query, sqlite3_bind_null(query->statement, index + 1));
}

int32_t pln_query_bind_integer(pln_query *query, int32_t index, int64_t value) {
  return bound(query, sqlite3_bind_int64(query->statement, index + 1, value));
}

int32_t pln_query_bind_real(pln_query *query, int32_t index, double value) {
  if (!isfinite(value)) return pln_query_bind_null(query, index);
  return bound(query, sqlite3_bind_double(query->statement, index + 1, value));
}

int32_t pln_query_bind_text(pln_query *query, int32_t index, const char *text, int64_t length) {
  return bound(query, sqlite3_bind_text64(query->statement, index + 1, text, (sqlite3_uint64)length,
                                          SQLITE_TRANSIENT, SQLITE_UTF8));
}

int32_t pln_query_step(pln_query *query) {
  if (!query->store->read_only && !sqlite3_stmt_readonly(query->statement)) {
    const int32_t status = pln_store_write(query->store);
    if (status < 0) return status;
  }
  const int status = sqlite3_step(query->statement);
  if (status == SQLITE_ROW) return 1;
  if (status == SQLITE_DONE) return 0;
  if ((status & 0xff) == SQLITE_READONLY && query->store->read_only)
    return pln_fail(PLN_ERR_STATE, "SQL: the database is open for reading only");
  if ((status & 0xff) == SQLITE_ERROR)
    return pln_fail(PLN_ERR_ARGUMENT, "SQL: %s", sqlite3_errmsg(query->store->db));
  return pln_store_fail(query->store, status, "running a query");
}

int32_t pln_query_columns(const pln_query *query) { return sqlite3_column_count(query->statement); }

const char *pln_query_column_name(const pln_query *query, int32_t column) {
  return sqlite3_column_name(query->statement, column);
}

int32_t pln_query_type(const pln_query *query, int32_t column) {
  switch (sqlite3_column_type(query->statement, column)) {
  case SQLITE_INTEGER:
    return PLN_VALUE_INTEGER;
  case SQLITE_FLOAT:
    return PLN_VALUE_REAL;
  case SQLITE_TEXT:
    return PLN_VALUE_TEXT;
  case SQLITE_BLOB:
    return PLN_VALUE_BLOB;
  default:
    return PLN_VALUE_NULL;
  }
}

int64_t pln_query_integer(const pln_query *query, int32_t column) {
  return sqlite3_column_int64(query->statement, column);
}

double pln_query_real(const pln_query *query, int32_t column) {
  return sqlite3_column_double(query->statement, column);
}

const char *pln_query_text(const pln_query *query, int32_t column, int64_t *length) {
  const bool blob = sqlite3_column_type(query->statement, column) == SQLITE_BLOB;
  const void *bytes = blob ? sqlite3_column_blob(query->statement, column)
                           : (const void *)sqlite3_column_text(query->statement, column);
  *length = sqlite3_column_bytes(query->statement, column);
  return bytes ? bytes : "";
}
