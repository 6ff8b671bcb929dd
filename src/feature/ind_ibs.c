#include "feature/window.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("smooth", "rows of a simple average over it; 1: none", 1, 1, PLN_IND_MAX_PERIOD),
};

static int64_t lookback(const double *p) { return (int64_t)p[0] - 1; }
static int64_t size(const double *p) {
  return PLN_IND_SIZE(pln_window, pln_window_doubles((int64_t)p[0], 1));
}
static void init(void *state, const double *p) { pln_window_init(state, (int64_t)p[0]); }

static inline void step(pln_window *s, double *memory, const double *in, double *out) {
  const double range = in[0] - in[1];
  const double y = range == 0.0 ? 0.5 : (in[2] - in[1]) / range;
  double mean = 0.0;
  pln_window_step(s, memory, 1, 0, pln_merge_mean, &y, &mean);
  out[0] = mean;
  out[1] = range != 0.0;
}
PLN_IND_STEP(pln_window, step)
PLN_IND_BATCH(pln_window, 3, 1, step)

const pln_ind_desc pln_ind_ibs = {
    .info = {.name = "ibs",
             .aliases = "internal_bar_strength",
             .group = "momentum",
             .help = "Internal bar strength: where in its range a bar closes, from 0 to 1",
             .formula =
                 "mean over `smooth` rows of (close - low) / (high - low), a row without a range counting "
                 "0.5; valid is 0 in a row without a range",
             .inputs = "high low close",
             .outputs = "ibs",
             .example = "ibs()",
             .params = params,
             .n_params = 1,
             .input_kind = PLN_INPUT_COLUMNS,
             .has_valid = 1},
    .n_inputs = 3,
    .n_outputs = 1,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = step_rows,
};
