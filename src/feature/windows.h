#pragma once
#include "feature/window.h"
#include <string.h>

/* Sums of two series over three windows at once: the windows share the sums of 1, 2, 4 … rows (window.h) that
 * they are put together from. State is a pln_windows and pln_window_doubles(longest, 2) doubles. */
enum { PLN_WINDOWS = 3 };

typedef struct pln_windows {
  pln_window longest;
  int64_t n[PLN_WINDOWS];
} pln_windows;

static inline void pln_windows_init(pln_windows *s, const int64_t *n) {
  int64_t longest = 1;
  for (int32_t k = 0; k < PLN_WINDOWS; k++) {
    s->n[k] = n[k];
    if (n[k] > longest) longest = n[k];
  }
  pln_window_init(&s->longest, longest);
}

/* sums[w][c]: of series c over window w. */
PLN_INLINE void pln_windows_step(pln_windows *s, double *memory, const double *leaf,
                                 double sums[PLN_WINDOWS][2]) {
  const int64_t row = s->longest.row++;
  int64_t covered[PLN_WINDOWS] = {0};
  double current[2] = {leaf[0], leaf[1]};
  for (int32_t level = 0; level <= s->longest.levels; level++) {
    const int64_t k = (int64_t)1 << level;
    for (int32_t w = 0; w < PLN_WINDOWS; w++) {
      if (!(s->n[w] & k)) continue;
      for (int32_t c = 0; c < 2; c++) {
        const double *ring = pln_window_ring(memory, k, 2, c);
        sums[w][c] = covered[w] ? sums[w][c] + ring[(row - covered[w]) & (k - 1)] : current[c];
      }
      covered[w] += k;
    }
    for (int32_t c = 0; c < 2; c++) {
      double *slot = pln_window_ring(memory, k, 2, c) + (row & (k - 1));
      const double old = *slot;
      *slot = current[c];
      current[c] += old;
    }
  }
}

/* m <= PLN_WINDOW_BLOCK rows; the same bits as m steps. */
PLN_INLINE void pln_windows_block(pln_windows *s, double *memory, const double *const *leaf,
                                  double sums[PLN_WINDOWS][2][PLN_WINDOW_BLOCK], int64_t m) {
  _Alignas(64) double buffer[2][2][PLN_WINDOW_BLOCK + 24];
  const double *current[PLN_WINDOW_MAX_WIDTH] = {leaf[0], leaf[1]};
  int64_t covered[PLN_WINDOWS] = {0};
  pln_window *longest = &s->longest;
  for (int32_t level = 0;; level++) {
    const int64_t k = (int64_t)1 << level;
    for (int32_t w = 0; w < PLN_WINDOWS; w++) {
      if (!(s->n[w] & k)) continue;
      double *const out[] = {sums[w][0], sums[w][1]};
      if (covered[w]) {
        const double *const acc[] = {sums[w][0], sums[w][1]};
        pln_window_merge_lagged(longest, memory, 2, pln_merge_sums2, k, covered[w], out, acc, current, m,
                                0.0);
      } else {
        for (int32_t c = 0; c < 2; c++) memcpy(out[c], current[c], (size_t)m * sizeof(double));
      }
      covered[w] += k;
    }
    double *const next[] = {buffer[level & 1][0], buffer[level & 1][1]};
    if (level < longest->levels)
      pln_window_merge_lagged(longest, memory, 2, pln_merge_sums2, k, k, next, current, current, m, 0.0);
    for (int32_t c = 0; c < 2; c++) {
      double *ring = pln_window_ring(memory, k, 2, c);
      for (int64_t i = m > k ? m - k : 0; i < m;) {
        const int64_t start = (longest->row + i) & (k - 1);
        const int64_t length = k - start < m - i ? k - start : m - i;
        memcpy(ring + start, current[c] + i, (size_t)length * sizeof *ring);
        i += length;
      }
      current[c] = next[c];
    }
    if (level == longest->levels) break;
  }
  longest->row += m;
}
