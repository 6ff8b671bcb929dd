#include "feature/alligator.h"

static const pln_indicator_param params[] = {
    PLN_ALLIGATOR_PARAMS,
};

typedef struct alligator {
  pln_alligator lines;
} alligator;

static int64_t lookback(const double *p) { return pln_alligator_lookback(p); }
static int64_t size(const double *p) { return PLN_IND_SIZE(alligator, pln_alligator_doubles(p)); }
static void init(void *state, const double *p) {
  alligator *s = state;
  (void)p;
  pln_alligator_init(&s->lines, p);
}

static inline void step(alligator *s, double *memory, const double *in, double *out) {
  pln_alligator_step(&s->lines, memory, in[0], out);
}
PLN_IND_STEP(alligator, step)
PLN_IND_BATCH(alligator, 1, 3, step)

const pln_ind_desc pln_ind_alligator = {
    .info = {.name = "alligator",
             .group = "trend",
             .help = "Williams alligator",
             .formula = "jaw, teeth and lips: averages smoothed by 1 / rows (smma), moved on by their "
                        "offsets: what a line shows in a row was computed offset rows before (B. "
                        "Williams, 1995; Stock.Indicators)",
             .inputs = "hl2",
             .outputs = "jaw teeth lips",
             .example = "alligator(hl2).lips",
             .params = params,
             .n_params = 6,
             .input_kind = PLN_INPUT_SOURCE},
    .n_inputs = 1,
    .n_outputs = 3,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = step_rows,
};
