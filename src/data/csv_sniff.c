/* The first look at a file: delimiter, header, names and a sample of rows. */
#include "data/csv_sniff.h"

#include "core/error.h"
#include "data/csv_number.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

static const int64_t LONGEST_LINE = 1 << 20;

const char *pln_csv_line_end(const char *p, const char *end) {
  const char *newline = memchr(p, '\n', (size_t)(end - p));
  return newline ? newline : end;
}

const char *pln_csv_field(const char *p, char delimiter, char *out, size_t size) {
  size_t used = 0;
  while (*p == ' ' || (*p == '\t' && delimiter != '\t')) p++;
  if (*p == '"') {
    p++;
    for (;;) {
      if (*p == 0 || *p == '\n' || used + 1 >= size) return NULL;
      if (*p == '"') {
        if (p[1] != '"') break;
        p++;
      }
      out[used++] = *p++;
    }
    p++;
    while (*p == ' ' && delimiter != ' ') p++;
    if (*p != delimiter && *p != '\n' && *p != '\r' && *p != 0) return NULL;
  } else {
    while (*p != delimiter && *p != '\n' && *p != 0 && !(*p == '\r' && (p[1] == '\n' || p[1] == 0))) {
      if (used + 1 >= size) return NULL;
      out[used++] = *p++;
    }
  }
  while (used > 0 && (out[used - 1] == ' ' || out[used - 1] == '\t')) used--;
  out[used] = 0;
  if (delimiter == ' ')
    while (p[0] == ' ' && (p[1] == ' ' || p[1] == '\n' || p[1] == '\r' || p[1] == 0)) p++;
  return p;
}

static int blank_line(const char *p) {
  while (*p == ' ' || *p == '\t' || *p == '\r') p++;
  return *p == '\n' || *p == 0;
}

/* The first line at or after p that is neither blank nor a comment; counts lines. NULL at the end. */
static const char *skip_blank(const pln_csv_sniffer *s, const char *p, int64_t *line) {
  while (p < s->end && (blank_line(p) || *p == '#')) {
    const char *newline = pln_csv_line_end(p, s->end);
    if (newline >= s->end) return NULL;
    p = newline + 1;
    (*line)++;
  }
  return p < s->end ? p : NULL;
}

static int32_t reject_binary(const pln_csv_sniffer *s) {
  const unsigned char *p = (const unsigned char *)s->text->data;
  const int64_t size = s->text->size;
  static const struct {
    const char *magic;
    const char *what;
  } known[] = {{"PAR1", "a Parquet file"},
               {"SQLite format 3", "a SQLite database"},
               {"\x28\xb5\x2f\xfd", "zstd data (unpack it first)"},
               {"BZh", "bzip2 data (unpack it first)"},
               {"\xfd"
                "7zXZ",
                "xz data (unpack it first)"},
               {"DBN", "a Databento file"},
               {"ARROW1", "a Feather file"},
               {"\x89HDF", "an HDF5 file"},
               {"%PDF", "a PDF"}};
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    if (size > 16 && memcmp(p, known[i].magic, strlen(known[i].magic)) == 0)
      return pln_fail_at(PLN_ERR_FORMAT, s->label, 0, 0, "is %s, expected delimited text", known[i].what);
  if (size >= 2 && ((p[0] == 0xff && p[1] == 0xfe) || (p[0] == 0xfe && p[1] == 0xff)))
    return pln_fail_at(PLN_ERR_FORMAT, s->label, 0, 0,
                       "is UTF-16, expected UTF-8 or ASCII (convert it with iconv)");
  const int64_t head = size < 65536 ? size : 65536;
  const unsigned char *zero = memchr(p, 0, (size_t)head);
  if (zero)
    return pln_fail_at(PLN_ERR_FORMAT, s->label, 0, 0,
                       "holds a NUL byte at offset %lld: a binary file, expected text",
                       (long long)(zero - p));
  return PLN_OK;
}

/* Times that `mark` occurs in the line outside quotes. */
static int32_t count_marks(const char *p, const char *end, char mark) {
  int32_t count = 0;
  int quoted = 0;
  for (; p < end; p++) {
    if (*p == '"') quoted = !quoted;
    count += *p == mark && !quoted;
  }
  return count;
}

