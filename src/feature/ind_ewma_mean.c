#include "feature/ind.h"

static const pln_indicator_param params[] = {
    PLN_PARAM("span", "rows; the weight of a new value is 2 / (span + 1)", 20, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_WORD(
        "adjust",
        "yes: weights add to 1 from the first row on; no: the first row has the weight of all before it", 0,
        1, "yes no"),
};

typedef struct ewma {
  double beta;
  double weight; /* of a new value: 1, or a where not adjusted */
  double rest;   /* of all before; without adjust always 1 */
  double mean;
  int64_t adjust;
} ewma;

static int64_t lookback(const double *p) {
  (void)p;
  return 0;
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
  s->weight = s->adjust ? 1.0 : alpha;
}

static inline void step(ewma *s, double *memory, const double *in, double *out) {
  (void)memory;
  const double old = s->rest * s->beta, all = old + s->weight;
  s->mean += (in[0] - s->mean) * (s->weight / all);
  s->rest = s->adjust ? all : 1.0;
  out[0] = s->mean;
}
PLN_IND_STEP(ewma, step)
PLN_IND_BATCH(ewma, 1, 1, step)

const pln_ind_desc pln_ind_ewma_mean = {
    .info = {.name = "ewma_mean",
             .group = "statistics",
             .help = "Exponentially weighted mean",
             .formula = "mean of all values so far with weights (1 - a)^age, a = 2 / (span + 1) (pandas "
                        "ewm(span).mean()); adjust=no: e += a (x - e) from e = the first value (pandas "
                        "adjust=False; ema with seed=first)",
             .inputs = "source",
             .outputs = "ewma_mean",
             .example = "ewma_mean(close, 20)",
             .params = params,
             .n_params = 2,
             .input_kind = PLN_INPUT_SOURCE},
    .n_inputs = 1,
    .n_outputs = 1,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = step_rows,
};
