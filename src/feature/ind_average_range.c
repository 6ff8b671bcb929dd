#include "feature/window.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows in the window", 20, 1, PLN_IND_MAX_PERIOD),
};

static int64_t lookback(const double *p) { return (int64_t)p[0] - 1; }
static int64_t size(const double *p) {
  return PLN_IND_SIZE(pln_window, pln_window_doubles((int64_t)p[0], 1));
}
static void init(void *state, const double *p) { pln_window_init(state, (int64_t)p[0]); }

PLN_INLINE void range(const double *in, double *own) { own[0] = in[0] - in[1]; }
PLN_INLINE void finish(const pln_window *s, const double *in, const double *mean, double *out) {
  (void)s, (void)in;
  out[0] = mean[0];
}
PLN_WINDOW_MAPPED(pln_window, 1, 2, 1, pln_merge_mean, range, finish)

const pln_ind_desc pln_ind_average_range = {
    .info = {.name = "average_range",
             .aliases = "adr average_daily_range",
             .group = "volatility",
             .help = "Average range of the bars",
             .formula = "mean of high - low over the last `period` rows (Lean AverageRange)",
             .inputs = "high low",
             .outputs = "average_range",
             .example = "average_range(20)",
             .params = params,
             .n_params = 1,
             .input_kind = PLN_INPUT_COLUMNS},
    .n_inputs = 2,
    .n_outputs = 1,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
};
