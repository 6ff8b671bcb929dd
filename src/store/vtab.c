/* The table-valued functions equity(combo, run, portfolio) and records(combo, name, run, portfolio): the rows
 * of the compressed chunks. Without a run they show the newest one. */
#include "store/internal.h"

#include <stdlib.h>
#include <string.h>

typedef struct series_kind {
  const char *declaration; /* columns; the hidden ones are the arguments, in their order */
  const char *sql;         /* chunks, with the arguments as ?1 … */
  int n_arguments;
  int n_values; /* columns of a chunk: times and doubles (or bits) */
} series_kind;

/* Columns that both have come first, in this order; then those of the kind; then the arguments. */
enum { COLUMN_TIME, COLUMN_TS, COLUMN_VALUE };
enum { EQUITY_CASH = COLUMN_VALUE + 1, EQUITY_DRAWDOWN, EQUITY_EXPOSURE, EQUITY_ARGUMENTS };
enum { RECORD_ARGUMENTS = COLUMN_VALUE + 1 };
/* Columns of the chunk query. */
enum { CHUNK_ROWS, CHUNK_DATA, CHUNK_PEAK, CHUNK_ARGUMENTS };

static const series_kind equity_kind = {
    .declaration = "CREATE TABLE equity (time TEXT, ts INTEGER, equity REAL, cash REAL, drawdown_pct REAL, "
                   "exposure INTEGER, combo TEXT HIDDEN, run INTEGER HIDDEN, portfolio TEXT HIDDEN)",
    .sql = "SELECT c.rows, c.data, c.peak, r.combo, r.run, r.portfolio FROM result r "
           "JOIN equity_chunk c ON c.result = r.id WHERE r.run = coalesce(?2, (SELECT max(id) FROM run)) "
           "AND (?1 IS NULL OR r.combo = ?1) AND (?3 IS NULL OR r.portfolio = ?3) ORDER BY r.id, c.chunk",
    .n_arguments = 3,
    .n_values = 4,
};

static const series_kind record_kind = {
    .declaration =
        "CREATE TABLE records (time TEXT, ts INTEGER, value REAL, combo TEXT HIDDEN, name TEXT HIDDEN, "
        "run INTEGER HIDDEN, portfolio TEXT HIDDEN)",
    .sql = "SELECT c.rows, c.data, 0.0, r.combo, c.name, r.run, r.portfolio FROM result r "
           "JOIN record_chunk c ON c.result = r.id WHERE r.run = coalesce(?3, (SELECT max(id) FROM run)) "
           "AND (?1 IS NULL OR r.combo = ?1) AND (?2 IS NULL OR c.name = ?2) "
           "AND (?4 IS NULL OR r.portfolio = ?4) ORDER BY r.id, c.name, c.chunk",
    .n_arguments = 4,
    .n_values = 2,
};

typedef struct series_table {
  sqlite3_vtab base;
  sqlite3 *db;
  const series_kind *kind;
} series_table;

typedef struct series_cursor {
  sqlite3_vtab_cursor base;
  sqlite3_stmt *chunks;
  uint64_t *values; /* [n_values][rows] */
  int32_t capacity; /* rows that `values` has room for */
  int32_t rows;
  int32_t row;
  double peak; /* highest equity up to this row */
  int64_t rowid;
  bool done;
} series_cursor;

static int connect_table(sqlite3 *db, void *context, int argc, const char *const *argv, sqlite3_vtab **out,
                         char **error) {
  (void)argc, (void)argv, (void)error;
  const series_kind *kind = context;
  const int status = sqlite3_declare_vtab(db, kind->declaration);
  if (status != SQLITE_OK) return status;
  series_table *table = sqlite3_malloc(sizeof *table);
  if (!table) return SQLITE_NOMEM;
  *table = (series_table){.db = db, .kind = kind};
  sqlite3_vtab_config(db, SQLITE_VTAB_INNOCUOUS);
  *out = &table->base;
  return SQLITE_OK;
}

