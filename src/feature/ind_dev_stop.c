#include "feature/extrema.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows of the averages and of the extremes", 20, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM("k", "standard deviations of the range that are added to its mean", 1, 0, 1000),
};

typedef struct dev_stop {
  pln_window range; /* what it and the stops take in too early has left them by the lookback */
  pln_window high;
  pln_window low;
  double k;
  double period;
  double previous_high;
  double previous_low;
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

PLN_INLINE double range_of(double high, double low, double previous_high, double previous_low) {
  return (high > previous_high ? high : previous_high) - (low < previous_low ? low : previous_low);
}

static inline void step(dev_stop *s, double *memory, const double *in, double *out) {
  const double high = in[0], low = in[1];
  const double leaf[] = {range_of(high, low, s->previous_high, s->previous_low), 0.0};
  const int64_t doubles = pln_extreme_doubles(s->high.n);
  double moments[2] = {0.0, 0.0};
  pln_window_step(&s->range, memory + 2 * doubles, 2, 0, pln_merge_moments, leaf, moments);
  const double distance = moments[0] + s->k * sqrt(moments[1] / s->period);
  out[0] = pln_extreme_step(&s->high, memory, PLN_HIGHEST_LAST, high - distance);
  out[1] = pln_extreme_step(&s->low, memory + doubles, PLN_LOWEST_LAST, low + distance);
  s->previous_high = high;
  s->previous_low = low;
}
PLN_IND_STEP(dev_stop, step)

PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n) {
  dev_stop *s = state;
  double *memory = (double *)(s + 1), range[PLN_WINDOW_BLOCK], mean[PLN_WINDOW_BLOCK],
         squares[PLN_WINDOW_BLOCK];
  const int64_t doubles = pln_extreme_doubles(s->high.n);
  for (int64_t i = 0; i < n; i += PLN_WINDOW_BLOCK) {
    const int64_t m = n - i < PLN_WINDOW_BLOCK ? n - i : PLN_WINDOW_BLOCK;
    const double *high = in[0] + i, *low = in[1] + i;
    range[0] = range_of(high[0], low[0], s->previous_high, s->previous_low);
    PLN_IVDEP
    for (int64_t j = 1; j < m; j++) range[j] = range_of(high[j], low[j], high[j - 1], low[j - 1]);
    s->previous_high = high[m - 1];
    s->previous_low = low[m - 1];
    const double *const leaf[] = {range, pln_window_zeros};
    double *const moments[] = {mean, squares};
    pln_window_block(&s->range, memory + 2 * doubles, 2, 0, pln_merge_moments, leaf, moments, m);
    PLN_IVDEP
    for (int64_t j = 0; j < m; j++) {
      const double distance =
          mean[j] + s->k * sqrt(squares[j] / s->period); /* NOLINT: m entries were written */
      mean[j] = high[j] - distance;
      squares[j] = low[j] + distance;
    }
    pln_extreme_block(&s->high, memory, PLN_HIGHEST_LAST, mean, out[0] + i, m);
    pln_extreme_block(&s->low, memory + doubles, PLN_LOWEST_LAST, squares, out[1] + i, m);
  }
}
PLN_IND_SIMD(batch, rows)

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
    .batch = batch,
};
