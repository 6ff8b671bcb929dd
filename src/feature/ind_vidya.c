#include "feature/window.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("short", "rows of the short deviation", 2, 2, PLN_IND_MAX_PERIOD),
    PLN_PARAM_INT("long", "rows of the long deviation", 5, 2, PLN_IND_MAX_PERIOD),
    PLN_PARAM("alpha", "weight of a new value at equal deviations", 0.2, 0.001, 1),
};

static int64_t start_of(const double *p) { return (int64_t)(p[0] > p[1] ? p[0] : p[1]) - 2; }

typedef struct vidya {
  pln_window fast;
  pln_window slow;
  double alpha;
  double value;
  int64_t row;
  int64_t start;
} vidya;

static int64_t lookback(const double *p) { return start_of(p); }
static int64_t size(const double *p) {
  return PLN_IND_SIZE(vidya, pln_window_doubles((int64_t)p[0], 2) + pln_window_doubles((int64_t)p[1], 2));
}
static void init(void *state, const double *p) {
  vidya *s = state;
  s->alpha = p[2];
  s->start = start_of(p);
  pln_window_init(&s->fast, (int64_t)p[0]);
  pln_window_init(&s->slow, (int64_t)p[1]);
}

static inline void step(vidya *s, double *memory, const double *in, double *out) {

  const double leaf[2] = {in[0], 0.0};
  double fast[2] = {0.0, 0.0}, slow[2] = {0.0, 0.0};
  pln_window_step(&s->fast, memory, 2, 0, pln_merge_moments, leaf, fast);
  pln_window_step(&s->slow, memory + pln_window_doubles(s->fast.n, 2), 2, 0, pln_merge_moments, leaf, slow);
  const double ratio = slow[1] > 0.0 ? fast[1] / slow[1] * ((double)s->slow.n / (double)s->fast.n) : 0.0;
  const double k = s->alpha * sqrt(ratio);
  s->value = s->row++ <= s->start ? in[0] : s->value + (k < 1.0 ? k : 1.0) * (in[0] - s->value);
  out[0] = s->value;
}
PLN_IND_STEP(vidya, step)
PLN_IND_BATCH(vidya, 1, 1, step)

const pln_ind_desc pln_ind_vidya = {
    .info = {.name = "vidya",
             .group = "trend",
             .help = "Variable index dynamic average",
             .formula = "v += k (x - v), k = alpha times the standard deviation over `short` rows over "
                        "that over `long` rows, at most 1, and 0 where the latter is 0. It starts with "
                        "the value in row long - 2 (Tulip VIDYA; T. Chande, 1992)",
             .inputs = "source",
             .outputs = "vidya",
             .example = "vidya(close, 2, 5, 0.2)",
             .params = params,
             .n_params = 3,
             .input_kind = PLN_INPUT_SOURCE},
    .n_inputs = 1,
    .n_outputs = 1,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = step_rows,
};
