#include "feature/moments.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows in the window", 20, 3, PLN_IND_MAX_PERIOD),
    PLN_PARAM_WORD("bias", "pandas: corrected for the size of the sample; population: not", 0, 1,
                   "pandas population"),
};

typedef struct skewness {
  pln_window window;
  double scale;
} skewness;

static int64_t lookback(const double *p) { return (int64_t)p[0] - 1; }
static int64_t size(const double *p) { return PLN_IND_SIZE(skewness, pln_window_doubles((int64_t)p[0], 4)); }
static void init(void *state, const double *p) {
  skewness *s = state;
  pln_window_init(&s->window, (int64_t)p[0]);
  s->scale = p[1] > 0.5 ? sqrt(p[0]) : sqrt(p[0]) * sqrt(p[0] * (p[0] - 1.0)) / (p[0] - 2.0);
}

/* Below this the moment's power is lost in underflow; treated as "nothing moves". */
static const double least = 1e-290;

PLN_INLINE void finish(const skewness *s, const double *in, const double *moments, double *out) {
  (void)in;
  const double square = moments[1], power = square * sqrt(square);
  const int moves = power > least;
  out[0] = moves ? s->scale * moments[2] / power : 0.0;
  out[1] = moves;
}
PLN_WINDOW_DIRECT(skewness, PLN_MOMENTS_FOUR, 1, 1, pln_merge_four, finish)

const pln_ind_desc pln_ind_skewness = {
    .info = {.name = "skewness",
             .aliases = "skew",
             .group = "statistics",
             .help = "Skewness",
             .formula =
                 "m3 / m2^1.5, with m the moments about the mean over the last `period` values, times sqrt(n "
                 "(n - 1)) / (n - 2) (bias=pandas: pandas rolling.skew, Excel SKEW; scipy skew with "
                 "bias=False) or not (bias=population: scipy skew); 0 where the values are all the same",
             .inputs = "source",
             .outputs = "skewness",
             .example = "skewness(close, 20)",
             .params = params,
             .n_params = 2,
             .input_kind = PLN_INPUT_SOURCE,
             .has_valid = 1},
    .n_inputs = 1,
    .n_outputs = 1,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
};
