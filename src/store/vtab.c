/* The table-valued functions equity, records, returns and signals: the rows of the compressed chunks. Without
 * a run they show the newest one. */
#include "store/internal.h"

#include <math.h>
#include <stdlib.h>

/* Values of a chunk's columns, row by row. */
typedef struct series_cursor series_cursor;

typedef struct series_argument {
  const char *name;  /* hidden column */
  const char *value; /* expression of the chunk query */
} series_argument;

enum { MAX_ARGUMENTS = 6 };

typedef struct series_kind {
  const char *name;
  const char *columns; /* declaration of the visible columns */
  int n_columns;
  int n_values;       /* columns of a chunk: times and doubles, or bits */
  const char *chunks; /* FROM-term that is joined to result r, as c */
  const char *extra;  /* an expression for column CHUNK_EXTRA */
  const char *order;  /* of the chunks of a result */
  int run_argument;   /* index among … */
  int phase_argument;
  series_argument arguments[MAX_ARGUMENTS];
  int n_arguments;
  void (*column)(const series_cursor *, sqlite3_context *, int index);
} series_kind;

/* Columns of the chunk query. */
enum { CHUNK_ROWS, CHUNK_DATA, CHUNK_EXTRA, CHUNK_ARGUMENTS };
enum { COLUMN_TIME, COLUMN_TS };
enum { MAX_ROWS = 1 << 24 };

typedef struct series_table {
  sqlite3_vtab base;
  sqlite3 *db;
  const series_kind *kind;
} series_table;

struct series_cursor {
  sqlite3_vtab_cursor base;
  sqlite3_stmt *chunks;
  int set;          /* arguments that the query was made for */
  uint64_t *values; /* [columns][rows] */
  int64_t room;     /* words */
  int32_t rows;
  int32_t row;
  double peak; /* of equity: the highest up to this row */
  int64_t rowid;
  bool done;
};

static double value_at(const series_cursor *cursor, int column) {
  return pln_double_of(cursor->values[(size_t)column * (size_t)cursor->rows + (size_t)cursor->row]);
}

static uint64_t word_at(const series_cursor *cursor, int column) {
  return cursor->values[(size_t)column * (size_t)cursor->rows + (size_t)cursor->row];
}

static void equity_column(const series_cursor *cursor, sqlite3_context *context, int index) {
  if (index == 2)
    sqlite3_result_double(context, value_at(cursor, 1));
  else if (index == 3)
    sqlite3_result_double(context, value_at(cursor, 2));
  else if (index == 4)
    sqlite3_result_double(context, pln_drawdown_pct(value_at(cursor, 1), cursor->peak));
  else
    sqlite3_result_int64(context, (int64_t)word_at(cursor, 3));
}

static void record_column(const series_cursor *cursor, sqlite3_context *context, int index) {
  (void)index;
  sqlite3_result_double(context, value_at(cursor, 1));
}

/* Columns are times and benchmark, then returns. */
static void returns_column(const series_cursor *cursor, sqlite3_context *context, int index) {
  sqlite3_result_double(context, value_at(cursor, index == 2 ? 2 : 1));
}

enum { SIGNAL_SOURCE = 2, SIGNAL_SYMBOL, SIGNAL_DIRECTION, SIGNAL_STRENGTH, SIGNAL_CONFIDENCE };
enum { CHUNK_SYMBOL = CHUNK_ARGUMENTS + 5 }; /* after the arguments */

static void signal_column(const series_cursor *cursor, sqlite3_context *context, int index) {
  static const char *const directions[] = {"SHORT", "FLAT", "LONG"};
  const uint64_t codes = word_at(cursor, 3);
  switch (index) {
  case SIGNAL_SOURCE:
    sqlite3_result_value(context, sqlite3_column_value(cursor->chunks, CHUNK_EXTRA));
    break;
  case SIGNAL_SYMBOL:
    sqlite3_result_value(context, sqlite3_column_value(cursor->chunks, CHUNK_SYMBOL));
    break;
  case SIGNAL_DIRECTION:
    sqlite3_result_text(context, (codes & 0xff) < 3 ? directions[codes & 0xff] : "?", -1, SQLITE_STATIC);
    break;
  case SIGNAL_STRENGTH:
  case SIGNAL_CONFIDENCE:
    sqlite3_result_double(context, value_at(cursor, index - SIGNAL_STRENGTH + 1));
    break;
  default:
    sqlite3_result_int(context, (int8_t)(uint8_t)(codes >> 8));
  }
}

