/* What the Sharpe ratio of the best of many is worth, and how many trials the many amount to. */
#include "portfolio/selection.h"

#include "core/normal.h"

#include <assert.h>
#include <stdlib.h>

int32_t pln_selection_check(const double *returns, int64_t n, int64_t number) {
  static const double MOST = 1e100; /* its square is a number */
  for (int64_t t = 0; t < n; t++)
    if (fabs(returns[t]) > MOST)
      return pln_fail(PLN_ERR_ARGUMENT, "combo %lld: return %lld is %g, expected a fraction",
                      (long long)number + 1, (long long)t + 1, returns[t]);
  return 0;
}

/* ---- the Sharpe ratio of the best (Bailey, Lopez de Prado 2012, 2014) ---- */

static double estimate_variance(double ratio, double skewness, double excess_kurtosis) {
  return 1 - skewness * ratio + (excess_kurtosis + 2) / 4 * ratio * ratio;
}

double pln_sharpe_probability(double ratio, double threshold, double n, double skewness,
                              double excess_kurtosis) {
  const double variance = estimate_variance(ratio, skewness, excess_kurtosis);
  if (!(variance > 0)) return NAN;
  return pln_normal_cdf((ratio - threshold) * sqrt(n - 1) / sqrt(variance));
}

double pln_sharpe_track_record(double ratio, double threshold, double confidence, double skewness,
                               double excess_kurtosis) {
  if (ratio <= threshold) return INFINITY;
  const double z = pln_normal_quantile(1 - confidence) / (ratio - threshold);
  return 1 + estimate_variance(ratio, skewness, excess_kurtosis) * z * z;
}

double pln_sharpe_expected_maximum(double trials, double variance) {
  if (!(trials > 1) || !(variance > 0)) return 0;
  static const double EULER = 0.57721566490153286061, E = 2.71828182845904523536;
  return sqrt(variance) *
         (-(1 - EULER) * pln_normal_quantile(1 / trials) - EULER * pln_normal_quantile(1 / (trials * E)));
}

/* ---- how many trials ---- */

enum { MOST_SPANS = 256 };

/* Correlations come from standardised series z: the sum over all pairs of z_i z_j is the square of the sum of
 * z, and the sum of the squared correlations is the sum of the squares of Z Z', which is as large for rows as
 * for combos. */
struct pln_trials {
  int64_t n_rows;
  int32_t n_spans;
  int64_t n_combos;
  int64_t n_defined;
  double mean; /* of the Sharpe ratios */
  double m2;
  int64_t n_spans_defined;
  double *total; /* [n_rows]: sum of z */
  double *z;     /* [n_rows] */
  double *spans; /* [n_spans] */
  double *gram;  /* [n_spans][n_spans], lower triangle: sum over combos of z z' of their spans */
};

pln_trials *pln_trials_new(int64_t n_rows) {
  if (n_rows < 4 || n_rows > 100000000) {
    pln_fail(PLN_ERR_ARGUMENT, "trials: %lld returns a combo, expected 4 to 100,000,000", (long long)n_rows);
    return NULL;
  }
  pln_trials *t = calloc(1, sizeof *t);
  if (!t) {
    pln_fail(PLN_ERR_MEMORY, "no memory for %lld returns", (long long)n_rows);
    return NULL;
  }
  t->n_rows = n_rows;
  t->n_spans = n_rows < MOST_SPANS ? (int32_t)n_rows : MOST_SPANS;
  t->total = calloc((size_t)n_rows, sizeof *t->total);
  t->z = malloc((size_t)n_rows * sizeof *t->z);
  t->spans = malloc((size_t)t->n_spans * sizeof *t->spans);
  t->gram = calloc((size_t)t->n_spans * (size_t)t->n_spans, sizeof *t->gram);
  if (t->total && t->z && t->spans && t->gram) return t;
  pln_fail(PLN_ERR_MEMORY, "no memory for %lld returns", (long long)n_rows);
  pln_trials_free(t);
  return NULL;
}

void pln_trials_free(pln_trials *t) {
  if (!t) return;
  free(t->total);
  free(t->z);
  free(t->spans);
  free(t->gram);
  free(t);
}

/* Makes values of mean 0 whose squares sum to 1; 0 where they do not vary. `mean` and `deviation` (sample's)
 * are of what they were. */
