/* Column files: no bytes, however signed, may crash the reader, and what it accepts keeps pln_bars' promises.
 */
#include "abi/core.h"
#include "data/column_format.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Checksums that fit, so that mutations reach what lies behind them. */
static void sign(uint8_t *bytes, size_t size) {
  pln_column_header *h = (pln_column_header *)(void *)bytes;
  if (size < sizeof *h) return;
  h->file_size = size;
  if (h->header_size < sizeof *h || h->header_size > size) return;
  pln_column_entry *e = (pln_column_entry *)(void *)(bytes + sizeof *h);
  for (int32_t c = 0; c < h->n_columns && sizeof *h + (size_t)(c + 1) * sizeof *e <= h->header_size; c++)
    if (h->n_bars >= 0 && e[c].offset <= size && (uint64_t)h->n_bars <= (size - e[c].offset) / 8)
      e[c].hash = pln_hash64(bytes + e[c].offset, h->n_bars * 8, 0);
  h->header_hash = pln_column_header_hash(h);
}

static void open_one(const uint8_t *bytes, size_t size) {
  const int fd = memfd_create("fuzz", MFD_CLOEXEC);
  if (fd < 0 || write(fd, bytes, size) != (ssize_t)size) abort();
  /* Without its verification too, since nothing but content distinguishes the two. */
  for (int32_t verify = 0; verify < 2; verify++) {
    pln_bars *bars = pln_column_open_fd(fd, "fuzz.plc", verify);
    if (!bars) {
      if (pln_error_last()->text[0] == 0) abort();
      continue;
    }
    double sum = 0;
    for (int64_t i = 0; i < bars->n_bars; i++) {
      sum += bars->open[i] + bars->high[i] + bars->low[i] + bars->close[i] + bars->volume[i];
      for (int32_t c = 0; c < bars->n_extra; c++) sum += bars->extra[c][i];
      if (!verify) continue;
      if (!isfinite(bars->close[i]) || (i && bars->ts_ns[i] <= bars->ts_ns[i - 1])) abort();
      if (pln_bars_visible_ns(bars, i) < bars->ts_ns[i]) abort();
    }
    if (isnan(sum) && bars->n_extra == 0 && verify && isfinite(bars->n_bars ? bars->open[0] : 0)) {
      for (int64_t i = 0; i < bars->n_bars; i++)
        if (!isfinite(bars->open[i]) || !isfinite(bars->volume[i])) abort();
    }
    if (strlen(bars->symbol) + strlen(bars->timezone) + strlen(bars->source) > size + 64) abort();
    pln_bars_free(bars);
  }
  close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  open_one(data, size);
  uint8_t *copy = malloc(size + 1);
  memcpy(copy, data, size);
  sign(copy, size);
  open_one(copy, size);
  free(copy);
  return 0;
}
