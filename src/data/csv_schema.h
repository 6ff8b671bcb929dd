#pragma once
/* What the columns of one file are, and how its times are written. Internal to the CSV reader. */
#include "abi/csv.h"
#include "data/archive.h"
#include "data/timeparse.h"

typedef enum pln_csv_role {
  PLN_CSV_IGNORE,
  PLN_CSV_TIME,
  PLN_CSV_DATE, /* with the time of day in another column */
  PLN_CSV_TIME_OF_DAY,
  PLN_CSV_SYMBOL,
  PLN_CSV_OPEN, /* from here on: numbers */
  PLN_CSV_HIGH,
  PLN_CSV_LOW,
  PLN_CSV_CLOSE,
  PLN_CSV_VOLUME,
  PLN_CSV_EXTRA
} pln_csv_role;

typedef struct pln_csv_column {
  int32_t role;
  int32_t slot;  /* column of the rows, for numbers */
  int32_t shift; /* scale as a power of ten… */
  int32_t asked; /* 1: the user named this column, so that text in it is an error */
  double factor; /* …and the rest of it */
  char name[64]; /* of an extra column */
} pln_csv_column;

enum { PLN_CSV_MOST_COLUMNS = 4096, PLN_CSV_FIELD = 1024 };

typedef struct pln_csv_schema {
  char delimiter;
  int32_t n_columns;
  pln_csv_column *columns;
  const char *first_row;  /* of the text */
  int64_t first_line;     /* its line number */
  int32_t close_only;     /* open, high and low are the close */
  int32_t quotes;         /* 1: from bid_open … ask_close, 2: from bid and ask */
  int32_t strict_symbol;  /* the user named the symbol column */
  int32_t two_parts;      /* date and time of day are in two columns */
  int32_t joined_pattern; /* the pattern reads date and time of day together */
  int32_t mean_row_bytes;
  pln_time_format time;
} pln_csv_schema;

/* Reads a field at p into out (NUL-terminated, unquoted, without blanks around). Returns its end (the
 * delimiter, the line's end or a NUL) or NULL where a quote is not closed or the field is longer than `size`.
 */
const char *pln_csv_field(const char *p, char delimiter, char *out, size_t size);
/* The end of the line that holds p. */
const char *pln_csv_line_end(const char *p, const char *end);

/* `order`: of month and day as an earlier file showed it, or PLN_ORDER_UNKNOWN. 0 or a status. */
int32_t pln_csv_schema_make(const char *label, const char *path, const pln_text *text,
                            const pln_csv_options *options, int32_t order, pln_csv_schema *out);
void pln_csv_schema_free(pln_csv_schema *schema);

/* Roles by normalised name: fills role and, for synonyms, how good they are (lower is better). 0 where
 * unknown. */
int pln_csv_role_of(const char *name, int32_t *role, int32_t *rank);
/* Lower case, `_` for runs of other characters than letters and digits, without a numbering ("1. open"). */
void pln_csv_normalise(const char *text, char *out, size_t size);
/* Columns of a layout by name, NULL-terminated; NULL where unknown. */
const char *const *pln_csv_layout(const char *name);
/* Whether text is what stands for a missing number: empty, NaN, null, … */
int pln_csv_is_missing(const char *text);
