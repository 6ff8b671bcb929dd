#include "feature/window_family.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>

_Static_assert(offsetof(pln_family, ops) % sizeof(double) == 0 && sizeof(pln_family_op) % sizeof(double) == 0,
               "doubles follow");

/* Binary digits from the lowest: a window comes before those that begin with its digits. */
static int by_digits(const void *a, const void *b) {
  uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  const uint64_t common =
      (x ^ y) ? ((x ^ y) & -(x ^ y)) - 1 : ~0ull; /* digits below the first that differs */
  x &= ~common;
  y &= ~common;
  if (x == y) return 0;
  if (x == 0 || y == 0) return x == 0 ? -1 : 1;
  return (x & -x) < (y & -y) ? -1 : 1;
}

/* The windows to be visited, in order; returns how many. */
static int32_t windows_of(const double *const *params, int32_t n, int32_t idempotent,
                          uint64_t out[PLN_FAMILY_MAX * PLN_FAMILY_DEPTH]) {
  int32_t count = 0, unique = 0;
  for (int32_t i = 0; i < n; i++) {
    uint64_t window = (uint64_t)params[i][0];
    out[count++] = window;
    while (!idempotent && (window & (window - 1)) != 0) {
      window -= (uint64_t)1 << pln_family_top((int64_t)window);
      out[count++] = window;
    }
  }
  qsort(out, (size_t)count, sizeof *out, by_digits);
  for (int32_t i = 0; i < count; i++)
    if (i == 0 || out[i] != out[i - 1]) out[unique++] = out[i];
  return unique;
}

int64_t pln_family_size(const double *const *params, int32_t n, int32_t width, int32_t idempotent,
                        int64_t member_bytes) {
  uint64_t windows[PLN_FAMILY_MAX * PLN_FAMILY_DEPTH], largest = 1;
  const int32_t n_ops = windows_of(params, n, idempotent, windows);
  for (int32_t i = 0; i < n_ops; i++)
    if (windows[i] > largest) largest = windows[i];
  return (int64_t)sizeof(pln_family) + n_ops * (int64_t)sizeof(pln_family_op) + n * member_bytes +
         pln_family_line(pln_family_top((int64_t)largest) + 1) * width * (int64_t)sizeof(double);
}

void pln_family_init(pln_family *s, const double *const *params, int32_t n, int32_t idempotent,
                     int64_t member_bytes) {
  uint64_t windows[PLN_FAMILY_MAX * PLN_FAMILY_DEPTH];
  assert(n <= PLN_FAMILY_MAX);
  s->n_ops = windows_of(params, n, idempotent, windows);
  s->member_bytes = member_bytes;
  for (int32_t i = 0; i < s->n_ops; i++) {
    const uint64_t window = windows[i];
    const int32_t top = pln_family_top((int64_t)window);
    pln_family_op *op = &s->ops[i];
    *op = (pln_family_op){.level = top,
                          .lag = (int32_t)(window - ((uint64_t)1 << top)),
                          .depth = idempotent ? 0 : __builtin_popcountll(window) - 1,
                          .first = s->n_members};
    if (top > s->levels) s->levels = top;
    for (int32_t k = 0; k < n; k++)
      if ((uint64_t)params[k][0] == window) s->members[s->n_members++] = k;
    op->n = s->n_members - op->first;
  }
}
