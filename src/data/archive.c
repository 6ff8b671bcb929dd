/* Plain, gzip and zip files as one block of text. */
#include "data/archive.h"

#include "core/error.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zip.h>
#include <zlib.h>

/* Deflate cannot expand more than 1032 times (zlib's technical notes), so a first guess never needs more. */
static const int64_t DEFLATE_RATIO = 1032;

static int32_t map_file(const char *path, pln_text *out) {
  const int descriptor = open(path, O_RDONLY | O_CLOEXEC);
  if (descriptor < 0)
    return pln_fail_at(errno == ENOENT ? PLN_ERR_NOT_FOUND : PLN_ERR_IO, path, 0, 0, "cannot be opened: %s",
                       strerror(errno));
  struct stat status;
  int32_t result = PLN_OK;
  if (fstat(descriptor, &status) != 0) {
    result = pln_fail_at(PLN_ERR_IO, path, 0, 0, "cannot be read: %s", strerror(errno));
  } else if (!S_ISREG(status.st_mode)) {
    result = pln_fail_at(PLN_ERR_IO, path, 0, 0, "is %s, expected a file",
                         S_ISDIR(status.st_mode) ? "a folder" : "no regular file");
  } else if (status.st_size == 0) {
    result = pln_fail_at(PLN_ERR_FORMAT, path, 0, 0, "is empty, expected rows of text");
  } else {
    /* An anonymous mapping that is one page longer lies under the file's, so that zeroes follow the text even
     * where it fills its last page. */
    const int64_t page = sysconf(_SC_PAGESIZE);
    const size_t whole = (size_t)((status.st_size + 2 * page - 1) / page * page);
    char *base = mmap(NULL, whole, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (base == MAP_FAILED) {
      result = pln_fail_at(PLN_ERR_MEMORY, path, 0, 0, "cannot be mapped: %s", strerror(errno));
    } else if (mmap(base, (size_t)status.st_size, PROT_READ, MAP_PRIVATE | MAP_FIXED | MAP_POPULATE,
                    descriptor, 0) == MAP_FAILED) {
      result = pln_fail_at(PLN_ERR_IO, path, 0, 0, "cannot be mapped: %s", strerror(errno));
      munmap(base, whole);
    } else {
      out->data = base;
      out->size = status.st_size;
      out->mapping = base;
      out->mapping_size = (int64_t)whole;
    }
  }
  close(descriptor);
  return result;
}

static int32_t too_large(const char *path, int64_t max_bytes) {
  return pln_fail_at(
      PLN_ERR_LIMIT, path, 0, 0,
      "decompresses to more than %lld bytes, the limit for compressed files; unpack it first if it is sound",
      (long long)max_bytes);
}

static int32_t gunzip(const char *path, const char *data, int64_t size, int64_t max_bytes, pln_text *out) {
  uint32_t stated; /* size of the last member, modulo 2^32: the first guess */
  memcpy(&stated, data + size - 4, 4);
  int64_t capacity = stated;
  if (capacity > size * DEFLATE_RATIO) capacity = size * DEFLATE_RATIO;
  if (capacity > max_bytes) capacity = max_bytes;
  if (capacity < 1 << 16) capacity = 1 << 16;
  char *memory = malloc((size_t)capacity + PLN_TEXT_PADDING);
  if (!memory)
    return pln_fail_at(PLN_ERR_MEMORY, path, 0, 0, "no memory for %lld bytes", (long long)capacity);
  z_stream stream = {0};
  if (inflateInit2(&stream, 16 + MAX_WBITS) != Z_OK) {
    free(memory);
    return pln_fail(PLN_ERR_MEMORY, "zlib cannot start");
  }
  int32_t result = PLN_OK;
  int64_t used = 0, taken = 0;
  for (;;) {
    if (used == capacity) {
      const int64_t larger = capacity + capacity / 2 + (1 << 16);
      char *grown = realloc(memory, (size_t)larger + PLN_TEXT_PADDING);
      if (!grown) {
        result = pln_fail_at(PLN_ERR_MEMORY, path, 0, 0, "no memory for %lld bytes", (long long)larger);
        break;
      }
      memory = grown;
      capacity = larger;
    }
    const int64_t in = size - taken < 1 << 30 ? size - taken : 1 << 30;
    const int64_t space = capacity - used < 1 << 30 ? capacity - used : 1 << 30;
    stream.next_in = (Bytef *)(uintptr_t)(data + taken);
    stream.avail_in = (uInt)in;
    stream.next_out = (Bytef *)memory + used;
    stream.avail_out = (uInt)space;
    const int code = inflate(&stream, Z_NO_FLUSH);
    taken += in - stream.avail_in;
    used += space - stream.avail_out;
    if (used > max_bytes) {
      result = too_large(path, max_bytes);
      break;
    }
    if (code == Z_STREAM_END) {
      while (taken < size && data[taken] == 0) taken++; /* padding of tape blocks */
      if (taken == size) break;
      if (inflateReset(&stream) == Z_OK) continue;
    }
    if (code != Z_OK && code != Z_BUF_ERROR) {
      result = pln_fail_at(PLN_ERR_CORRUPT, path, 0, 0,
                           "gzip data is damaged at byte %lld (%s); get the file again", (long long)taken,
                           stream.msg ? stream.msg : "unexpected data");
      break;
    }
    if (taken == size && used < capacity) {
      result =
          pln_fail_at(PLN_ERR_CORRUPT, path, 0, 0,
                      "gzip data ends early, after %lld bytes of text: the file is truncated; get it again",
                      (long long)used);
      break;
    }
  }
  inflateEnd(&stream);
  if (result != PLN_OK) {
    free(memory);
    return result;
  }
  out->memory = memory;
  out->data = memory;
  out->size = used;
  return PLN_OK;
}

static int is_folder(const char *name) {
  const size_t length = strlen(name);
  return length > 0 && name[length - 1] == '/';
}

/* File's base name without extensions, as members are often named. */
static void stem_of(const char *path, char *out, size_t size) {
  const char *base = strrchr(path, '/');
  base = base ? base + 1 : path;
  size_t length = strcspn(base, ".");
  if (length >= size) length = size - 1;
  memcpy(out, base, length);
  out[length] = 0;
}

static int32_t pick_member(const char *path, zip_t *archive, const char *pattern, zip_int64_t *index) {
  const zip_int64_t count = zip_get_num_entries(archive, 0);
  zip_int64_t files = 0, matches = 0, only = -1, match = -1;
  char names[512] = "", stem[256], wanted[300];
  stem_of(path, stem, sizeof stem);
  snprintf(wanted, sizeof wanted, "%s.*", stem);
  for (zip_int64_t i = 0; i < count; i++) {
    const char *name = zip_get_name(archive, (zip_uint64_t)i, 0);
    if (!name || is_folder(name)) continue;
    files++;
    only = i;
    const char *base = strrchr(name, '/');
    base = base ? base + 1 : name;
    if (fnmatch(pattern ? pattern : wanted, base, 0) == 0 || (pattern && fnmatch(pattern, name, 0) == 0)) {
      matches++;
      match = i;
    }
    const size_t length = strlen(names);
    if (length + strlen(name) + 3 < sizeof names)
      snprintf(names + length, sizeof names - length, "%s%s", length ? ", " : "", name);
  }
  if (matches == 1 || (!pattern && files == 1)) {
    *index = matches == 1 ? match : only;
    return PLN_OK;
  }
  if (files == 0) return pln_fail_at(PLN_ERR_FORMAT, path, 0, 0, "holds no files, expected a CSV in the zip");
  if (pattern)
    return pln_fail_at(PLN_ERR_NOT_FOUND, path, 0, 0,
                       "member '%s' matches %lld files of the zip, expected one of: %s", pattern,
                       (long long)matches, names);
  return pln_fail_at(PLN_ERR_NOT_FOUND, path, 0, 0, "the zip holds %lld files, say which with `member`: %s",
                     (long long)files, names);
}

static int32_t read_member(const char *path, zip_t *archive, zip_int64_t index, int64_t max_bytes,
                           pln_text *out) {
  zip_stat_t status;
  if (zip_stat_index(archive, (zip_uint64_t)index, 0, &status) != 0 || !(status.valid & ZIP_STAT_SIZE))
    return pln_fail_at(PLN_ERR_CORRUPT, path, 0, 0, "the zip's directory is damaged: %s",
                       zip_strerror(archive));
  if (status.size > (zip_uint64_t)max_bytes) return too_large(path, max_bytes);
  if ((status.valid & ZIP_STAT_COMP_SIZE) && (int64_t)(status.size / 1100) > (int64_t)status.comp_size + 64)
    return pln_fail_at(PLN_ERR_CORRUPT, path, 0, 0, "the zip states an impossible size for '%s'",
                       status.name);
  zip_file_t *file = zip_fopen_index(archive, (zip_uint64_t)index, 0);
  if (!file)
    return pln_fail_at(PLN_ERR_CORRUPT, path, 0, 0, "'%s' in the zip cannot be read: %s", status.name,
                       zip_strerror(archive));
  char *memory = malloc((size_t)status.size + PLN_TEXT_PADDING);
  char *name = strdup(status.name);
  int32_t result = PLN_OK;
  if (!memory || !name) {
    result = pln_fail_at(PLN_ERR_MEMORY, path, 0, 0, "no memory for %lld bytes", (long long)status.size);
  } else {
    int64_t used = 0;
    while (used < (int64_t)status.size) {
      const zip_int64_t got = zip_fread(file, memory + used, status.size - (zip_uint64_t)used);
      if (got <= 0) break;
      used += got;
    }
    char extra;
    if (used != (int64_t)status.size || zip_fread(file, &extra, 1) != 0) /* the last read checks the CRC */
      result = pln_fail_at(PLN_ERR_CORRUPT, path, 0, 0,
                           "'%s' in the zip is damaged or truncated; get the file again", status.name);
    else if (used == 0)
      result = pln_fail_at(PLN_ERR_FORMAT, path, 0, 0, "'%s' in the zip is empty, expected rows of text",
                           status.name);
  }
  zip_fclose(file);
  if (result != PLN_OK) {
    free(memory);
    free(name);
    return result;
  }
  out->memory = memory;
  out->data = memory;
  out->size = (int64_t)status.size;
  out->member = name;
  return PLN_OK;
}

static int32_t unzip(const char *path, const char *data, int64_t size, const char *member, int64_t max_bytes,
                     pln_text *out) {
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t *source = zip_source_buffer_create(data, (zip_uint64_t)size, 0, &error);
  zip_t *archive = source ? zip_open_from_source(source, ZIP_RDONLY, &error) : NULL;
  if (!archive) {
    const int32_t result =
        pln_fail_at(PLN_ERR_CORRUPT, path, 0, 0, "is damaged or truncated, expected a zip: %s",
                    zip_error_strerror(&error));
    zip_source_free(source);
    zip_error_fini(&error);
    return result;
  }
  zip_int64_t index = 0;
  int32_t result = pick_member(path, archive, member, &index);
  if (result == PLN_OK) result = read_member(path, archive, index, max_bytes, out);
  zip_discard(archive);
  zip_error_fini(&error);
  return result;
}

int32_t pln_text_open_raw(const char *path, pln_text *out) {
  *out = (pln_text){0};
  return map_file(path, out);
}

int32_t pln_text_open(const char *path, const char *member, int64_t max_bytes, pln_text *out) {
  *out = (pln_text){0};
  pln_text file = {0};
  int32_t result = map_file(path, &file);
  if (result != PLN_OK) return result;
  const unsigned char *head = (const unsigned char *)file.data;
  const int gzip = file.size > 18 && head[0] == 0x1f && head[1] == 0x8b;
  const int zip = file.size > 4 && memcmp(head, "PK\003\004", 4) == 0;
  if (file.size <= 18 && head[0] == 0x1f && head[1] == 0x8b) {
    result = pln_fail_at(PLN_ERR_CORRUPT, path, 0, 0,
                         "is a gzip header without data: the file is truncated; get it again");
    pln_text_close(&file);
    return result;
  }
  if (!gzip && !zip) {
    *out = file;
    return PLN_OK;
  }
  result = gzip ? gunzip(path, file.data, file.size, max_bytes, out)
                : unzip(path, file.data, file.size, member, max_bytes, out);
  pln_text_close(&file);
  if (result != PLN_OK) return result;
  if (out->size == 0) {
    pln_text_close(out);
    return pln_fail_at(PLN_ERR_FORMAT, path, 0, 0, "holds no text, expected rows");
  }
  memset(out->memory + out->size, 0, PLN_TEXT_PADDING);
  return PLN_OK;
}

void pln_text_close(pln_text *text) {
  if (text->mapping) munmap(text->mapping, (size_t)text->mapping_size);
  free(text->memory);
  free(text->member);
  *text = (pln_text){0};
}
