#include "feature/history.h"
#include "feature/window.h"
static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows in the window", 20, 1, PLN_IND_MAX_PERIOD),
};

typedef struct mape {
  pln_window mean;
  pln_history values;
  int64_t period;
} mape;

static int64_t lookback(const double *p) { return (int64_t)p[0] - 1; }
static int64_t size(const double *p) {
  const int64_t period = (int64_t)p[0];
  return PLN_IND_SIZE(mape, pln_history_doubles(period - 1) + pln_window_doubles(period, 1));
}
static void init(void *state, const double *p) {
  mape *s = state;
  s->period = (int64_t)p[0];
  pln_window_init(&s->mean, s->period);
  pln_history_init(&s->values, s->period - 1);
}

static inline void step(mape *s, double *memory, const double *in, double *out) {
  double mean = 0.0, sum = 0.0;
  pln_window_step(&s->mean, memory + pln_history_doubles(s->period - 1), 1, 0, pln_merge_mean, in, &mean);
  const double *x = pln_history_push(&s->values, memory, in, 1);
  for (int64_t k = 0; k < s->period; k++) sum += x[-k] != 0.0 ? fabs((x[-k] - mean) / x[-k]) : 0.0;
  out[0] = sum / (double)s->period;
}
PLN_IND_STEP(mape, step)
PLN_IND_BATCH(mape, 1, 1, step)

const pln_ind_desc pln_ind_mape = {
    .info = {.name = "mape",
             .group = "statistics",
             .help = "Mean absolute distance from the mean, as a share of the values",
             .formula = "mean of |x - mean of x| / |x| over the last `period` values (Stock.Indicators' "
                        "sma-analysis: mape); a value of 0 counts as no distance",
             .inputs = "source",
             .outputs = "mape",
             .example = "mape(close, 20)",
             .params = params,
             .n_params = 1,
             .input_kind = PLN_INPUT_SOURCE},
    .n_inputs = 1,
    .n_outputs = 1,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = step_rows,
};
