#pragma once
#include "feature/extrema.h"

/* The row of the highest or lowest value of a window, for max_index, min_index and minmax_index. `sign` is 1
 * for the highest, -1 for the lowest, and must be a constant. Memory: pln_extreme_age_doubles(n). */
enum pln_extreme_ties { PLN_TIES_LAST = 0, PLN_TIES_FIRST = 1, PLN_TIES_TALIB = 2 };

#define PLN_TIES_PARAM                                                                                       \
  PLN_PARAM_WORD("ties", "which of several equal extremes counts", 0, 2, "last first talib")
#define PLN_TIES_FORMULA                                                                                     \
  "Of equal values the last counts, with ties=first the first; ties=talib: as TA-Lib has it, a new one "     \
  "wins, but "                                                                                               \
  "the first does in the search when the old one has left the window (which depends on where the data "      \
  "begins)"

typedef struct pln_extreme_index {
  pln_window window;
  int64_t best; /* ties=talib: row of the extreme */
  double value;
  int32_t ties;
  int32_t reserved;
} pln_extreme_index;

static inline void pln_extreme_index_init(pln_extreme_index *s, int64_t n, int32_t ties) {
  pln_extreme_init(&s->window, n);
  s->ties = ties;
}

/* TA-Lib's search: a new value wins where it is not worse, and when the extreme leaves the window, the first
 * of equal ones. The memory is a ring of the last n values. */
PLN_INLINE void pln_extreme_index_talib(pln_extreme_index *s, double *memory, double sign, double x,
                                        double *value, double *age) {
  const int64_t n = s->window.n, row = s->window.row++, oldest = row - n + 1;
  memory[row % n] = x;
  *value = *age = 0.0;
  if (row < n - 1) return;
  if (row == n - 1 || s->best < oldest) {
    s->best = oldest;
    s->value = memory[oldest % n];
    for (int64_t i = oldest + 1; i <= row; i++)
      if (sign * memory[i % n] > sign * s->value) {
        s->best = i;
        s->value = memory[i % n];
      }
  } else if (sign * x >= sign * s->value) {
    s->best = row;
    s->value = x;
  }
  *value = s->value;
  *age = (double)(row - s->best);
}

PLN_INLINE void pln_extreme_index_step(pln_extreme_index *s, double *memory, double sign, double x,
                                       double *value, double *age) {
  if (s->ties == PLN_TIES_TALIB)
    pln_extreme_index_talib(s, memory, sign, x, value, age);
  else if (s->ties == PLN_TIES_FIRST)
    *value =
        pln_extreme_age_step(&s->window, memory, sign > 0.0 ? PLN_HIGHEST_FIRST : PLN_LOWEST_FIRST, x, age);
  else
    *value =
        pln_extreme_age_step(&s->window, memory, sign > 0.0 ? PLN_HIGHEST_LAST : PLN_LOWEST_LAST, x, age);
}

/* m <= PLN_WINDOW_BLOCK rows, the same as m steps. */
PLN_INLINE void pln_extreme_index_block(pln_extreme_index *s, double *memory, double sign, const double *x,
                                        double *value, double *age, int64_t m) {
  if (s->ties == PLN_TIES_TALIB)
    for (int64_t i = 0; i < m; i++) pln_extreme_index_talib(s, memory, sign, x[i], &value[i], &age[i]);
  else if (s->ties == PLN_TIES_FIRST)
    pln_extreme_age_block(&s->window, memory, sign > 0.0 ? PLN_HIGHEST_FIRST : PLN_LOWEST_FIRST, x, value,
                          age, m);
  else
    pln_extreme_age_block(&s->window, memory, sign > 0.0 ? PLN_HIGHEST_LAST : PLN_LOWEST_LAST, x, value, age,
                          m);
}

/* index[i] = the row's number, counted from the source's first, - age[i]. */
PLN_INLINE void pln_rows_of_ages(int64_t first_row, const double *age, double *index, int64_t m) {
  const double first = (double)first_row;
  PLN_IVDEP
  for (int32_t i = 0; i < (int32_t)m; i++) index[i] = first + (double)i - age[i];
}
