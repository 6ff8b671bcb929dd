/* What `perilune doctor` asks about the process: libraries in use, folders that can be written. */
#include "abi/script.h"
#include "core/error.h"

#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>
#include <yaml.h>
#include <zip.h>
#include <zlib.h>
#include <zstd.h>

static char text[512];

static void describe(void) {
  const unsigned xxh = XXH_versionNumber();
  snprintf(text, sizeof text,
           "sqlite %s\nzstd %s\nlibyaml %s\nzlib %s\nlibzip %s\njansson %s\nxxhash %u.%u.%u\n",
           sqlite3_libversion(), ZSTD_versionString(), yaml_get_version_string(), zlibVersion(),
           zip_libzip_version(), jansson_version_str(), xxh / 10000, xxh / 100 % 100, xxh % 100);
}

const char *pln_host_libraries(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, describe);
  return text;
}

int32_t pln_host_check_writable(const char *folder) {
  char path[PATH_MAX];
  snprintf(path, sizeof path, "%s/.perilune-XXXXXX", folder);
  const int fd = mkstemp(path);
  if (fd < 0) return pln_fail(PLN_ERR_IO, "%s: %s", folder, strerror(errno));
  close(fd);
  unlink(path);
  return 0;
}