static int32_t find_delimiter(pln_csv_sniffer *s, const char *first, int64_t line) {
  const char *wanted = s->options->delimiter;
  static const char *const words[] = {"comma", ",", "semicolon", ";", "tab", "\t", "pipe", "|", "space", " "};
  if (wanted && *wanted) {
    for (size_t i = 0; i < 10; i += 2)
      if (strcasecmp(wanted, words[i]) == 0) wanted = words[i + 1];
    if (strcmp(wanted, "\\t") == 0) wanted = "\t";
    if (strlen(wanted) != 1 || strchr("\"\r\n.+-", *wanted) || (*wanted >= '0' && *wanted <= '9'))
      return pln_fail(PLN_ERR_ARGUMENT,
                      "delimiter is '%s', expected one character or comma, semicolon, tab, pipe, space",
                      wanted);
    s->schema->delimiter = *wanted;
    return PLN_OK;
  }
  const char candidates[] = ",;\t| ";
  int32_t best = 0;
  int even_best = 0;
  for (const char *c = candidates; *c; c++) {
    if (*c == ' ' && best > 0) break;
    int32_t least = INT32_MAX, most = 0, lines = 0;
    const char *p = first;
    int64_t ignored = line;
    while (p && lines < 20) {
      const char *newline = pln_csv_line_end(p, s->end);
      if (newline - p > LONGEST_LINE) break;
      const int32_t count = count_marks(p, newline, *c);
      if (count < least) least = count;
      if (count > most) most = count;
      lines++;
      p = newline < s->end ? skip_blank(s, newline + 1, &ignored) : NULL;
    }
    if (lines == 0 || least == 0) continue;
    const int even = least == most;
    if (best == 0 || (even && !even_best) || (even == even_best && least > best)) {
      best = least;
      even_best = even;
      s->schema->delimiter = *c;
    }
  }
  if (best == 0)
    return pln_fail_at(
        PLN_ERR_FORMAT, s->label, line, 0,
        "no delimiter (comma, semicolon, tab, pipe or space) is found in the first lines, expected a table; "
        "say `delimiter` if it is another");
  return PLN_OK;
}

static int32_t count_fields(const pln_csv_sniffer *s, const char *p, int64_t line, int32_t *count) {
  char field[PLN_CSV_FIELD];
  const char *start = p;
  *count = 0;
  for (;;) {
    const char *after = pln_csv_field(p, s->schema->delimiter, field, sizeof field);
    if (!after)
      return pln_fail_at(PLN_ERR_PARSE, s->label, line, p - start + 1,
                         "a field is longer than %d characters or its quote is not closed",
                         PLN_CSV_FIELD - 1);
    if (++*count > PLN_CSV_MOST_COLUMNS)
      return pln_fail_at(PLN_ERR_LIMIT, s->label, line, 0, "has more than %d columns", PLN_CSV_MOST_COLUMNS);
    if (*after != s->schema->delimiter) return PLN_OK;
    p = after + 1;
  }
}

static void free_fields(char **fields, int64_t count) {
  for (int64_t i = 0; fields && i < count; i++) free(fields[i]);
  free(fields);
}

/* `count` fields of the row; empty ones where it has fewer. NULL without memory. */
static char **split(const pln_csv_sniffer *s, const char *p, int32_t count) {
  char **fields = calloc((size_t)count + 1, sizeof *fields);
  char field[PLN_CSV_FIELD] = "";
  for (int32_t i = 0; fields && i < count; i++) {
    const char *after = p ? pln_csv_field(p, s->schema->delimiter, field, sizeof field) : NULL;
    p = after && *after == s->schema->delimiter ? after + 1 : NULL;
    if ((fields[i] = strdup(after ? field : ""))) continue;
    free_fields(fields, i);
    return NULL;
  }
  return fields;
}

int pln_csv_is_number(const char *text) {
  double value;
  const char *end = pln_number(text, 0, &value);
  return end && *end == 0;
}

/* A header holds a name and no number or time. */
static int looks_like_header(char **fields, int32_t count) {
  int words = 0;
  int32_t digits;
  for (int32_t i = 0; i < count; i++) {
    if (pln_csv_is_number(fields[i])) return 0;
    if (pln_time_kind_of(fields[i], &digits) != PLN_TIME_UNKNOWN) return 0;
    words += !pln_csv_is_missing(fields[i]);
  }
  return words > 0;
}

int pln_csv_is_clock(const char *text) {
  const pln_time_format format = {.figures_of_day = 6};
  int64_t ns;
  return pln_time_of_day_read(&format, text, &ns) == PLN_TIME_OK;
}

/* The rows have a column more than the header: the first name covers a date and a time of day, or the first
 * column (an index) has no name. */
