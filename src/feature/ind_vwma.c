#include "feature/window.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows in the window", 20, 1, PLN_IND_MAX_PERIOD),
};

static int64_t lookback(const double *p) { return (int64_t)p[0] - 1; }
static int64_t size(const double *p) {
  return PLN_IND_SIZE(pln_window, pln_window_doubles((int64_t)p[0], 2));
}
static void init(void *state, const double *p) { pln_window_init(state, (int64_t)p[0]); }

PLN_INLINE void weigh(const double *in, double *sums) {
  sums[0] = in[0] * in[1];
  sums[1] = in[1];
}
PLN_INLINE void finish(const pln_window *s, const double *in, const double *sums, double *out) {
  (void)s;
  out[0] = sums[1] > 0.0 ? sums[0] / sums[1] : in[0];
  out[1] = sums[1] > 0.0;
}
PLN_WINDOW_MAPPED(pln_window, 2, 2, 1, pln_merge_sums2, weigh, finish)

const pln_ind_desc pln_ind_vwma = {
    .info = {.name = "vwma",
             .aliases = "volume_weighted_moving_average",
             .group = "volume",
             .help = "Volume weighted moving average, the moving VWAP",
             .formula = "mean of the last `period` values, weighted by their volumes; the value itself where "
                        "there is no volume. Of ohlc4 it is Lean's VolumeWeightedAveragePriceIndicator",
             .inputs = "source volume",
             .outputs = "vwma",
             .example = "vwma(close, 20)",
             .params = params,
             .n_params = 1,
             .input_kind = PLN_INPUT_SOURCE,
             .has_valid = 1},
    .n_inputs = 2,
    .n_outputs = 1,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
};
