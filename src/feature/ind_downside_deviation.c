#include "feature/window.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows in the window", 20, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM("target", "what is above it counts as 0", 0, -1e9, 1e9),
};

typedef struct downside {
  pln_window window;
  double target;
} downside;

static int64_t lookback(const double *p) { return (int64_t)p[0] - 1; }
static int64_t size(const double *p) { return PLN_IND_SIZE(downside, pln_window_doubles((int64_t)p[0], 1)); }
static void init(void *state, const double *p) {
  downside *s = state;
  pln_window_init(&s->window, (int64_t)p[0]);
  s->target = p[1];
}

static inline void step(downside *s, double *memory, const double *in, double *out) {
  const double below = in[0] < s->target ? in[0] - s->target : 0.0, leaf[1] = {below * below};
  double mean[1] = {0.0};
  pln_window_step(&s->window, memory, 1, 0, pln_merge_mean, leaf, mean);
  out[0] = sqrt(mean[0]);
}
PLN_IND_STEP(downside, step)
PLN_IND_BATCH(downside, 1, 1, step)

const pln_ind_desc pln_ind_downside_deviation = {
    .info = {.name = "downside_deviation",
             .aliases = "tdd",
             .group = "statistics",
             .help = "Target downside deviation",
             .formula = "sqrt of the mean of min(0, x - target)^2 over the last `period` values (Lean "
                        "TargetDownsideDeviation, which is given returns)",
             .inputs = "source",
             .outputs = "downside_deviation",
             .example = "downside_deviation(returns(1), 20)",
             .params = params,
             .n_params = 2,
             .input_kind = PLN_INPUT_SOURCE},
    .n_inputs = 1,
    .n_outputs = 1,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = step_rows,
};
