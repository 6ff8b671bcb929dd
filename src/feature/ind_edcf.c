#include "feature/window.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows in the window", 15, 2, PLN_IND_MAX_PERIOD),
};

/* The means of two series at once. */
static inline void merge(double *const *out, const double *const *newer, const double *const *older,
                         int64_t n, double a, double b) {
  for (int32_t c = 0; c < 2; c++) pln_merge_mean(out + c, newer + c, older + c, n, a, b);
}

typedef struct edcf {
  pln_window moments; /* of the period - 1 rows before */
  pln_window distance;
  double mean;
  double squares;
  double n;
} edcf;

static int64_t lookback(const double *p) { return 2 * ((int64_t)p[0] - 1); }
static int64_t size(const double *p) {
  return PLN_IND_SIZE(edcf, pln_window_doubles((int64_t)p[0] - 1, 2) + pln_window_doubles((int64_t)p[0], 2));
}
static void init(void *state, const double *p) {
  edcf *s = state;
  s->n = p[0];
  pln_window_init(&s->moments, (int64_t)p[0] - 1);
  pln_window_init(&s->distance, (int64_t)p[0]);
}

static inline void step(edcf *s, double *memory, const double *in, double *out) {
  const double x = in[0], gap = s->mean - x, rest = s->n - 1.0;
  const double d = s->squares + rest * (gap * gap), leaf[2] = {x, 0.0}, product[2] = {d * x, d};
  double moments[2] = {0.0, 0.0}, mean[2] = {0.0, 0.0};
  pln_window_step(&s->moments, memory, 2, 0, pln_merge_moments, leaf, moments);
  pln_window_step(&s->distance, memory + pln_window_doubles(s->moments.n, 2), 2, 0, merge, product, mean);
  s->mean = moments[0];
  s->squares = moments[1];
  out[0] = mean[1] > 0.0 ? mean[0] / mean[1] : x;
  out[1] = mean[1] > 0.0;
}
PLN_IND_STEP(edcf, step)
PLN_IND_BATCH(edcf, 1, 1, step)

const pln_ind_desc pln_ind_edcf = {
    .info = {.name = "edcf",
             .group = "trend",
             .help = "Distance coefficient filter",
             .formula = "Σ d[i] x[i] / Σ d[i], i = 0 … period - 1, d[i] = Σ (x[i] - x[i + k])^2, k = 1 … "
                        "period - 1; x where Σ d is 0 (J. Ehlers, Rocket Science for Traders, 2001)",
             .inputs = "hl2",
             .outputs = "edcf",
             .example = "edcf(hl2, 15)",
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
