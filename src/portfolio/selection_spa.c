/* White's reality check ("A Reality Check for Data Snooping", Econometrica 68 (2000)) and Hansen's test ("A
 * Test for Superior Predictive Ability", JBES 23 (2005)), with the stationary bootstrap (Politis, Romano,
 * JASA 89 (1994)).
 *
 * All combos are resampled alike, so that the resamples are drawn once, as lists of blocks; a combo's
 * resampled mean is then a sum of differences of its running sums, and of what came before only the largest
 * is kept for each resample. Eight combos go side by side, each with its own arithmetic. */
#include "portfolio/selection.h"

#include "abi/returns.h"
#include "core/random.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { LANES = 8, CENTRES = 3 }; /* lower, consistent, upper */

typedef double lanes __attribute__((vector_size(LANES * sizeof(double)), aligned(8), may_alias));

typedef struct span {
  int32_t from;  /* running sum before its first row */
  int32_t until; /* and after its last; beyond n_rows where it wraps around */
} span;

struct pln_spa {
  int64_t n_rows;
  int64_t samples;
  double mean_block;
  double *benchmark; /* or NULL */
  span *spans;       /* of all resamples */
  int64_t *ends;     /* of each resample in spans */
  int64_t n_combos;
  int64_t n_skipped;
  int32_t n_waiting;     /* combos in `rows` that are not looked at yet */
  double *rows;          /* [n_rows][LANES]: returns above the benchmark */
  double *sums;          /* [2 n_rows + 1][LANES] */
  double *weights;       /* [n_rows]: of the autocovariances */
  double *most[CENTRES]; /* [samples]: largest studentised mean so far */
  double *most_mean;     /* [samples]: largest mean so far */
  double statistic;      /* of the best, -inf before the first */
  double mean;
  int64_t best;
  int64_t best_mean;
};

static int32_t draw(pln_spa *s, uint64_t seed) {
  const int32_t n = (int32_t)s->n_rows;
  int64_t capacity = (int64_t)((double)s->samples * ((double)n / s->mean_block + 2)) + 64, used = 0;
  s->spans = malloc((size_t)capacity * sizeof *s->spans);
  pln_random random;
  pln_random_seed(&random, seed, 0);
  for (int64_t b = 0; s->spans && b < s->samples; b++) {
    int32_t left = n;
    while (left > 0) {
      int32_t length = 1;
      const int32_t from = (int32_t)(pln_random_uniform(&random) * (double)n);
      while (length < left && !(pln_random_uniform(&random) * s->mean_block < 1)) length++;
      if (used == capacity) {
        capacity *= 2;
        span *more = realloc(s->spans, (size_t)capacity * sizeof *more);
        if (!more) return pln_fail(PLN_ERR_MEMORY, "no memory for %lld resamples", (long long)s->samples);
        s->spans = more;
      }
      s->spans[used++] = (span){from, from + length};
      left -= length;
    }
    s->ends[b] = used;
  }
  return s->spans ? 0 : pln_fail(PLN_ERR_MEMORY, "no memory for %lld resamples", (long long)s->samples);
}

/* Weights of the autocovariances that make the variance of the mean what the bootstrap makes of it. */
static void weigh(pln_spa *s) {
  const double n = (double)s->n_rows, stay = 1 - 1 / s->mean_block;
  for (int64_t i = 0; i < s->n_rows; i++) {
    const double lag = (double)i;
    const double weight = (1 - lag / n) * pow(stay, lag) + lag / n * pow(stay, n - lag);
    s->weights[i] = weight < 1e-15 ? 0 : weight;
  }
}

static int32_t settle(pln_spa *s, const pln_spa_options *o) {
  s->n_rows = o->n_rows;
  s->samples = o->samples ? o->samples : 1000;
  s->mean_block = o->mean_block != 0 ? o->mean_block : pln_returns_mean_block(o->n_rows);
  if (o->n_rows < 16 || o->n_rows > 100000000)
    return pln_fail(PLN_ERR_ARGUMENT, "%lld returns a combo, expected 16 to 100,000,000",
                    (long long)o->n_rows);
  if (s->samples < 10 || s->samples > 1000000)
    return pln_fail(PLN_ERR_ARGUMENT, "%lld resamples, expected 10 to 1,000,000", (long long)s->samples);
  if (!(s->mean_block >= 1) || isinf(s->mean_block))
    return pln_fail(PLN_ERR_ARGUMENT, "the mean block is %g returns, expected 1 or more", s->mean_block);
  return 0;
}

