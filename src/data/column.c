/* Reading column files: nothing in the file is believed before it is checked. */
#include "core/error.h"
#include "data/bars_build.h"
#include "data/column_format.h"
#include "data/timezone.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

static const uint64_t MAX_HEADER = 1u << 28;
enum { BLOCK = 8192, MAX_COLUMNS = 4096 };

uint64_t pln_column_header_hash(const pln_column_header *header) {
  static const uint64_t zero = 0;
  const size_t at = offsetof(pln_column_header, header_hash);
  const char *bytes = (const char *)header;
  XXH3_state_t state;
  XXH3_64bits_reset(&state);
  XXH3_64bits_update(&state, bytes, at);
  XXH3_64bits_update(&state, &zero, sizeof zero);
  XXH3_64bits_update(&state, bytes + at + 8, (size_t)header->header_size - at - 8);
  return XXH3_64bits_digest(&state);
}

/* A mapped file whose header, directory and texts have passed; texts and entries point into the mapping. */
typedef struct view {
  const char *path;
  const char *bytes;
  uint64_t size;
  pln_column_header header;
  const pln_column_entry *entries;
} view;

static int32_t corrupt(const view *v, const char *what) {
  return pln_fail(PLN_ERR_CORRUPT, "%s: the column file is damaged: %s; make it anew from its source",
                  v->path, what);
}

static int text_is_sound(const view *v, pln_column_text text) {
  const uint64_t end = (uint64_t)text.offset + text.length;
  return text.offset >= sizeof(pln_column_header) && end < v->header.header_size && v->bytes[end] == 0 &&
         !memchr(v->bytes + text.offset, 0, text.length);
}

static int timeframe_is_sound(const pln_column_header *h) {
  static const int64_t days[] = {0, 0, 1, 7, 30};
  const int64_t count = h->timeframe_count;
  switch (h->timeframe_unit) {
  case PLN_TIMEFRAME_NONE:
    return h->timeframe_ns == 0;
  case PLN_TIMEFRAME_FIXED:
    return count == 1 && h->timeframe_ns > 0 && h->timeframe_ns <= PLN_TIMEFRAME_MAX_NS;
  case PLN_TIMEFRAME_DAY:
  case PLN_TIMEFRAME_WEEK:
  case PLN_TIMEFRAME_MONTH:
    return count > 0 && count <= 3660 && h->timeframe_ns <= PLN_TIMEFRAME_MAX_NS &&
           h->timeframe_ns == count * days[h->timeframe_unit] * PLN_DAY_NS;
  default:
    return 0;
  }
}

static int32_t check_directory(const view *v) {
  const pln_column_header *h = &v->header;
  for (int32_t i = 0; i < h->n_columns; i++) {
    const pln_column_entry *e = &v->entries[i];
    const int32_t extra =
        i > PLN_COLUMN_VISIBLE || (i == PLN_COLUMN_VISIBLE && e->role != PLN_COLUMN_VISIBLE);
    const int32_t role = extra ? PLN_COLUMN_EXTRA : i;
    const int32_t type =
        role == PLN_COLUMN_TS || role == PLN_COLUMN_VISIBLE ? PLN_COLUMN_INT64 : PLN_COLUMN_DOUBLE;
    if (e->role != role || e->type != type) return corrupt(v, "a column is out of place");
    if (e->offset % PLN_COLUMN_ALIGN || e->offset < h->header_size || e->offset > v->size ||
        (uint64_t)h->n_bars > (v->size - e->offset) / 8)
      return corrupt(v, "a column lies outside of the file");
    if (extra && (!text_is_sound(v, e->name) || e->name.length == 0))
      return corrupt(v, "a column's name cannot be read");
  }
  return PLN_OK;
}

