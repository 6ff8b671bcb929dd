#include "feature/moments.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "changes in the window", 60, 2, PLN_IND_MAX_PERIOD),
    PLN_PARAM_WORD("form", "chan: -ln 2 / lambda; exact: -ln 2 / ln(1 + lambda)", 0, 1, "chan exact"),
};

typedef struct half_life {
  pln_window window;
  double previous[1];
  int64_t started;
  int64_t exact;
} half_life;

static int64_t lookback(const double *p) { return (int64_t)p[0]; }
static int64_t size(const double *p) { return PLN_IND_SIZE(half_life, pln_window_doubles((int64_t)p[0], 4)); }
static void init(void *state, const double *p) {
  half_life *s = state;
  pln_window_init(&s->window, (int64_t)p[0]);
  s->exact = p[1] > 0.5;
}

static const double ln2 = 0.69314718055994530942;

PLN_INLINE void change(const half_life *s, const double *in, const double *previous, double *leaf) {
  (void)s;
  leaf[0] = in[0] - previous[0];
  leaf[1] = previous[0];
  leaf[2] = leaf[3] = 0.0;
}
PLN_INLINE void finish(const half_life *s, const double *in, const double *moments, double *out) {
  (void)in;
  const double lambda = moments[3] > 0.0 ? moments[2] / moments[3] : 0.0;
  const int reverts = lambda < -1e-12 && (!s->exact || lambda > -1.0 + 1e-12);
  out[0] = !reverts ? 0.0 : s->exact ? -ln2 / log1p(lambda) : -ln2 / lambda;
  out[1] = lambda;
  out[2] = reverts;
}
PLN_WINDOW_CHANGES(half_life, PLN_MOMENTS_SLOPE, 1, 2, pln_merge_slope, change, finish)

const pln_ind_desc pln_ind_half_life = {
    .info = {.name = "half_life",
             .group = "statistics",
             .help = "Half-life of mean reversion",
             .formula =
                 "rows after which half of a deviation is gone: -ln 2 / lambda, where x - previous x = c + "
                 "lambda * previous x by least squares over the last `period` changes (Chan 2013, "
                 "Algorithmic Trading, chapter 2); form=exact: -ln 2 / ln(1 + lambda), the half-life of the "
                 "AR(1) process with that coefficient. lambda: output of its own. half_life is 0, and not "
                 "valid, where nothing reverts (lambda >= 0; form=exact: or lambda <= -1)",
             .inputs = "source",
             .outputs = "half_life lambda",
             .example = "half_life(close, 60)",
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
    .batch = batch,
};
