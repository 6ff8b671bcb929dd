#include "feature/extrema.h"
#include "feature/lag.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows of the average noise", 22, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM("k", "distance of the stops, in average noise", 2.5, 0, 1000),
    PLN_PARAM_INT("hold", "rows over which a stop does not recede", 3, 1, PLN_IND_MAX_PERIOD),
};

/* How often and how far the rows went beyond the one before. */
typedef struct noise {
  pln_window far;
  pln_window often;
} noise;

typedef struct safezone_stop {
  noise down;
  noise up;
  pln_window high; /* stops */
  pln_window low;
  double k;
  double previous_high;
  double previous_low;
  int64_t rows; /* seen, at most period */
  int64_t period;
} safezone_stop;

static int64_t lookback(const double *p) { return (int64_t)p[0] + (int64_t)p[2] - 1; }
static int64_t size(const double *p) {
  return PLN_IND_SIZE(safezone_stop,
                      4 * pln_window_doubles((int64_t)p[0], 1) + 2 * pln_extreme_doubles((int64_t)p[2]));
}
static void init(void *state, const double *p) {
  safezone_stop *s = state;
  pln_window *const windows[] = {&s->down.far, &s->down.often, &s->up.far, &s->up.often};
  for (int32_t i = 0; i < 4; i++) pln_window_init(windows[i], (int64_t)p[0]);
  pln_extreme_init(&s->high, (int64_t)p[2]);
  pln_extreme_init(&s->low, (int64_t)p[2]);
  s->k = p[1];
  s->period = (int64_t)p[0];
}

static inline double average(noise *s, double *memory, double beyond) {
  const double far = beyond > 0.0 ? beyond : 0.0, often = beyond > 0.0;
  double mean_far = 0.0, mean_often = 0.0;
  pln_window_step(&s->far, memory, 1, 0, pln_merge_mean, &far, &mean_far);
  pln_window_step(&s->often, memory + pln_window_doubles(s->far.n, 1), 1, 0, pln_merge_mean, &often,
                  &mean_often);
  return mean_often > 0.0 ? mean_far / mean_often : 0.0;
}

static inline void step(safezone_stop *s, double *memory, const double *in, double *out) {
  const double high = in[0], low = in[1];
  out[0] = out[1] = 0.0;
  if (s->rows > 0) {
    const int64_t doubles = pln_window_doubles(s->period, 1);
    const double down = average(&s->down, memory, s->previous_low - low);
    const double up = average(&s->up, memory + 2 * doubles, high - s->previous_high);
    if (s->rows >= s->period) {
      double *place = memory + 4 * doubles;
      out[0] = pln_extreme_step(&s->high, place, PLN_HIGHEST_LAST, low - s->k * down);
      place += pln_extreme_doubles(s->high.n);
      out[1] = pln_extreme_step(&s->low, place, PLN_LOWEST_LAST, high + s->k * up);
    }
  }
  if (s->rows < s->period) s->rows++;
  s->previous_high = high;
  s->previous_low = low;
}
PLN_IND_STEP(safezone_stop, step)
PLN_IND_BATCH(safezone_stop, 2, 2, step)

const pln_ind_desc pln_ind_safezone_stop = {
    .info = {.name = "safezone_stop",
             .aliases = "safezonestop",
             .group = "volatility",
             .help = "Elder's SafeZone stop",
             .formula = "noise: mean of how far the lows (highs) went below (above) the one before, over "
                        "those of the last `period` rows that did, 0 if none did. long: highest over `hold` "
                        "rows of low - k noise of the lows; short: lowest of high + k noise of the highs: "
                        "stops for the next row (Elder, Come Into My Trading Room, 2002)",
             .inputs = "high low",
             .outputs = "long short",
             .example = "safezone_stop(22, 2.5).short",
             .params = params,
             .n_params = 3,
             .input_kind = PLN_INPUT_COLUMNS},
    .n_inputs = 2,
    .n_outputs = 2,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = step_rows,
};