pln_spa *pln_spa_new(const pln_spa_options *options, const double *benchmark) {
  pln_spa *s = calloc(1, sizeof *s);
  if (!s) {
    pln_fail(PLN_ERR_MEMORY, "no memory for a test of superior ability");
    return NULL;
  }
  int32_t status = settle(s, options);
  if (status == 0 && benchmark) status = pln_selection_check(benchmark, s->n_rows, -1);
  if (status == 0) {
    const size_t n = (size_t)s->n_rows, samples = (size_t)s->samples;
    int ok = 1;
    for (int g = 0; g < CENTRES; g++) ok = (s->most[g] = malloc(samples * sizeof(double))) && ok;
    ok = (s->most_mean = malloc(samples * sizeof(double))) && ok;
    ok = (s->ends = malloc(samples * sizeof *s->ends)) && ok;
    ok = (s->rows = malloc(n * LANES * sizeof(double))) && ok;
    ok = (s->sums = malloc((2 * n + 1) * LANES * sizeof(double))) && ok;
    ok = (s->weights = malloc(n * sizeof(double))) && ok;
    if (benchmark) ok = (s->benchmark = malloc(n * sizeof(double))) && ok;
    status = ok ? draw(s, options->seed)
                : pln_fail(PLN_ERR_MEMORY, "no memory for %lld resamples", (long long)s->samples);
  }
  if (status < 0) {
    pln_spa_free(s);
    return NULL;
  }
  weigh(s);
  for (int64_t i = 0; benchmark && i < s->n_rows; i++)
    s->benchmark[i] = isnan(benchmark[i]) ? 0 : benchmark[i];
  for (int64_t b = 0; b < s->samples; b++) {
    for (int g = 0; g < CENTRES; g++) s->most[g][b] = 0; /* the statistic is not below it */
    s->most_mean[b] = -INFINITY;
  }
  s->statistic = s->mean = -INFINITY;
  s->best = s->best_mean = -1;
  return s;
}

void pln_spa_free(pln_spa *s) {
  if (!s) return;
  for (int g = 0; g < CENTRES; g++) free(s->most[g]);
  free(s->most_mean);
  free(s->ends);
  free(s->spans);
  free(s->rows);
  free(s->sums);
  free(s->weights);
  free(s->benchmark);
  free(s);
}

#define AT(VALUES, ROW) (*(lanes *)(void *)((VALUES) + (ROW)*LANES))

/* Variances of sqrt(n) times the mean of the rows, which are of mean 0. */
static void variances(const pln_spa *s, double *out) {
  const int64_t n = s->n_rows;
  lanes total = {0};
  for (int64_t lag = 0; lag < n; lag++) {
    if (s->weights[lag] == 0) continue;
    lanes sum = {0};
    for (int64_t i = 0; i + lag < n; i++) sum += AT(s->rows, i) * AT(s->rows, i + lag);
    total += (lag == 0 ? 1 : 2) * s->weights[lag] * sum;
  }
  AT(out, 0) = total / (double)n;
}

