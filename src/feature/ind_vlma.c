#include "feature/window.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("shortest", "rows of the fastest average", 5, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_INT("longest", "rows of the slowest average", 50, 1, PLN_IND_MAX_PERIOD),
};

typedef struct vlma {
  pln_window moments;
  double least;
  double most;
  double rows;
  double value;
  int64_t row;
} vlma;

static int64_t lookback(const double *p) { return (int64_t)p[1] - 1; }
static int64_t size(const double *p) { return PLN_IND_SIZE(vlma, pln_window_doubles((int64_t)p[1], 2)); }
static void init(void *state, const double *p) {
  vlma *s = state;
  pln_window_init(&s->moments, (int64_t)p[1]);
  s->least = p[0] < p[1] ? p[0] : p[1];
  s->most = s->rows = p[1];
}

static inline void step(vlma *s, double *memory, const double *in, double *out) {
  const double x = in[0], leaf[2] = {x, 0.0};
  double moments[2] = {0.0, 0.0};
  pln_window_step(&s->moments, memory, 2, 0, pln_merge_moments, leaf, moments);
  const double sd = sqrt(moments[1] / s->most), mean = moments[0];
  if (s->row++ == 0) s->value = x;
  if (s->row >= s->moments.n) {
    if (x >= mean - 0.25 * sd && x <= mean + 0.25 * sd)
      s->rows += 1.0;
    else if (x < mean - 1.75 * sd || x > mean + 1.75 * sd)
      s->rows -= 1.0;
    s->rows = s->rows > s->most ? s->most : s->rows < s->least ? s->least : s->rows;
  }
  s->value += 2.0 / (s->rows + 1.0) * (x - s->value);
  out[0] = s->value;
  out[1] = s->rows;
}
PLN_IND_STEP(vlma, step)
PLN_IND_BATCH(vlma, 1, 2, step)

const pln_ind_desc pln_ind_vlma = {
    .info = {.name = "vlma",
             .group = "trend",
             .help = "Variable length moving average",
             .formula = "e += 2 / (n + 1) (x - e), from the first value; n, at first `longest`, grows by "
                        "1 where x is within a quarter of a standard deviation of the mean, and falls by "
                        "1 where it is more than 1.75 away, within shortest … longest; mean and deviation "
                        "are over `longest` rows, and n stays until there are so many (jesse VLMA)",
             .inputs = "source",
             .outputs = "vlma rows",
             .example = "vlma(close, 5, 50)",
             .params = params,
             .n_params = 2,
             .input_kind = PLN_INPUT_SOURCE},
    .n_inputs = 1,
    .n_outputs = 2,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = step_rows,
};
