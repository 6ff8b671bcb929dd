#pragma once
#include "abi/column.h"
#include <stddef.h>

/* A column file: header, directory (n_columns entries), texts (each ended by a NUL), then the columns, each
 * at a multiple of 64 bytes. Little-endian throughout. Bytes between columns mean nothing.
 *
 * The version goes up with any change that an older reader would misread; readers refuse other versions, and
 * a cache is then made anew. */

enum { PLN_COLUMN_VERSION = 1, PLN_COLUMN_BYTE_ORDER = 0x01020304, PLN_COLUMN_ALIGN = 64 };
#define PLN_COLUMN_MAGIC "\x89PLC\r\n\x1a\n" /* shows text-mode damage, as PNG's does */

typedef enum pln_column_role {
  PLN_COLUMN_TS = 0, /* the first six are in every file, in this order */
  PLN_COLUMN_OPEN = 1,
  PLN_COLUMN_HIGH = 2,
  PLN_COLUMN_LOW = 3,
  PLN_COLUMN_CLOSE = 4,
  PLN_COLUMN_VOLUME = 5,
  PLN_COLUMN_VISIBLE = 6, /* at most once, next */
  PLN_COLUMN_EXTRA = 7
} pln_column_role;

typedef enum pln_column_type { PLN_COLUMN_INT64 = 1, PLN_COLUMN_DOUBLE = 2 } pln_column_type;

enum {
  PLN_TEXT_SYMBOL,
  PLN_TEXT_TIMEZONE,
  PLN_TEXT_SOURCE,
  PLN_TEXT_ORIGIN,
  PLN_TEXT_METADATA,
  PLN_TEXT_COUNT
};

typedef struct pln_column_text {
  uint32_t offset; /* from the start of the file */
  uint32_t length; /* without the NUL */
} pln_column_text;

typedef struct pln_column_header {
  char magic[8];
  uint32_t version;
  uint32_t byte_order;
  uint64_t file_size;
  uint64_t header_size;  /* header, directory and texts */
  uint64_t header_hash;  /* XXH3-64 of the first header_size bytes, with this field zero */
  uint64_t content_hash; /* as in pln_bars */
  int64_t n_bars;
  int64_t timeframe_ns;
  int32_t timeframe_unit;
  int32_t timeframe_count;
  int32_t n_columns;
  int32_t has_volume;
  pln_column_text texts[PLN_TEXT_COUNT];
  uint64_t reserved; /* 0 */
} pln_column_header;

typedef struct pln_column_entry {
  int32_t role;
  int32_t type;
  pln_column_text name; /* of an extra column */
  uint64_t offset;
  uint64_t hash; /* XXH3-64 of the column */
} pln_column_entry;

_Static_assert(sizeof(pln_column_header) == 128 && sizeof(pln_column_entry) == 32, "the file's layout");
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "columns are mapped as they are");

/* Of a header and what follows it, header->header_size bytes in all. */
uint64_t pln_column_header_hash(const pln_column_header *header);
/* Maps an open file, which stays the caller's. `verify` 0: trust the columns (only for a file that this
 * process has just written). `path` is for messages. */
pln_bars *pln_column_open_fd(int fd, const char *path, int32_t verify);
