#include "feature/window_family.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows in the window", 20, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_INT("ddof", "0: population, divides by period; 1: sample, divides by period - 1", 0, 0, 1),
};

typedef struct variance {
  pln_window window;
  double scale; /* 1 / divisor */
} variance;

static int64_t lookback(const double *p) { return (int64_t)p[0] - 1; }
static int64_t size(const double *p) { return PLN_IND_SIZE(variance, pln_window_doubles((int64_t)p[0], 2)); }
static void init(void *state, const double *p) {
  variance *s = state;
  pln_window_init(&s->window, (int64_t)p[0]);
  s->scale = 1.0 / (p[0] > p[1] ? p[0] - p[1] : 1.0);
}

PLN_INLINE void finish(const variance *s, const double *in, const double *moments, double *out) {
  (void)in;
  out[0] = moments[1] * s->scale;
}
PLN_WINDOW_DIRECT(variance, 2, 1, 1, pln_merge_moments, finish)
PLN_WINDOW_MAPPED_FAMILY(variance, 2, 1, 1, pln_merge_moments, pln_leaf_moments, finish)

const pln_ind_desc pln_ind_variance = {
    .info = {.name = "variance",
             .aliases = "var",
             .group = "statistics",
             .help = "Variance",
             .formula =
                 "sum of (x - mean)^2 / (period - ddof) over the last `period` values (TA-Lib VAR with "
                 "ddof = 0); 0 where period = ddof",
             .inputs = "source",
             .outputs = "variance",
             .example = "variance(close, 20)",
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
