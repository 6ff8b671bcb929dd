/* Writing column files: into a temporary file beside the target, which is renamed when it is complete and
 * synced. */
#include "core/error.h"
#include "data/bars_build.h"
#include "data/column_format.h"
#include "data/timezone.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

enum { COPY_SIZE = 1 << 20, VISIBLE_ROWS = 8192 };

typedef struct column_out {
  int fd;          /* of the file itself, or of the column's own spool */
  uint64_t offset; /* where the column starts in fd */
  XXH3_state_t hash;
} column_out;

struct pln_column_writer {
  char *path;      /* NULL: the file has no name */
  char *temporary; /* NULL once renamed or where there is no name */
  int fd;
  int32_t unsynced;
  int spools;     /* columns have files of their own */
  int32_t failed; /* status of the first failure */
  int32_t n_columns;
  int32_t n_extra;
  int32_t computes_visible;
  int64_t n_bars;
  int64_t max_bars;
  int64_t last_ns;
  int64_t bucket_start_ns; /* of the last bar, where the close times are computed */
  int64_t bucket_end_ns;
  int64_t last_visible_ns;
  const pln_timezone *zone;
  const char **extra_names; /* into header */
  pln_column_header *header;
  pln_column_entry *entries; /* into header */
  column_out *columns;
};

static uint64_t align(uint64_t offset) {
  return (offset + PLN_COLUMN_ALIGN - 1) / PLN_COLUMN_ALIGN * PLN_COLUMN_ALIGN;
}

static const char *label(const pln_column_writer *w) { return w->path ? w->path : "temporary column file"; }

static int32_t fail_io(pln_column_writer *w, const char *verb) {
  return w->failed = pln_fail(PLN_ERR_IO, "%s: cannot be %s: %s", label(w), verb, strerror(errno));
}

static int32_t write_at(pln_column_writer *w, int fd, const void *data, size_t size, uint64_t offset) {
  const char *bytes = data;
  while (size > 0) {
    const ssize_t n = pwrite(fd, bytes, size, (off_t)offset);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return fail_io(w, "written");
    bytes += n;
    size -= (size_t)n;
    offset += (uint64_t)n;
  }
  return PLN_OK;
}

/* A file without a name in `folder`. */
static int open_nameless(const char *folder) {
  char path[PATH_MAX];
  snprintf(path, sizeof path, "%s/perilune-XXXXXX", folder);
  const int fd = mkostemp(path, O_CLOEXEC);
  if (fd >= 0) unlink(path);
  return fd;
}

