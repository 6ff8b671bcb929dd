#include "feature/moments.h"
#include "feature/window_family.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows in the window", 30, 1, PLN_IND_MAX_PERIOD),
};

static int64_t lookback(const double *p) { return (int64_t)p[0] - 1; }
static int64_t size(const double *p) {
  return PLN_IND_SIZE(pln_window, pln_window_doubles((int64_t)p[0], PLN_MOMENTS_PAIR));
}
static void init(void *state, const double *p) { pln_window_init(state, (int64_t)p[0]); }

PLN_INLINE void finish(const pln_window *s, const double *in, const double *moments, double *out) {
  (void)s, (void)in;
  out[0] = pln_moments_correlation(moments);
  out[1] = moments[3] > 0.0 && moments[4] > 0.0;
}
PLN_WINDOW_DIRECT(pln_window, PLN_MOMENTS_PAIR, 2, 1, pln_merge_pair, finish)
PLN_WINDOW_MAPPED_FAMILY(pln_window, PLN_MOMENTS_PAIR, 2, 1, pln_merge_pair, pln_leaf_pair, finish)

const pln_ind_desc pln_ind_correlation = {
    .info = {.name = "correlation",
             .aliases = "correl corr",
             .group = "statistics",
             .help = "Correlation of two series",
             .formula = "covariance / (deviation a * deviation b) over the last `period` rows (Pearson; "
                        "TA-Lib CORREL), -1 … 1; 0 where one of them does not move",
             .inputs = "a b",
             .outputs = "correlation",
             .example = "correlation(close, volume, 30)",
             .params = params,
             .n_params = 1,
             .input_kind = PLN_INPUT_SERIES,
             .has_valid = 1},
    .n_inputs = 2,
    .n_outputs = 1,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
    .family = &family,
};