static int disconnect_table(sqlite3_vtab *table) {
  sqlite3_free(table);
  return SQLITE_OK;
}

static int first_argument(const series_kind *kind) {
  return kind == &equity_kind ? EQUITY_ARGUMENTS : RECORD_ARGUMENTS;
}

/* idxNum is the set of arguments that are given, bit by bit; they are passed in the order of the bits. */
static int best_index(sqlite3_vtab *base, sqlite3_index_info *info) {
  const series_kind *kind = ((series_table *)base)->kind;
  const int first = first_argument(kind);
  int given[4] = {-1, -1, -1, -1};
  int unusable = 0;
  for (int i = 0; i < info->nConstraint; i++) {
    const int argument = info->aConstraint[i].iColumn - first;
    if (argument < 0 || argument >= kind->n_arguments ||
        info->aConstraint[i].op != SQLITE_INDEX_CONSTRAINT_EQ)
      continue;
    if (info->aConstraint[i].usable)
      given[argument] = i;
    else
      unusable |= 1 << argument;
  }
  int n = 0;
  info->idxNum = 0;
  double rows = 1e8;
  for (int argument = 0; argument < kind->n_arguments; argument++) {
    if (given[argument] < 0) {
      /* A join's argument that is not known yet: another order of the tables must be found, since an absent
       * run means the newest. */
      if (unusable & (1 << argument)) return SQLITE_CONSTRAINT;
      continue;
    }
    info->aConstraintUsage[given[argument]].argvIndex = ++n;
    info->aConstraintUsage[given[argument]].omit = 1;
    info->idxNum |= 1 << argument;
    rows /= 10;
  }
  info->estimatedCost = rows;
  info->estimatedRows = (sqlite3_int64)rows;
  return SQLITE_OK;
}

static int open_cursor(sqlite3_vtab *base, sqlite3_vtab_cursor **out) {
  const series_table *table = (const series_table *)base;
  series_cursor *cursor = sqlite3_malloc(sizeof *cursor);
  if (!cursor) return SQLITE_NOMEM;
  *cursor = (series_cursor){.done = true};
  const int status = sqlite3_prepare_v2(table->db, table->kind->sql, -1, &cursor->chunks, NULL);
  if (status != SQLITE_OK) {
    sqlite3_free(cursor);
    return status;
  }
  *out = &cursor->base;
  return SQLITE_OK;
}

static int close_cursor(sqlite3_vtab_cursor *base) {
  series_cursor *cursor = (series_cursor *)base;
  sqlite3_finalize(cursor->chunks);
  free(cursor->values);
  sqlite3_free(cursor);
  return SQLITE_OK;
}

static double value_at(const series_cursor *cursor, int column) {
  double value;
  memcpy(&value, &cursor->values[(size_t)column * (size_t)cursor->rows + (size_t)cursor->row], sizeof value);
  return value;
}

static int fail_cursor(series_cursor *cursor, const char *message) {
  cursor->done = true;
  sqlite3_free(cursor->base.pVtab->zErrMsg);
  cursor->base.pVtab->zErrMsg = sqlite3_mprintf("%s", message);
  return SQLITE_ERROR;
}

static int next_chunk(series_cursor *cursor) {
  const series_kind *kind = ((const series_table *)cursor->base.pVtab)->kind;
  const int status = sqlite3_step(cursor->chunks);
  if (status != SQLITE_ROW) {
    cursor->done = true;
    return status == SQLITE_DONE ? SQLITE_OK : status;
  }
  const int64_t rows = sqlite3_column_int64(cursor->chunks, CHUNK_ROWS);
  if (rows < 1 || rows > 1 << 24)
    return fail_cursor(cursor, "a stored series is damaged: its number of rows is absurd");
  if (rows > cursor->capacity) {
    uint64_t *grown = realloc(cursor->values, sizeof *grown * (size_t)(rows * kind->n_values));
    if (!grown) return SQLITE_NOMEM;
    cursor->values = grown;
    cursor->capacity = (int32_t)rows;
  }
  cursor->rows = (int32_t)rows;
  cursor->row = 0;
  const void *blob = sqlite3_column_blob(cursor->chunks, CHUNK_DATA);
  if (pln_series_decode(blob, sqlite3_column_bytes(cursor->chunks, CHUNK_DATA), kind->n_values, cursor->rows,
                        cursor->values) < 0)
    return fail_cursor(cursor, pln_error_last()->text);
  cursor->peak = sqlite3_column_double(cursor->chunks, CHUNK_PEAK);
  if (value_at(cursor, 1) > cursor->peak) cursor->peak = value_at(cursor, 1);
  return SQLITE_OK;
}