static int32_t open_files(pln_column_writer *w) {
  static _Atomic uint32_t counter;
  char folder[PATH_MAX];
  const char *temporary = getenv("TMPDIR");
  snprintf(folder, sizeof folder, "%s", temporary && *temporary ? temporary : "/var/tmp");
  struct stat there;
  if (w->path && !stat(w->path, &there) &&
      !S_ISREG(there.st_mode)) /* a rename would replace a device by a file */
    return w->failed = pln_fail(PLN_ERR_IO, "%s: cannot be written: is no regular file", w->path);
  if (w->path) {
    const char *slash = strrchr(w->path, '/');
    if (!slash)
      snprintf(folder, sizeof folder, ".");
    else
      snprintf(folder, sizeof folder, "%.*s", slash == w->path ? 1 : (int)(slash - w->path), w->path);
    const size_t size = strlen(w->path) + 40;
    w->temporary = malloc(size);
    if (!w->temporary) return w->failed = pln_fail(PLN_ERR_MEMORY, "%s: no memory", w->path);
    do {
      snprintf(w->temporary, size, "%s.%ld.%u.tmp", w->path, (long)getpid(), atomic_fetch_add(&counter, 1));
      w->fd = open(w->temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    } while (w->fd < 0 && errno == EEXIST);
    if (w->fd < 0) {
      free(w->temporary);
      w->temporary = NULL;
      return fail_io(w, "created");
    }
  } else if ((w->fd = open_nameless(folder)) < 0)
    return fail_io(w, "created");
  for (int32_t c = 0; c < w->n_columns; c++) {
    w->columns[c].fd = w->spools ? open_nameless(folder) : w->fd;
    if (w->columns[c].fd < 0) return fail_io(w, "created");
  }
  return PLN_OK;
}

static const char *text_or(const char *text, const char *otherwise) {
  return text && *text ? text : otherwise;
}

/* Header, directory and texts; offsets and hashes follow at the end. */
static int32_t make_header(pln_column_writer *w, const pln_column_spec *spec) {
  const char *texts[PLN_TEXT_COUNT] = {text_or(spec->symbol, ""), text_or(spec->timezone, "UTC"),
                                       text_or(spec->source, ""), text_or(spec->origin, ""),
                                       text_or(spec->metadata, "")};
  const size_t directory = sizeof(pln_column_header) + (size_t)w->n_columns * sizeof(pln_column_entry);
  size_t size = directory;
  for (int32_t i = 0; i < PLN_TEXT_COUNT; i++) size += strlen(texts[i]) + 1;
  for (int32_t i = 0; i < w->n_extra; i++) size += strlen(spec->extra_names[i]) + 1;
  if (size > 1u << 27) return pln_fail(PLN_ERR_LIMIT, "%s: the texts of the header exceed 128 MB", label(w));
  pln_column_header *h = w->header = calloc(1, size);
  w->extra_names = calloc((size_t)w->n_extra + 1, sizeof *w->extra_names);
  if (!h || !w->extra_names) return pln_fail(PLN_ERR_MEMORY, "%s: no memory", label(w));
  memcpy(h->magic, PLN_COLUMN_MAGIC, 8);
  h->version = PLN_COLUMN_VERSION;
  h->byte_order = PLN_COLUMN_BYTE_ORDER;
  h->header_size = size;
  h->timeframe_unit = spec->timeframe.unit;
  h->timeframe_count = spec->timeframe.count;
  h->timeframe_ns = spec->timeframe.ns;
  h->n_columns = w->n_columns;
  h->has_volume = spec->has_volume != 0;
  char *end = (char *)h + directory;
  for (int32_t i = 0; i < PLN_TEXT_COUNT; i++) {
    const size_t length = strlen(texts[i]);
    h->texts[i] = (pln_column_text){(uint32_t)(end - (char *)h), (uint32_t)length};
    memcpy(end, texts[i], length);
    end += length + 1;
  }
  w->entries = (pln_column_entry *)(h + 1);
  const int32_t first_extra = w->n_columns - w->n_extra;
  for (int32_t c = 0; c < w->n_columns; c++) {
    pln_column_entry *e = &w->entries[c];
    e->role = c < first_extra ? c : PLN_COLUMN_EXTRA;
    e->type =
        e->role == PLN_COLUMN_TS || e->role == PLN_COLUMN_VISIBLE ? PLN_COLUMN_INT64 : PLN_COLUMN_DOUBLE;
    if (c < first_extra) continue;
    const char *name = spec->extra_names[c - first_extra];
    const size_t length = strlen(name);
    if (length == 0) return pln_fail(PLN_ERR_ARGUMENT, "%s: an extra column has no name", label(w));
    e->name = (pln_column_text){(uint32_t)(end - (char *)h), (uint32_t)length};
    memcpy(end, name, length);
    w->extra_names[c - first_extra] = end;
    end += length + 1;
  }
  return PLN_OK;
}

pln_column_writer *pln_column_writer_new(const char *path, const pln_column_spec *spec) {
  const int32_t unit = spec->timeframe.unit;
  if (spec->n_extra < 0 || spec->n_extra > 4000 || spec->max_bars < -1 ||
      spec->max_bars > INT64_MAX / 65536) {
    pln_fail(PLN_ERR_ARGUMENT, "a column file of %d extra columns and at most %lld bars is out of range",
             spec->n_extra, (long long)spec->max_bars);
    return NULL;
  }
  pln_column_writer *w = calloc(1, sizeof *w);
  if (!w) return pln_fail(PLN_ERR_MEMORY, "no memory for a column file"), NULL;
  w->fd = -1;
  w->unsynced = spec->unsynced;
  w->last_ns = w->bucket_end_ns = w->last_visible_ns = INT64_MIN;
  w->max_bars = spec->max_bars;
  w->spools = spec->max_bars < 0;
  w->n_extra = spec->n_extra;
  w->computes_visible = !spec->has_visible && unit != PLN_TIMEFRAME_NONE && unit != PLN_TIMEFRAME_FIXED;
  w->n_columns = PLN_COLUMN_VISIBLE + (spec->has_visible || w->computes_visible) + w->n_extra;
  w->columns = aligned_alloc(64, align((uint64_t)w->n_columns * sizeof *w->columns));
  if ((path && !(w->path = strdup(path))) || !w->columns) {
    pln_fail(PLN_ERR_MEMORY, "no memory for a column file");
    goto failed;
  }
  for (int32_t c = 0; c < w->n_columns; c++) {
    w->columns[c].fd = -1;
    w->columns[c].offset = 0;
    XXH3_64bits_reset(&w->columns[c].hash);
  }
  if (w->computes_visible && !(w->zone = pln_timezone_get(spec->timezone))) goto failed;
  if (make_header(w, spec) || open_files(w)) goto failed;
  if (!w->spools) {
    uint64_t offset = align(w->header->header_size);
    for (int32_t c = 0; c < w->n_columns; c++) {
      w->columns[c].offset = offset;
      offset = align(offset + (uint64_t)w->max_bars * 8);
    }
  }
  return w;
failed:
  pln_column_writer_free(w);
  return NULL;
}

static int32_t put(pln_column_writer *w, int32_t c, const void *data, int64_t row, int64_t n) {
  XXH3_64bits_update(&w->columns[c].hash, data, (size_t)n * 8);
  return write_at(w, w->columns[c].fd, data, (size_t)n * 8, w->columns[c].offset + (uint64_t)row * 8);
}

/* Close times up to that of the bar before the chunk's last one. `previous` is the time of the bar before the
 * chunk. */
static int32_t put_computed_visible(pln_column_writer *w, const pln_column_chunk *chunk, int64_t previous) {
  const pln_timeframe timeframe = {
      .unit = w->header->timeframe_unit, .count = w->header->timeframe_count, .ns = w->header->timeframe_ns};
  int64_t rows[VISIBLE_ROWS];
  int64_t n = 0, row = w->n_bars > 0 ? w->n_bars - 1 : 0;
  for (int64_t i = 0; i < chunk->n_bars; i++) {
    const int64_t ts = chunk->ts_ns[i];
    if (i > 0 || w->n_bars > 0) /* the bar before: only now is it known what follows it */
      rows[n++] = pln_timeframe_close(w->zone, previous, w->bucket_start_ns, w->bucket_end_ns, ts);
    if (ts >= w->bucket_end_ns)
      pln_timeframe_bucket(&timeframe, w->zone, ts, &w->bucket_start_ns, &w->bucket_end_ns);
    previous = ts;
    if (n < VISIBLE_ROWS) continue;
    if (put(w, PLN_COLUMN_VISIBLE, rows, row, n)) return w->failed;
    row += n;
    n = 0;
  }
  return n > 0 ? put(w, PLN_COLUMN_VISIBLE, rows, row, n) : PLN_OK;
}

static int32_t put_last_visible(pln_column_writer *w) {
  const int64_t visible =
      pln_timeframe_close(w->zone, w->last_ns, w->bucket_start_ns, w->bucket_end_ns, INT64_MAX);
  return put(w, PLN_COLUMN_VISIBLE, &visible, w->n_bars - 1, 1);
}

static int32_t check_visible(pln_column_writer *w, const pln_column_chunk *chunk) {
  for (int64_t i = 0; i < chunk->n_bars; i++) {
    if (chunk->visible_ns[i] < chunk->ts_ns[i] + (w->header->timeframe_unit != PLN_TIMEFRAME_NONE) ||
        chunk->visible_ns[i] < w->last_visible_ns)
      return w->failed =
                 pln_fail(PLN_ERR_RANGE,
                          "%s: the close time of bar %lld is before its open or its predecessor's close",
                          label(w), (long long)(w->n_bars + i));
    w->last_visible_ns = chunk->visible_ns[i];
  }
  return PLN_OK;
}

static int32_t put_extra(pln_column_writer *w, int32_t c, const double *column, int64_t n) {
  if (pln_bars_extra_is_sound(column, n)) return put(w, c, column, w->n_bars, n);
  double rows[VISIBLE_ROWS];
  for (int64_t i = 0; i < n && !w->failed; i += VISIBLE_ROWS) {
    const int64_t part = n - i < VISIBLE_ROWS ? n - i : VISIBLE_ROWS;
    memcpy(rows, column + i, (size_t)part * sizeof *rows);
    pln_bars_extra_clean(rows, part);
    put(w, c, rows, w->n_bars + i, part);
  }
  return w->failed;
}

int32_t pln_column_writer_append(pln_column_writer *w, const pln_column_chunk *chunk) {
  static const double zeroes[4096];
  if (w->failed) return w->failed;
  const int64_t n = chunk->n_bars;
  if (n <= 0) return n == 0 ? PLN_OK : pln_fail(PLN_ERR_ARGUMENT, "a chunk of %lld bars", (long long)n);
  if (!w->spools && n > w->max_bars - w->n_bars)
    return w->failed = pln_fail(PLN_ERR_LIMIT, "%s: more than the %lld bars that were announced", label(w),
                                (long long)w->max_bars);
  const int64_t previous = w->last_ns;
  const double *volume = w->header->has_volume ? chunk->volume : NULL;
  /* The close column stands in where there is no volume: it is checked anyway. */
  const int32_t status =
      pln_bars_check_rows(label(w), w->n_bars, n, &w->last_ns, chunk->ts_ns, chunk->open, chunk->high,
                          chunk->low, chunk->close, volume ? volume : chunk->close);
  if (status) return w->failed = status;
  const double *const prices[] = {chunk->open, chunk->high, chunk->low, chunk->close};
  if (put(w, PLN_COLUMN_TS, chunk->ts_ns, w->n_bars, n)) return w->failed;
  for (int32_t i = 0; i < 4; i++)
    if (put(w, PLN_COLUMN_OPEN + i, prices[i], w->n_bars, n)) return w->failed;
  if (volume) {
    if (put(w, PLN_COLUMN_VOLUME, volume, w->n_bars, n)) return w->failed;
  } else {
    for (int64_t i = 0; i < n; i += 4096)
      if (put(w, PLN_COLUMN_VOLUME, zeroes, w->n_bars + i, n - i < 4096 ? n - i : 4096)) return w->failed;
  }
  const int32_t first_extra = w->n_columns - w->n_extra;
  if (w->computes_visible) {
    if (put_computed_visible(w, chunk, previous)) return w->failed;
  } else if (first_extra > PLN_COLUMN_VISIBLE) {
    if (check_visible(w, chunk) || put(w, PLN_COLUMN_VISIBLE, chunk->visible_ns, w->n_bars, n))
      return w->failed;
  }
  for (int32_t i = 0; i < w->n_extra; i++)
    if (put_extra(w, first_extra + i, chunk->extra[i], n)) return w->failed;
  w->n_bars += n;
  return PLN_OK;
}

static int32_t collect_spools(pln_column_writer *w) {
  char *buffer = malloc(COPY_SIZE);
  if (!buffer) return w->failed = pln_fail(PLN_ERR_MEMORY, "%s: no memory", label(w));
  uint64_t offset = align(w->header->header_size);
  for (int32_t c = 0; c < w->n_columns && !w->failed; c++) {
    column_out *column = &w->columns[c];
    const uint64_t size = (uint64_t)w->n_bars * 8;
    for (uint64_t done = 0; done < size && !w->failed;) {
      const ssize_t n =
          pread(column->fd, buffer, size - done < COPY_SIZE ? size - done : COPY_SIZE, (off_t)done);
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0)
        fail_io(w, "read back");
      else
        write_at(w, w->fd, buffer, (size_t)n, offset + done), done += (uint64_t)n;
    }
    close(column->fd);
    column->fd = -1;
    column->offset = offset;
    offset = align(offset + size);
  }
  free(buffer);
  return w->failed;
}

