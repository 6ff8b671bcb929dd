#include "feature/window.h"
#include "feature/lag.h"
static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "changes in the window, more than q", 60, 3, PLN_IND_MAX_PERIOD),
    PLN_PARAM_INT("q", "rows of the longer change; period - 1 where that is less", 2, 2, PLN_IND_MAX_PERIOD),
};

typedef struct variance_ratio {
  pln_window one;
  pln_window many;
  pln_lag lag;
  double n, q;
  double scale; /* from sums of squares to the ratio */
  double error; /* standard error of the ratio */
  double previous;
} variance_ratio;

static int64_t longer(const double *p) { return (int64_t)(p[1] < p[0] - 1.0 ? p[1] : p[0] - 1.0); }
static int64_t lookback(const double *p) { return (int64_t)p[0]; }
static int64_t size(const double *p) {
  const int64_t n = (int64_t)p[0], q = longer(p);
  return PLN_IND_SIZE(variance_ratio, q + pln_window_doubles(n, 2) + pln_window_doubles(n - q + 1, 2));
}
static void init(void *state, const double *p) {
  variance_ratio *s = state;
  const int64_t n = (int64_t)p[0], q = longer(p);
  s->n = (double)n, s->q = (double)q;
  pln_window_init(&s->one, n);
  pln_window_init(&s->many, n - q + 1);
  s->lag.n = (int32_t)q;
  s->scale = (s->n - 1.0) / (s->q * (s->n - s->q + 1.0) * (1.0 - s->q / s->n));
  s->error = sqrt(2.0 * (2.0 * s->q - 1.0) * (s->q - 1.0) / (3.0 * s->q * s->n));
}

static inline void step(variance_ratio *s, double *memory, const double *in, double *out) {
  const double x = in[0] > 0.0 ? log(in[0]) : 0.0;
  const double one[2] = {x - s->previous, 0.0}, many[2] = {x - pln_lag_step(&s->lag, memory, x), 0.0};
  double a[2] = {0.0, 0.0}, b[2] = {0.0, 0.0};
  double *rest = memory + s->lag.n;
  pln_window_step(&s->one, rest, 2, 0, pln_merge_moments, one, a);
  pln_window_step(&s->many, rest + pln_window_doubles(s->one.n, 2), 2, 0, pln_merge_moments, many, b);
  s->previous = x;
  const double gap = b[0] - s->q * a[0];
  const double squares = b[1] + (double)s->many.n * (gap * gap);
  out[2] = a[1] > 0.0;
  out[0] = a[1] > 0.0 ? s->scale * (squares / a[1]) : 1.0;
  out[1] = (out[0] - 1.0) / s->error;
}
PLN_IND_STEP(variance_ratio, step)
PLN_IND_BATCH(variance_ratio, 1, 2, step)

const pln_ind_desc pln_ind_variance_ratio = {
    .info = {.name = "variance_ratio",
             .group = "statistics",
             .help = "Variance ratio of Lo and MacKinlay",
             .formula =
                 "variance of changes over q rows, over q times that of changes over one row, of the "
                 "logarithm over the last `period` changes: overlapping, without bias (Lo and MacKinlay "
                 "1988, equations 12 and 13), and z = (ratio - 1) / sqrt(2 (2q - 1)(q - 1) / (3 q period)), "
                 "standard normal for a random walk of constant variance. Above 1: trends, below 1: reverts. "
                 "1, and z 0, where nothing moves; the logarithm of what is not positive counts as 0",
             .inputs = "source",
             .outputs = "ratio z",
             .example = "variance_ratio(close, 60, 2)",
             .params = params,
             .n_params = 2,
             .input_kind = PLN_INPUT_SOURCE,
             .has_valid = 1},
    .n_inputs = 1,
    .n_outputs = 2,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = step_rows,
};
