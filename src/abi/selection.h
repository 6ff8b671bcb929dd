#pragma once
#include "abi/types.h"
/* The best of many: how much of its figure is chance (docs/overfitting.md). Each object takes the period returns of all
 * combos one after another, so that memory does not grow with what is added (pln_cscv: 16 n_blocks bytes a combo).
 *
 * Returns are fractions per period, n_rows of them for every combo, of the same periods; NaN is a return of 0. One object
 * belongs to one thread. Results do not depend on anything but the order of the combos and the options. */

/* ---- the Sharpe ratio of the best ---- */

/* Chance that the true ratio exceeds `threshold`, both per period, when n returns with this skewness and excess kurtosis
 * show `ratio`: normal distribution of (SR - SR*) sqrt(n - 1) / sqrt(1 - S SR + (K + 2) / 4 SR^2) (Bailey, Lopez de Prado
 * 2012). NaN where the variance is not above 0. */
double pln_sharpe_probability(double ratio, double threshold, double n, double skewness, double excess_kurtosis);
/* Least number of returns from which on `ratio` exceeds `threshold` with `confidence`; infinite where it does not. */
double pln_sharpe_track_record(double ratio, double threshold, double confidence, double skewness,
                               double excess_kurtosis);
/* The largest ratio that `trials` independent worthless trials are expected to show whose ratios have this variance:
 * sqrt(V) ((1 - e) z(1 - 1/N) + e z(1 - 1/(N E))), e Euler's constant, E its number (Bailey, Lopez de Prado 2014). 0 for
 * one trial. */
double pln_sharpe_expected_maximum(double trials, double variance);

/* How many independent trials the combos amount to. */
typedef struct pln_trials_result {
  int64_t n_combos;
  int64_t n_defined;            /* combos whose returns vary; the figures are of these */
  double sharpe_mean;           /* of the ratios per period, not annualised; NaN below 1 */
  double sharpe_variance;       /* sample variance of them; NaN below 2 */
  double average_correlation;   /* of all pairs of combos; NaN below 2 */
  double effective;             /* r + (1 - r) N, r the average correlation, at least 0 (Bailey, Lopez de Prado 2014,
                                   appendix 3) */
  double eigen_effective;       /* (sum of eigenvalues)^2 / sum of squares, of the correlation matrix of returns over at
                                   most 256 spans, the squares less what chance gives them; 1 … N; NaN below 2 */
} pln_trials_result;

typedef struct pln_trials pln_trials;
pln_trials *pln_trials_new(int64_t n_rows); /* NULL on error: at least 4 rows */
void pln_trials_free(pln_trials *trials);
/* 0 or a status (a return that is infinite or beyond 1e100). */
int32_t pln_trials_add(pln_trials *trials, const double *returns);
void pln_trials_result_get(const pln_trials *trials, pln_trials_result *out);

/* ---- probability of backtest overfitting: combinatorially symmetric cross-validation ---- */

typedef enum pln_cscv_statistic {
  PLN_CSCV_SHARPE = 0,          /* mean over sample deviation, per period; 0 where nothing varies */
  PLN_CSCV_MEAN = 1,            /* mean return */
  PLN_CSCV_SORTINO = 2,         /* mean over downside deviation (root mean square of the losses); 0 without a loss where
                                   there is no gain either, else as if there were a loss of 1e-6 */
  PLN_CSCV_GROWTH = 3           /* mean of ln(1 + r); a loss of everything counts as ln(1e-12) */
} pln_cscv_statistic;

typedef struct pln_cscv_options {
  int64_t n_rows;
  int32_t n_blocks;             /* even, 4 … 20; 0: pln_cscv_blocks(n_rows) */
  int32_t statistic;            /* pln_cscv_statistic */
} pln_cscv_options;

/* One way to choose half of the blocks: the combo that was best in it, and what became of it in the other half. */
typedef struct pln_cscv_split {
  double in_sample;             /* the statistic of the best in the chosen half */
  double out_of_sample;         /* of the same combo in the other half */
  double mean_out_of_sample;    /* of all combos there */
  double logit;                 /* ln(w / (1 - w)), w = its rank there / (N + 1); equal ones share their ranks' mean */
  int64_t combo;                /* which it was (from 0); of equal ones the first */
} pln_cscv_split;

