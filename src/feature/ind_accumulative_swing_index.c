#include "feature/swing_index.h"

static const pln_indicator_param params[] = {PLN_SWING_INDEX_PARAM};

typedef struct accumulative {
  pln_swing_index swing;
  double sum;
  double rest; /* what `sum` lacks (Neumaier, 1974) */
} accumulative;

static int64_t lookback(const double *p) {
  (void)p;
  return 1;
}
static int64_t size(const double *p) {
  (void)p;
  return PLN_IND_SIZE(accumulative, 0);
}
static void init(void *state, const double *p) { ((accumulative *)state)->swing.limit = p[0]; }

static inline void step(accumulative *s, double *memory, const double *in, double *out) {
  (void)memory;
  double defined;
  const double x = pln_swing_index_step(&s->swing, in, &defined), sum = s->sum + x;
  s->rest += fabs(s->sum) >= fabs(x) ? (s->sum - sum) + x : (x - sum) + s->sum;
  s->sum = sum;
  out[0] = s->sum + s->rest;
}
PLN_IND_STEP(accumulative, step)
PLN_IND_BATCH(accumulative, 4, 1, step)

const pln_ind_desc pln_ind_accumulative_swing_index = {
    .info = {.name = "accumulative_swing_index",
             .aliases = "asi",
             .group = "trend",
             .help = "Wilder's accumulative swing index",
             .formula = "sum of swing_index(limit_move) from the second row on (Wilder, 1978; Lean "
                        "WilderAccumulativeSwingIndex)",
             .inputs = "open high low close",
             .outputs = "accumulative_swing_index",
             .example = "accumulative_swing_index(3)",
             .params = params,
             .n_params = 1,
             .input_kind = PLN_INPUT_COLUMNS},
    .n_inputs = 4,
    .n_outputs = 1,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = step_rows,
};