static int filter(sqlite3_vtab_cursor *base, int set, const char *name, int argc, sqlite3_value **argv) {
  (void)name;
  series_cursor *cursor = (series_cursor *)base;
  sqlite3_reset(cursor->chunks);
  sqlite3_clear_bindings(cursor->chunks);
  for (int argument = 0, i = 0; i < argc; argument++)
    if (set & (1 << argument)) sqlite3_bind_value(cursor->chunks, argument + 1, argv[i++]);
  cursor->rowid = 0;
  cursor->done = false;
  return next_chunk(cursor);
}

static int next(sqlite3_vtab_cursor *base) {
  series_cursor *cursor = (series_cursor *)base;
  cursor->rowid++;
  if (++cursor->row >= cursor->rows) return next_chunk(cursor);
  const double value = value_at(cursor, 1);
  if (value > cursor->peak) cursor->peak = value;
  return SQLITE_OK;
}

static int at_end(sqlite3_vtab_cursor *base) { return ((const series_cursor *)base)->done; }

static int column(sqlite3_vtab_cursor *base, sqlite3_context *context, int index) {
  const series_cursor *cursor = (const series_cursor *)base;
  const series_kind *kind = ((const series_table *)base->pVtab)->kind;
  const int argument = index - first_argument(kind);
  if (argument >= 0) {
    sqlite3_result_value(context, sqlite3_column_value(cursor->chunks, CHUNK_ARGUMENTS + argument));
    return SQLITE_OK;
  }
  const int64_t ts_ns = (int64_t)cursor->values[cursor->row];
  switch (index) {
  case COLUMN_TIME: {
    char text[40];
    pln_time_format_iso(ts_ns, text);
    sqlite3_result_text(context, text, -1, SQLITE_TRANSIENT);
    break;
  }
  case COLUMN_TS:
    sqlite3_result_int64(context, ts_ns);
    break;
  case COLUMN_VALUE:
    sqlite3_result_double(context, value_at(cursor, 1));
    break;
  case EQUITY_CASH:
    sqlite3_result_double(context, value_at(cursor, 2));
    break;
  case EQUITY_DRAWDOWN:
    sqlite3_result_double(context, pln_drawdown_pct(value_at(cursor, 1), cursor->peak));
    break;
  default:
    sqlite3_result_int64(context, (int64_t)cursor->values[3 * (size_t)cursor->rows + (size_t)cursor->row]);
  }
  return SQLITE_OK;
}

static int rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *out) {
  *out = ((const series_cursor *)base)->rowid;
  return SQLITE_OK;
}

/* Eponymous: no xCreate, so the functions are there without a CREATE VIRTUAL TABLE. */
static sqlite3_module series_module = {
    .xConnect = connect_table,
    .xBestIndex = best_index,
    .xDisconnect = disconnect_table,
    .xOpen = open_cursor,
    .xClose = close_cursor,
    .xFilter = filter,
    .xNext = next,
    .xEof = at_end,
    .xColumn = column,
    .xRowid = rowid,
};

int32_t pln_store_add_tables(pln_store *store) {
  int status = sqlite3_create_module_v2(store->db, "equity", &series_module, (void *)&equity_kind, NULL);
  if (status == SQLITE_OK)
    status = sqlite3_create_module_v2(store->db, "records", &series_module, (void *)&record_kind, NULL);
  return status == SQLITE_OK ? 0 : pln_store_fail(store, status, "opening the database");
}
