#include "feature/moments.h"
#include "feature/window_family.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows in the window", 20, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_INT("ddof", "0: population, divides by period; 1: sample, divides by period - 1", 0, 0, 1),
};

typedef struct covariance {
  pln_window window;
  double divisor;
} covariance;

static int64_t lookback(const double *p) { return (int64_t)p[0] - 1; }
static int64_t size(const double *p) {
  return PLN_IND_SIZE(covariance, pln_window_doubles((int64_t)p[0], 3));
}
static void init(void *state, const double *p) {
  covariance *s = state;
  pln_window_init(&s->window, (int64_t)p[0]);
  s->divisor = p[0] > p[1] ? p[0] - p[1] : 1.0;
}

PLN_INLINE void finish(const covariance *s, const double *in, const double *moments, double *out) {
  (void)in;
  out[0] = moments[2] / s->divisor;
}
PLN_WINDOW_DIRECT(covariance, PLN_MOMENTS_CROSS, 2, 1, pln_merge_cross, finish)
PLN_WINDOW_MAPPED_FAMILY(covariance, PLN_MOMENTS_CROSS, 2, 1, pln_merge_cross, pln_leaf_cross, finish)

const pln_ind_desc pln_ind_covariance = {
    .info = {.name = "covariance",
             .group = "statistics",
             .help = "Covariance of two series",
             .formula = "sum of (a - mean a)(b - mean b) / (period - ddof) over the last `period` rows; 0 "
                        "where period = ddof. Stock.Indicators: ddof = 0, pandas and Lean: ddof = 1",
             .inputs = "a b",
             .outputs = "covariance",
             .example = "covariance(close, volume, 20)",
             .params = params,
             .n_params = 2,
             .input_kind = PLN_INPUT_SERIES},
    .n_inputs = 2,
    .n_outputs = 1,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
    .family = &family,
};
