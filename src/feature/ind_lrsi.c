#include "feature/ind.h"

static const pln_indicator_param params[] = {
    PLN_PARAM("alpha", "weight of a new value; 1 - gamma", 0.2, 0.001, 1),
};

enum { STAGES = 4 };

typedef struct lrsi {
  double l[STAGES];
  double gamma;
  int32_t started;
  int32_t reserved;
} lrsi;

static int64_t lookback(const double *p) {
  (void)p;
  return STAGES - 1;
}
static int64_t size(const double *p) {
  (void)p;
  return PLN_IND_SIZE(lrsi, 0);
}
static void init(void *state, const double *p) { ((lrsi *)state)->gamma = 1.0 - p[0]; }

static inline void step(lrsi *s, double *memory, const double *in, double *out) {
  (void)memory;
  if (!s->started)
    for (int32_t k = 0; k < STAGES; k++) s->l[k] = in[0];
  s->started = 1;
  double before = s->l[0], up = 0.0, down = 0.0;
  s->l[0] = in[0] + s->gamma * (before - in[0]);
  for (int32_t k = 1; k < STAGES; k++) {
    const double old = s->l[k];
    s->l[k] = before + s->gamma * (old - s->l[k - 1]);
    before = old;
    const double gap = s->l[k - 1] - s->l[k];
    if (gap > 0.0)
      up += gap;
    else
      down -= gap;
  }
  const double sum = up + down;
  out[0] = sum == 0.0 ? 0.0 : up / sum;
  out[1] = sum != 0.0;
}
PLN_IND_STEP(lrsi, step)
PLN_IND_BATCH(lrsi, 1, 1, step)

const pln_ind_desc pln_ind_lrsi = {
    .info = {.name = "lrsi",
             .aliases = "laguerre_rsi",
             .group = "momentum",
             .help = "Laguerre relative strength index (Ehlers), from 0 to 1",
             .formula =
                 "U / (U + D), U and D the sums of the positive and of the negative differences between "
                 "neighbours of l0 … l3, the outputs of a Laguerre filter with gamma = 1 - alpha: l0 = alpha "
                 "x + gamma l0[i-1], lk = lk-1[i-1] + gamma (lk[i-1] - lk-1); all begin with the first value "
                 "(Ehlers, Cybernetic Analysis, ch. 14); 0 where nothing differs",
             .inputs = "hl2",
             .outputs = "lrsi",
             .example = "lrsi(hl2, 0.2)",
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
