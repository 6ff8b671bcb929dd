#include "feature/filter.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows of the cycle", 20, 2, PLN_IND_MAX_PERIOD),
};

#include "feature/window.h"

typedef struct trendflex {
  pln_filter smooth;
  pln_window mean; /* of the smoothed rows */
  double before;   /* mean of the rows before this one */
  double power;
  double n;
  int64_t rows;
} trendflex;

static int64_t lookback(const double *p) { return (int64_t)p[0]; }
static int64_t size(const double *p) { return PLN_IND_SIZE(trendflex, pln_window_doubles((int64_t)p[0], 1)); }
static void init(void *state, const double *p) {
  trendflex *s = state;
  s->n = p[0];
  pln_filter_supersmoother(&s->smooth, p[0] / 2.0);
  pln_window_init(&s->mean, (int64_t)p[0]);
}

static inline void step(trendflex *s, double *memory, const double *in, double *out) {
  const double y = pln_filter_step(&s->smooth, in[0]);
  const double before = s->before;
  pln_window_step(&s->mean, memory, 1, 0, pln_merge_mean, &y, &s->before);
  out[0] = out[1] = 0.0;
  if (s->rows++ < (int64_t)s->n) return;
  const double sum = y - before;
  s->power = 0.04 * sum * sum + 0.96 * s->power;
  if (s->power <= 0.0) return;
  out[0] = sum / sqrt(s->power);
  out[1] = 1.0;
}
PLN_IND_STEP(trendflex, step)
PLN_IND_BATCH(trendflex, 1, 1, step)

const pln_ind_desc pln_ind_trendflex = {
    .info = {.name = "trendflex",
             .group = "cycle",
             .help = "Trendflex",
             .formula = "s: supersmoother(x, period / 2) less its mean over the `period` rows before, "
                        "over the root of its mean square (0.04 s^2 + 0.96 of the row before); the mean "
                        "is 0 where nothing moves, and so is the output (J. Ehlers, Stocks and "
                        "Commodities 38:2, 2020). It begins in its steady state, as if the first value "
                        "had been there for ever.",
             .inputs = "source",
             .outputs = "trendflex",
             .example = "trendflex(close, 20)",
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
