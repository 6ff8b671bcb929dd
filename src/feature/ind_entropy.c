#include "feature/history.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows in the window", 60, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_INT("bins", "number of bins", 10, 2, 1000),
};

enum { MAX_BINS = 1000 };

typedef struct entropy {
  pln_history values;
  int64_t period;
  int64_t bins;
} entropy;

static int64_t lookback(const double *p) { return (int64_t)p[0] - 1; }
static int64_t size(const double *p) { return PLN_IND_SIZE(entropy, pln_history_doubles((int64_t)p[0] - 1)); }
static void init(void *state, const double *p) {
  entropy *s = state;
  s->period = (int64_t)p[0];
  s->bins = (int64_t)p[1];
  pln_history_init(&s->values, s->period - 1);
}

static inline void step(entropy *s, double *memory, const double *in, double *out) {
  const double *x = pln_history_push(&s->values, memory, in, 1);
  double low = x[0], high = x[0], sum = 0.0;
  for (int64_t k = 1; k < s->period; k++) {
    low = x[-k] < low ? x[-k] : low;
    high = x[-k] > high ? x[-k] : high;
  }
  out[0] = out[1] = 0.0;
  const double bins = (double)s->bins, n = (double)s->period, scale = bins / (high - low);
  if (!(high > low) || isinf(scale)) return;
  int32_t counts[MAX_BINS] = {0};
  for (int64_t k = 0; k < s->period; k++) {
    const int64_t bin = (int64_t)((x[-k] - low) * scale + 1e-9);
    counts[bin < s->bins ? bin : s->bins - 1]++;
  }
  for (int64_t b = 0; b < s->bins; b++)
    if (counts[b]) sum += counts[b] * log((double)counts[b]);
  const double result = log(n) - sum / n;
  out[0] = result > 0.0 ? result : 0.0;
  out[1] = out[0] / log(bins);
}
PLN_IND_STEP(entropy, step)
PLN_IND_BATCH(entropy, 1, 2, step)

const pln_ind_desc pln_ind_entropy = {
    .info = {.name = "entropy",
             .group = "statistics",
             .help = "Entropy of the histogram of the last values",
             .formula =
                 "-sum of p ln p, p the shares of the last `period` values in `bins` bins of the same width "
                 "from their least to their largest (Shannon 1948; in nats), and normalized = entropy / ln "
                 "bins, 0 … 1. A value on the edge of two bins (to 1e-9 of their width) belongs to the upper "
                 "one, the largest to the last. 0 where the values are all the same",
             .inputs = "source",
             .outputs = "entropy normalized",
             .example = "entropy(returns(1), 60, 10)",
             .params = params,
             .n_params = 2,
             .input_kind = PLN_INPUT_SOURCE},
    .n_inputs = 1,
    .n_outputs = 2,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = step_rows,
};
