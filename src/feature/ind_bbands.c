#include "feature/window_family.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows in the window", 20, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM("k", "width of the band on each side, in standard deviations", 2, 0, 1000),
};

typedef struct bbands {
  pln_window window;
  double period;
  double k;
} bbands;

static int64_t lookback(const double *p) { return (int64_t)p[0] - 1; }
static int64_t size(const double *p) { return PLN_IND_SIZE(bbands, pln_window_doubles((int64_t)p[0], 2)); }
static void init(void *state, const double *p) {
  bbands *s = state;
  pln_window_init(&s->window, (int64_t)p[0]);
  s->period = p[0];
  s->k = p[1];
}

PLN_INLINE void finish(const bbands *s, const double *in, const double *moments, double *out) {
  (void)in;
  const double width = s->k * sqrt(moments[1] / s->period);
  out[0] = moments[0] + width;
  out[1] = moments[0];
  out[2] = moments[0] - width;
}

static inline void step(bbands *s, double *memory, const double *in, double *out) {
  const double leaf[2] = {in[0], 0.0};
  double moments[2] = {0.0, 0.0};
  pln_window_step(&s->window, memory, 2, 0, pln_merge_moments, leaf, moments);
  finish(s, in, moments, out);
}
PLN_IND_STEP(bbands, step)

PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n) {
  bbands *s = state;
  double squares[PLN_WINDOW_BLOCK];
  for (int64_t i = 0; i < n; i += PLN_WINDOW_BLOCK) {
    const int64_t m = n - i < PLN_WINDOW_BLOCK ? n - i : PLN_WINDOW_BLOCK;
    const double *const x[] = {in[0] + i, pln_window_zeros};
    double *upper = out[0] + i, *middle = out[1] + i, *lower = out[2] + i;
    double *const y[] = {middle, squares};
    pln_window_block(&s->window, (double *)(s + 1), 2, 0, pln_merge_moments, x, y, m);
    PLN_IVDEP
    for (int64_t j = 0; j < m; j++) {
      const double width = s->k * sqrt(squares[j] / s->period); /* NOLINT: m entries were written */
      upper[j] = middle[j] + width;
      lower[j] = middle[j] - width;
    }
  }
}
PLN_IND_SIMD(batch, rows)
PLN_WINDOW_MAPPED_FAMILY(bbands, 2, 1, 3, pln_merge_moments, pln_leaf_moments, finish)

const pln_ind_desc pln_ind_bbands = {
    .info = {.name = "bbands",
             .group = "volatility",
             .help = "Bollinger bands",
             .formula = "middle = mean of the last `period` values, upper and lower = middle ± k population "
                        "standard deviations (TA-Lib BBANDS with a simple average)",
             .inputs = "source",
             .outputs = "upper middle lower",
             .example = "bbands(close, 20, 2).lower",
             .params = params,
             .n_params = 2,
             .input_kind = PLN_INPUT_SOURCE},
    .n_inputs = 1,
    .n_outputs = 3,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
    .family = &family,
};
