#pragma once
#include "feature/smooth.h"

/* The kernel of macd and macdfix: the difference of two exponential averages and its own average. */
enum macd_seed {
  MACD_SEED_LATE = 0, /* means of the first values; the fast one's seed ends with the slow one's */
  MACD_SEED_SMA,      /* means of each one's first values */
  MACD_SEED_FIRST     /* the first value of each one's input; the signal's is row slow - 1 of the line */
};

typedef struct macd {
  pln_smooth fast;
  pln_smooth slow;
  pln_smooth signal;
} macd;

static int64_t size(const double *p) {
  (void)p;
  return PLN_IND_SIZE(macd, 0);
}

/* fast <= slow */
static void init_macd(macd *s, int64_t fast, double fast_weight, int64_t slow, double slow_weight,
                      int64_t signal, enum macd_seed seed) {
  const int first = seed == MACD_SEED_FIRST;
  pln_smooth_init(&s->fast, fast_weight, first ? 1 : fast, seed == MACD_SEED_LATE ? slow - fast : 0);
  pln_smooth_init(&s->slow, slow_weight, first ? 1 : slow, 0);
  pln_smooth_init(&s->signal, 2.0 / ((double)signal + 1.0), first ? 1 : signal, slow - 1);
}

static inline void step(macd *s, double *memory, const double *in, double *out) {
  (void)memory;
  const double fast = pln_smooth_step(&s->fast, in[0]);
  const double slow = pln_smooth_step(&s->slow, in[0]);
  out[0] = fast - slow;
  out[1] = pln_smooth_step(&s->signal, out[0]);
  out[2] = out[0] - out[1];
}
PLN_IND_STEP(macd, step)

enum { BLOCK = 512 };

/* Whether the blocks of both averages begin in the same rows, so that they can go side by side. */
PLN_INLINE int in_step(const pln_smooth *a, const pln_smooth *b) {
  return a->seeded == a->n && b->seeded == b->n && a->j == b->j && a->beta != 0.0 && b->beta != 0.0;
}

/* fast - slow for m rows of averages in step: what their own rows would give. */
PLN_INLINE void difference(pln_smooth *fast, pln_smooth *slow, const double *x, double *line, int64_t m) {
  double a[PLN_SMOOTH_BLOCK], b[PLN_SMOOTH_BLOCK];
  int64_t j = 0;
  for (; j < m && fast->j != 0; j++) line[j] = pln_smooth_step(fast, x[j]) - pln_smooth_step(slow, x[j]);
  double fast_e0 = fast->e0, slow_e0 = slow->e0;
  for (; j + PLN_SMOOTH_BLOCK <= m; j += PLN_SMOOTH_BLOCK) {
    fast_e0 = pln_smooth_whole_block(fast, fast_e0, x + j, a);
    slow_e0 = pln_smooth_whole_block(slow, slow_e0, x + j, b);
    for (int32_t t = 0; t < PLN_SMOOTH_BLOCK; t++) line[j + t] = a[t] - b[t];
  }
  fast->e0 = fast_e0;
  slow->e0 = slow_e0;
  for (; j < m; j++) line[j] = pln_smooth_step(fast, x[j]) - pln_smooth_step(slow, x[j]);
}

PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n) {
  macd *s = state;
  double fast[BLOCK], slow[BLOCK];
  for (int64_t i = 0; i < n; i += BLOCK) {
    const int64_t m = n - i < BLOCK ? n - i : BLOCK;
    double *line = out[0] + i, *signal = out[1] + i, *histogram = out[2] + i;
    if (in_step(&s->fast, &s->slow)) {
      difference(&s->fast, &s->slow, in[0] + i, line, m);
    } else {
      pln_smooth_rows(&s->fast, in[0] + i, fast, m);
      pln_smooth_rows(&s->slow, in[0] + i, slow, m);
      PLN_IVDEP
      for (int64_t j = 0; j < m; j++) line[j] = fast[j] - slow[j];
    }
    pln_smooth_rows(&s->signal, line, signal, m);
    PLN_IVDEP
    for (int64_t j = 0; j < m; j++) histogram[j] = line[j] - signal[j];
  }
}
PLN_IND_SIMD(batch, rows)
