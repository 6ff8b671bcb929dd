#include "feature/extrema.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows in the window", 28, 1, PLN_IND_MAX_PERIOD),
};

typedef struct vhf {
  pln_window lowest;
  pln_window highest;
  pln_window path; /* absolute changes */
  double previous;
  double started;
} vhf;

static int64_t lookback(const double *p) { return (int64_t)p[0]; }
static int64_t size(const double *p) {
  return PLN_IND_SIZE(vhf, 2 * pln_extreme_doubles((int64_t)p[0]) + pln_window_doubles((int64_t)p[0], 1));
}
static void init(void *state, const double *p) {
  vhf *s = state;
  pln_extreme_init(&s->lowest, (int64_t)p[0]);
  pln_extreme_init(&s->highest, (int64_t)p[0]);
  pln_window_init(&s->path, (int64_t)p[0]);
}

static inline void step(vhf *s, double *memory, const double *in, double *out) {
  const int64_t doubles = pln_extreme_doubles(s->lowest.n);
  const double lowest = pln_extreme_step(&s->lowest, memory, PLN_LOWEST_LAST, in[0]);
  const double highest = pln_extreme_step(&s->highest, memory + doubles, PLN_HIGHEST_LAST, in[0]);
  const double change = fabs(in[0] - s->previous);
  double mean = 0.0;
  if (s->started != 0.0)
    pln_window_step(&s->path, memory + 2 * doubles, 1, 0, pln_merge_mean, &change, &mean);
  s->started = 1.0;
  s->previous = in[0];
  const double path = mean * (double)s->path.n;
  out[0] = path > 0.0 ? (highest - lowest) / path : 0.0;
  out[1] = path > 0.0;
}
PLN_IND_STEP(vhf, step)
PLN_IND_BATCH(vhf, 1, 1, step)

const pln_ind_desc pln_ind_vhf = {
    .info = {.name = "vhf",
             .group = "trend",
             .help = "Vertical horizontal filter",
             .formula = "(highest - lowest of the last `period` values) / sum of the last `period` absolute "
                        "changes (White, 1991; Tulip vhf); 0 where nothing changed",
             .inputs = "source",
             .outputs = "vhf",
             .example = "vhf(close, 28)",
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
