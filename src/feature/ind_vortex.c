#include "feature/true_range.h"
#include "feature/window.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows in the window", 14, 1, PLN_IND_MAX_PERIOD),
};

typedef struct vortex {
  pln_window plus;
  pln_window minus;
  pln_window range;
  double high; /* of the row before */
  double low;
  double close;
  int64_t started;
} vortex;

static int64_t lookback(const double *p) { return (int64_t)p[0]; }
static int64_t size(const double *p) {
  return PLN_IND_SIZE(vortex, 3 * pln_window_doubles((int64_t)p[0], 1));
}
static void init(void *state, const double *p) {
  vortex *s = state;
  pln_window_init(&s->plus, (int64_t)p[0]);
  pln_window_init(&s->minus, (int64_t)p[0]);
  pln_window_init(&s->range, (int64_t)p[0]);
}

static inline void step(vortex *s, double *memory, const double *in, double *out) {
  const double high = in[0], low = in[1], close = in[2];
  out[0] = out[1] = out[2] = 0.0;
  if (s->started) {
    const double up = fabs(high - s->low), down = fabs(low - s->high);
    const double range = pln_true_range(high, low, s->close);
    const int64_t doubles = pln_window_doubles(s->plus.n, 1);
    double plus = 0.0, minus = 0.0, mean = 0.0;
    pln_window_step(&s->plus, memory, 1, 0, pln_merge_mean, &up, &plus);
    pln_window_step(&s->minus, memory + doubles, 1, 0, pln_merge_mean, &down, &minus);
    pln_window_step(&s->range, memory + 2 * doubles, 1, 0, pln_merge_mean, &range, &mean);
    if (mean > 0.0) {
      out[0] = plus / mean;
      out[1] = minus / mean;
      out[2] = 1.0;
    }
  }
  s->started = 1;
  s->high = high;
  s->low = low;
  s->close = close;
}
PLN_IND_STEP(vortex, step)
PLN_IND_BATCH(vortex, 3, 2, step)

const pln_ind_desc pln_ind_vortex = {
    .info = {.name = "vortex",
             .aliases = "vi",
             .group = "trend",
             .help = "Vortex indicator",
             .formula = "plus: sum of |high - low of the row before| over `period` rows, minus: sum of |low "
                        "- high of the row before|, both over the sum of the true ranges (Botes and Siepman, "
                        "2010); 0 where that is 0",
             .inputs = "high low close",
             .outputs = "plus minus",
             .example = "vortex(14).minus",
             .params = params,
             .n_params = 1,
             .input_kind = PLN_INPUT_COLUMNS,
             .has_valid = 1},
    .n_inputs = 3,
    .n_outputs = 2,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = step_rows,
};
