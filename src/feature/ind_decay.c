#include "feature/ind.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows in which 1 becomes 0", 5, 1, PLN_IND_MAX_PERIOD),
};

typedef struct decay {
  double value;
  double rate;
  int64_t begun;
} decay;

static int64_t size(const double *p) {
  (void)p;
  return PLN_IND_SIZE(decay, 0);
}
static void init(void *state, const double *p) { ((decay *)state)->rate = 1.0 / p[0]; }

static inline void step(decay *s, double *memory, const double *in, double *out) {
  (void)memory;
  const double fallen = s->value - s->rate;
  s->value = s->begun && fallen > in[0] ? fallen : in[0];
  s->begun = 1;
  out[0] = s->value;
}
PLN_IND_STEP(decay, step)
PLN_IND_BATCH(decay, 1, 1, step)

const pln_ind_desc pln_ind_decay = {
    .info = {.name = "decay",
             .group = "math",
             .help = "Linear decay",
             .formula = "the larger of x and what the row before had less 1 / period (Tulip DECAY)",
             .inputs = "source",
             .outputs = "decay",
             .example = "decay(volume, 5)",
             .params = params,
             .n_params = 1,
             .input_kind = PLN_INPUT_SOURCE},
    .n_inputs = 1,
    .n_outputs = 1,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = step_rows,
};
