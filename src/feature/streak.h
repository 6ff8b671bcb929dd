#pragma once
#include "feature/ind.h"

/* Length of the run of rises (> 0) or falls (< 0) that a series is in. */
enum pln_streak_ties { PLN_STREAK_ZERO = 0, PLN_STREAK_KEEP = 1 };

typedef struct pln_streak {
  double streak;
  double previous;
  int32_t ties; /* pln_streak_ties: what a row without a change does */
  int32_t started;
} pln_streak;

static inline void pln_streak_init(pln_streak *s, int32_t ties) { s->ties = ties; }

PLN_INLINE double pln_streak_step(pln_streak *s, double x) {
  if (s->started) {
    if (x > s->previous)
      s->streak = s->streak > 0.0 ? s->streak + 1.0 : 1.0;
    else if (x < s->previous)
      s->streak = s->streak < 0.0 ? s->streak - 1.0 : -1.0;
    else if (s->ties == PLN_STREAK_ZERO)
      s->streak = 0.0;
  }
  s->started = 1;
  s->previous = x;
  return s->streak;
}
