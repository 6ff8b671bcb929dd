#include "feature/ind.h"

static const pln_indicator_param params[] = {
    PLN_PARAM("span", "rows; the weight of a new value is 2 / (span + 1)", 20, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_WORD(
        "adjust",
        "yes: weights add to 1 from the first row on; no: the first row has the weight of all before it", 0,
        1, "yes no"),
    PLN_PARAM_WORD("bias", "no: corrected for the size of the sample; yes: not", 0, 1, "no yes"),
};

typedef struct ewma {
  double beta;
  double weight; /* of a new value */
  double rest;   /* of all before */
  double sum;    /* of the weights, and of their squares */
  double squares;
  double mean;
  double variance; /* with bias */
  int64_t adjust;
  int64_t bias;
} ewma;

static int64_t lookback(const double *p) {
  (void)p;
  return 1;
}
static int64_t size(const double *p) {
  (void)p;
  return PLN_IND_SIZE(ewma, 0);
}
static void init(void *state, const double *p) {
  ewma *s = state;
  const double alpha = 2.0 / (p[0] + 1.0);
  s->beta = 1.0 - alpha;
  s->adjust = p[1] < 0.5;
  s->bias = p[2] > 0.5;
  s->weight = s->adjust ? 1.0 : alpha;
}

static inline void step(ewma *s, double *memory, const double *in, double *out) {
  (void)memory;
  const int first = s->sum == 0.0;
  const double fresh = first ? 1.0 : s->weight;
  const double old = first ? 0.0 : s->rest * s->beta;
  const double all = old + fresh, share = fresh / all, gap = in[0] - s->mean;
  /* (old (v + (share gap)^2) + fresh ((1 - share) gap)^2) / all, without what cancels */
  s->variance = (1.0 - share) * (s->variance + share * (gap * gap));
  s->mean += share * gap;
  s->sum = s->sum * s->beta + fresh;
  s->squares = s->squares * (s->beta * s->beta) + fresh * fresh;
  s->rest = all;
  if (!s->adjust) {
    s->sum /= all;
    s->squares /= all * all;
    s->rest = 1.0;
  }
  const double square = s->sum * s->sum, divisor = square - s->squares;
  out[0] = s->bias ? s->variance : divisor > 0.0 ? square / divisor * s->variance : 0.0;
  out[1] = sqrt(out[0]);
}
PLN_IND_STEP(ewma, step)
PLN_IND_BATCH(ewma, 1, 2, step)

const pln_ind_desc pln_ind_ewma_variance = {
    .info = {.name = "ewma_variance",
             .group = "statistics",
             .help = "Exponentially weighted variance",
             .formula = "weighted mean of squared deviations from the weighted mean, weights (1 - a)^age, a "
                        "= 2 / (span + 1), times W^2 / (W^2 - sum of squared weights) unless bias=yes "
                        "(pandas ewm(span).var()); adjust=no: recursive weights, the first row having that "
                        "of all before it; std: its square root. 0 where the values are all the same",
             .inputs = "source",
             .outputs = "variance std",
             .example = "ewma_variance(close, 20)",
             .params = params,
             .n_params = 3,
             .input_kind = PLN_INPUT_SOURCE},
    .n_inputs = 1,
    .n_outputs = 2,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = step_rows,
};
