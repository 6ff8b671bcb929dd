#pragma once
#include "feature/window.h"

/* Highest and lowest of the last n rows, with or without the age of the extreme: how many rows ago it was (0:
 * this row). Where several rows share the extreme, the kind says which of them counts: the last one (the
 * youngest) or the first (the oldest). State is a pln_window with memory behind it; a result means nothing
 * before row n - 1. Four forms, the step and the block of at most PLN_WINDOW_BLOCK rows being equal to the
 * bit:
 *
 *     pln_extreme_step, pln_extreme_block          value alone; memory: pln_extreme_doubles(n)
 *     pln_extreme_age_step, pln_extreme_age_block  value and age; memory: pln_extreme_age_doubles(n)
 *
 * `kind` must be a constant. Inputs and outputs of a block must not overlap. */
enum pln_extreme_kind {
  PLN_HIGHEST_LAST = 0, /* the last one of equal values */
  PLN_HIGHEST_FIRST = 1,
  PLN_LOWEST_LAST = 2,
  PLN_LOWEST_FIRST = 3
};

#define PLN_EXTREME_MERGES(NAME, OLDER_WINS)                                                                 \
  static inline void pln_merge_##NAME(double *const *out, const double *const *newer,                        \
                                      const double *const *older, int64_t n, double a, double b) {           \
    (void)a, (void)b;                                                                                        \
    double *o = out[0];                                                                                      \
    const double *px = newer[0], *py = older[0];                                                             \
    PLN_IVDEP                                                                                                \
    for (int64_t i = 0; i < n; i++) {                                                                        \
      const double x = px[i], y = py[i];                                                                     \
      o[i] = (OLDER_WINS) ? y : x;                                                                           \
    }                                                                                                        \
  }                                                                                                          \
  static inline void pln_merge_##NAME##_row(double *const *out, const double *const *newer,                  \
                                            const double *const *older, int64_t n, double a, double b) {     \
    (void)a, (void)b;                                                                                        \
    double *o = out[0], *row = out[1];                                                                       \
    const double *px = newer[0], *py = older[0], *px_row = newer[1], *py_row = older[1];                     \
    PLN_IVDEP                                                                                                \
    for (int64_t i = 0; i < n; i++) {                                                                        \
      const double x = px[i], y = py[i], x_row = px_row[i], y_row = py_row[i];                               \
      o[i] = (OLDER_WINS) ? y : x;                                                                           \
      row[i] = (OLDER_WINS) ? y_row : x_row;                                                                 \
    }                                                                                                        \
  }
PLN_EXTREME_MERGES(highest_last, y > x)
PLN_EXTREME_MERGES(highest_first, y >= x)
PLN_EXTREME_MERGES(lowest_last, y < x)
PLN_EXTREME_MERGES(lowest_first, y <= x)

#define PLN_EXTREME_BY_KIND(KIND, CALL, SUFFIX)                                                              \
  switch (KIND) {                                                                                            \
  case PLN_HIGHEST_LAST:                                                                                     \
    CALL(pln_merge_highest_last##SUFFIX);                                                                    \
    break;                                                                                                   \
  case PLN_HIGHEST_FIRST:                                                                                    \
    CALL(pln_merge_highest_first##SUFFIX);                                                                   \
    break;                                                                                                   \
  case PLN_LOWEST_LAST:                                                                                      \
    CALL(pln_merge_lowest_last##SUFFIX);                                                                     \
    break;                                                                                                   \
  default:                                                                                                   \
    CALL(pln_merge_lowest_first##SUFFIX);                                                                    \
    break;                                                                                                   \
  }

static inline int64_t pln_extreme_doubles(int64_t n) { return pln_window_doubles(n, 1); }
static inline int64_t pln_extreme_age_doubles(int64_t n) { return pln_window_doubles(n, 2); }
static inline void pln_extreme_init(pln_window *w, int64_t n) { pln_window_init(w, n); }

PLN_INLINE double pln_extreme_step(pln_window *w, double *memory, int32_t kind, double x) {
  double value = x;
#define PLN_CALL(MERGE) pln_window_step(w, memory, 1, 1, MERGE, &x, &value)
  PLN_EXTREME_BY_KIND(kind, PLN_CALL, )
#undef PLN_CALL
  return value;
}

PLN_INLINE void pln_extreme_block(pln_window *w, double *memory, int32_t kind, const double *x, double *value,
                                  int64_t m) {
  const double *const leaf[] = {x};
  double *const out[] = {value};
#define PLN_CALL(MERGE) pln_window_block(w, memory, 1, 1, MERGE, leaf, out, m)
  PLN_EXTREME_BY_KIND(kind, PLN_CALL, )
#undef PLN_CALL
}

PLN_INLINE double pln_extreme_age_step(pln_window *w, double *memory, int32_t kind, double x, double *age) {
  const double now = (double)w->row, leaf[] = {x, now};
  double out[2] = {x, now};
#define PLN_CALL(MERGE) pln_window_step(w, memory, 2, 1, MERGE, leaf, out)
  PLN_EXTREME_BY_KIND(kind, PLN_CALL, _row)
#undef PLN_CALL
  *age = now - out[1];
  return out[0];
}

PLN_INLINE void pln_extreme_age_block(pln_window *w, double *memory, int32_t kind, const double *x,
                                      double *value, double *age, int64_t m) {
  _Alignas(64) double rows[PLN_WINDOW_BLOCK];
  const double first = (double)w->row;
  for (int32_t i = 0; i < (int32_t)m; i++) rows[i] = first + (double)i;
  const double *const leaf[] = {x, rows};
  double *const out[] = {value, age};
#define PLN_CALL(MERGE) pln_window_block(w, memory, 2, 1, MERGE, leaf, out, m)
  PLN_EXTREME_BY_KIND(kind, PLN_CALL, _row)
#undef PLN_CALL
  PLN_IVDEP
  for (int64_t i = 0; i < m; i++) age[i] = rows[i] - age[i]; /* NOLINT: m entries were written */
}
