/* Confidence intervals by the stationary bootstrap (Politis, Romano, "The Stationary Bootstrap", JASA 89
 * (1994)): resamples of blocks whose lengths are geometric, so that what depends on the day before keeps
 * doing so. */
#include "portfolio/returns_state.h"

#include "core/error.h"
#include "core/random.h"

#include <stdlib.h>

double pln_returns_mean_block(int64_t n) { return n > 1 ? cbrt((double)n) : 1; }

typedef struct bootstrap {
  int64_t samples;
  double mean_block;
  double confidence;
  pln_random random;
  pln_returns *part;
  int64_t *index;
  double *values; /* samples of one statistic after those of another */
} bootstrap;

static void draw(bootstrap *b, int64_t n) {
  int64_t at = 0;
  for (int64_t i = 0; i < n; i++) {
    if (i == 0 || pln_random_uniform(&b->random) * b->mean_block < 1)
      at = (int64_t)(pln_random_uniform(&b->random) * (double)n);
    else if (++at == n)
      at = 0;
    b->index[i] = at;
  }
}

static int compare_doubles(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static void summarise(const bootstrap *b, double *values, pln_bootstrap_row *row) {
  int64_t n = 0;
  for (int64_t i = 0; i < b->samples; i++)
    if (isfinite(values[i])) values[n++] = values[i];
  row->defined = n;
  row->low = row->high = row->standard_error = NAN;
  if (n < 2 || (double)n < 0.9 * (double)b->samples) return;
  qsort(values, (size_t)n, sizeof *values, compare_doubles);
  const double tail = (1 - b->confidence) / 2;
  row->low = pln_quantile_of_sorted(values, n, tail);
  row->high = pln_quantile_of_sorted(values, n, 1 - tail);
  const pln_sample sample = pln_sample_of(values, n);
  row->standard_error = pln_sample_deviation(&sample);
}

static int32_t settle(bootstrap *b, const pln_returns *r, const pln_bootstrap_options *o) {
  static const pln_bootstrap_options defaults;
  if (!o) o = &defaults;
  b->samples = o->samples ? o->samples : 1000;
  b->mean_block = o->mean_block != 0 ? o->mean_block : pln_returns_mean_block(r->n);
  b->confidence = o->confidence != 0 ? o->confidence : 0.95;
  if (b->samples < 2 || b->samples > 10000000)
    return pln_fail(PLN_ERR_ARGUMENT, "bootstrap: samples is %lld, expected 2 to 10,000,000",
                    (long long)b->samples);
  if (!(b->mean_block >= 1) || isinf(b->mean_block))
    return pln_fail(PLN_ERR_ARGUMENT, "bootstrap: the mean block is %g returns, expected 1 or more",
                    b->mean_block);
  if (!(b->confidence > 0 && b->confidence < 1))
    return pln_fail(PLN_ERR_ARGUMENT, "bootstrap: confidence is %g, expected a share between 0 and 1",
                    b->confidence);
  pln_random_seed(&b->random, o->seed, 0);
  return 0;
}

int32_t pln_returns_bootstrap(const pln_returns *r, const int32_t *statistics, int32_t n_statistics,
                              const pln_bootstrap_options *options, pln_bootstrap_row *out) {
  bootstrap b = {0};
  int32_t status = settle(&b, r, options);
  if (status < 0) return status;
  b.part = pln_returns_like(r, 0);
  b.index = malloc((size_t)(r->n + 1) * sizeof *b.index);
  b.values = malloc((size_t)b.samples * (size_t)(n_statistics + 1) * sizeof *b.values);
  if (!b.part || !b.index || !b.values)
    status = pln_fail(PLN_ERR_MEMORY, "no memory for %lld bootstrap samples", (long long)b.samples);
  for (int64_t i = 0; status == 0 && i < r->n; i++) b.index[i] = i;
  for (int64_t s = -1; status == 0 && s < b.samples; s++) { /* -1: the series itself */
    if (s >= 0) draw(&b, r->n);
    pln_returns_take(b.part, r, b.index, r->n);
    for (int32_t k = 0; k < n_statistics; k++) {
      const double value = pln_returns_value(b.part, statistics[k], NULL);
      if (s < 0)
        out[k] = (pln_bootstrap_row){.value = value};
      else
        b.values[k * b.samples + s] = value;
    }
  }
  for (int32_t k = 0; status == 0 && k < n_statistics; k++) summarise(&b, b.values + k * b.samples, &out[k]);
  free(b.values);
  free(b.index);
  pln_returns_free(b.part);
  return status;
}
