/* What the columns of a file are, and how its times are written. */
#include "data/csv_sniff.h"

#include "core/error.h"
#include "data/csv_number.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

static const char *sample_at(const pln_csv_sniffer *s, int32_t row, int32_t column) {
  return s->sample[(int64_t)row * s->schema->n_columns + column];
}

static int column_is_time(const pln_csv_sniffer *s, int32_t column) {
  int32_t digits;
  for (int32_t i = 0; i < s->n_sample; i++) {
    const char *text = sample_at(s, i, column);
    if (*text) return pln_time_kind_of(text, &digits) != PLN_TIME_UNKNOWN;
  }
  return 0;
}

static int column_is_clock(const pln_csv_sniffer *s, int32_t column) {
  for (int32_t i = 0; i < s->n_sample; i++)
    if (!pln_csv_is_clock(sample_at(s, i, column))) return 0;
  return 1;
}

/* Whether the samples are numbers; `*integers` where they are whole ones. */
static int column_is_number(const pln_csv_sniffer *s, int32_t column, int *integers) {
  *integers = 1;
  for (int32_t i = 0; i < s->n_sample; i++) {
    const char *text = sample_at(s, i, column);
    if (pln_csv_is_missing(text)) {
      *integers = 0;
      continue;
    }
    if (!pln_csv_is_number(text) && strcasecmp(text, "inf") != 0 && strcasecmp(text, "-inf") != 0) return 0;
    if (text[strspn(text, "0123456789")]) *integers = 0;
  }
  return 1;
}

static int find_name(const pln_csv_sniffer *s, const char *wanted) {
  char plain[256], other[256];
  for (int32_t i = 0; i < s->n_names; i++)
    if (strcmp(s->names[i], wanted) == 0) return i;
  pln_csv_normalise(wanted, plain, sizeof plain);
  for (int32_t i = 0; i < s->n_names; i++) {
    pln_csv_normalise(s->names[i], other, sizeof other);
    if (strcmp(other, plain) == 0) return i;
  }
  return -1;
}

static int32_t fail_names(const pln_csv_sniffer *s, const char *what) {
  char names[512] = "";
  for (int32_t i = 0; i < s->n_names; i++) {
    const size_t used = strlen(names);
    if (used + strlen(s->names[i]) + 8 > sizeof names) break;
    snprintf(names + used, sizeof names - used, "%s%s", i ? ", " : "",
             *s->names[i] ? s->names[i] : "(unnamed)");
  }
  return pln_fail_at(
      PLN_ERR_NOT_FOUND, s->label, s->header_line, 0,
      "%s; found the columns %s (say which is which, as in columns: {time: NAME, close: NAME})", what, names);
}

/* The column that has a role by its name; single letters count only as a full set. */
static int32_t best_column(const pln_csv_sniffer *s, int32_t role, const int32_t *taken, int letters) {
  int32_t best = -1, best_rank = INT32_MAX;
  for (int32_t i = 0; i < s->n_names; i++) {
    char plain[64];
    int32_t found, rank;
    if (taken[i]) continue;
    pln_csv_normalise(s->names[i], plain, sizeof plain);
    if (!pln_csv_role_of(plain, &found, &rank) || found != role || rank >= best_rank) continue;
    if (!letters && plain[1] == 0 && role != PLN_CSV_TIME) continue;
    if (role == PLN_CSV_TIME && !s->by_position && !column_is_time(s, i) &&
        !(s->options->time_format && *s->options->time_format))
      continue;
    best = i;
    best_rank = rank;
  }
  return best;
}

static int has_letters(const pln_csv_sniffer *s) {
  int found = 0;
  for (int32_t i = 0; i < s->n_names; i++)
    for (int32_t k = 0; k < 4; k++)
      if (strlen(s->names[i]) == 1 && (s->names[i][0] | 32) == "ohlc"[k]) found |= 1 << k;
  return found == 15;
}

static void pick_clock(const pln_csv_sniffer *s, int32_t *time, int32_t *clock, const int32_t *taken) {
  *clock = -1;
  int32_t date = -1, named_time = -1;
  for (int32_t i = 0; i < s->n_names; i++) {
    char plain[64];
    pln_csv_normalise(s->names[i], plain, sizeof plain);
    if (taken[i] && i != *time) continue;
    if (strcmp(plain, "date") == 0 || strcmp(plain, "dtyyyymmdd") == 0 || strcmp(plain, "day") == 0) date = i;
    if (strcmp(plain, "time") == 0 || strcmp(plain, "time_of_day") == 0) named_time = i;
  }
  if (date < 0 || named_time < 0 || !column_is_clock(s, named_time)) return;
  *time = date;
  *clock = named_time;
}

