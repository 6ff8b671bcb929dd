#include "feature/alligator.h"

static const pln_indicator_param params[] = {
    PLN_ALLIGATOR_PARAMS,
};

typedef struct gator {
  pln_alligator lines;
  double before[2];
} gator;

static int64_t lookback(const double *p) { return pln_alligator_lookback(p) + 1; }
static int64_t size(const double *p) { return PLN_IND_SIZE(gator, pln_alligator_doubles(p)); }
static void init(void *state, const double *p) {
  gator *s = state;
  (void)p;
  pln_alligator_init(&s->lines, p);
}

static inline void step(gator *s, double *memory, const double *in, double *out) {
  double line[3];
  pln_alligator_step(&s->lines, memory, in[0], line);
  out[0] = fabs(line[0] - line[1]);
  out[1] = -fabs(line[1] - line[2]);
  out[2] = out[0] - s->before[0];
  out[3] = s->before[1] - out[1];
  s->before[0] = out[0];
  s->before[1] = out[1];
}
PLN_IND_STEP(gator, step)
PLN_IND_BATCH(gator, 1, 4, step)

const pln_ind_desc pln_ind_gator = {
    .info = {.name = "gator",
             .group = "trend",
             .help = "Gator oscillator",
             .formula = "upper = |jaw - teeth|, lower = -|teeth - lips| of the alligator; the changes are "
                        "how much further from 0 each is than in the row before (> 0: expanding) (B. "
                        "Williams; Stock.Indicators, jesse)",
             .inputs = "hl2",
             .outputs = "upper lower upper_change lower_change",
             .example = "gator(hl2).lower",
             .params = params,
             .n_params = 6,
             .input_kind = PLN_INPUT_SOURCE},
    .n_inputs = 1,
    .n_outputs = 4,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = step_rows,
};