static int32_t add_missing_name(pln_csv_sniffer *s, const char *row) {
  char **fields = split(s, row, 2);
  if (!fields) return pln_fail(PLN_ERR_MEMORY, "no memory for names");
  char plain[64];
  int32_t role = 0, rank, digits;
  pln_csv_normalise(s->names[0], plain, sizeof plain);
  const int split_time = pln_csv_role_of(plain, &role, &rank) && role == PLN_CSV_TIME &&
                         pln_time_kind_of(fields[0], &digits) == PLN_TIME_TEXT && pln_csv_is_clock(fields[1]);
  free_fields(fields, 2);
  char **names = realloc(s->names, (size_t)(s->n_names + 1) * sizeof *names);
  if (!names) return pln_fail(PLN_ERR_MEMORY, "no memory for names");
  s->names = names;
  char *date = strdup(split_time ? "date" : ""), *time = strdup("time");
  if (!date || !time) {
    free(date);
    free(time);
    return pln_fail(PLN_ERR_MEMORY, "no memory for names");
  }
  memmove(names + 1, names, (size_t)s->n_names++ * sizeof *names);
  names[0] = date;
  if (split_time) {
    free(names[1]);
    names[1] = time;
  } else {
    free(time);
  }
  return PLN_OK;
}

/* yfinance writes three lines of header, "Price,Close,…", "Ticker,SPY,SPY,…" and "Date,,,…": where they are
 * of one ticker, the third names the column of times. */
static int32_t skip_ticker_lines(pln_csv_sniffer *s, const char **row, int64_t *line) {
  if (strcasecmp(s->names[0], "Price") != 0) return PLN_OK;
  const char *newline = pln_csv_line_end(*row, s->end);
  int64_t third_line = *line + 1;
  const char *third = newline < s->end ? skip_blank(s, newline + 1, &third_line) : NULL;
  if (!third) return PLN_OK;
  char **tickers = split(s, *row, s->n_names), **rest = split(s, third, s->n_names);
  int32_t result = tickers && rest ? PLN_OK : pln_fail(PLN_ERR_MEMORY, "no memory for names");
  int are_these = result == PLN_OK && strcasecmp(tickers[0], "Ticker") == 0 &&
                  (strcasecmp(rest[0], "Date") == 0 || strcasecmp(rest[0], "Datetime") == 0);
  for (int32_t i = 1; are_these && i < s->n_names; i++)
    are_these = *tickers[i] && strcmp(tickers[i], tickers[1]) == 0 && !*rest[i];
  if (are_these) {
    char *name = s->names[0];
    s->names[0] = rest[0];
    rest[0] = name;
    newline = pln_csv_line_end(third, s->end);
    *line = third_line + 1;
    *row = newline < s->end ? skip_blank(s, newline + 1, line) : NULL;
  }
  free_fields(tickers, s->n_names);
  free_fields(rest, s->n_names);
  return result;
}

static int32_t find_names(pln_csv_sniffer *s, const char *first, int64_t line) {
  const pln_csv_options *o = s->options;
  pln_csv_schema *schema = s->schema;
  int32_t count = 0;
  int32_t result = count_fields(s, first, line, &count);
  if (result != PLN_OK) return result;
  char **fields = split(s, first, count);
  if (!fields) return pln_fail(PLN_ERR_MEMORY, "no memory for %d names", count);
  const int header = o->header == PLN_CSV_HEADER_PRESENT ||
                     (o->header == PLN_CSV_HEADER_AUTO && looks_like_header(fields, count));
  const char *const *listed = o->columns;
  int32_t n_listed = o->n_columns;
  if (!listed && o->layout && *o->layout) {
    listed = pln_csv_layout(o->layout);
    if (!listed) {
      free_fields(fields, count);
      return pln_fail(PLN_ERR_ARGUMENT, "layout is '%s', expected lean_trade, lean_quote or binance",
                      o->layout);
    }
    for (n_listed = 0; listed[n_listed];) n_listed++;
  }
  const char *row = first;
  int64_t row_line = line;
  if (header) {
    s->header = first;
    s->header_line = line;
    const char *newline = pln_csv_line_end(first, s->end);
    row_line++;
    row = newline < s->end ? skip_blank(s, newline + 1, &row_line) : NULL;
  }
  if (listed) {
    free_fields(fields, count);
    s->by_position = 1;
    s->names = calloc((size_t)n_listed + 1, sizeof *s->names);
    for (; s->names && s->n_names < n_listed; s->n_names++)
      if (!(s->names[s->n_names] = strdup(listed[s->n_names] ? listed[s->n_names] : "_")))
        return pln_fail(PLN_ERR_MEMORY, "no memory for names");
  } else if (header) {
    s->names = fields;
    s->n_names = count;
    if (row && (result = skip_ticker_lines(s, &row, &row_line)) != PLN_OK) return result;
  } else {
    char found[64];
    snprintf(found, sizeof found, "%.60s", fields[0]);
    free_fields(fields, count);
    if (o->n_map)
      return pln_fail_at(PLN_ERR_FORMAT, s->label, line, 1, "has no header, expected one with '%s'",
                         o->map_names[0]);
    return pln_fail_at(
        PLN_ERR_FORMAT, s->label, line, 1,
        "found '%s' where column names were expected: the file has no header; name its %d columns, as in "
        "columns: [time, open, high, low, close, volume]",
        found, count);
  }
  if (!s->names) return pln_fail(PLN_ERR_MEMORY, "no memory for names");
  if (!row)
    return pln_fail_at(PLN_ERR_FORMAT, s->label, line, 0,
                       "holds a header and no rows, expected at least one row");
  result = count_fields(s, row, row_line, &count);
  if (result != PLN_OK) return result;
  if (!s->by_position && count == s->n_names + 1) {
    /* A trailing delimiter makes an empty last field, which needs no name. */
    char **probe = split(s, row, count);
    const int trailing = probe && probe[count - 1][0] == 0;
    free_fields(probe, count);
    if (trailing)
      count--;
    else if ((result = add_missing_name(s, row)) != PLN_OK)
      return result;
  }
  if (count != s->n_names)
    return pln_fail_at(PLN_ERR_PARSE, s->label, row_line, 0, "has %d columns, but %s %d%s", count,
                       s->by_position ? "`columns` (or the layout) names" : "the header names", s->n_names,
                       s->by_position ? "; name all of them, `_` for those to leave out" : "");
  schema->n_columns = count;
  schema->first_row = row;
  schema->first_line = row_line;
  return PLN_OK;
}

