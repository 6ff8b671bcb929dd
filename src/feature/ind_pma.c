#include "feature/ma.h"

typedef struct pma {
  pln_window one;
  pln_window two;
  double predict[3];
} pma;

static int64_t lookback(const double *p) {
  (void)p;
  return 15;
}
static int64_t size(const double *p) {
  (void)p;
  return PLN_IND_SIZE(pma, 2 * pln_window_doubles(7, 2));
}
static void init(void *state, const double *p) {
  pma *s = state;
  (void)p;
  pln_window_init(&s->one, 7);
  pln_window_init(&s->two, 7);
}

static inline void step(pma *s, double *memory, const double *in, double *out) {
  double *second = memory + pln_window_doubles(7, 2);
  const double one = pln_weighted_step(&s->one, memory, in[0]), two = pln_weighted_step(&s->two, second, one);
  const double predict = one + (one - two);
  out[0] = predict;
  out[1] = predict + 0.1 * (3.0 * (s->predict[0] - predict) +
                            (2.0 * (s->predict[1] - predict) + (s->predict[2] - predict)));
  s->predict[2] = s->predict[1];
  s->predict[1] = s->predict[0];
  s->predict[0] = predict;
}
PLN_IND_STEP(pma, step)
PLN_IND_BATCH(pma, 1, 2, step)

const pln_ind_desc pln_ind_pma = {
    .info = {.name = "pma",
             .group = "trend",
             .help = "Predictive moving average",
             .formula = "w = wma(x, 7); predict = 2 w - wma(w, 7); trigger = (4 predict + 3 predict[1] + "
                        "2 predict[2] + predict[3]) / 10 (J. Ehlers, Rocket Science for Traders, 2001)",
             .inputs = "hl2",
             .outputs = "predict trigger",
             .example = "pma(hl2)",
             .input_kind = PLN_INPUT_SOURCE},
    .n_inputs = 1,
    .n_outputs = 2,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = step_rows,
};
