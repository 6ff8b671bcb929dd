#include "feature/range_average.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("fast_range", "rows of the fast average true range", 13, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_INT("fast_deviation", "rows of the fast standard deviation", 20, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_INT("slow_range", "rows of the slow average true range", 40, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_INT("slow_deviation", "rows of the slow standard deviation", 100, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM("threshold", "what the ratio of the deviations is taken from", 1.4, 0, 1000),
};

typedef struct damiani {
  pln_smooth ranges[2];
  pln_window deviations[2];
  double threshold;
  double volatility[3]; /* of the rows before, the last first */
  double close;
  int64_t rows; /* until the first value */
} damiani;

static int64_t lookback(const double *p) { return (int64_t)fmax(fmax(p[0], p[2]), fmax(p[1], p[3]) - 1.0); }
static int64_t size(const double *p) {
  return PLN_IND_SIZE(damiani, pln_window_doubles((int64_t)p[1], 2) + pln_window_doubles((int64_t)p[3], 2));
}
static void init(void *state, const double *p) {
  damiani *s = state;
  for (int32_t i = 0; i < 2; i++) {
    pln_smooth_init(&s->ranges[i], 1.0 / p[2 * i], (int64_t)p[2 * i], 1);
    pln_window_init(&s->deviations[i], (int64_t)p[2 * i + 1]);
  }
  s->threshold = p[4];
  s->rows = lookback(p);
}

static inline void step(damiani *s, double *memory, const double *in, double *out) {
  const double close = in[0], range = pln_true_range(in[1], in[2], s->close), leaf[] = {close, 0.0};
  double ranges[2], variances[2];
  for (int32_t i = 0; i < 2; i++) {
    double moments[2] = {0.0, 0.0};
    ranges[i] = pln_smooth_step(&s->ranges[i], range);
    pln_window_step(&s->deviations[i], memory, 2, 0, pln_merge_moments, leaf, moments);
    variances[i] = moments[1] / (double)s->deviations[i].n;
    memory += pln_window_doubles(s->deviations[i].n, 2);
  }
  s->close = in[3];
  out[0] = out[1] = out[2] = 0.0;
  if (s->rows > 0) {
    s->rows--;
    return;
  }
  const int32_t defined = (ranges[1] > 0.0) & (variances[1] > 0.0);
  const double ratio = ranges[1] > 0.0 ? ranges[0] / ranges[1] : 0.0;
  out[0] = ratio + 0.5 * (s->volatility[0] - s->volatility[2]);
  out[1] = s->threshold - (variances[1] > 0.0 ? sqrt(variances[0] / variances[1]) : 0.0);
  out[2] = defined;
  s->volatility[2] = s->volatility[1];
  s->volatility[1] = s->volatility[0];
  s->volatility[0] = out[0];
}
PLN_IND_STEP(damiani, step)
PLN_IND_BATCH(damiani, 4, 2, step)

const pln_ind_desc pln_ind_damiani_volatmeter = {
    .info = {.name = "damiani_volatmeter",
             .group = "volatility",
             .help = "Damiani volatmeter",
             .formula = "volatility: v = atr(fast_range) / atr(slow_range) + (v of the row before - v of "
                        "three rows before) / 2, which begins with 0; threshold: threshold - population "
                        "deviation over fast_deviation rows / that over slow_deviation rows; the market "
                        "moves where the volatility is above the threshold (Damiani; jesse takes the "
                        "deviations of the row before). A ratio over 0 is 0 (valid 0)",
             .inputs = "source high low close",
             .outputs = "volatility threshold",
             .example = "damiani_volatmeter().threshold",
             .params = params,
             .n_params = 5,
             .input_kind = PLN_INPUT_SOURCE,
             .has_valid = 1},
    .n_inputs = 4,
    .n_outputs = 2,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = step_rows,
};