static int32_t assign_roles(pln_csv_sniffer *s) {
  pln_csv_schema *schema = s->schema;
  const pln_csv_options *o = s->options;
  const int32_t n = schema->n_columns;
  int32_t *taken = calloc((size_t)n + 1, sizeof *taken);
  schema->columns = calloc((size_t)n + 1, sizeof *schema->columns);
  if (!taken || !schema->columns) {
    free(taken);
    return pln_fail(PLN_ERR_MEMORY, "no memory for %d columns", n);
  }
  int32_t column_of[PLN_CSV_EXTRA];
  for (int32_t i = 0; i < PLN_CSV_EXTRA; i++) column_of[i] = -1;
  int32_t result = PLN_OK;
  char message[256];
  static const char *const role_names[] = {"",     "time", "date", "time_of_day", "symbol",
                                           "open", "high", "low",  "close",       "volume"};
  for (int32_t k = 0; k < o->n_map && result == PLN_OK; k++) {
    int32_t role = 0;
    for (int32_t r = PLN_CSV_TIME; r < PLN_CSV_EXTRA; r++)
      if (strcasecmp(o->map_roles[k], role_names[r]) == 0) role = r;
    const int32_t at = find_name(s, o->map_names[k]);
    if (!role) {
      result =
          pln_fail(PLN_ERR_ARGUMENT,
                   "columns: '%s' is no role, expected time, date, symbol, open, high, low, close or volume",
                   o->map_roles[k]);
    } else if (at < 0) {
      snprintf(message, sizeof message, "no column is named '%.100s'", o->map_names[k]);
      result = fail_names(s, message);
    } else {
      column_of[role] = at;
      taken[at] = 1;
      schema->columns[at].asked = 1;
    }
  }
  if (result == PLN_OK && o->symbol_column && *o->symbol_column) {
    int32_t at = find_name(s, o->symbol_column);
    const long number = strtol(o->symbol_column, NULL, 10);
    if (at < 0 && number >= 1 && number <= n) at = (int32_t)number - 1;
    if (at < 0) {
      snprintf(message, sizeof message, "symbol_column '%.100s' is not there", o->symbol_column);
      result = fail_names(s, message);
    } else {
      column_of[PLN_CSV_SYMBOL] = at;
      taken[at] = 1;
      schema->strict_symbol = 1;
    }
  }
  if (result != PLN_OK) {
    free(taken);
    return result;
  }
  const int letters = s->by_position || has_letters(s);
  for (int32_t role = PLN_CSV_TIME; role < PLN_CSV_EXTRA; role++) {
    if (column_of[role] >= 0 || role == PLN_CSV_DATE || role == PLN_CSV_TIME_OF_DAY) continue;
    if (role == PLN_CSV_TIME && column_of[PLN_CSV_DATE] >= 0) continue;
    column_of[role] = best_column(s, role, taken, letters);
    if (column_of[role] >= 0) taken[column_of[role]] = 1;
  }
  if (column_of[PLN_CSV_TIME] >= 0 && column_of[PLN_CSV_DATE] >= 0 && column_of[PLN_CSV_TIME_OF_DAY] < 0) {
    column_of[PLN_CSV_TIME_OF_DAY] = column_of[PLN_CSV_TIME]; /* both are named by the user */
    column_of[PLN_CSV_TIME] = column_of[PLN_CSV_DATE];
  } else if (column_of[PLN_CSV_TIME] < 0 && column_of[PLN_CSV_DATE] >= 0) {
    column_of[PLN_CSV_TIME] = column_of[PLN_CSV_DATE];
    if (column_of[PLN_CSV_TIME_OF_DAY] < 0) column_of[PLN_CSV_DATE] = -1;
  } else if (column_of[PLN_CSV_TIME] >= 0 && column_of[PLN_CSV_TIME_OF_DAY] < 0) {
    int32_t clock;
    pick_clock(s, &column_of[PLN_CSV_TIME], &clock, taken);
    column_of[PLN_CSV_TIME_OF_DAY] = clock;
    if (clock >= 0) column_of[PLN_CSV_DATE] = column_of[PLN_CSV_TIME];
  }
  if (column_of[PLN_CSV_TIME] < 0 && n > 0 && s->names[0][0] == 0 && column_is_time(s, 0))
    column_of[PLN_CSV_TIME] = 0;
  if (column_of[PLN_CSV_TIME] < 0) {
    free(taken);
    return fail_names(s, "no column holds times");
  }
  for (int32_t i = 0; i < n; i++) {
    pln_csv_column *column = &schema->columns[i];
    column->role = PLN_CSV_IGNORE;
    for (int32_t role = PLN_CSV_TIME; role < PLN_CSV_EXTRA; role++)
      if (column_of[role] == i && role != PLN_CSV_DATE) column->role = role;
    if (i == column_of[PLN_CSV_TIME])
      column->role = column_of[PLN_CSV_TIME_OF_DAY] >= 0 ? PLN_CSV_DATE : PLN_CSV_TIME;
    if (column->role != PLN_CSV_IGNORE) continue;
    const char *name = s->names[i];
    int integers;
    const int number = column_is_number(s, i, &integers);
    if (s->by_position) {
      if (strcmp(name, "_") == 0 || strcmp(name, "-") == 0 || strcmp(name, "skip") == 0 || !*name) continue;
      column->asked = 1;
    } else if (!number || (!*name && integers)) {
      continue; /* text, or a row number */
    }
    column->role = PLN_CSV_EXTRA;
    pln_csv_normalise(name, column->name, sizeof column->name);
    if (!column->name[0]) snprintf(column->name, sizeof column->name, "column_%d", i + 1);
  }
  free(taken);
  return PLN_OK;
}

