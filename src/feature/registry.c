#include "feature/ops.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_DESCRIPTORS = 1024, MAX_NAME = 32 };

typedef struct name_entry {
  char name[MAX_NAME + 1];
  const pln_ind_desc *desc;
} name_entry;

static const pln_ind_desc *sorted[MAX_DESCRIPTORS];
static name_entry names[MAX_DESCRIPTORS * 2]; /* and aliases, sorted */
static int32_t n_sorted, n_names;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static int by_name(const void *a, const void *b) {
  const pln_ind_desc *x = *(const pln_ind_desc *const *)a, *y = *(const pln_ind_desc *const *)b;
  return strcmp(x->info.name, y->info.name);
}

static int by_entry(const void *a, const void *b) {
  return strcmp(((const name_entry *)a)->name, ((const name_entry *)b)->name);
}

static void add_name(const char *name, size_t length, const pln_ind_desc *desc) {
  assert(length >= 1 && length <= MAX_NAME && n_names < MAX_DESCRIPTORS * 2);
  name_entry *entry = &names[n_names++];
  memcpy(entry->name, name, length);
  entry->desc = desc;
}

static void sort(void) {
  for (int32_t i = 0; i < pln_ind_count && n_sorted < MAX_DESCRIPTORS; i++)
    sorted[n_sorted++] = pln_ind_list[i];
  for (int32_t i = 0; i < pln_function_count && n_sorted < MAX_DESCRIPTORS; i++)
    sorted[n_sorted++] = &pln_function_list[i];
  qsort(sorted, (size_t)n_sorted, sizeof sorted[0], by_name);
  for (int32_t i = 0; i < n_sorted; i++) {
    add_name(sorted[i]->info.name, strlen(sorted[i]->info.name), sorted[i]);
    for (const char *s = sorted[i]->info.aliases; s && *s;) {
      const size_t length = strcspn(s, " ");
      add_name(s, length, sorted[i]);
      s += length + (s[length] == ' ');
    }
  }
  qsort(names, (size_t)n_names, sizeof names[0], by_entry);
}

int32_t pln_indicator_count(void) {
  pthread_once(&once, sort);
  return n_sorted;
}

const pln_indicator_info *pln_indicator_get(int32_t index) {
  return index < 0 || index >= pln_indicator_count() ? NULL : &sorted[index]->info;
}

int64_t pln_indicator_lookback(int32_t index, const double *params) {
  if (index < 0 || index >= pln_indicator_count()) return -1;
  const pln_ind_desc *desc = sorted[index];
  double values[PLN_IND_MAX_PARAMS] = {0};
  for (int32_t i = 0; i < desc->info.n_params; i++)
    values[i] = params ? params[i] : desc->info.params[i].default_value;
  if (desc->info.input_kind == PLN_INPUT_VARIADIC) values[desc->info.n_params] = desc->n_inputs;
  return desc->lookback ? desc->lookback(values) : 0;
}

const pln_ind_desc *pln_ind_find(const char *name, int64_t length) {
  pthread_once(&once, sort);
  int32_t low = 0, high = n_names;
  while (low < high) {
    const int32_t middle = (low + high) / 2;
    const char *other = names[middle].name;
    int order = strncmp(name, other, (size_t)length);
    if (order == 0 && other[length] != 0) order = -1;
    if (order == 0) return names[middle].desc;
    if (order < 0)
      high = middle;
    else
      low = middle + 1;
  }
  return NULL;
}

/* Edits (a letter more, less or other, or two neighbours swapped) that turn one word into the other. */
static int32_t edit_distance(const char *a, int32_t n, const char *b, int32_t m) {
  int32_t rows[3][MAX_NAME + 1];
  for (int32_t j = 0; j <= m; j++) rows[0][j] = j;
  for (int32_t i = 1; i <= n; i++) {
    int32_t *now = rows[i % 3], *before = rows[(i + 2) % 3], *two_before = rows[(i + 1) % 3];
    now[0] = i;
    for (int32_t j = 1; j <= m; j++) {
      int32_t best = before[j - 1] + (a[i - 1] != b[j - 1]);
      if (before[j] + 1 < best) best = before[j] + 1;
      if (now[j - 1] + 1 < best) best = now[j - 1] + 1;
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && two_before[j - 2] + 1 < best)
        best = two_before[j - 2] + 1;
      now[j] = best;
    }
  }
  return rows[n % 3][m];
}

const char *pln_suggest(const char *written, int64_t length, const char *candidate, const char *best,
                        int32_t *distance) {
  const int64_t m = (int64_t)strlen(candidate);
  if (length < 1 || length > MAX_NAME || m > MAX_NAME) return best;
  const int32_t edits = edit_distance(written, (int32_t)length, candidate, (int32_t)m);
  if (edits >= *distance || edits >= m) return best;
  *distance = edits;
  return candidate;
}
