#pragma once
#include "feature/ind.h"
#include <string.h>

/* The last rows of a series, side by side, so that a window can be read as an array. Memory: the rows kept
 * before a block and room for one block. */
enum { PLN_HISTORY_BLOCK = 512 };

typedef struct pln_history {
  int32_t keep; /* rows before the newest */
  int32_t end;  /* where the next row goes, from `keep` on */
} pln_history;

static inline int64_t pln_history_doubles(int64_t keep) { return keep + PLN_HISTORY_BLOCK; }
static inline void pln_history_init(pln_history *h, int64_t keep) { h->keep = h->end = (int32_t)keep; }

/* Adds m <= PLN_HISTORY_BLOCK rows. Gives the first of them: the `keep` rows before it are x[-1] … x[-keep],
 * 0 where the series had not begun. Valid until the next call. */
static inline const double *pln_history_push(pln_history *h, double *memory, const double *rows, int64_t m) {
  if (h->end + m > h->keep + PLN_HISTORY_BLOCK) {
    memmove(memory, memory + h->end - h->keep, (size_t)h->keep * sizeof *memory);
    h->end = h->keep;
  }
  double *x = memory + h->end;
  memcpy(x, rows, (size_t)m * sizeof *x);
  h->end += (int32_t)m;
  return x;
}