static int32_t complete(pln_column_writer *w) {
  if (w->failed) return w->failed;
  if (w->computes_visible && w->n_bars > 0 && put_last_visible(w)) return w->failed;
  if (w->spools && collect_spools(w)) return w->failed;
  uint64_t *hashes = malloc((size_t)w->n_columns * sizeof *hashes);
  if (!hashes) return w->failed = pln_fail(PLN_ERR_MEMORY, "%s: no memory", label(w));
  pln_column_header *h = w->header;
  for (int32_t c = 0; c < w->n_columns; c++) {
    w->entries[c].offset = w->columns[c].offset;
    w->entries[c].hash = hashes[c] = XXH3_64bits_digest(&w->columns[c].hash);
  }
  memmove(hashes + PLN_COLUMN_VISIBLE, hashes + w->n_columns - w->n_extra,
          (size_t)w->n_extra * sizeof *hashes);
  h->n_bars = w->n_bars;
  h->content_hash = pln_bars_combine_hashes(w->n_bars, h->has_volume, w->n_extra, hashes, w->extra_names);
  free(hashes);
  h->file_size = w->columns[w->n_columns - 1].offset + (uint64_t)w->n_bars * 8;
  h->header_hash = pln_column_header_hash(h);
  if (ftruncate(w->fd, (off_t)h->file_size)) return fail_io(w, "written");
  if (write_at(w, w->fd, h, (size_t)h->header_size, 0)) return w->failed;
  if (!w->path) return PLN_OK;
  if (!w->unsynced && fsync(w->fd)) return fail_io(w, "written");
  if (rename(w->temporary, w->path)) return fail_io(w, "put in place");
  free(w->temporary);
  w->temporary = NULL;
  if (w->unsynced) return PLN_OK;
  /* The name is durable once its folder is; where that cannot be synced the file is still whole. */
  char folder[PATH_MAX];
  const char *slash = strrchr(w->path, '/');
  snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - w->path) + 1 : 1, slash ? w->path : ".");
  const int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd >= 0) {
    fsync(fd);
    close(fd);
  }
  return PLN_OK;
}