static int standardise(double *v, int64_t n, double *mean, double *deviation) {
  double sum = 0, squares = 0, most = 0;
  for (int64_t i = 0; i < n; i++) sum += v[i];
  *mean = sum / (double)n;
  for (int64_t i = 0; i < n; i++) {
    most = fmax(most, fabs(v[i]));
    v[i] -= *mean;
    squares += v[i] * v[i];
  }
  *deviation = sqrt(squares / (double)(n - 1));
  if (!(*deviation > most * 1e-14)) return 0;
  const double scale = 1 / sqrt(squares);
  for (int64_t i = 0; i < n; i++) v[i] *= scale;
  return 1;
}

static void add_spans(pln_trials *t) {
  double mean, deviation;
  if (!standardise(t->spans, t->n_spans, &mean, &deviation)) return;
  t->n_spans_defined++;
  for (int32_t i = 0; i < t->n_spans; i++) {
    double *row = t->gram + (size_t)i * (size_t)t->n_spans;
    const double factor = t->spans[i];
    for (int32_t j = 0; j <= i; j++) row[j] += factor * t->spans[j];
  }
}

int32_t pln_trials_add(pln_trials *t, const double *returns) {
  const int32_t status = pln_selection_check(returns, t->n_rows, t->n_combos);
  if (status < 0) return status;
  t->n_combos++;
  for (int64_t i = 0; i < t->n_rows; i++) t->z[i] = isnan(returns[i]) ? 0 : returns[i];
  pln_returns_to_blocks(t->z, t->n_rows, t->n_spans, 0, t->spans);
  double mean, deviation;
  if (!standardise(t->z, t->n_rows, &mean, &deviation)) return 0;
  for (int64_t i = 0; i < t->n_rows; i++) t->total[i] += t->z[i];
  t->n_defined++;
  const double sharpe = mean / deviation, off = sharpe - t->mean;
  t->mean += off / (double)t->n_defined;
  t->m2 += off * (sharpe - t->mean);
  add_spans(t);
  return 0;
}

void pln_trials_result_get(const pln_trials *t, pln_trials_result *out) {
  const double n = (double)t->n_defined;
  *out = (pln_trials_result){.n_combos = t->n_combos,
                             .n_defined = t->n_defined,
                             .sharpe_mean = NAN,
                             .sharpe_variance = NAN,
                             .average_correlation = NAN,
                             .effective = n,
                             .eigen_effective = NAN};
  if (t->n_defined >= 1) out->sharpe_mean = t->mean;
  if (t->n_defined < 2) return;
  out->sharpe_variance = t->m2 / (n - 1);
  double square = 0;
  for (int64_t i = 0; i < t->n_rows; i++) square += t->total[i] * t->total[i];
  const double r = (square - n) / (n * (n - 1));
  out->average_correlation = fmin(1, fmax(-1, r));
  const double positive = fmax(0, out->average_correlation);
  out->effective = positive + (1 - positive) * n;
  /* Squared correlations of m pairs of independent series of s spans sum to m / (s - 1) by chance. */
  const double m = (double)t->n_spans_defined, s = (double)t->n_spans;
  double squares = 0;
  for (int32_t i = 0; i < t->n_spans; i++) {
    const double *row = t->gram + (size_t)i * (size_t)t->n_spans;
    double off = 0;
    for (int32_t j = 0; j < i; j++) off += row[j] * row[j];
    squares += 2 * off + row[i] * row[i];
  }
  if (t->n_spans_defined < 2) return;
  const double pairs = fmax(0, squares - m), chance = m * (m - 1) / (s - 1);
  /* (s - 1) r^2 - 1 over s - 2 is the squared correlation without what chance adds, 1 where r^2 is. */
  const double corrected = s > 2 ? fmax(0, (pairs - chance) * (s - 1) / (s - 2)) : pairs;
  out->eigen_effective = fmin(m, fmax(1, m * m / (m + corrected)));
}

int32_t pln_returns_to_blocks(const double *returns, int64_t n, int32_t n_blocks, int32_t compound,
                              double *out) {
  if (n_blocks < 1 || n_blocks > n)
    return pln_fail(PLN_ERR_ARGUMENT, "%d blocks of %lld returns, expected 1 to %lld", n_blocks, (long long)n,
                    (long long)n);
  for (int32_t b = 0; b < n_blocks; b++) {
    const int64_t end = pln_block_start(n, n_blocks, b + 1);
    double sum = compound ? 1 : 0;
    for (int64_t i = pln_block_start(n, n_blocks, b); i < end; i++) {
      if (isnan(returns[i])) continue;
      if (compound)
        sum *= 1 + returns[i];
      else
        sum += returns[i];
    }
    out[b] = compound ? sum - 1 : sum;
  }
  return 0;
}