static int has_extra(const pln_csv_schema *schema, const char *name) {
  for (int32_t i = 0; i < schema->n_columns; i++)
    if (schema->columns[i].role == PLN_CSV_EXTRA && strcmp(schema->columns[i].name, name) == 0) return 1;
  return 0;
}

static int has_role(const pln_csv_schema *schema, int32_t role) {
  for (int32_t i = 0; i < schema->n_columns; i++)
    if (schema->columns[i].role == role) return 1;
  return 0;
}

/* Extra names must differ from each other and from the names of the columns that all bars have. */
static void make_names_unique(pln_csv_schema *schema) {
  static const char *const fixed[] = {"time", "open", "high", "low", "close", "volume"};
  for (int32_t i = 0; i < schema->n_columns; i++) {
    pln_csv_column *column = &schema->columns[i];
    if (column->role != PLN_CSV_EXTRA) continue;
    char base[48];
    snprintf(base, sizeof base, "%.47s", column->name);
    for (int32_t suffix = 2, clash = 1; clash; suffix++) {
      clash = 0;
      for (size_t k = 0; k < 6; k++) clash |= strcmp(column->name, fixed[k]) == 0;
      for (int32_t k = 0; k < i; k++)
        clash |=
            schema->columns[k].role == PLN_CSV_EXTRA && strcmp(column->name, schema->columns[k].name) == 0;
      if (clash) snprintf(column->name, sizeof column->name, "%s_%d", base, suffix);
    }
  }
}

static int32_t check_prices(pln_csv_sniffer *s) {
  pln_csv_schema *schema = s->schema;
  make_names_unique(schema);
  const int open = has_role(schema, PLN_CSV_OPEN), high = has_role(schema, PLN_CSV_HIGH);
  const int low = has_role(schema, PLN_CSV_LOW), close = has_role(schema, PLN_CSV_CLOSE);
  if (open && high && low && close) return PLN_OK;
  if (close && !open && !high && !low) {
    schema->close_only = 1;
    return PLN_OK;
  }
  if (!open && !high && !low && !close) {
    static const char *const parts[] = {"bid_open", "bid_high", "bid_low", "bid_close",
                                        "ask_open", "ask_high", "ask_low", "ask_close"};
    int found = 0;
    for (size_t i = 0; i < 8; i++) found += has_extra(schema, parts[i]);
    if (found == 8) schema->quotes = 1;
    if (has_extra(schema, "bid") && has_extra(schema, "ask")) schema->quotes = 2;
    if (schema->quotes) return PLN_OK;
    return fail_names(s, "no column holds a close");
  }
  return fail_names(s, !close  ? "no column holds the close"
                       : !open ? "no column holds the open"
                       : !high ? "no column holds the high"
                               : "no column holds the low");
}

/* The orders that a date's figures allow. */
static int32_t orders_of(const int32_t figures[5]) {
  const int32_t a = figures[0], b = figures[1], c = figures[2];
  int32_t orders = 0;
  if (a >= 1 && a <= 12 && b >= 1 && b <= 31) orders |= PLN_ORDER_MDY;
  if (b >= 1 && b <= 12 && a >= 1 && a <= 31) orders |= PLN_ORDER_DMY;
  if (figures[3] == 2 && figures[4] == 2 && b >= 1 && b <= 12 && c >= 1 && c <= 31) orders |= PLN_ORDER_YMD;
  return orders;
}

