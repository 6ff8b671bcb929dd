#pragma once
#include <stdint.h>

/* The text of a file: mapped where it is plain, decompressed into memory where it is .gz or .zip (by content,
 * not by name). At least 64 readable zero bytes follow `end`. */
typedef struct pln_text {
  const char *data;
  int64_t size;
  char *member;  /* name of the zip's member, NULL otherwise */
  void *mapping; /* for pln_text_close */
  int64_t mapping_size;
  char *memory;
} pln_text;

enum { PLN_TEXT_PADDING = 64 };

/* `member`: pattern for a zip, or NULL; `max_bytes`: limit of decompressed text. 0 or a pln_status. */
int32_t pln_text_open(const char *path, const char *member, int64_t max_bytes, pln_text *out);
/* The file's own bytes, mapped. */
int32_t pln_text_open_raw(const char *path, pln_text *out);
void pln_text_close(pln_text *text);
