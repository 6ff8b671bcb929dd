#include "feature/window_family.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows in the window", 20, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_INT("ddof", "0: population deviation; 1: sample deviation", 0, 0, 1),
};

typedef struct zscore {
  pln_window window;
  double divisor;
} zscore;

static int64_t lookback(const double *p) { return (int64_t)p[0] - 1; }
static int64_t size(const double *p) { return PLN_IND_SIZE(zscore, pln_window_doubles((int64_t)p[0], 2)); }
static void init(void *state, const double *p) {
  zscore *s = state;
  pln_window_init(&s->window, (int64_t)p[0]);
  s->divisor = p[0] > p[1] ? p[0] - p[1] : 1.0;
}

PLN_INLINE void finish(const zscore *s, const double *in, const double *moments, double *out) {
  const double deviation = sqrt(moments[1] / s->divisor);
  out[0] = deviation > 0.0 ? (in[0] - moments[0]) / deviation : 0.0;
  out[1] = deviation > 0.0;
}
PLN_WINDOW_DIRECT(zscore, 2, 1, 1, pln_merge_moments, finish)
PLN_WINDOW_MAPPED_FAMILY(zscore, 2, 1, 1, pln_merge_moments, pln_leaf_moments, finish)

const pln_ind_desc pln_ind_zscore = {
    .info = {.name = "zscore",
             .group = "statistics",
             .help = "Distance from the mean in standard deviations",
             .formula = "(x - mean) / deviation over the last `period` values; 0 where they are all the same",
             .inputs = "source",
             .outputs = "zscore",
             .example = "zscore(close, 20)",
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
    .family = &family,
};
