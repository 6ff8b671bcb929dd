#include "abi/folder.h"

#include "core/error.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct pln_folder {
  char **names;
  int32_t count;
  int32_t capacity;
};

static int by_bytes(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

static int ends_with(const char *name, const char *suffix) {
  const size_t length = strlen(name), tail = strlen(suffix);
  return length >= tail && memcmp(name + length - tail, suffix, tail) == 0;
}

static int append(pln_folder *folder, const char *name) {
  if (folder->count == folder->capacity) {
    const int32_t capacity = folder->capacity ? 2 * folder->capacity : 32;
    char **names = realloc(folder->names, (size_t)capacity * sizeof *names);
    if (!names) return 0;
    folder->names = names;
    folder->capacity = capacity;
  }
  char *copy = strdup(name);
  if (!copy) return 0;
  folder->names[folder->count++] = copy;
  return 1;
}

pln_folder *pln_folder_new(const char *path, const char *suffix) {
  DIR *dir = opendir(path);
  if (!dir) {
    pln_fail(errno == ENOENT || errno == ENOTDIR ? PLN_ERR_NOT_FOUND : PLN_ERR_IO,
             "cannot read folder '%s': %s", path, strerror(errno));
    return NULL;
  }
  pln_folder *folder = calloc(1, sizeof *folder);
  int ok = folder != NULL;
  for (struct dirent *entry; ok && (entry = readdir(dir));) {
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
    if (ends_with(entry->d_name, suffix)) ok = append(folder, entry->d_name);
  }
  closedir(dir);
  if (!ok) {
    pln_folder_free(folder);
    pln_fail(PLN_ERR_MEMORY, "no memory for the names in folder '%s'", path);
    return NULL;
  }
  if (folder->count > 1) qsort(folder->names, (size_t)folder->count, sizeof *folder->names, by_bytes);
  return folder;
}

void pln_folder_free(pln_folder *folder) {
  if (!folder) return;
  for (int32_t i = 0; i < folder->count; i++) free(folder->names[i]);
  free(folder->names);
  free(folder);
}

int32_t pln_folder_count(const pln_folder *folder) { return folder->count; }

const char *pln_folder_name(const pln_folder *folder, int32_t index) {
  return index >= 0 && index < folder->count ? folder->names[index] : NULL;
}

int32_t pln_folder_make(const char *path) {
  char *whole = strdup(path);
  if (!whole) return pln_fail(PLN_ERR_MEMORY, "no memory for a path");
  int32_t result = PLN_OK;
  for (char *slash = whole + 1; result == PLN_OK && *slash; slash++) {
    if (*slash != '/' && slash[1]) continue;
    const char kept = *slash;
    if (kept == '/') *slash = 0;
    if (mkdir(whole, 0700) != 0 && errno != EEXIST)
      result = pln_fail(PLN_ERR_IO, "cannot make folder '%s': %s", whole, strerror(errno));
    *slash = kept;
  }
  free(whole);
  return result;
}

int32_t pln_folder_writable(const char *path) {
  struct stat status;
  if (stat(path, &status) != 0 || !S_ISDIR(status.st_mode)) return 0;
  return (status.st_mode & 0222) != 0 &&
         access(path, W_OK | X_OK) == 0; /* root may write where the mode forbids it */
}