static int32_t check_header(view *v) {
  if (v->size < sizeof v->header) {
    if (v->size >= 8 && !memcmp(v->bytes, PLN_COLUMN_MAGIC, 8))
      return corrupt(v, "it ends within its header");
    return pln_fail(PLN_ERR_FORMAT, "%s: found a file of %llu bytes, expected a column file (.plc)", v->path,
                    (unsigned long long)v->size);
  }
  memcpy(&v->header, v->bytes, sizeof v->header);
  const pln_column_header *h = &v->header;
  if (memcmp(h->magic, PLN_COLUMN_MAGIC, 8) != 0)
    return pln_fail(PLN_ERR_FORMAT, "%s: found another kind of file, expected a column file (.plc)", v->path);
  if (h->byte_order != PLN_COLUMN_BYTE_ORDER)
    return pln_fail(PLN_ERR_FORMAT, "%s: the column file has another byte order or is damaged", v->path);
  if (h->version != PLN_COLUMN_VERSION)
    return pln_fail(PLN_ERR_FORMAT,
                    "%s: found column file version %u, expected %d; make it anew from its source", v->path,
                    h->version, PLN_COLUMN_VERSION);
  if (h->file_size != v->size) return corrupt(v, "its length is not what the header says");
  if (h->header_size < sizeof *h || h->header_size > v->size || h->header_size > MAX_HEADER)
    return corrupt(v, "the header's length is impossible");
  if (pln_column_header_hash((const pln_column_header *)(const void *)v->bytes) != h->header_hash)
    return corrupt(v, "the header's checksum is wrong");
  if (h->n_columns < PLN_COLUMN_VISIBLE || h->n_columns > MAX_COLUMNS ||
      sizeof *h + (uint64_t)h->n_columns * sizeof *v->entries > h->header_size)
    return corrupt(v, "the number of columns is impossible");
  if (h->n_bars < 0 || (h->has_volume & ~1) || !timeframe_is_sound(h))
    return corrupt(v, "the header's values are impossible");
  for (int32_t i = 0; i < PLN_TEXT_COUNT; i++)
    if (!text_is_sound(v, h->texts[i])) return corrupt(v, "a text of the header cannot be read");
  v->entries = (const pln_column_entry *)(const void *)(v->bytes + sizeof *h);
  return check_directory(v);
}

static const void *column(const view *v, int32_t i) { return v->bytes + v->entries[i].offset; }

static int visible_is_sound(const pln_column_header *h, int64_t first, int64_t n, const int64_t *ts,
                            const int64_t *visible) {
  for (int64_t i = first; i < first + n; i++) {
    if (visible[i] < ts[i] || (h->timeframe_unit != PLN_TIMEFRAME_NONE && visible[i] == ts[i])) return 0;
    if (visible[i] > PLN_TIME_MAX_NS + 2 * PLN_TIMEFRAME_MAX_NS || (i > 0 && visible[i] < visible[i - 1]))
      return 0;
  }
  return 1;
}