/* Scans a column of A/B/C dates until only one order fits all of them. UNKNOWN where several do. */
static int32_t find_order(pln_csv_sniffer *s, int32_t column) {
  pln_csv_schema *schema = s->schema;
  char field[PLN_CSV_FIELD];
  int32_t orders = PLN_ORDER_MDY | PLN_ORDER_DMY | PLN_ORDER_YMD;
  for (const char *p = schema->first_row; p < s->end;) {
    const char *q = p;
    for (int32_t i = 0; q && i <= column; i++) {
      q = pln_csv_field(q, schema->delimiter, field, sizeof field);
      if (q && i < column) q = *q == schema->delimiter ? q + 1 : NULL;
    }
    int64_t ns;
    int32_t zoned, figures[5] = {0};
    if (q) pln_time_read(&schema->time, field, &ns, &zoned, figures);
    if (figures[4] && (orders & orders_of(figures)))
      orders &= orders_of(figures); /* a bad row is an error later */
    if ((orders & (orders - 1)) == 0) return orders;
    p = pln_csv_line_end(p, s->end) + 1;
  }
  return PLN_ORDER_UNKNOWN;
}

static int32_t fail_time(const pln_csv_sniffer *s, int32_t row, const char *text) {
  return pln_fail_at(
      PLN_ERR_PARSE, s->label, s->sample_line[row], 0,
      "found '%.60s', expected a time such as 2015-01-02 09:30, 20150102, 1/2/2015 or an epoch; say how it "
      "is written, as in time_format: \"%%d.%%m.%%Y %%H:%%M\"",
      text);
}

static int32_t find_time_format(pln_csv_sniffer *s, int32_t order) {
  pln_csv_schema *schema = s->schema;
  pln_time_format *time = &schema->time;
  int32_t column = 0, clock = -1;
  for (int32_t i = 0; i < schema->n_columns; i++) {
    if (schema->columns[i].role == PLN_CSV_TIME || schema->columns[i].role == PLN_CSV_DATE) column = i;
    if (schema->columns[i].role == PLN_CSV_TIME_OF_DAY) clock = i;
  }
  schema->two_parts = clock >= 0;
  time->space_ends = schema->delimiter == ' ';
  time->order = order;
  if (clock >= 0) { /* figures: 9:30 is 930 in HHMM and 93000 in HHMMSS */
    time->figures_of_day = 4;
    for (int32_t i = 0; i < s->n_sample; i++)
      if (strlen(sample_at(s, i, clock)) > 4) time->figures_of_day = 6;
  }
  const char *wanted = s->options->time_format;
  static const char *const epochs[] = {"epoch_s", "epoch_ms", "epoch_us", "epoch_ns"};
  static const int64_t units[] = {1000000000, 1000000, 1000, 1};
  if (wanted && *wanted) {
    for (int32_t i = 0; i < 4; i++) {
      if (strcmp(wanted, epochs[i]) != 0) continue;
      time->kind = PLN_TIME_EPOCH;
      time->unit = units[i];
      return PLN_OK;
    }
    if (strcmp(wanted, "ms_of_day") == 0) {
      time->kind = PLN_TIME_MS_OF_DAY;
    } else if (strcmp(wanted, "iso") == 0 || strcmp(wanted, "ymd") == 0 || strcmp(wanted, "mdy") == 0 ||
               strcmp(wanted, "dmy") == 0) {
      time->kind = PLN_TIME_TEXT;
      if (*wanted == 'm') time->order = PLN_ORDER_MDY;
      if (*wanted == 'd') time->order = PLN_ORDER_DMY;
      if (*wanted == 'y') time->order = PLN_ORDER_YMD;
    } else {
      int32_t has_clock;
      if (!pln_time_pattern_valid(wanted, &has_clock))
        return pln_fail(
            PLN_ERR_ARGUMENT,
            "time_format is '%s', expected iso, ymd, mdy, dmy, epoch_s, epoch_ms, epoch_us, epoch_ns, "
            "ms_of_day or a pattern such as %%Y-%%m-%%d %%H:%%M:%%S",
            wanted);
      time->kind = PLN_TIME_PATTERN;
      time->pattern = wanted;
      schema->joined_pattern = has_clock && clock >= 0;
      return PLN_OK;
    }
  }
  int64_t named_date = 0;
  const int has_named_date = pln_date_in_name(s->path, &named_date) ||
                             (s->text->member && pln_date_in_name(s->text->member, &named_date));
  if (time->kind == PLN_TIME_UNKNOWN) {
    double largest = 0;
    int epochs_found = 0, integers = 1;
    for (int32_t i = 0; i < s->n_sample; i++) {
      const char *text = sample_at(s, i, column);
      int32_t digits;
      if (!*text) continue; /* the row itself will be the error */
      const int32_t kind = pln_time_kind_of(text, &digits);
      if (kind == PLN_TIME_UNKNOWN) return fail_time(s, i, text);
      if (!digits) integers = 0;
      epochs_found += kind == PLN_TIME_EPOCH;
      double value = 0;
      if (kind == PLN_TIME_EPOCH || digits) pln_number(text, 0, &value);
      if (fabs(value) > largest) largest = fabs(value);
    }
    if (epochs_found && has_named_date && integers && largest <= 86400000.0)
      time->kind = PLN_TIME_MS_OF_DAY;
    else
      time->kind = epochs_found ? PLN_TIME_EPOCH : PLN_TIME_TEXT;
    time->unit = pln_epoch_unit(largest);
  }
  if (time->kind == PLN_TIME_MS_OF_DAY) {
    if (!has_named_date)
      return pln_fail_at(PLN_ERR_FORMAT, s->label, 0, 0,
                         "time_format is ms_of_day, but the file's name holds no date, expected one as in "
                         "20131007_trade.zip");
    time->base_ns = named_date;
  }
  if (time->kind == PLN_TIME_TEXT && time->order == PLN_ORDER_UNKNOWN) {
    for (int32_t i = 0; i < s->n_sample; i++) {
      int64_t ns;
      int32_t zoned, figures[5] = {0};
      pln_time_read(time, sample_at(s, i, column), &ns, &zoned, figures);
      if (!figures[4]) continue;
      time->order = find_order(s, column);
      if (time->order == PLN_ORDER_UNKNOWN)
        return pln_fail_at(PLN_ERR_PARSE, s->label, schema->first_line, 0,
                           "found '%.60s', and no row of the file tells day, month and year apart; say "
                           "time_format: mdy, dmy or ymd",
                           sample_at(s, i, column));
      break;
    }
  }
  return PLN_OK;
}

