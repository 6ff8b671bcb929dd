#pragma once
#include "feature/lag.h"
#include "feature/smooth.h"

/* The three lines of the alligator: Wilder averages, moved on by some rows. Parameters from p[0]: rows and
 * offset of the jaw, of the teeth and of the lips. Memory: pln_alligator_doubles(p). */
typedef struct pln_alligator {
  pln_smooth line[3];
  pln_lag lag[3];
} pln_alligator;

#define PLN_ALLIGATOR_PARAMS                                                                                 \
  PLN_PARAM_INT("jaw", "rows of the jaw", 13, 1, PLN_IND_MAX_PERIOD),                                        \
      PLN_PARAM_INT("jaw_offset", "rows by which it is moved on", 8, 0, PLN_IND_MAX_PERIOD),                 \
      PLN_PARAM_INT("teeth", "rows of the teeth", 8, 1, PLN_IND_MAX_PERIOD),                                 \
      PLN_PARAM_INT("teeth_offset", "rows by which they are moved on", 5, 0, PLN_IND_MAX_PERIOD),            \
      PLN_PARAM_INT("lips", "rows of the lips", 5, 1, PLN_IND_MAX_PERIOD),                                   \
      PLN_PARAM_INT("lips_offset", "rows by which they are moved on", 3, 0, PLN_IND_MAX_PERIOD)

static inline int64_t pln_alligator_lookback(const double *p) {
  int64_t last = 0;
  for (int32_t i = 0; i < 3; i++) {
    const int64_t row = (int64_t)(p[2 * i] + p[2 * i + 1]) - 1;
    if (row > last) last = row;
  }
  return last;
}
static inline int64_t pln_alligator_doubles(const double *p) { return (int64_t)(p[1] + p[3] + p[5]); }
static inline void pln_alligator_init(pln_alligator *s, const double *p) {
  for (int32_t i = 0; i < 3; i++) {
    pln_smooth_init(&s->line[i], 1.0 / p[2 * i], (int64_t)p[2 * i], 0);
    s->lag[i].n = (int32_t)p[2 * i + 1];
  }
}
PLN_INLINE void pln_alligator_step(pln_alligator *s, double *memory, double x, double out[3]) {
  for (int32_t i = 0; i < 3; i++) {
    out[i] = pln_lag_step(&s->lag[i], memory, pln_smooth_step(&s->line[i], x));
    memory += s->lag[i].n;
  }
}