/* The combos that wait: rows of those that are not there are 0. */
static void look(pln_spa *s) {
  const int64_t n = s->n_rows;
  const double root = sqrt((double)n);
  for (int32_t l = s->n_waiting; l < LANES; l++)
    for (int64_t i = 0; i < n; i++) s->rows[i * LANES + l] = 0;
  lanes sum = {0};
  for (int64_t i = 0; i < n; i++) sum += AT(s->rows, i);
  const lanes mean = sum / (double)n;
  double most[LANES] = {0}, variance[LANES];
  for (int64_t i = 0; i < n; i++) {
    for (int32_t l = 0; l < LANES; l++) most[l] = fmax(most[l], fabs(s->rows[i * LANES + l]));
    AT(s->rows, i) -= mean;
  }
  /* Running sums of what is left of the mean: the resampled mean less the combo's own. */
  lanes running = {0};
  AT(s->sums, 0) = running;
  for (int64_t i = 0; i < 2 * n; i++) {
    running += AT(s->rows, i < n ? i : i - n);
    AT(s->sums, i + 1) = running;
  }
  variances(s, variance);
  double inverse[LANES], centre[CENTRES][LANES];
  const int64_t first = s->n_combos - s->n_waiting;
  for (int32_t l = 0; l < LANES; l++) {
    const double deviation = variance[l] > 0 ? sqrt(variance[l]) : 0;
    const int is_there = l<s->n_waiting, varies = deviation> most[l] * 1e-14;
    inverse[l] = is_there && varies ? root / deviation : 0;
    /* What is added to the resampled mean less the combo's own: the mean where the combo counts as worse. */
    const double bound = -deviation / root * sqrt(2 * log(log((double)n)));
    centre[0][l] = mean[l] < 0 ? mean[l] : 0;
    centre[1][l] = mean[l] < bound ? mean[l] : 0;
    centre[2][l] = 0;
    if (!is_there) continue;
    s->n_skipped += !varies;
    if (mean[l] > s->mean) {
      s->mean = mean[l];
      s->best_mean = first + l;
    }
    if (varies && mean[l] * inverse[l] > s->statistic) {
      s->statistic = mean[l] * inverse[l];
      s->best = first + l;
    }
  }
  const lanes scale = AT(inverse, 0), lower = AT(centre[0], 0), consistent = AT(centre[1], 0);
  for (int64_t b = 0, next = 0; b < s->samples; b++) {
    lanes total = {0};
    for (; next < s->ends[b]; next++)
      total += AT(s->sums, s->spans[next].until) - AT(s->sums, s->spans[next].from);
    const lanes off = total / (double)n;
    const lanes of[CENTRES] = {(off + lower) * scale, (off + consistent) * scale, off * scale};
    for (int g = 0; g < CENTRES; g++)
      for (int32_t l = 0; l < s->n_waiting; l++)
        if (of[g][l] > s->most[g][b]) s->most[g][b] = of[g][l];
    for (int32_t l = 0; l < s->n_waiting; l++)
      if (off[l] > s->most_mean[b]) s->most_mean[b] = off[l];
  }
  s->n_waiting = 0;
}

int32_t pln_spa_add(pln_spa *s, const double *returns) {
  const int32_t status = pln_selection_check(returns, s->n_rows, s->n_combos);
  if (status < 0) return status;
  double *column = s->rows + s->n_waiting;
  for (int64_t i = 0; i < s->n_rows; i++)
    column[i * LANES] = (isnan(returns[i]) ? 0 : returns[i]) - (s->benchmark ? s->benchmark[i] : 0);
  s->n_combos++;
  if (++s->n_waiting == LANES) look(s);
  return 0;
}

/* Share of the resamples that reach a statistic. */
static double share(const double *values, int64_t n, double statistic) {
  int64_t reach = 0;
  for (int64_t b = 0; b < n; b++) reach += values[b] >= statistic;
  return (double)reach / (double)n;
}

int32_t pln_spa_result_get(pln_spa *s, pln_spa_result *out) {
  if (s->n_combos == 0) return pln_fail(PLN_ERR_STATE, "a test of superior ability without combos");
  if (s->n_waiting > 0) look(s);
  const double statistic = s->statistic > 0 ? s->statistic : 0;
  *out = (pln_spa_result){
      .n_combos = s->n_combos,
      .n_skipped = s->n_skipped,
      .best = s->best,
      .best_mean = s->best_mean,
      .statistic = statistic,
      .p_lower = share(s->most[0], s->samples, statistic),
      .p_consistent = share(s->most[1], s->samples, statistic),
      .p_upper = share(s->most[2], s->samples, statistic),
      .reality_check = s->mean * sqrt((double)s->n_rows),
      .p_reality_check = share(s->most_mean, s->samples, s->mean),
      .mean_block = s->mean_block,
      .samples = s->samples,
  };
  return 0;
}
