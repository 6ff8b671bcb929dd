#include "feature/smooth.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("first", "period of the first average", 14, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_INT("second", "of the second", 10, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_INT("third", "of the third", 5, 1, PLN_IND_MAX_PERIOD),
};

enum { STAGES = 3 };

typedef struct dti {
  pln_smooth change[STAGES];
  pln_smooth size[STAGES];
  double high;
  double low;
  int32_t started;
  int32_t reserved;
} dti;

static int64_t lookback(const double *p) { return (int64_t)(p[0] + p[1] + p[2]) - 2; }
static int64_t size(const double *p) {
  (void)p;
  return PLN_IND_SIZE(dti, 0);
}
static void init(void *state, const double *p) {
  dti *s = state;
  int64_t skip = 0;
  for (int32_t k = 0; k < STAGES; k++) {
    pln_smooth_init(&s->change[k], 2.0 / (p[k] + 1.0), (int64_t)p[k], skip);
    pln_smooth_init(&s->size[k], 2.0 / (p[k] + 1.0), (int64_t)p[k], skip);
    skip += (int64_t)p[k] - 1;
  }
}

static inline void step(dti *s, double *memory, const double *in, double *out) {
  (void)memory;
  const double up = in[0] - s->high, down = s->low - in[1];
  s->high = in[0];
  s->low = in[1];
  out[0] = out[1] = 0.0;
  if (!s->started) {
    s->started = 1;
    return;
  }
  double change = (up > 0.0 ? up : 0.0) - (down > 0.0 ? down : 0.0), size = fabs(change);
  for (int32_t k = 0; k < STAGES; k++) {
    change = pln_smooth_step(&s->change[k], change);
    size = pln_smooth_step(&s->size[k], size);
  }
  out[0] = size == 0.0 ? 0.0 : 100.0 * (change / size);
  out[1] = size != 0.0;
}
PLN_IND_STEP(dti, step)
PLN_IND_BATCH(dti, 2, 1, step)

const pln_ind_desc pln_ind_dti = {
    .info = {.name = "dti",
             .group = "momentum",
             .help = "Directional trend index (Blau)",
             .formula = "100 e(m) / e(|m|), m = max(high - previous high, 0) - max(previous low - low, 0), e "
                        "= ema(ema(ema(…, first), second), third), each seeded with the mean of its first "
                        "values; 0 where no extreme has moved",
             .inputs = "high low",
             .outputs = "dti",
             .example = "dti(14, 10, 5)",
             .params = params,
             .n_params = 3,
             .input_kind = PLN_INPUT_COLUMNS,
             .has_valid = 1},
    .n_inputs = 2,
    .n_outputs = 1,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = step_rows,
};
