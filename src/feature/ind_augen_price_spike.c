#include "feature/vmath.h"
#include "feature/window.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "returns in the deviation", 20, 2, PLN_IND_MAX_PERIOD),
};

typedef struct augen_price_spike {
  pln_window returns;
  double previous;
  double change; /* logarithm of the return of the row before */
  double rows;   /* in the deviation */
  int64_t seen;
} augen_price_spike;

static int64_t lookback(const double *p) { return (int64_t)p[0] + 1; }
static int64_t size(const double *p) {
  return PLN_IND_SIZE(augen_price_spike, pln_window_doubles((int64_t)p[0], 2));
}
static void init(void *state, const double *p) {
  augen_price_spike *s = state;
  s->rows = p[0];
  pln_window_init(&s->returns, (int64_t)p[0]);
}

static inline void step(augen_price_spike *s, double *memory, const double *in, double *out) {
  const double leaf[2] = {s->change, 0.0};
  double moments[2] = {0.0, 0.0};
  if (s->seen >= 2) pln_window_step(&s->returns, memory, 2, 0, pln_merge_moments, leaf, moments);
  s->seen++;
  const double unit = sqrt(moments[1] / s->rows) * s->previous;
  out[0] = unit == 0.0 ? 0.0 : (in[0] - s->previous) / unit;
  out[1] = unit != 0.0;
  s->change = in[0] > 0.0 && s->previous > 0.0 ? pln_log(in[0] / s->previous) : 0.0;
  s->previous = in[0];
}
PLN_IND_STEP(augen_price_spike, step)
PLN_IND_BATCH(augen_price_spike, 1, 1, step)

const pln_ind_desc pln_ind_augen_price_spike = {
    .info = {.name = "augen_price_spike",
             .aliases = "aps",
             .group = "momentum",
             .help = "Price spike: a change in standard deviations (Augen)",
             .formula = "(x[i] - x[i-1]) / (x[i-1] s), s the population standard deviation of the `period` "
                        "logarithmic returns that end with the row before (Augen; Lean); 0 where that is 0",
             .inputs = "source",
             .outputs = "augen_price_spike",
             .example = "augen_price_spike(close, 20)",
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
