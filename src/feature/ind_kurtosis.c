#include "feature/moments.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows in the window", 20, 4, PLN_IND_MAX_PERIOD),
    PLN_PARAM_WORD("bias", "pandas: corrected for the size of the sample; population: not", 0, 1,
                   "pandas population"),
};

typedef struct kurtosis {
  pln_window window;
  double n;
  double scale;
  double shift;
} kurtosis;

static int64_t lookback(const double *p) { return (int64_t)p[0] - 1; }
static int64_t size(const double *p) { return PLN_IND_SIZE(kurtosis, pln_window_doubles((int64_t)p[0], 4)); }
static void init(void *state, const double *p) {
  kurtosis *s = state;
  pln_window_init(&s->window, (int64_t)p[0]);
  s->n = p[0];
  const double n = p[0];
  s->scale = p[1] > 0.5 ? 1.0 : (n - 1.0) * (n + 1.0) / ((n - 2.0) * (n - 3.0));
  s->shift = p[1] > 0.5 ? -3.0 : -3.0 * (n - 1.0) * (n - 1.0) / ((n - 2.0) * (n - 3.0));
}

/* Below this the moment's power is lost in underflow; treated as "nothing moves". */
static const double least = 1e-290;

PLN_INLINE void finish(const kurtosis *s, const double *in, const double *moments, double *out) {
  (void)in;
  const double power = moments[1] * moments[1];
  const int moves = power > least;
  out[0] = moves ? s->scale * (s->n * moments[3] / power) + s->shift : 0.0;
  out[1] = moves;
}
PLN_WINDOW_DIRECT(kurtosis, PLN_MOMENTS_FOUR, 1, 1, pln_merge_four, finish)

const pln_ind_desc pln_ind_kurtosis = {
    .info = {.name = "kurtosis",
             .group = "statistics",
             .help = "Excess kurtosis",
             .formula =
                 "g = m4 / m2^2 - 3, with m the moments about the mean over the last `period` values; "
                 "bias=pandas: (n - 1) / ((n - 2)(n - 3)) ((n + 1) g + 6) (pandas rolling.kurt, Excel KURT); "
                 "bias=population: g itself (scipy kurtosis, jesse). 0 where the values are all the same",
             .inputs = "source",
             .outputs = "kurtosis",
             .example = "kurtosis(close, 20)",
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
