#pragma once
#include "feature/ind.h"

/* Hidden Markov model whose states are normal distributions of one variable. Trained by Baum and Welch
 * (1970), with the scaled recursions of Rabiner (1989). Deterministic: the best of four fixed starts, a fixed
 * number of iterations. */
enum { PLN_HMM_MAX_STATES = 8 };

typedef struct pln_hmm {
  int64_t states;
  int64_t by_mean; /* states in order of their mean instead of their variance */
  double floor;    /* least variance */
  double start[PLN_HMM_MAX_STATES];
  double mean[PLN_HMM_MAX_STATES];
  double variance[PLN_HMM_MAX_STATES];
  double move[PLN_HMM_MAX_STATES][PLN_HMM_MAX_STATES]; /* from, to */
} pln_hmm;

/* Doubles of scratch that training on n rows takes. */
int64_t pln_hmm_doubles(int64_t n, int64_t states);
/* Trains on x[0 … n - 1]. Returns 0, leaving the model alone, where the rows are all the same. */
int32_t pln_hmm_train(pln_hmm *model, const double *x, int64_t n, int64_t iterations, double *scratch);
/* One row of the forward recursion: p[states], the probabilities given the rows so far, becomes that given x
 * too; `first`: there were none. */
void pln_hmm_filter(const pln_hmm *model, double *p, double x, int32_t first);
