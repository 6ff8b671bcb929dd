#pragma once
#include "abi/data.h"
/* Perilune's column file (.plc): the columns of one pln_bars as they lie in memory, 64-byte aligned, with a checksum
 * each. It is mapped, not read. Layout: src/data/column_format.h. Any thread may call these; a writer belongs to one. */

/* Writes bars to `path`, which is replaced at once when everything is on the disk: a process killed half way leaves
 * what was there before. `origin` says what the file was made from (a cache compares it), `metadata` is free text;
 * either may be NULL. 0 or a status. */
int32_t pln_column_write(const char *path, const pln_bars *bars, const char *origin, const char *metadata);

/* The same for a cache: not forced to the disk, so that after a power failure the file may be there and damaged, which
 * pln_column_open sees. */
int32_t pln_column_write_cache(const char *path, const pln_bars *bars, const char *origin, const char *metadata);

/* Maps the file and verifies all of it: lengths, checksums, order of times, finiteness. The file must not be changed
 * in place while it is mapped (pln_column_write replaces it, which is safe). NULL: PLN_ERR_NOT_FOUND, PLN_ERR_IO,
 * PLN_ERR_FORMAT (another kind of file, or version) or PLN_ERR_CORRUPT. pln_bars_free unmaps. */
pln_bars *pln_column_open(const char *path);
/* Of bars that came from a column file, "" for others; valid as long as the bars. */
const char *pln_column_origin(const pln_bars *bars);
const char *pln_column_metadata(const pln_bars *bars);
/* The header alone, for a quick look at whether a cache is current: copies the origin into out[size]. 0, the
 * statuses of pln_column_open, or PLN_ERR_LIMIT where it does not fit. */
int32_t pln_column_read_origin(const char *path, char *out, int64_t size);

/* Writing piece by piece, for data larger than memory. */
typedef struct pln_column_writer pln_column_writer;

typedef struct pln_column_spec {
  const char *symbol;        /* texts are copied; NULL is "" (timezone: "UTC") */
  const char *timezone;
  const char *source;
  const char *origin;
  const char *metadata;
  const char *const *extra_names;
  int32_t n_extra;
  int32_t has_volume;
  int32_t has_visible;       /* 1: chunks bring their close times; 0: they follow from the timeframe */
  int32_t unsynced;          /* 1: not forced to the disk before it is put in place: for what can be made again */
  int64_t max_bars;          /* an upper bound, which leaves holes in the file where fewer come (they take no space);
                                -1: unknown, columns pass through unlinked temporary files beside `path` */
  pln_timeframe timeframe;
} pln_column_spec;

typedef struct pln_column_chunk {
  int64_t n_bars;
  const int64_t *ts_ns;
  const int64_t *visible_ns; /* read where has_visible is 1 */
  const double *open;
  const double *high;
  const double *low;
  const double *close;
  const double *volume;      /* NULL where has_volume is 0 */
  const double *const *extra;
} pln_column_chunk;

/* `path` NULL: an unlinked file in $TMPDIR or /var/tmp, of use with pln_column_writer_finish_bars. NULL on error. */
pln_column_writer *pln_column_writer_new(const char *path, const pln_column_spec *spec);
/* Chunks of some thousand bars, in time order. Checks what pln_bars promises. After a failure only _free is left. */
int32_t pln_column_writer_append(pln_column_writer *writer, const pln_column_chunk *chunk);
/* Completes the file and puts it in place; frees the writer, also on failure. */
int32_t pln_column_writer_finish(pln_column_writer *writer);
/* The same, and maps the result. */
pln_bars *pln_column_writer_finish_bars(pln_column_writer *writer);
/* Abandons what was written; nothing is left behind. */
void pln_column_writer_free(pln_column_writer *writer);