/* One pass over everything, block by block, so that each byte comes from memory once. */
static int32_t check_columns(const view *v) {
  const pln_column_header *h = &v->header;
  int64_t last = INT64_MIN;
  const int64_t *ts = column(v, PLN_COLUMN_TS);
  const double *x[5];
  for (int32_t i = 0; i < 5; i++) x[i] = column(v, PLN_COLUMN_OPEN + i);
  uint64_t *hashes = malloc((size_t)h->n_columns * sizeof *hashes);
  const char **names = malloc((size_t)h->n_columns * sizeof *names);
  XXH3_state_t *states = aligned_alloc(64, (size_t)h->n_columns * sizeof *states);
  int32_t status = PLN_OK;
  if (!hashes || !names || !states) {
    status = pln_fail(PLN_ERR_MEMORY, "%s: no memory to check the column file", v->path);
    goto done;
  }
  for (int32_t c = 0; c < h->n_columns; c++) XXH3_64bits_reset(&states[c]);
  for (int64_t i = 0; i < h->n_bars && !status; i += BLOCK) {
    const int64_t n = h->n_bars - i < BLOCK ? h->n_bars - i : BLOCK;
    for (int32_t c = 0; c < h->n_columns; c++)
      XXH3_64bits_update(&states[c], (const int64_t *)column(v, c) + i, (size_t)n * 8);
    if (pln_bars_check_rows(v->path, i, n, &last, ts + i, x[0] + i, x[1] + i, x[2] + i, x[3] + i, x[4] + i)) {
      pln_error_prepend("the column file is damaged");
      status = pln_fail(PLN_ERR_CORRUPT, "%s", pln_error_last()->text);
    } else if (h->n_columns > PLN_COLUMN_VISIBLE &&
               v->entries[PLN_COLUMN_VISIBLE].role == PLN_COLUMN_VISIBLE &&
               !visible_is_sound(h, i, n, ts, column(v, PLN_COLUMN_VISIBLE)))
      status = corrupt(v, "close times do not follow their bars");
    for (int32_t c = PLN_COLUMN_VISIBLE; c < h->n_columns && !status; c++)
      if (v->entries[c].role == PLN_COLUMN_EXTRA &&
          !pln_bars_extra_is_sound((const double *)column(v, c) + i, n))
        status = corrupt(v, "a further column holds what is neither finite nor a plain NaN");
  }
  int32_t n_extra = 0;
  int32_t first_extra = h->n_columns;
  for (int32_t c = 0; c < h->n_columns && !status; c++) {
    hashes[c] = XXH3_64bits_digest(&states[c]);
    if (hashes[c] != v->entries[c].hash) status = corrupt(v, "a column's checksum is wrong");
    if (v->entries[c].role != PLN_COLUMN_EXTRA) continue;
    if (n_extra == 0) first_extra = c;
    names[n_extra++] = v->bytes + v->entries[c].name.offset;
  }
  if (!status) {
    /* The close times follow from the rest and are no part of the content's hash. */
    memmove(hashes + PLN_COLUMN_VISIBLE, hashes + first_extra, (size_t)n_extra * sizeof *hashes);
    if (pln_bars_combine_hashes(h->n_bars, h->has_volume, n_extra, hashes, names) != h->content_hash)
      status = corrupt(v, "the content's checksum is wrong");
  }
done:
  free(hashes);
  free(names);
  free(states);
  return status;
}

static char *copy_text(const view *v, pln_column_text text) { return strdup(v->bytes + text.offset); }

static pln_bars *make_bars(const view *v) {
  const pln_column_header *h = &v->header;
  pln_bars_owner *owner = calloc(1, sizeof *owner);
  if (!owner) return NULL;
  pln_bars *bars = &owner->bars;
  bars->n_bars = h->n_bars;
  bars->ts_ns = column(v, PLN_COLUMN_TS);
  bars->open = column(v, PLN_COLUMN_OPEN);
  bars->high = column(v, PLN_COLUMN_HIGH);
  bars->low = column(v, PLN_COLUMN_LOW);
  bars->close = column(v, PLN_COLUMN_CLOSE);
  bars->volume = column(v, PLN_COLUMN_VOLUME);
  int32_t first_extra = PLN_COLUMN_VISIBLE;
  if (h->n_columns > first_extra && v->entries[first_extra].role == PLN_COLUMN_VISIBLE)
    bars->visible_ns = column(v, first_extra++);
  bars->has_volume = h->has_volume;
  bars->timeframe =
      (pln_timeframe){.unit = h->timeframe_unit, .count = h->timeframe_count, .ns = h->timeframe_ns};
  bars->content_hash = h->content_hash;
  bars->symbol = copy_text(v, h->texts[PLN_TEXT_SYMBOL]);
  bars->timezone = copy_text(v, h->texts[PLN_TEXT_TIMEZONE]);
  bars->source = h->texts[PLN_TEXT_SOURCE].length ? copy_text(v, h->texts[PLN_TEXT_SOURCE]) : strdup(v->path);
  owner->origin = copy_text(v, h->texts[PLN_TEXT_ORIGIN]);
  owner->metadata = copy_text(v, h->texts[PLN_TEXT_METADATA]);
  const int32_t n_extra = h->n_columns - first_extra;
  const double **extra = calloc((size_t)n_extra + 1, sizeof *extra);
  const char **names = calloc((size_t)n_extra + 1, sizeof *names);
  bars->extra = extra;
  bars->extra_names = names;
  int complete =
      bars->symbol && bars->timezone && bars->source && owner->origin && owner->metadata && extra && names;
  for (int32_t i = 0; complete && i < n_extra; i++) {
    bars->n_extra = i + 1;
    extra[i] = column(v, first_extra + i);
    names[i] = copy_text(v, v->entries[first_extra + i].name);
    complete = names[i] != NULL;
  }
  if (complete) return bars;
  pln_bars_free(bars);
  return NULL;
}

