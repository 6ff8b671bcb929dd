/* Delimited text to bars: the row loop. What columns there are and how times are written is found in
 * csv_schema.c. */
#include "abi/csv.h"

#include "core/error.h"
#include "data/bars_build.h"
#include "data/csv_number.h"
#include "data/csv_rows.h"
#include "data/csv_schema.h"
#include "data/csv_steps.h"
#include "data/quality.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <errno.h>
#include <sys/stat.h>

static const int64_t DEFAULT_MAX_BYTES = 2ll << 30;

typedef struct reader {
  const pln_csv_options *options;
  const pln_timezone *zone;
  pln_rows rows;
  pln_csv_schema schema;
  const char *label; /* of the file that is read */
  const char *end;
  const char *row; /* start of the row that is read */
  int64_t line;
  int32_t file;
  int32_t order;  /* of month and day */
  int32_t zoned;  /* of this file's times: -1 not known yet */
  char **symbols; /* distinct values of this file's symbol column */
  int32_t n_symbols;
  uint8_t *dropped;  /* 1 for each column of the rows that turned out to be text */
  int32_t n_dropped; /* length of `dropped` */
  int32_t ticks;
} reader;

void pln_csv_options_init(pln_csv_options *options) { *options = (pln_csv_options){0}; }

static int32_t fail_row(const reader *r, const char *p, int32_t code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

static int32_t fail_row(const reader *r, const char *p, int32_t code, const char *format, ...) {
  char message[1024];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  return pln_fail_at(code, r->label, r->line, p ? p - r->row + 1 : 0, "%s", message);
}

static inline int ends_field(char c, char delimiter) {
  return c == delimiter || c == '\n' || c == '\r' || c == 0;
}

/* The field at p as text, for whatever the fast paths do not read. */
static int32_t field_text(const reader *r, const char **p, char *out) {
  const char *after = pln_csv_field(*p, r->schema.delimiter, out, PLN_CSV_FIELD);
  if (!after)
    return fail_row(r, *p, PLN_ERR_PARSE,
                    "the field's quote is not closed, or it is longer than %d characters", PLN_CSV_FIELD - 1);
  if (*after == 0 && after < r->end)
    return fail_row(r, after, PLN_ERR_FORMAT, "found a NUL byte: a binary or damaged file, expected text");
  *p = after;
  return PLN_OK;
}

static int32_t slow_number(reader *r, const char **p, pln_csv_column *column, double *out) {
  char text[PLN_CSV_FIELD];
  const char *const start = *p;
  const int32_t result = field_text(r, p, text);
  if (result != PLN_OK) return result;
  const char *after = pln_number(text, column->shift, out);
  if (after && *after == 0) {
    *out *= column->factor;
    return PLN_OK;
  }
  if (pln_csv_is_missing(text)) {
    *out = NAN;
    return PLN_OK;
  }
  const char *magnitude = text + (*text == '-' || *text == '+');
  if (strcasecmp(magnitude, "inf") == 0 || strcasecmp(magnitude, "infinity") == 0) {
    *out = column->role == PLN_CSV_EXTRA ? NAN : *text == '-' ? -INFINITY : INFINITY;
    return PLN_OK;
  }
  if (column->role == PLN_CSV_EXTRA &&
      !column->asked) { /* text further down: no column of numbers after all */
    column->role = PLN_CSV_IGNORE;
    r->dropped[column->slot] = 1;
    pln_logf(
        PLN_LOG_NOTE,
        "%s:%lld: column '%s' is left out: found '%.60s', expected a number (naming the column in `columns` "
        "makes this an error)",
        r->label, (long long)r->line, column->name, text);
    *out = NAN;
    return PLN_OK;
  }
  static const char *const names[] = {"open", "high", "low", "close", "volume"};
  const char *name = column->role == PLN_CSV_EXTRA ? column->name : names[column->slot];
  return fail_row(r, start, PLN_ERR_PARSE, "found '%.60s', expected a number for %s%s", text, name,
                  strchr(text, ',') ? " (write 1234.5, without thousands separators or a decimal comma)"
                                    : "");
}

static int32_t fail_time(const reader *r, const char *p, const char *text, pln_time_result result) {
  if (result == PLN_TIME_RANGE)
    return fail_row(r, p, PLN_ERR_RANGE,
                    "found the time '%.60s', which is out of range: expected an existing date in the years "
                    "1800 to 2199 (is "
                    "time_format right?)",
                    text);
  if (result == PLN_TIME_ORDER)
    return fail_row(r, p, PLN_ERR_PARSE,
                    "found '%.60s', whose month and day cannot be told apart; say time_format: mdy or dmy",
                    text);
  if (!*text) return fail_row(r, p, PLN_ERR_PARSE, "the time is empty, expected one as in the rows before");
  return fail_row(r, p, PLN_ERR_PARSE,
                  "found '%.60s', expected a time %s; say time_format if it is another form", text,
                  r->schema.time.kind == PLN_TIME_PATTERN ? "as time_format says" : "as in the first rows");
}

static int32_t note_zone(reader *r, const char *p, int32_t zoned) {
  if (r->zoned < 0) r->zoned = zoned;
  if (r->zoned == zoned) return PLN_OK;
  return fail_row(r, p, PLN_ERR_PARSE,
                  "found a time %s a zone after times %s one: expected the same in the whole file",
                  zoned ? "with" : "without", zoned ? "without" : "with");
}

/* Remembers a date of the form YYYY-MM-DD for pln_time_fast. */
static void remember_date(pln_time_format *time, const char *text) {
  if (time->kind != PLN_TIME_TEXT || strnlen(text, 10) < 10 || text[4] != '-' || text[7] != '-') return;
  char date[11];
  memcpy(date, text, 10);
  date[10] = 0;
  int64_t ns;
  int32_t zoned;
  if (pln_time_read(time, date, &ns, &zoned, NULL) != PLN_TIME_OK) return;
  memcpy(time->date, date, 10);
  time->date_ns = ns;
}

static int32_t slow_time(reader *r, const char **p, int64_t *ns) {
  char text[PLN_CSV_FIELD];
  const char *const start = *p;
  int32_t result = field_text(r, p, text);
  if (result != PLN_OK) return result;
  int32_t zoned = 0;
  const pln_time_result read = pln_time_read(&r->schema.time, text, ns, &zoned, NULL);
  if (read != PLN_TIME_OK) return fail_time(r, start, text, read);
  remember_date(&r->schema.time, text);
  return note_zone(r, start, zoned);
}

/* A plain integer as an epoch or as milliseconds of the day. */
static inline const char *fast_integer(const pln_time_format *time, const char *p, int64_t *ns) {
  int64_t value = 0;
  const char *const start = p;
  uint32_t c;
  while ((c = (uint32_t)(unsigned char)*p - '0') <= 9 && p - start < 18) {
    value = value * 10 + c;
    p++;
  }
  if (p == start) return NULL;
  const int64_t unit = time->kind == PLN_TIME_EPOCH ? time->unit : 1000000;
  const int64_t most = time->kind == PLN_TIME_EPOCH ? 7258118400000000000 / unit - 1 : 86400000;
  if (value > most) return NULL;
  *ns = value * unit + (time->kind == PLN_TIME_EPOCH ? 0 : time->base_ns);
  return p;
}

static inline int32_t read_time(reader *r, const char **p, int64_t *ns) {
  pln_time_format *time = &r->schema.time;
  const char *q = NULL;
  int32_t zoned = 0;
  if (time->kind == PLN_TIME_TEXT) {
    q = pln_time_fast(time, *p, ns, &zoned);
  } else if (time->kind == PLN_TIME_EPOCH || time->kind == PLN_TIME_MS_OF_DAY) {
    q = fast_integer(time, *p, ns);
    zoned = time->kind == PLN_TIME_EPOCH;
  }
  if (!q || !ends_field(*q, r->schema.delimiter) || zoned != r->zoned) return slow_time(r, p, ns);
  *p = q;
  return PLN_OK;
}

/* Date and time of day in two columns, in whichever order. */
typedef struct two_parts {
  int64_t date_ns;
  int64_t clock_ns;
  char date[PLN_CSV_FIELD];
  char clock[PLN_CSV_FIELD];
} two_parts;

static int32_t read_clock(reader *r, const char **p, two_parts *parts) {
  const char *const start = *p;
  if (r->schema.joined_pattern) return field_text(r, p, parts->clock);
  int32_t hour, minute, second = 0;
  const char *q = start;
  if (pln_two_digits(q, &hour) && q[2] == ':' && pln_two_digits(q + 3, &minute)) {
    q += 5;
    if (*q == ':' && pln_two_digits(q + 1, &second)) q += 3;
    if (ends_field(*q, r->schema.delimiter) && hour < 24 && minute < 60 && second < 60) {
      parts->clock_ns = ((int64_t)hour * 3600 + minute * 60 + second) * 1000000000;
      *p = q;
      return PLN_OK;
    }
  }
  char text[PLN_CSV_FIELD];
  const int32_t result = field_text(r, p, text);
  if (result != PLN_OK) return result;
  const pln_time_result read = pln_time_of_day_read(&r->schema.time, text, &parts->clock_ns);
  return read == PLN_TIME_OK ? PLN_OK : fail_time(r, start, text, read);
}

static int32_t join_parts(reader *r, const two_parts *parts, int64_t *ns) {
  if (!r->schema.joined_pattern) {
    *ns = parts->date_ns + parts->clock_ns;
    return PLN_OK;
  }
  char text[2 * PLN_CSV_FIELD];
  snprintf(text, sizeof text, "%s %s", parts->date, parts->clock);
  int32_t zoned = 0;
  const pln_time_result read = pln_time_read(&r->schema.time, text, ns, &zoned, NULL);
  return read == PLN_TIME_OK ? note_zone(r, NULL, zoned) : fail_time(r, NULL, text, read);
}

static int32_t read_symbol(reader *r, const char **p, int32_t *index) {
  char text[PLN_CSV_FIELD];
  const int32_t result = field_text(r, p, text);
  if (result != PLN_OK) return result;
  for (int32_t i = 0; i < r->n_symbols; i++) {
    const int32_t k = (*index + i) % r->n_symbols; /* the row before had it, mostly */
    if (strcmp(r->symbols[k], text) != 0) continue;
    *index = k;
    return PLN_OK;
  }
  if (r->n_symbols == 20000)
    return fail_row(r, *p, PLN_ERR_LIMIT, "the symbol column holds more than 20000 symbols");
  char **more = realloc(r->symbols, (size_t)(r->n_symbols + 1) * sizeof *more);
  if (!more) return pln_fail(PLN_ERR_MEMORY, "no memory for symbols");
  r->symbols = more;
  if (!(more[r->n_symbols] = strdup(text))) return pln_fail(PLN_ERR_MEMORY, "no memory for symbols");
  *index = r->n_symbols++;
  return PLN_OK;
}

static int32_t fail_columns(const reader *r, const char *p, int32_t found) {
  const char *q = p;
  char field[PLN_CSV_FIELD];
  while (q && *q == r->schema.delimiter) { /* count what is left */
    found++;
    q = pln_csv_field(q + 1, r->schema.delimiter, field, sizeof field);
  }
  if (p < r->end && *p == 0)
    return fail_row(r, p, PLN_ERR_FORMAT, "found a NUL byte: a binary or damaged file, expected text");
  return fail_row(r, p, PLN_ERR_PARSE, "found %d columns, expected %d%s", found, r->schema.n_columns,
                  found < r->schema.n_columns && pln_csv_line_end(p, r->end) == r->end
                      ? " (the last line: is the file truncated?)"
                      : "");
}

static int32_t read_rows(reader *r) {
  pln_csv_schema *schema = &r->schema;
  pln_rows *rows = &r->rows;
  const char delimiter = schema->delimiter;
  const int32_t last = schema->n_columns - 1;
  const char *p = schema->first_row;
  two_parts parts = {0};
  int32_t symbol = 0, result;
  r->line = schema->first_line;
  for (;; r->line++) {
    r->row = p;
    if (__builtin_expect(*p == '\n' || *p == '\r' || *p == 0 || *p == ' ' || *p == '\t' || *p == '#', 0)) {
      if (*p == '#') { /* a comment */
        p = pln_csv_line_end(p, r->end);
        if (p == r->end) return PLN_OK;
        p++;
        continue;
      }
      const char *q = p;
      while (*q == ' ' || *q == '\t' || *q == '\r') q++;
      if (*q == '\n') {
        p = q + 1;
        continue;
      }
      if (q >= r->end) return PLN_OK;
    }
    const int64_t n = rows->n;
    if (n == rows->capacity && (result = pln_rows_reserve(rows, n + n / 2 + 1024)) != PLN_OK) return result;
    for (int32_t i = 0; i <= last; i++) {
      pln_csv_column *column = &schema->columns[i];
      switch (column->role) {
      case PLN_CSV_TIME:
        result = read_time(r, &p, &rows->ts_ns[n]);
        break;
      case PLN_CSV_DATE:
        result = schema->joined_pattern ? field_text(r, &p, parts.date) : read_time(r, &p, &parts.date_ns);
        break;
      case PLN_CSV_TIME_OF_DAY:
        result = read_clock(r, &p, &parts);
        break;
      case PLN_CSV_SYMBOL:
        result = read_symbol(r, &p, &symbol);
        break;
      case PLN_CSV_IGNORE: {
        char text[PLN_CSV_FIELD];
        result = field_text(r, &p, text);
        break;
      }
      default: {
        double value = 0;
        const char *q = pln_number(p, column->shift, &value);
        result = PLN_OK;
        if (__builtin_expect(q != NULL && ends_field(*q, delimiter), 1)) {
          p = q;
          value *= column->factor;
        } else {
          result = slow_number(r, &p, column, &value);
        }
        rows->column[column->slot][n] = value;
      }
      }
      if (__builtin_expect(result != PLN_OK, 0)) return result;
      if (i < last) {
        if (__builtin_expect(*p != delimiter, 0)) return fail_columns(r, p, i + 1);
        p++;
      }
    }
    if (__builtin_expect(*p == delimiter, 0)) { /* one empty field more */
      const char *q = p + 1;
      while (*q == ' ') q++;
      if (*q != '\n' && *q != '\r' && *q != 0) return fail_columns(r, p, last + 1);
      p = q;
    }
    if (*p == '\r') p++;
    if (schema->two_parts && (result = join_parts(r, &parts, &rows->ts_ns[n])) != PLN_OK) return result;
    rows->place[n] = (uint64_t)r->file << 40 | (uint64_t)r->line;
    if (rows->symbol) rows->symbol[n] = symbol;
    rows->n++;
    if (*p == '\n') {
      p++;
    } else if (p >= r->end) {
      return PLN_OK;
    } else {
      return fail_columns(r, p, last + 1);
    }
  }
}

/* Gives each column of numbers its place in the rows. Later files add what is in the first one, or NaN. */
static int32_t bind_columns(reader *r) {
  static const char *const names[] = {"open", "high", "low", "close", "volume"};
  pln_rows *rows = &r->rows;
  int32_t has_volume = 0;
  for (int32_t i = 0; rows->n_columns < PLN_ROWS_EXTRA; i++) {
    const int32_t index = pln_rows_add_column(rows, names[i]);
    if (index < 0) return index;
  }
  for (int32_t i = 0; i < r->schema.n_columns; i++) {
    pln_csv_column *column = &r->schema.columns[i];
    if (column->role == PLN_CSV_SYMBOL && !rows->symbol) {
      rows->symbol = calloc((size_t)rows->capacity + 1, sizeof *rows->symbol);
      if (!rows->symbol) return pln_fail(PLN_ERR_MEMORY, "no memory for a column of symbols");
    }
    if (column->role < PLN_CSV_OPEN) continue;
    column->slot = column->role - PLN_CSV_OPEN;
    has_volume |= column->role == PLN_CSV_VOLUME;
    if (column->role != PLN_CSV_EXTRA) continue;
    int32_t slot = PLN_ROWS_EXTRA;
    while (slot < rows->n_columns && strcmp(rows->name[slot], column->name) != 0) slot++;
    if (slot == rows->n_columns) {
      const int32_t index = pln_rows_add_column(rows, column->name);
      if (index < 0) return index;
    }
    column->slot = slot;
  }
  uint8_t *dropped = realloc(r->dropped, (size_t)rows->n_columns);
  if (!dropped) return pln_fail(PLN_ERR_MEMORY, "no memory for columns");
  memset(dropped + r->n_dropped, 0, (size_t)(rows->n_columns - r->n_dropped));
  r->dropped = dropped;
  r->n_dropped = rows->n_columns;
  rows->has_volume |= has_volume;
  return PLN_OK;
}

/* Columns that this file does not have hold NaN (volume: 0) in its rows. */
static void fill_absent(reader *r, int64_t first) {
  for (int32_t slot = PLN_ROWS_VOLUME; slot < r->rows.n_columns; slot++) {
    int found = 0;
    for (int32_t i = 0; i < r->schema.n_columns; i++)
      found |= r->schema.columns[i].role >= PLN_CSV_OPEN && r->schema.columns[i].slot == slot;
    const double value = slot == PLN_ROWS_VOLUME ? 0 : NAN;
    for (int64_t k = first; !found && k < r->rows.n; k++) r->rows.column[slot][k] = value;
  }
}

static int32_t read_text_file(reader *r, const char *path, const pln_text *text) {
  const pln_csv_options *o = r->options;
  int32_t result = pln_csv_schema_make(r->label, path, text, o, r->order, &r->schema);
  if (result != PLN_OK) return result;
  if (r->schema.time.order != PLN_ORDER_UNKNOWN) r->order = r->schema.time.order;
  if ((result = bind_columns(r)) != PLN_OK) return result;
  const int64_t first = r->rows.n;
  const int64_t guess = text->size / r->schema.mean_row_bytes;
  if ((result = pln_rows_reserve(&r->rows, first + guess + guess / 16 + 16)) != PLN_OK) return result;
  r->end = text->data + text->size;
  r->zoned = -1;
  if ((result = read_rows(r)) != PLN_OK) return result;
  fill_absent(r, first);
  if (r->rows.symbol &&
      (result = pln_csv_keep_symbol(&r->rows, first, r->label, (const char *const *)r->symbols, r->n_symbols,
                                    o->symbol, r->schema.strict_symbol)) != PLN_OK)
    return result;
  if (r->schema.close_only) pln_csv_fill_from_close(&r->rows, first);
  if (r->schema.quotes &&
      (result = pln_csv_fill_from_quotes(&r->rows, first, r->schema.quotes, o->price)) != PLN_OK)
    return result;
  pln_csv_orient(&r->rows, first);
  if (r->zoned != 1) pln_csv_to_utc(&r->rows, first, r->zone);
  return PLN_OK;
}

static int32_t read_file(reader *r, const char *path) {
  pln_text text;
  const int64_t limit = r->options->max_bytes > 0 ? r->options->max_bytes : DEFAULT_MAX_BYTES;
  int32_t result = pln_text_open(path, r->options->member && *r->options->member ? r->options->member : NULL,
                                 limit, &text);
  if (result != PLN_OK) return result;
  char label[1024];
  if (text.member)
    snprintf(label, sizeof label, "%s(%s)", path, text.member);
  else
    snprintf(label, sizeof label, "%s", path);
  char **files = realloc(r->rows.file, (size_t)(r->rows.n_files + 1) * sizeof *files);
  if (files) r->rows.file = files;
  char *copy = files ? strdup(label) : NULL;
  if (!copy) {
    result = pln_fail(PLN_ERR_MEMORY, "no memory for file names");
  } else {
    files[r->rows.n_files] = copy;
    r->file = r->rows.n_files++;
    r->label = copy;
    result = read_text_file(r, path, &text);
  }
  pln_csv_schema_free(&r->schema);
  for (int32_t i = 0; i < r->n_symbols; i++) free(r->symbols[i]);
  r->n_symbols = 0;
  pln_text_close(&text);
  return result;
}

/* Hands the columns over; `rows` is left without them. */
static pln_bars *build_bars(reader *r, const pln_timeframe *timeframe, const char *symbol,
                            const char *source) {
  pln_rows *rows = &r->rows;
  const char **names = calloc((size_t)rows->n_columns + 1, sizeof *names);
  if (!names) {
    pln_fail(PLN_ERR_MEMORY, "no memory for names");
    return NULL;
  }
  int32_t n_extra = 0;
  for (int32_t i = PLN_ROWS_EXTRA; i < rows->n_columns; i++)
    if (!r->dropped[i]) names[n_extra++] = rows->name[i];
  pln_bars_build build;
  const int32_t result = pln_bars_build_init(&build, n_extra, names);
  free(names);
  if (result != PLN_OK) return NULL;
  build.n_bars = rows->n;
  build.capacity = rows->capacity;
  build.ts_ns = rows->ts_ns;
  build.open = rows->column[PLN_ROWS_OPEN];
  build.high = rows->column[PLN_ROWS_HIGH];
  build.low = rows->column[PLN_ROWS_LOW];
  build.close = rows->column[PLN_ROWS_CLOSE];
  build.volume = rows->column[PLN_ROWS_VOLUME];
  rows->ts_ns = NULL;
  for (int32_t i = 0; i < PLN_ROWS_EXTRA; i++) rows->column[i] = NULL;
  int32_t k = 0;
  for (int32_t i = PLN_ROWS_EXTRA; i < rows->n_columns; i++) {
    if (r->dropped[i]) continue;
    build.extra[k++] = rows->column[i];
    rows->column[i] = NULL;
  }
  build.has_volume = rows->has_volume;
  build.timeframe = *timeframe;
  build.symbol = symbol;
  build.timezone = pln_timezone_name(r->zone);
  build.source = source;
  return pln_bars_build_finish(&build);
}

static int32_t finish_rows(reader *r, pln_timeframe *timeframe, pln_quality_report *report) {
  const pln_csv_options *o = r->options;
  pln_quality_config defaults;
  pln_quality_config_init(&defaults);
  const pln_quality_config *config = o->quality ? o->quality : &defaults;
  const int stated = o->timeframe && *o->timeframe;
  int32_t result = stated ? pln_timeframe_parse(o->timeframe, timeframe) : PLN_OK;
  if (result != PLN_OK) return result;
  const int ticks = stated && timeframe->unit == PLN_TIMEFRAME_NONE;
  if ((result = pln_quality_rows(&r->rows, config, ticks, report)) != PLN_OK) return result;
  if (r->rows.n == 0)
    return pln_fail_at(PLN_ERR_FORMAT, r->rows.file[0], 0, 0,
                       "no rows are left after the quality rules dropped %lld", (long long)report->n_rows);
  if (!stated && (result = pln_csv_detect_timeframe(&r->rows, timeframe)) != PLN_OK) return result;
  if (o->stamp == PLN_CSV_STAMP_CLOSE) pln_csv_stamps_to_open(&r->rows, timeframe, r->zone);
  if ((result = pln_csv_check_spacing(&r->rows, timeframe, r->zone, stated)) != PLN_OK) return result;
  return pln_quality_sequence(&r->rows, config, timeframe, r->zone, report);
}

/* "data/GOOG.csv.gz" → "GOOG", where nothing else names the symbol. */
static void symbol_of_path(const char *path, char *out, size_t size) {
  const char *base = strrchr(path, '/');
  base = base ? base + 1 : path;
  snprintf(out, size, "%.*s", (int)strcspn(base, "."), base);
}

pln_bars *pln_csv_load(const char *const *paths, int32_t n_paths, const pln_csv_options *options,
                       pln_quality_report *report) {
  if (n_paths < 1 || !paths) {
    pln_fail(PLN_ERR_ARGUMENT, "no file is named, expected at least one path");
    return NULL;
  }
  if (n_paths > 1 << 20) {
    pln_fail(PLN_ERR_LIMIT, "%d files are named, expected at most %d", n_paths, 1 << 20);
    return NULL;
  }
  pln_csv_options defaults;
  pln_csv_options_init(&defaults);
  reader r = {.options = options ? options : &defaults};
  r.zone = pln_timezone_get(r.options->timezone);
  pln_quality_report *own = report ? NULL : pln_quality_report_new();
  pln_bars *bars = NULL;
  if (r.zone && (report || own)) {
    int32_t result = PLN_OK;
    for (int32_t i = 0; i < n_paths && result == PLN_OK; i++) result = read_file(&r, paths[i]);
    pln_timeframe timeframe = {0};
    if (result == PLN_OK) result = finish_rows(&r, &timeframe, report ? report : own);
    if (result == PLN_OK) {
      char named[128];
      symbol_of_path(paths[0], named, sizeof named);
      bars = build_bars(&r, &timeframe, r.options->symbol && *r.options->symbol ? r.options->symbol : named,
                        r.rows.file[0]);
    }
  }
  pln_quality_report_free(own);
  pln_rows_free(&r.rows);
  free(r.symbols);
  free(r.dropped);
  return bars;
}

int32_t pln_csv_content_hash(const char *const *paths, int32_t n_paths, char *out) {
  /* The digests of the files, one after the other, are hashed again: order counts, memory does not grow. */
  char digests[32 + 32 + 1] = {0};
  for (int32_t i = 0; i < n_paths; i++) {
    pln_text text;
    const int32_t result = pln_text_open_raw(paths[i], &text);
    if (result != PLN_OK) return result;
    pln_hash128_hex(text.data, text.size, digests + 32);
    pln_text_close(&text);
    pln_hash128_hex(digests, 64, out);
    memcpy(digests, out, 32);
  }
  return PLN_OK;
}

int32_t pln_csv_files_state(const char *const *paths, int32_t n_paths, char *out, int64_t *newest_ns) {
  char digests[32 + 32 + 1] = {0};
  *newest_ns = INT64_MIN;
  for (int32_t i = 0; i < n_paths; i++) {
    struct stat status;
    if (stat(paths[i], &status) != 0)
      return pln_fail_at(errno == ENOENT ? PLN_ERR_NOT_FOUND : PLN_ERR_IO, paths[i], 0, 0,
                         "cannot be opened: %s", strerror(errno));
    const int64_t modified = (int64_t)status.st_mtim.tv_sec * 1000000000 + status.st_mtim.tv_nsec;
    /* Tools that unpack and copy set a file's modification time back, but not this one. */
    const int64_t changed = (int64_t)status.st_ctim.tv_sec * 1000000000 + status.st_ctim.tv_nsec;
    if (modified > *newest_ns) *newest_ns = modified;
    if (changed > *newest_ns) *newest_ns = changed;
    char text[1200];
    const int length = snprintf(text, sizeof text, "%llu %llu %lld %lld %lld %s",
                                (unsigned long long)status.st_dev, (unsigned long long)status.st_ino,
                                (long long)status.st_size, (long long)modified, (long long)changed, paths[i]);
    pln_hash128_hex(text, length < (int)sizeof text ? length : (int)sizeof text - 1, digests + 32);
    pln_hash128_hex(digests, 64, out);
    memcpy(digests, out, 32);
  }
  return PLN_OK;
}