static const series_kind kinds[] = {
    {.name = "equity",
     .columns = "time TEXT, ts INTEGER, equity REAL, cash REAL, drawdown_pct REAL, exposure INTEGER",
     .n_columns = 6,
     .n_values = 4,
     .chunks = "main.equity_chunk c ON c.result = r.id",
     .extra = "c.peak",
     .order = "c.chunk",
     .run_argument = 1,
     .phase_argument = 3,
     .arguments = {{"combo TEXT", "o.combo"},
                   {"run INTEGER", "p.run"},
                   {"portfolio TEXT", "r.portfolio"},
                   {"phase TEXT", "p.name"},
                   {"window INTEGER", "r.window"}},
     .n_arguments = 5,
     .column = equity_column},
    {.name = "records",
     .columns = "time TEXT, ts INTEGER, value REAL",
     .n_columns = 3,
     .n_values = 2,
     .chunks = "main.record_chunk c ON c.result = r.id",
     .extra = "NULL",
     .order = "c.name, c.chunk",
     .run_argument = 2,
     .phase_argument = 4,
     .arguments = {{"combo TEXT", "o.combo"},
                   {"name TEXT", "c.name"},
                   {"run INTEGER", "p.run"},
                   {"portfolio TEXT", "r.portfolio"},
                   {"phase TEXT", "p.name"},
                   {"window INTEGER", "r.window"}},
     .n_arguments = 6,
     .column = record_column},
    {.name = "returns",
     .columns = "time TEXT, ts INTEGER, \"return\" REAL, benchmark REAL",
     .n_columns = 4,
     .n_values = 3,
     .chunks = "main.returns_row c ON c.result = r.id",
     .extra = "(SELECT a.data FROM main.returns_axis a WHERE a.hash = c.axis)",
     .order = "c.result",
     .run_argument = 1,
     .phase_argument = 3,
     .arguments = {{"combo TEXT", "o.combo"},
                   {"run INTEGER", "p.run"},
                   {"portfolio TEXT", "r.portfolio"},
                   {"phase TEXT", "p.name"},
                   {"window INTEGER", "r.window"}},
     .n_arguments = 5,
     .column = returns_column},
    {.name = "signals",
     .columns =
         "time TEXT, ts INTEGER, source TEXT, symbol TEXT, direction TEXT, strength REAL, confidence REAL, "
         "regime INTEGER",
     .n_columns = 8,
     .n_values = 4,
     .chunks = "main.signal_chunk c ON c.result = r.id",
     .extra = "c.source",
     .order = "c.source, c.symbol, c.chunk",
     .run_argument = 1,
     .phase_argument = 2,
     .arguments = {{"combo TEXT", "o.combo"},
                   {"run INTEGER", "p.run"},
                   {"phase TEXT", "p.name"},
                   {"window INTEGER", "r.window"},
                   {"portfolio TEXT", "r.portfolio"}},
     .n_arguments = 5,
     .column = signal_column},
};