/* A scale is a power of ten, applied to the decimal exponent, or a factor. */
static void set_scale(pln_csv_column *column, double scale) {
  column->shift = 0;
  column->factor = 1;
  if (scale == 0 || scale == 1) return;
  for (int32_t i = 1; i <= 22; i++) {
    if (scale == pln_power_of_ten[i]) column->shift = i;
    if (scale == 1 / pln_power_of_ten[i]) column->shift = -i;
  }
  if (column->shift == 0) column->factor = scale;
}

static int is_price_name(const char *name) {
  return strncmp(name, "bid", 3) == 0 || strncmp(name, "ask", 3) == 0 || strncmp(name, "adj", 3) == 0 ||
         strcmp(name, "vwap") == 0;
}

static void set_scales(const pln_csv_sniffer *s) {
  for (int32_t i = 0; i < s->schema->n_columns; i++) {
    pln_csv_column *column = &s->schema->columns[i];
    const int size = strstr(column->name, "size") || strstr(column->name, "vol");
    double scale = 1;
    if (column->role >= PLN_CSV_OPEN && column->role <= PLN_CSV_CLOSE) scale = s->options->price_scale;
    if (column->role == PLN_CSV_EXTRA && is_price_name(column->name) && !size)
      scale = s->options->price_scale;
    if (column->role == PLN_CSV_VOLUME) scale = s->options->volume_scale;
    set_scale(column, scale);
  }
}

int32_t pln_csv_schema_make(const char *label, const char *path, const pln_text *text,
                            const pln_csv_options *options, int32_t order, pln_csv_schema *out) {
  *out = (pln_csv_schema){0};
  pln_csv_sniffer s = {.label = label, .path = path, .text = text, .options = options, .schema = out};
  s.end = text->data + text->size;
  int32_t result = pln_csv_sniff(&s);
  if (result == PLN_OK) result = assign_roles(&s);
  if (result == PLN_OK) result = check_prices(&s);
  if (result == PLN_OK) {
    set_scales(&s);
    result = find_time_format(&s, order);
  }
  pln_csv_sniffer_free(&s);
  if (result != PLN_OK) pln_csv_schema_free(out);
  return result;
}

void pln_csv_schema_free(pln_csv_schema *schema) {
  free(schema->columns);
  schema->columns = NULL;
}
