#pragma once
#include "feature/ma.h"

/* A moving average that is not given the first `skip` rows, those in which its input means nothing. */
typedef struct pln_late_ma {
  pln_ma ma;
  int64_t skip;
  int64_t memory; /* where its memory begins */
} pln_late_ma;

static inline void pln_late_ma_init(pln_late_ma *s, int32_t type, int64_t n, int64_t skip, int64_t memory) {
  pln_ma_init(&s->ma, type, n);
  s->skip = skip;
  s->memory = memory;
}

static inline double pln_late_ma_step(pln_late_ma *s, double *memory, double x) {
  if (s->skip == 0) return pln_ma_step(&s->ma, memory + s->memory, x);
  s->skip--;
  return 0.0;
}

/* n rows; the same bits as n steps. */
static inline void pln_late_ma_rows(pln_late_ma *s, double *memory, const double *x, double *out, int64_t n) {
  const int64_t cold = s->skip < n ? s->skip : n;
  for (int64_t i = 0; i < cold; i++) out[i] = 0.0;
  s->skip -= cold;
  if (n > cold) pln_ma_rows(&s->ma, memory + s->memory, x + cold, out + cold, n - cold);
}
