#include "feature/extrema.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows in which the peak is looked for; 0: all", 0, 0, PLN_IND_MAX_PERIOD),
};

typedef struct drawdown {
  pln_window window;
  double peak;
  double age;
  int64_t period;
} drawdown;

static int64_t lookback(const double *p) { return p[0] > 0.0 ? (int64_t)p[0] - 1 : 0; }
static int64_t size(const double *p) {
  return PLN_IND_SIZE(drawdown, p[0] > 0.0 ? pln_extreme_age_doubles((int64_t)p[0]) : 0);
}
static void init(void *state, const double *p) {
  drawdown *s = state;
  s->period = (int64_t)p[0];
  s->peak = -(double)INFINITY;
  if (s->period) pln_extreme_init(&s->window, s->period);
}

static inline void step(drawdown *s, double *memory, const double *in, double *out) {
  if (s->period) {
    s->peak = pln_extreme_age_step(&s->window, memory, PLN_HIGHEST_LAST, in[0], &s->age);
  } else {
    s->age = in[0] >= s->peak ? 0.0 : s->age + 1.0;
    s->peak = in[0] >= s->peak ? in[0] : s->peak;
  }
  out[0] = s->peak > 0.0 ? in[0] / s->peak - 1.0 : 0.0;
  out[1] = s->age;
  out[2] = s->peak;
  out[3] = s->peak > 0.0;
}
PLN_IND_STEP(drawdown, step)
PLN_IND_BATCH(drawdown, 1, 3, step)

const pln_ind_desc pln_ind_drawdown = {
    .info = {.name = "drawdown",
             .group = "statistics",
             .help = "Drawdown from the peak",
             .formula = "depth = x / peak - 1 (0 at a peak, else negative), age = rows since the peak (the "
                        "last one of equal peaks), peak = the largest of the last `period` values; period 0: "
                        "of all values so far. Depth is 0 where the peak is not positive",
             .inputs = "source",
             .outputs = "depth age peak",
             .example = "drawdown(close).depth",
             .params = params,
             .n_params = 1,
             .input_kind = PLN_INPUT_SOURCE,
             .has_valid = 1},
    .n_inputs = 1,
    .n_outputs = 3,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = step_rows,
};
