#pragma once
#include "feature/window.h"

/* Highest value of one series and lowest of another, as a merge of windows of width 2. */
static inline void pln_merge_range(double *const *out, const double *const *newer, const double *const *older,
                                   int64_t n, double a, double b) {
  (void)a, (void)b;
  double *highest = out[0], *lowest = out[1];
  const double *hx = newer[0], *hy = older[0], *lx = newer[1], *ly = older[1];
  PLN_IVDEP
  for (int64_t i = 0; i < n; i++) {
    highest[i] = hy[i] > hx[i] ? hy[i] : hx[i];
    lowest[i] = ly[i] < lx[i] ? ly[i] : lx[i];
  }
}

static inline int64_t pln_range_doubles(int64_t n) { return pln_window_doubles(n, 2); }

PLN_INLINE void pln_range_step(pln_window *w, double *memory, double high, double low, double *highest,
                               double *lowest) {
  const double leaf[2] = {high, low};
  double range[2] = {0.0, 0.0};
  pln_window_step(w, memory, 2, 1, pln_merge_range, leaf, range);
  *highest = range[0];
  *lowest = range[1];
}

/* m <= PLN_WINDOW_BLOCK rows; the same bits as m steps. The outputs must not overlap the inputs. */
PLN_INLINE void pln_range_block(pln_window *w, double *memory, const double *high, const double *low,
                                double *highest, double *lowest, int64_t m) {
  const double *const leaf[] = {high, low};
  double *const out[] = {highest, lowest};
  pln_window_block(w, memory, 2, 1, pln_merge_range, leaf, out, m);
}
