#pragma once
#include "feature/extrema.h"
#include "feature/lag.h"

/* Swing points: a value above (below) all of the `left` values before it and of the `right` after it, which
 * is known `right` rows later. For fractals, swings, bands and pivots. Memory: pln_swing_doubles. */
typedef struct pln_swing {
  pln_window before; /* ends with the row before the candidate */
  pln_window after;  /* begins with the row after it */
  int64_t rows;      /* seen, at most left + right */
  double level;      /* of the last swing point */
  double previous;   /* of the one before it */
  double age;        /* rows since the last swing point; -1: none yet */
  double count;      /* swing points, at most 2 */
  pln_lag delay;     /* by `right` rows: the candidate */
  pln_lag one;       /* by one row more */
  int32_t left;
  int32_t right;
} pln_swing;

#define PLN_SWING_PARAMS(SPAN)                                                                               \
  PLN_PARAM_INT("left", "rows before the point that it goes beyond", SPAN, 1, 10000),                        \
      PLN_PARAM_INT("right", "rows after the point that it goes beyond", SPAN, 1, 10000)

static inline int64_t pln_swing_doubles(int64_t left, int64_t right) {
  return pln_extreme_doubles(left) + pln_extreme_doubles(right) + right + 1;
}
static inline int64_t pln_swing_lookback(int64_t left, int64_t right) { return left + right; }

static inline void pln_swing_init(pln_swing *s, int64_t left, int64_t right) {
  pln_extreme_init(&s->before, left);
  pln_extreme_init(&s->after, right);
  s->left = (int32_t)left;
  s->right = (int32_t)right;
  s->delay.n = (int32_t)right;
  s->one.n = 1;
  s->age = -1.0;
}

/* What the next row does to the state: `found` says whether `candidate` is a swing point. */
PLN_INLINE void pln_swing_note(pln_swing *s, int32_t found, double candidate) {
  s->age += s->age >= 0.0 ? 1.0 : 0.0;
  if (!found) return;
  s->previous = s->level;
  s->level = candidate;
  s->age = (double)s->right;
  s->count = s->count < 2.0 ? s->count + 1.0 : 2.0;
}

/* One row of highs (kind PLN_HIGHEST_LAST) or lows (PLN_LOWEST_LAST). Whether the row `right` rows ago turns
 * out to be a swing point: then it is s->level, s->age is `right`. */
PLN_INLINE int32_t pln_swing_step(pln_swing *s, double *memory, int32_t kind, double x) {
  double *after = memory + pln_extreme_doubles(s->left), *ring = after + pln_extreme_doubles(s->right);
  const double candidate = pln_lag_step(&s->delay, ring, x);
  const double older = pln_lag_step(&s->one, ring + s->right, candidate);
  const double most_after = pln_extreme_step(&s->after, after, kind, x);
  const double most_before = pln_extreme_step(&s->before, memory, kind, older);
  const int32_t warm = s->rows >= s->left + s->right;
  s->rows += !warm;
  const int32_t beyond = kind == PLN_HIGHEST_LAST ? (candidate > most_before) & (candidate > most_after)
                                                  : (candidate < most_before) & (candidate < most_after);
  pln_swing_note(s, beyond & warm, candidate);
  return beyond & warm;
}

/* m <= PLN_WINDOW_BLOCK rows: candidates and whether they are swing points (1, else 0), to be noted row by
 * row. */
PLN_INLINE void pln_swing_block(pln_swing *s, double *memory, int32_t kind, const double *x,
                                double *candidate, double *found, int64_t m) {
  double *after = memory + pln_extreme_doubles(s->left), *ring = after + pln_extreme_doubles(s->right);
  double older[PLN_WINDOW_BLOCK], most_after[PLN_WINDOW_BLOCK], most_before[PLN_WINDOW_BLOCK];
  pln_lag_rows(&s->delay, ring, x, candidate, m);
  pln_lag_rows(&s->one, ring + s->right, candidate, older, m);
  pln_extreme_block(&s->after, after, kind, x, most_after, m);
  pln_extreme_block(&s->before, memory, kind, older, most_before, m);
  PLN_IVDEP
  for (int64_t i = 0; i < m; i++) {
    const double c = candidate[i], p = most_before[i], q = most_after[i]; /* NOLINT: m entries were written */
    found[i] = (kind == PLN_HIGHEST_LAST ? (c > p) & (c > q) : (c < p) & (c < q)) ? 1.0 : 0.0;
  }
  for (int64_t i = 0; i < m && s->rows < s->left + s->right; i++, s->rows++) found[i] = 0.0;
}
