#include "feature/window.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows in the window", 20, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_INT("ddof", "0: population, divides by period; 1: sample, divides by period - 1", 0, 0, 1),
};

typedef struct standard_error {
  pln_window window;
  double scale; /* 1 / divisor */
} standard_error;

static int64_t lookback(const double *p) { return (int64_t)p[0] - 1; }
static int64_t size(const double *p) {
  return PLN_IND_SIZE(standard_error, pln_window_doubles((int64_t)p[0], 2));
}
static void init(void *state, const double *p) {
  standard_error *s = state;
  pln_window_init(&s->window, (int64_t)p[0]);
  s->scale = 1.0 / (p[0] * (p[0] > p[1] ? p[0] - p[1] : 1.0));
}

PLN_INLINE void finish(const standard_error *s, const double *in, const double *moments, double *out) {
  (void)in;
  out[0] = sqrt(moments[1] * s->scale);
}
PLN_WINDOW_DIRECT(standard_error, 2, 1, 1, pln_merge_moments, finish)

const pln_ind_desc pln_ind_stderr = {
    .info = {.name = "stderr",
             .group = "statistics",
             .help = "Standard error of the mean",
             .formula =
                 "standard deviation / sqrt(period) of the last `period` values (Tulip stderr with ddof = 0)",
             .inputs = "source",
             .outputs = "stderr",
             .example = "stderr(close, 20)",
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
};
