#include "feature/window_family.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows in the window", 20, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_INT("ddof", "0: population, divides by period; 1: sample, divides by period - 1", 0, 0, 1),
};

typedef struct stddev {
  pln_window window;
  double scale; /* 1 / divisor */
} stddev;

static int64_t lookback(const double *p) { return (int64_t)p[0] - 1; }
static int64_t size(const double *p) { return PLN_IND_SIZE(stddev, pln_window_doubles((int64_t)p[0], 2)); }
static void init(void *state, const double *p) {
  stddev *s = state;
  pln_window_init(&s->window, (int64_t)p[0]);
  s->scale = 1.0 / (p[0] > p[1] ? p[0] - p[1] : 1.0);
}

PLN_INLINE void finish(const stddev *s, const double *in, const double *moments, double *out) {
  (void)in;
  out[0] = sqrt(moments[1] * s->scale);
}

static inline void step(stddev *s, double *memory, const double *in, double *out) {
  const double leaf[2] = {in[0], 0.0};
  double moments[2] = {0.0, 0.0};
  pln_window_step(&s->window, memory, 2, 0, pln_merge_moments, leaf, moments);
  finish(s, in, moments, out);
}
PLN_IND_STEP(stddev, step)

PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n) {
  stddev *s = state;
  double mean[PLN_WINDOW_BLOCK], squares[PLN_WINDOW_BLOCK];
  for (int64_t i = 0; i < n; i += PLN_WINDOW_BLOCK) {
    const int64_t m = n - i < PLN_WINDOW_BLOCK ? n - i : PLN_WINDOW_BLOCK;
    const double *const x[] = {in[0] + i, pln_window_zeros};
    double *const y[] = {mean, squares};
    pln_window_block(&s->window, (double *)(s + 1), 2, 0, pln_merge_moments, x, y, m);
    double *sd = out[0] + i;
    PLN_IVDEP
    for (int64_t j = 0; j < m; j++) sd[j] = sqrt(squares[j] * s->scale); /* NOLINT: m entries were written */
  }
}
PLN_IND_SIMD(batch, rows)
PLN_WINDOW_MAPPED_FAMILY(stddev, 2, 1, 1, pln_merge_moments, pln_leaf_moments, finish)

const pln_ind_desc pln_ind_stddev = {
    .info = {.name = "stddev",
             .group = "volatility",
             .help = "Standard deviation",
             .formula = "sqrt(sum of (x - mean)^2 / (period - ddof)) over the last `period` values (TA-Lib "
                        "STDDEV with ddof = 0); 0 where period = ddof",
             .inputs = "source",
             .outputs = "stddev",
             .example = "stddev(close, 20)",
             .params = params,
             .n_params = 2,
             .input_kind = PLN_INPUT_SOURCE},
    .n_inputs = 1,
    .n_outputs = 1,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
    .family = &family,
};