int32_t pln_column_writer_finish(pln_column_writer *w) {
  const int32_t status = complete(w);
  pln_column_writer_free(w);
  return status;
}

pln_bars *pln_column_writer_finish_bars(pln_column_writer *w) {
  pln_bars *bars = complete(w) ? NULL : pln_column_open_fd(w->fd, label(w), 0);
  pln_column_writer_free(w);
  return bars;
}

void pln_column_writer_free(pln_column_writer *w) {
  if (!w) return;
  for (int32_t c = 0; w->columns && w->spools && c < w->n_columns; c++)
    if (w->columns[c].fd >= 0) close(w->columns[c].fd);
  if (w->fd >= 0) close(w->fd);
  if (w->temporary) unlink(w->temporary);
  free(w->temporary);
  free(w->path);
  free(w->columns);
  free(w->header);
  free((void *)w->extra_names);
  free(w);
}

static int32_t write_bars(const char *path, const pln_bars *bars, const char *origin, const char *metadata,
                          int32_t unsynced) {
  const pln_column_spec spec = {.symbol = bars->symbol,
                                .timezone = bars->timezone,
                                .source = bars->source,
                                .origin = origin,
                                .metadata = metadata,
                                .extra_names = bars->extra_names,
                                .n_extra = bars->n_extra,
                                .has_volume = bars->has_volume,
                                .has_visible = bars->visible_ns != NULL,
                                .unsynced = unsynced,
                                .max_bars = bars->n_bars,
                                .timeframe = bars->timeframe};
  pln_column_writer *w = pln_column_writer_new(path, &spec);
  if (!w) return pln_error_last()->code;
  const pln_column_chunk all = {.n_bars = bars->n_bars,
                                .ts_ns = bars->ts_ns,
                                .visible_ns = bars->visible_ns,
                                .open = bars->open,
                                .high = bars->high,
                                .low = bars->low,
                                .close = bars->close,
                                .volume = bars->volume,
                                .extra = bars->extra};
  pln_column_writer_append(w, &all);
  return pln_column_writer_finish(w);
}

int32_t pln_column_write(const char *path, const pln_bars *bars, const char *origin, const char *metadata) {
  return write_bars(path, bars, origin, metadata, 0);
}

int32_t pln_column_write_cache(const char *path, const pln_bars *bars, const char *origin,
                               const char *metadata) {
  return write_bars(path, bars, origin, metadata, 1);
}