typedef struct pln_cscv_result {
  int64_t n_combos;
  int64_t n_splits;             /* C(n_blocks, n_blocks / 2) */
  int32_t n_blocks;
  int32_t first_order;        /* 1: what the best reaches out of sample dominates what a combo picked at random does,
                                 first order: at none of 1,000 levels is it more often below */
  int32_t second_order;       /* 1: … second order */
  int32_t reserved;
  double pbo;                   /* share of splits in which the best is out of sample no better than half of them: logit
                                   <= 0 */
  double logit_median;
  double slope;                 /* of the regression of out_of_sample on in_sample; NaN where in_sample is constant */
  double intercept;
  double r_squared;             /* NaN where one is constant */
  double probability_of_loss;   /* share of splits in which out_of_sample is below 0 */
  double in_sample_mean;        /* means over the splits */
  double out_of_sample_mean;
  double all_mean;              /* of mean_out_of_sample */
} pln_cscv_result;

/* Blocks for so many rows: 16, fewer where blocks would have less than 8 rows; 0 below 32 rows. */
int32_t pln_cscv_blocks(int64_t n_rows);

typedef struct pln_cscv pln_cscv;
pln_cscv *pln_cscv_new(const pln_cscv_options *options); /* NULL on error */
void pln_cscv_free(pln_cscv *cscv);
int32_t pln_cscv_add(pln_cscv *cscv, const double *returns); /* 0 or a status */
/* 0, or PLN_ERR_STATE with fewer than 2 combos. */
int32_t pln_cscv_run(pln_cscv *cscv, pln_cscv_result *out);
/* The n_splits splits of the last run, borrowed until the next one or free; NULL before. A split and its mirror image
 * follow each other. */
const pln_cscv_split *pln_cscv_splits(const pln_cscv *cscv);

/* ---- White's reality check, Hansen's test for superior predictive ability ---- */

typedef struct pln_spa_options {
  int64_t n_rows;
  int64_t samples;              /* resamples; 0: 1000 */
  double mean_block;            /* mean length of the stationary bootstrap's blocks, >= 1; 0: n_rows^(1/3) */
  uint64_t seed;
} pln_spa_options;

typedef struct pln_spa_result {
  int64_t n_combos;
  int64_t n_skipped;            /* combos that never differ from the benchmark by anything but a constant: no part of
                                   SPA */
  int64_t best;                 /* combo (from 0) with the largest t statistic; -1 without one */
  int64_t best_mean;            /* combo with the largest mean above the benchmark */
  double statistic;             /* max(0, sqrt(n) mean / deviation) of the best, deviation that of the bootstrap (Hansen
                                   2005, eq. for omega) */
  double p_lower;               /* liberal: what is worse than the benchmark counts as truly so much worse */
  double p_consistent;          /* what is clearly worse does, by more than sqrt(2 ln ln n) deviations of its mean */
  double p_upper;               /* conservative: every combo counts as truly equal to the benchmark */
  double reality_check;         /* max of sqrt(n) mean, not studentised (White 2000) */
  double p_reality_check;
  double mean_block;
  int64_t samples;
} pln_spa_result;

typedef struct pln_spa pln_spa;
/* `benchmark`: n_rows returns, copied; NULL: 0. NULL on error. */
pln_spa *pln_spa_new(const pln_spa_options *options, const double *benchmark);
void pln_spa_free(pln_spa *spa);
int32_t pln_spa_add(pln_spa *spa, const double *returns); /* 0 or a status */
/* p values are shares of the resamples whose maximum reaches the statistic. More combos may be added afterwards. 0, or
 * PLN_ERR_STATE without a combo. */
int32_t pln_spa_result_get(pln_spa *spa, pln_spa_result *out);

/* out[n_blocks]: returns compounded (`compound` 1) or summed over spans of nearly equal length, the first ones being
 * longer by one; n_blocks <= n. */
int32_t pln_returns_to_blocks(const double *returns, int64_t n, int32_t n_blocks, int32_t compound, double *out);
