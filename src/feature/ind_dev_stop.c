#include "feature/extrema.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows of the averages and of the extremes", 20, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM("k", "standard deviations of the range that are added to its mean", 1, 0, 1000),
};

typedef struct dev_stop {
  pln_window range;
  pln_window high;
  pln_window low;
  double k;
  double period;
  double previous_high;
  double previous_low;
  int64_t rows; /* until the first stop */
} dev_stop;

static int64_t lookback(const double *p) { return 2 * (int64_t)p[0] - 1; }
static int64_t size(const double *p) {
  return PLN_IND_SIZE(dev_stop,
                      2 * pln_extreme_doubles((int64_t)p[0]) + pln_window_doubles((int64_t)p[0], 2));
}
static void init(void *state, const double *p) {
  dev_stop *s = state;
  pln_window_init(&s->range, (int64_t)p[0]);
  pln_extreme_init(&s->high, (int64_t)p[0]);
  pln_extreme_init(&s->low, (int64_t)p[0]);
  s->period = p[0];
  s->k = p[1];
}

static inline void step(dev_stop *s, double *memory, const double *in, double *out) {
  const double high = in[0], low = in[1];
  out[0] = out[1] = 0.0;
  if (s->rows > 0) {
    const double range = fmax(high, s->previous_high) - fmin(low, s->previous_low), leaf[] = {range, 0.0};
    const int64_t doubles = pln_extreme_doubles(s->high.n);
    double moments[2] = {0.0, 0.0};
    pln_window_step(&s->range, memory + 2 * doubles, 2, 0, pln_merge_moments, leaf, moments);
    if (s->rows >= (int64_t)s->period) {
      const double distance = moments[0] + s->k * sqrt(moments[1] / s->period);
      out[0] = pln_extreme_step(&s->high, memory, PLN_HIGHEST_LAST, high - distance);
      out[1] = pln_extreme_step(&s->low, memory + doubles, PLN_LOWEST_LAST, low + distance);
    }
  }
  if (s->rows < (int64_t)s->period) s->rows++;
  s->previous_high = high;
  s->previous_low = low;
}
PLN_IND_STEP(dev_stop, step)
PLN_IND_BATCH(dev_stop, 2, 2, step)

const pln_ind_desc pln_ind_dev_stop = {
    .info = {.name = "dev_stop",
             .aliases = "devstop",
             .group = "volatility",
             .help = "Kase's deviation stop",
             .formula = "range of two rows: higher high - lower low; distance: its mean over `period` rows + "
                        "k population standard deviations; long: highest of high - distance over `period` "
                        "rows, short: lowest of low + distance (Kase; jesse devstop)",
             .inputs = "high low",
             .outputs = "long short",
             .example = "dev_stop(20, 2).short",
             .params = params,
             .n_params = 2,
             .input_kind = PLN_INPUT_COLUMNS},
    .n_inputs = 2,
    .n_outputs = 2,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = step_rows,
};