static int32_t take_sample(pln_csv_sniffer *s) {
  const int32_t columns = s->schema->n_columns;
  s->sample = calloc((size_t)columns * PLN_CSV_SAMPLE_ROWS + 1, sizeof *s->sample);
  s->sample_line = calloc(PLN_CSV_SAMPLE_ROWS, sizeof *s->sample_line);
  if (!s->sample || !s->sample_line)
    return pln_fail(PLN_ERR_MEMORY, "no memory for a sample of %d columns", columns);
  const char *p = s->schema->first_row;
  int64_t line = s->schema->first_line;
  while (p && s->n_sample < PLN_CSV_SAMPLE_ROWS) {
    const char *newline = pln_csv_line_end(p, s->end);
    char **fields = split(s, p, columns);
    if (!fields) return pln_fail(PLN_ERR_MEMORY, "no memory for a sample of %d columns", columns);
    memcpy(s->sample + (int64_t)s->n_sample * columns, fields, (size_t)columns * sizeof *fields);
    free(fields);
    s->sample_line[s->n_sample++] = line;
    if (newline >= s->end) {
      p = s->end;
      break;
    }
    line++;
    p = skip_blank(s, newline + 1, &line);
    if (!p) p = s->end;
    if (p == s->end) break;
  }
  s->schema->mean_row_bytes = (int32_t)((p - s->schema->first_row) / s->n_sample);
  if (s->schema->mean_row_bytes < 4) s->schema->mean_row_bytes = 4;
  return PLN_OK;
}

int32_t pln_csv_sniff(pln_csv_sniffer *s) {
  int32_t result = reject_binary(s);
  if (result != PLN_OK) return result;
  const char *p = s->text->data;
  int64_t line = 1;
  if (s->text->size >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0) p += 3;
  const char *newline = pln_csv_line_end(p, s->end);
  if (strncasecmp(p, "sep=", 4) == 0 && newline < s->end) { /* a line that Excel writes */
    p = newline + 1;
    line++;
  }
  p = skip_blank(s, p, &line);
  if (!p)
    return pln_fail_at(PLN_ERR_FORMAT, s->label, 0, 0, "holds only blank lines or comments, expected rows");
  newline = pln_csv_line_end(p, s->end);
  if (newline - p > LONGEST_LINE)
    return pln_fail_at(PLN_ERR_LIMIT, s->label, line, 0,
                       "is a line of %lld bytes, expected rows of at most %lld", (long long)(newline - p),
                       (long long)LONGEST_LINE);
  if ((result = find_delimiter(s, p, line)) != PLN_OK) return result;
  if ((result = find_names(s, p, line)) != PLN_OK) return result;
  return take_sample(s);
}

void pln_csv_sniffer_free(pln_csv_sniffer *s) {
  free(s->sample_line);
  free_fields(s->names, s->n_names);
  free_fields(s->sample, (int64_t)s->n_sample * s->schema->n_columns);
}
