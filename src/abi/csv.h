#pragma once
#include "abi/quality.h"
/* Delimited text to bars. Plain, .gz and .zip files.
 *
 * Columns have roles: time, date (with time of day in `time`), open, high, low, close, volume, symbol;
 * bid_open … bid_close, ask_open … ask_close, bid, ask; `_` ignores one. Any other numeric column is kept as
 * an extra under its name in lower case with `_` for everything but letters and digits ("Adj Close":
 * adj_close). Extras that are not numeric are ignored unless `columns` asks for them. Close alone makes open
 * = high = low = close.
 *
 * Blank lines and lines that begin with # are left out.
 *
 * Times: ISO 8601 (T or space, fraction, Z or ±hh:mm or nothing), YYYYMMDD [HH:MM[:SS]], Y/M/D, M/D/Y or
 * D/M/Y (told apart by the whole file, an error where that cannot decide), month names, epoch seconds to
 * nanoseconds (by magnitude), milliseconds since midnight where the file's name holds the date, date and time
 * in two columns. Years 1800 to 2199 are accepted. Times without a zone are local to `timezone`. A local time
 * that happens twice (clocks go back) is the first of the two, unless a row before it is later than that:
 * then the second. One that does not happen (clocks go forward) is read with the offset before the change, so
 * that it moves forward. */

typedef enum pln_csv_header {
  PLN_CSV_HEADER_AUTO = 0,
  PLN_CSV_HEADER_NONE = 1,
  PLN_CSV_HEADER_PRESENT = 2
} pln_csv_header;

typedef enum pln_csv_stamp {
  PLN_CSV_STAMP_OPEN = 0, /* the time of a row is the bar's open */
  PLN_CSV_STAMP_CLOSE = 1 /* its close; for days, weeks and months a date names the period that it lies in */
} pln_csv_stamp;

typedef struct pln_csv_options {
  const char *symbol;    /* name of the bars, and what the symbol column must hold; NULL: from the file */
  const char *timeframe; /* "1m"; NULL: the most common step */
  const char *timezone;  /* IANA name; NULL: UTC */
  const char *const *columns;   /* roles or names by position, NULL: by the header */
  const char *const *map_roles; /* roles by name of the header's column: map_roles[i] is in map_names[i] */
  const char *const *map_names;
  int32_t n_columns;
  int32_t n_map;
  const char *time_format; /* iso, ymd, mdy, dmy, epoch_s, epoch_ms, epoch_us, epoch_ns, ms_of_day, or a
                              pattern of %Y %y %m %d %e %b %B %H %I %M %S %f %p %z %j %F %T %D %R %s;
                              NULL: detected */
  const char *delimiter;   /* one character, or comma, semicolon, tab, pipe, space; NULL: detected */
  const char *layout;      /* columns of a known kind of file without header: lean_trade, lean_quote,
                              binance; NULL: none */
  const char *price; /* for quotes: mid (default), bid or ask. Where a side is empty, mid is the other */
  const char *symbol_column; /* name or 1-based number of the column to filter; NULL: detected */
  const char *member;        /* of a .zip: a name, * and ? match; NULL: the only one, or the one named so */
  double price_scale;        /* factor, 0 = 1. A power of ten is applied to the decimal number, exactly */
  double volume_scale;
  int32_t header;                    /* pln_csv_header */
  int32_t stamp;                     /* pln_csv_stamp */
  int64_t max_bytes;                 /* limit of uncompressed text for a compressed file, 0: 2 GiB */
  const pln_quality_config *quality; /* NULL: the defaults */
} pln_csv_options;

void pln_csv_options_init(pln_csv_options *options);

/* Reads the files, in that order, into one pln_bars that the caller frees. options and report may be NULL.
 * NULL on error: the message says file, line and column, what was found and what was expected. A file must
 * not be cut short by another process while it is read. */
pln_bars *pln_csv_load(const char *const *paths, int32_t n_paths, const pln_csv_options *options,
                       pln_quality_report *report);

/* XXH3-128 over the contents of the files, in order, as 32 hexadecimal digits into out[33]. */
int32_t pln_csv_content_hash(const char *const *paths, int32_t n_paths, char *out);
/* XXH3-128 over names, inodes, sizes, modification and status change times of the files, without reading them, into
 * out[33]; *newest_ns gets the latest of those times. */
int32_t pln_csv_files_state(const char *const *paths, int32_t n_paths, char *out, int64_t *newest_ns);
