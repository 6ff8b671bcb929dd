#pragma once
#include "feature/extrema.h"

/* Swing points: a value above (below) all of the `left` values before it and of the `right` after it, which
 * is known `right` rows later. For fractals, swings, bands and pivots. Memory: pln_swing_doubles. */
typedef struct pln_swing {
  pln_window before; /* ends with the row before the candidate */
  pln_window after;  /* begins with the row after it */
  int64_t rows;      /* seen, at most left + right + 1 */
  double level;      /* of the last swing point */
  double previous;   /* of the one before it */
  double age;        /* rows since the last swing point; -1: none yet */
  double count;      /* swing points, at most 2 */
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
  s->age = -1.0;
}

/* One row of highs (kind PLN_HIGHEST_LAST) or lows (PLN_LOWEST_LAST). Whether the row `right` rows ago turns
 * out to be a swing point: then it is s->level, s->age is `right`. */
PLN_INLINE int32_t pln_swing_step(pln_swing *s, double *memory, int32_t kind, double x) {
  double *after = memory + pln_extreme_doubles(s->left), *ring = after + pln_extreme_doubles(s->right);
  const int64_t row = s->before.row, delay = s->right + 1;
  /* The ring holds the last right + 1 values: the oldest is the row before the candidate. */
  const double old = ring[row % delay];
  ring[row % delay] = x;
  const double candidate = ring[(row + 1) % delay];
  const double most_after = pln_extreme_step(&s->after, after, kind, x);
  const double most_before = pln_extreme_step(&s->before, memory, kind, old);
  if (s->age >= 0.0) s->age += 1.0;
  if (s->rows < s->left + s->right) {
    s->rows++;
    return 0;
  }
  const int32_t found = kind == PLN_HIGHEST_LAST ? (candidate > most_before) & (candidate > most_after)
                                                 : (candidate < most_before) & (candidate < most_after);
  if (found) {
    s->previous = s->level;
    s->level = candidate;
    s->age = (double)s->right;
    s->count = s->count < 2.0 ? s->count + 1.0 : 2.0;
  }
  return found;
}
