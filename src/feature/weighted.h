#pragma once
#include "feature/ind.h"

/* Exponentially weighted means and co-moments of up to PLN_IND_MAX_INPUTS series: weights lambda^age, all of
 * them divided by their sum. The update (as West 1979, for a vector) adds only what is >= 0 on the diagonal:
 *
 *     W' = lambda W + 1,  d = x - mean,  C' = C lambda W / W' + (lambda W / W'^2) d d^T,  mean' = mean + d /
 * W' */
typedef struct pln_weighted {
  double lambda;
  double weight; /* W */
  int64_t n;     /* series */
  double mean[PLN_IND_MAX_INPUTS];
  double cov[PLN_IND_MAX_INPUTS][PLN_IND_MAX_INPUTS]; /* the lower triangle is kept */
} pln_weighted;

static inline void pln_weighted_push(pln_weighted *s, const double *x) {
  const double old = s->lambda * s->weight, all = old + 1.0, keep = old / all, part = keep / all;
  double d[PLN_IND_MAX_INPUTS];
  for (int64_t i = 0; i < s->n; i++) {
    d[i] = x[i] - s->mean[i];
    s->mean[i] += d[i] / all;
    for (int64_t j = 0; j <= i; j++) s->cov[i][j] = s->cov[i][j] * keep + d[i] * d[j] * part;
  }
  s->weight = all;
}
