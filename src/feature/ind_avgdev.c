#include "feature/history.h"
#include "feature/window.h"
static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows in the window", 14, 1, PLN_IND_MAX_PERIOD),
};

typedef struct avgdev {
  pln_window mean;
  pln_history values;
  int64_t period;
} avgdev;

static int64_t lookback(const double *p) { return (int64_t)p[0] - 1; }
static int64_t size(const double *p) {
  const int64_t period = (int64_t)p[0];
  return PLN_IND_SIZE(avgdev, pln_history_doubles(period - 1) + pln_window_doubles(period, 1));
}
static void init(void *state, const double *p) {
  avgdev *s = state;
  s->period = (int64_t)p[0];
  pln_window_init(&s->mean, s->period);
  pln_history_init(&s->values, s->period - 1);
}

PLN_INLINE double *window_memory(const avgdev *s, double *memory) {
  return memory + pln_history_doubles(s->period - 1);
}

static inline void step(avgdev *s, double *memory, const double *in, double *out) {
  double mean = 0.0, sum = 0.0;
  pln_window_step(&s->mean, window_memory(s, memory), 1, 0, pln_merge_mean, in, &mean);
  const double *x = pln_history_push(&s->values, memory, in, 1);
  for (int64_t k = 0; k < s->period; k++) sum += fabs(x[-k] - mean);
  out[0] = sum / (double)s->period;
}
PLN_IND_STEP(avgdev, step)

/* Rows that are summed side by side. */
enum { TILE = 32 };

PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n) {
  avgdev *s = state;
  double *memory = (double *)(s + 1), mean[PLN_WINDOW_BLOCK] = {0};
  const double period = (double)s->period;
  for (int64_t i = 0; i < n; i += PLN_WINDOW_BLOCK) {
    const int64_t m = n - i < PLN_WINDOW_BLOCK ? n - i : PLN_WINDOW_BLOCK;
    const double *const leaf[] = {in[0] + i};
    double *y = out[0] + i, *const means[] = {mean};
    pln_window_block(&s->mean, window_memory(s, memory), 1, 0, pln_merge_mean, leaf, means, m);
    const double *x = pln_history_push(&s->values, memory, in[0] + i, m);
    for (int64_t j = 0; j < m; j += TILE) {
      double sum[TILE] = {0};
      const int64_t width = m - j < TILE ? m - j : TILE;
      if (width == TILE)
        for (int64_t k = 0; k < s->period; k++)
          for (int32_t t = 0; t < TILE; t++) sum[t] += fabs(x[j + t - k] - mean[j + t]);
      else
        for (int64_t k = 0; k < s->period; k++)
          for (int64_t t = 0; t < width; t++) sum[t] += fabs(x[j + t - k] - mean[j + t]);
      for (int64_t t = 0; t < width; t++) y[j + t] = sum[t] / period;
    }
  }
}
PLN_IND_SIMD(batch, rows)

const pln_ind_desc pln_ind_avgdev = {
    .info = {.name = "avgdev",
             .aliases = "md",
             .group = "statistics",
             .help = "Mean absolute deviation",
             .formula = "mean of |x - mean of x| over the last `period` values (TA-Lib AVGDEV, Tulip md)",
             .inputs = "source",
             .outputs = "avgdev",
             .example = "avgdev(close, 14)",
             .params = params,
             .n_params = 1,
             .input_kind = PLN_INPUT_SOURCE},
    .n_inputs = 1,
    .n_outputs = 1,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
};
