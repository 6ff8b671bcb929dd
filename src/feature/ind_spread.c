#include "feature/ind.h"

static const pln_indicator_param params[] = {
    PLN_PARAM("beta", "units of b against one of a", 1, -1e9, 1e9),
    PLN_PARAM_WORD("of", "prices, or their logarithms", 0, 1, "prices logs"),
};

typedef struct spread {
  double beta;
  int64_t logs;
} spread;

static int64_t size(const double *p) {
  (void)p;
  return PLN_IND_SIZE(spread, 0);
}
static void init(void *state, const double *p) {
  const spread s = {p[0], p[1] != 0.0};
  *(spread *)state = s;
}

static inline void step(spread *s, double *memory, const double *in, double *out) {
  (void)memory;
  const int defined = !s->logs || (in[0] > 0.0 && in[1] > 0.0);
  out[0] = 0.0;
  if (defined) out[0] = s->logs ? log(in[0]) - s->beta * log(in[1]) : in[0] - s->beta * in[1];
  out[1] = defined;
}
PLN_IND_STEP(spread, step)
PLN_IND_BATCH(spread, 2, 1, step)

const pln_ind_desc pln_ind_spread = {
    .info = {.name = "spread",
             .group = "cross",
             .help = "Spread of two series at a given hedge ratio",
             .formula =
                 "a - beta b, or with of=logs ln a - beta ln b, 0 where a or b is not positive. A series of "
                 "another symbol has a scope, as in spread(close, QQQ_1m.close, 1.5): each row then has its "
                 "last value that is visible",
             .inputs = "a b",
             .outputs = "spread",
             .example = "spread(close, open, 1.5)",
             .params = params,
             .n_params = 2,
             .input_kind = PLN_INPUT_SERIES,
             .has_valid = 1},
    .n_inputs = 2,
    .n_outputs = 1,
    .is_stateless = 1,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = step_rows,
};