static int connect_table(sqlite3 *db, void *context, int argc, const char *const *argv, sqlite3_vtab **out,
                         char **error) {
  (void)argc, (void)argv, (void)error;
  const series_kind *kind = context;
  sqlite3_str *text = sqlite3_str_new(db);
  sqlite3_str_appendf(text, "CREATE TABLE x (%s", kind->columns);
  for (int i = 0; i < kind->n_arguments; i++)
    sqlite3_str_appendf(text, ", %s HIDDEN", kind->arguments[i].name);
  sqlite3_str_appendall(text, ")");
  char *sql = sqlite3_str_finish(text);
  const int status = sql ? sqlite3_declare_vtab(db, sql) : SQLITE_NOMEM;
  sqlite3_free(sql);
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

/* idxNum is the set of arguments that are given, bit by bit; they are passed in the order of the bits. */
static int best_index(sqlite3_vtab *base, sqlite3_index_info *info) {
  const series_kind *kind = ((series_table *)base)->kind;
  int given[MAX_ARGUMENTS] = {-1, -1, -1, -1, -1, -1};
  int unusable = 0;
  for (int i = 0; i < info->nConstraint; i++) {
    const int argument = info->aConstraint[i].iColumn - kind->n_columns;
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
  (void)base;
  series_cursor *cursor = sqlite3_malloc(sizeof *cursor);
  if (!cursor) return SQLITE_NOMEM;
  *cursor = (series_cursor){.done = true, .set = -1};
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

static int fail_cursor(series_cursor *cursor, const char *message) {
  cursor->done = true;
  sqlite3_free(cursor->base.pVtab->zErrMsg);
  cursor->base.pVtab->zErrMsg = sqlite3_mprintf("%s", message);
  return SQLITE_ERROR;
}

/* The chunks of what is asked for, with the arguments of the set as ?1, ?2, … An argument that is NULL asks
 * for everything, like one that is absent. */
static char *chunk_query(const series_kind *kind, int set) {
  sqlite3_str *out = sqlite3_str_new(NULL);
  sqlite3_str_appendf(out, "SELECT c.rows, c.data, %s", kind->extra);
  for (int i = 0; i < kind->n_arguments; i++) sqlite3_str_appendf(out, ", %s", kind->arguments[i].value);
  sqlite3_str_appendf(
      out,
      "%s FROM main.phase_row p CROSS JOIN main.combo_row o ON o.phase = p.content CROSS JOIN "
      "main.result_row r ON r.phase = o.phase AND r.combo = o.number CROSS JOIN %s WHERE ",
      kind->column == signal_column ? ", c.symbol" : "", kind->chunks);
  if (!(set & 1 << kind->run_argument))
    sqlite3_str_appendall(out, "p.run = (SELECT max(id) FROM main.run)");
  else
    sqlite3_str_appendall(out, "1");
  for (int i = 0; i < kind->n_arguments; i++)
    if (set & 1 << i && i == kind->phase_argument) /* its name, or the number of its row */
      sqlite3_str_appendf(out, " AND CASE typeof(?%d) WHEN 'integer' THEN p.id = ?%d ELSE p.name = ?%d END",
                          i + 1, i + 1, i + 1);
    else if (set & 1 << i)
      sqlite3_str_appendf(out, " AND %s = ?%d", kind->arguments[i].value, i + 1);
  /* Without a phase: of those that have the combo's series the one called "top", or the last. */
  if (!(set & 1 << kind->phase_argument))
    sqlite3_str_appendf(
        out,
        " AND p.id = (SELECT q.id FROM main.phase_row q WHERE q.run = p.run AND EXISTS (SELECT 1 FROM "
        "main.combo_row o2 CROSS JOIN main.result_row r ON r.phase = o2.phase AND r.combo = o2.number "
        "CROSS JOIN %s WHERE o2.phase = q.content AND o2.combo = o.combo) ORDER BY q.name = 'top' DESC, q.id "
        "DESC LIMIT 1)",
        kind->chunks);
  sqlite3_str_appendf(out, " ORDER BY p.id, r.combo, r.window, r.portfolio, %s", kind->order);
  return sqlite3_str_finish(out);
}

/* Period returns: the axis is shared, and decoded apart. */
static int32_t decode(const series_cursor *cursor, const series_kind *kind) {
  const void *blob = sqlite3_column_blob(cursor->chunks, CHUNK_DATA);
  const int size = sqlite3_column_bytes(cursor->chunks, CHUNK_DATA);
  if (kind->column != returns_column)
    return pln_series_decode(blob, size, kind->n_values, cursor->rows, cursor->values);
  const void *axis = sqlite3_column_blob(cursor->chunks, CHUNK_EXTRA);
  const int32_t status = pln_series_decode(axis, sqlite3_column_bytes(cursor->chunks, CHUNK_EXTRA), 2,
                                           cursor->rows, cursor->values);
  return status < 0 ? status
                    : pln_columns_decode(NULL, blob, size, 1, 0, cursor->rows,
                                         cursor->values + 2 * (size_t)cursor->rows);
}

static void note_peak(series_cursor *cursor) {
  const double value = value_at(cursor, 1);
  if (value > cursor->peak) cursor->peak = value;
}

static int next_chunk(series_cursor *cursor) {
  const series_kind *kind = ((const series_table *)cursor->base.pVtab)->kind;
  const int status = sqlite3_step(cursor->chunks);
  if (status != SQLITE_ROW) {
    cursor->done = true;
    return status == SQLITE_DONE ? SQLITE_OK : status;
  }
  const int64_t rows = sqlite3_column_int64(cursor->chunks, CHUNK_ROWS);
  if (rows < 1 || rows > MAX_ROWS)
    return fail_cursor(cursor, "a stored series is damaged: its number of rows is absurd");
  if (rows * kind->n_values > cursor->room) {
    uint64_t *grown = realloc(cursor->values, sizeof *grown * (size_t)(rows * kind->n_values));
    if (!grown) return SQLITE_NOMEM;
    cursor->values = grown;
    cursor->room = rows * kind->n_values;
  }
  cursor->rows = (int32_t)rows;
  cursor->row = 0;
  if (decode(cursor, kind) < 0) return fail_cursor(cursor, pln_error_last()->text);
  cursor->peak = sqlite3_column_double(cursor->chunks, CHUNK_EXTRA);
  note_peak(cursor);
  return SQLITE_OK;
}

static int filter(sqlite3_vtab_cursor *base, int given, const char *name, int argc, sqlite3_value **argv) {
  (void)name;
  series_cursor *cursor = (series_cursor *)base;
  const series_table *table = (const series_table *)base->pVtab;
  sqlite3_value *values[MAX_ARGUMENTS] = {NULL};
  int set = 0;
  for (int argument = 0, i = 0; i < argc; argument++) {
    if (!(given & 1 << argument)) continue;
    values[argument] = argv[i++];
    if (sqlite3_value_type(values[argument]) != SQLITE_NULL) set |= 1 << argument;
  }
  if (set != cursor->set) {
    sqlite3_finalize(cursor->chunks);
    cursor->chunks = NULL;
    cursor->set = -1;
    char *sql = chunk_query(table->kind, set);
    const int status = sql ? sqlite3_prepare_v2(table->db, sql, -1, &cursor->chunks, NULL) : SQLITE_NOMEM;
    sqlite3_free(sql);
    if (status != SQLITE_OK) return fail_cursor(cursor, sqlite3_errmsg(table->db));
    cursor->set = set;
  }
  sqlite3_reset(cursor->chunks);
  sqlite3_clear_bindings(cursor->chunks);
  for (int argument = 0; argument < MAX_ARGUMENTS; argument++)
    if (set & 1 << argument) sqlite3_bind_value(cursor->chunks, argument + 1, values[argument]);
  cursor->rowid = 0;
  cursor->done = false;
  return next_chunk(cursor);
}

static int next(sqlite3_vtab_cursor *base) {
  series_cursor *cursor = (series_cursor *)base;
  cursor->rowid++;
  if (++cursor->row >= cursor->rows) return next_chunk(cursor);
  note_peak(cursor);
  return SQLITE_OK;
}

static int at_end(sqlite3_vtab_cursor *base) { return ((const series_cursor *)base)->done; }

static int column(sqlite3_vtab_cursor *base, sqlite3_context *context, int index) {
  const series_cursor *cursor = (const series_cursor *)base;
  const series_kind *kind = ((const series_table *)base->pVtab)->kind;
  if (index >= kind->n_columns) {
    sqlite3_result_value(context,
                         sqlite3_column_value(cursor->chunks, CHUNK_ARGUMENTS + index - kind->n_columns));
  } else if (index == COLUMN_TIME) {
    char text[40];
    pln_time_format_iso((int64_t)cursor->values[cursor->row], text);
    sqlite3_result_text(context, text, -1, SQLITE_TRANSIENT);
  } else if (index == COLUMN_TS) {
    sqlite3_result_int64(context, (int64_t)cursor->values[cursor->row]);
  } else {
    kind->column(cursor, context, index);
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

/* content_hash(blob, columns, times, rows): what a chunk holds, whichever version of the compressor wrote it.
 */
static void content_hash(sqlite3_context *context, int argc, sqlite3_value **argv) {
  (void)argc;
  const int columns = sqlite3_value_int(argv[1]), times = sqlite3_value_int(argv[2]);
  const int64_t rows = sqlite3_value_int64(argv[3]);
  if (columns < 1 || columns > 16 || rows < 1 || rows > MAX_ROWS) {
    sqlite3_result_error(context, "content_hash: columns 1 to 16, rows at least 1", -1);
    return;
  }
  uint64_t *values = malloc(sizeof *values * (size_t)(columns * rows));
  if (!values) {
    sqlite3_result_error_nomem(context);
    return;
  }
  char text[33];
  if (pln_columns_decode(NULL, sqlite3_value_blob(argv[0]), sqlite3_value_bytes(argv[0]), columns, times,
                         (int32_t)rows, values) < 0) {
    sqlite3_result_error(context, pln_error_last()->text, -1);
  } else {
    pln_hash128_hex(values, (int64_t)sizeof *values * columns * rows, text);
    sqlite3_result_text(context, text, -1, SQLITE_TRANSIENT);
  }
  free(values);
}

int32_t pln_store_add_tables(pln_store *store) {
  int status = sqlite3_create_function_v2(store->db, "content_hash", 4,
                                          SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS, NULL,
                                          content_hash, NULL, NULL, NULL);
  for (size_t i = 0; status == SQLITE_OK && i < sizeof kinds / sizeof *kinds; i++)
    status = sqlite3_create_module_v2(store->db, kinds[i].name, &series_module, (void *)(uintptr_t)&kinds[i],
                                      NULL);
  return status == SQLITE_OK ? 0 : pln_store_fail(store, status, "opening the database");
}
