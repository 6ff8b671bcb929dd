#include "feature/extrema.h"
#include "feature/lag.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows in the window", 20, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_INT("offset", "rows between the window's last and this one", 0, 0, PLN_IND_MAX_PERIOD),
};

typedef struct donchian {
  pln_window high;
  pln_window low;
  pln_lag high_lag;
  pln_lag low_lag;
} donchian;

static int64_t lookback(const double *p) { return (int64_t)p[0] - 1 + (int64_t)p[1]; }
static int64_t size(const double *p) {
  return PLN_IND_SIZE(donchian, 2 * (pln_extreme_doubles((int64_t)p[0]) + (int64_t)p[1]));
}
static void init(void *state, const double *p) {
  donchian *s = state;
  pln_extreme_init(&s->high, (int64_t)p[0]);
  pln_extreme_init(&s->low, (int64_t)p[0]);
  s->high_lag.n = s->low_lag.n = (int32_t)p[1];
}

/* Memory: both windows, both lags. */
PLN_INLINE void places(const donchian *s, double *memory, double **place) {
  const int64_t window = pln_extreme_doubles(s->high.n);
  place[0] = memory;
  place[1] = memory + window;
  place[2] = memory + 2 * window;
  place[3] = place[2] + s->high_lag.n;
}

PLN_INLINE double relative_width(double upper, double middle, double lower) {
  return middle == 0.0 ? 0.0 : (upper - lower) / middle;
}

static inline void step(donchian *s, double *memory, const double *in, double *out) {
  double *place[4];
  places(s, memory, place);
  out[0] =
      pln_lag_step(&s->high_lag, place[2], pln_extreme_step(&s->high, place[0], PLN_HIGHEST_LAST, in[0]));
  out[2] = pln_lag_step(&s->low_lag, place[3], pln_extreme_step(&s->low, place[1], PLN_LOWEST_LAST, in[1]));
  out[1] = (out[0] + out[2]) / 2.0;
  out[3] = relative_width(out[0], out[1], out[2]);
  out[4] = out[1] != 0.0;
}
PLN_IND_STEP(donchian, step)

PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n) {
  donchian *s = state;
  double *place[4], highest[PLN_WINDOW_BLOCK], lowest[PLN_WINDOW_BLOCK];
  places(s, (double *)(s + 1), place);
  for (int64_t i = 0; i < n; i += PLN_WINDOW_BLOCK) {
    const int64_t m = n - i < PLN_WINDOW_BLOCK ? n - i : PLN_WINDOW_BLOCK;
    double *upper = out[0] + i, *middle = out[1] + i, *lower = out[2] + i, *width = out[3] + i;
    const int32_t delayed = s->high_lag.n > 0;
    pln_extreme_block(&s->high, place[0], PLN_HIGHEST_LAST, in[0] + i, delayed ? highest : upper, m);
    pln_extreme_block(&s->low, place[1], PLN_LOWEST_LAST, in[1] + i, delayed ? lowest : lower, m);
    if (delayed) {
      pln_lag_rows(&s->high_lag, place[2], highest, upper, m);
      pln_lag_rows(&s->low_lag, place[3], lowest, lower, m);
    }
    PLN_IVDEP
    for (int64_t j = 0; j < m; j++) {
      middle[j] = (upper[j] + lower[j]) / 2.0;
      width[j] = relative_width(upper[j], middle[j], lower[j]);
    }
  }
}
PLN_IND_SIMD(batch, rows)

const pln_ind_desc pln_ind_donchian = {
    .info = {.name = "donchian",
             .aliases = "donchian_channel",
             .group = "volatility",
             .help = "Donchian channel",
             .formula = "upper: highest high of `period` rows that end `offset` rows ago (0: with this row; "
                        "1: Stock.Indicators, whose channel can be broken by this row); lower: lowest low; "
                        "middle: their mean; width: (upper - lower) / middle, 0 where the middle is 0",
             .inputs = "high low",
             .outputs = "upper middle lower width",
             .example = "donchian(20).lower",
             .params = params,
             .n_params = 2,
             .input_kind = PLN_INPUT_COLUMNS,
             .has_valid = 1},
    .n_inputs = 2,
    .n_outputs = 4,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
};
