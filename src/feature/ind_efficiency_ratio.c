#include "feature/lag.h"
#include "feature/window.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows of the path", 10, 1, PLN_IND_MAX_PERIOD),
};

typedef struct efficiency_ratio {
  pln_lag lag;
  pln_window walk;
  double previous;
  double period;
  int64_t walk_memory;
  int32_t started;
  int32_t reserved;
} efficiency_ratio;

static int64_t lookback(const double *p) { return (int64_t)p[0]; }
static int64_t size(const double *p) {
  return PLN_IND_SIZE(efficiency_ratio, p[0] + (double)pln_window_doubles((int64_t)p[0], 1));
}
static void init(void *state, const double *p) {
  efficiency_ratio *s = state;
  s->lag.n = (int32_t)p[0];
  s->period = p[0];
  s->walk_memory = (int64_t)p[0];
  pln_window_init(&s->walk, (int64_t)p[0]);
}

static inline void step(efficiency_ratio *s, double *memory, const double *in, double *out) {
  const double old = pln_lag_step(&s->lag, memory, in[0]), change = fabs(in[0] - s->previous);
  s->previous = in[0];
  double mean = 0.0;
  if (s->started) pln_window_step(&s->walk, memory + s->walk_memory, 1, 0, pln_merge_mean, &change, &mean);
  s->started = 1;
  const double walked = mean * s->period, moved = fabs(in[0] - old);
  out[0] = moved < walked ? moved / walked : 1.0;
  out[1] = walked != 0.0;
}
PLN_IND_STEP(efficiency_ratio, step)
PLN_IND_BATCH(efficiency_ratio, 1, 1, step)

const pln_ind_desc pln_ind_efficiency_ratio = {
    .info = {.name = "efficiency_ratio",
             .aliases = "er ker",
             .group = "momentum",
             .help = "Efficiency ratio (Kaufman): what was won by what was walked, from 0 to 1",
             .formula = "|x[i] - x[i - period]| / sum over the last `period` rows of |x[j] - x[j-1]|; 0 "
                        "where nothing has moved",
             .inputs = "source",
             .outputs = "efficiency_ratio",
             .example = "efficiency_ratio(close, 10)",
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