static int32_t map_file(int fd, const char *path, view *v) {
  struct stat status;
  *v = (view){.path = path};
  if (fstat(fd, &status)) return pln_fail(PLN_ERR_IO, "%s: %s", path, strerror(errno));
  if (!S_ISREG(status.st_mode)) return pln_fail(PLN_ERR_FORMAT, "%s: is no regular file", path);
  v->size = (uint64_t)status.st_size;
  if (v->size == 0)
    return pln_fail(PLN_ERR_FORMAT, "%s: the file is empty, expected a column file (.plc)", path);
  void *mapping = mmap(NULL, (size_t)v->size, PROT_READ, MAP_SHARED, fd, 0);
  if (mapping == MAP_FAILED) return pln_fail(PLN_ERR_IO, "%s: cannot be mapped: %s", path, strerror(errno));
  v->bytes = mapping;
  const int32_t checked = check_header(v);
  if (checked) munmap(mapping, (size_t)v->size);
  return checked;
}

pln_bars *pln_column_open_fd(int fd, const char *path, int32_t verify) {
  view v;
  if (map_file(fd, path, &v)) return NULL;
  pln_bars *bars = NULL;
  if (!verify || !check_columns(&v)) {
    bars = make_bars(&v);
    if (!bars) pln_fail(PLN_ERR_MEMORY, "%s: no memory to open the column file", path);
  }
  if (!bars) {
    munmap((void *)(uintptr_t)v.bytes, (size_t)v.size);
    return NULL;
  }
  ((pln_bars_owner *)bars)->mapping = (void *)(uintptr_t)v.bytes;
  ((pln_bars_owner *)bars)->mapping_size = (size_t)v.size;
  return bars;
}

static int open_to_read(const char *path) {
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) pln_fail(errno == ENOENT ? PLN_ERR_NOT_FOUND : PLN_ERR_IO, "%s: %s", path, strerror(errno));
  return fd;
}

pln_bars *pln_column_open(const char *path) {
  const int fd = open_to_read(path);
  if (fd < 0) return NULL;
  pln_bars *bars = pln_column_open_fd(fd, path, 1);
  close(fd);
  return bars;
}

const char *pln_column_origin(const pln_bars *bars) {
  const char *origin = ((const pln_bars_owner *)bars)->origin;
  return origin ? origin : "";
}

const char *pln_column_metadata(const pln_bars *bars) {
  const char *metadata = ((const pln_bars_owner *)bars)->metadata;
  return metadata ? metadata : "";
}

int32_t pln_column_read_origin(const char *path, char *out, int64_t size) {
  const int fd = open_to_read(path);
  if (fd < 0) return pln_error_last()->code;
  view v;
  int32_t status = map_file(fd, path, &v);
  close(fd);
  if (status) return status;
  const pln_column_text origin = v.header.texts[PLN_TEXT_ORIGIN];
  if ((int64_t)origin.length >= size)
    status = pln_fail(PLN_ERR_LIMIT, "%s: the origin has %u bytes, room for %lld", path, origin.length,
                      (long long)size);
  else
    memcpy(out, v.bytes + origin.offset, origin.length + 1);
  munmap((void *)(uintptr_t)v.bytes, (size_t)v.size);
  return status;
}
