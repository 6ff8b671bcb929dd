#include "feature/ind.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "of the averages", 14, 1, PLN_IND_MAX_PERIOD),
};

enum { STAGES = 3 };

/* Three stages for the changes and three for their sizes, each of two exponential averages. */
typedef struct rsx {
  double change[STAGES][2];
  double size[STAGES][2];
  double weight;
  double previous;
  int32_t started;
  int32_t reserved;
} rsx;

static int64_t lookback(const double *p) { return (int64_t)p[0]; }
static int64_t size(const double *p) {
  (void)p;
  return PLN_IND_SIZE(rsx, 0);
}
static void init(void *state, const double *p) { ((rsx *)state)->weight = 3.0 / (p[0] + 2.0); }

PLN_INLINE double smooth(double stage[STAGES][2], double weight, double x) {
  for (int32_t k = 0; k < STAGES; k++) {
    stage[k][0] += weight * (x - stage[k][0]);
    stage[k][1] += weight * (stage[k][0] - stage[k][1]);
    x = 1.5 * stage[k][0] - 0.5 * stage[k][1];
  }
  return x;
}

static inline void step(rsx *s, double *memory, const double *in, double *out) {
  (void)memory;
  const double change = s->started ? in[0] - s->previous : 0.0;
  s->previous = in[0];
  s->started = 1;
  const double gain = smooth(s->change, s->weight, change), all = smooth(s->size, s->weight, fabs(change));
  const double part = all > 0.0 ? gain / all : 0.0;
  out[0] = 50.0 * ((part > 1.0 ? 1.0 : part < -1.0 ? -1.0 : part) + 1.0);
  out[1] = all > 0.0;
}
PLN_IND_STEP(rsx, step)
PLN_IND_BATCH(rsx, 1, 1, step)

const pln_ind_desc pln_ind_rsx = {
    .info = {.name = "rsx",
             .group = "momentum",
             .help = "Relative strength quality index: a smooth, quick rsi (Jurik)",
             .formula = "50 (f(change) / f(|change|) + 1), limited to 0 … 100; f is three stages, each 1.5 "
                        "e1 - 0.5 e2 with e1 an average by 3 / (period + 2) of its input and e2 that of e1, "
                        "all from 0 on (as published for the RSX); 50 where f(|change|) <= 0",
             .inputs = "source",
             .outputs = "rsx",
             .example = "rsx(close, 14)",
             .params = params,
             .n_params = 1,
             .input_kind = PLN_INPUT_SOURCE,
             .has_valid = 1},
    .n_inputs = 1,
    .n_outputs = 1,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = step_rows,
};
