#include "feature/directional.h"
#include "feature/lag.h"

static const pln_indicator_param params[] = {
    PLN_DIRECTIONAL_PARAMS(1),
    PLN_PARAM_WORD("lag", "how far back the other adx lies: period - 1 rows (talib) or `period`", 0, 1,
                   "talib period"),
};

static int64_t rows_back(const double *p) { return (int64_t)p[0] - (p[2] == 0.0); }

typedef struct adx {
  pln_directional movement;
  pln_smooth smooth;
  double last; /* the average before; while it is seeded, 0 */
  pln_lag lag;
} adx;

static int64_t first_average(const double *p) {
  return pln_directional_first_ratio((int64_t)p[0], (int32_t)p[1]) + (int64_t)p[0] - 1;
}
static int64_t lookback(const double *p) { return first_average(p) + rows_back(p); }
static int64_t size(const double *p) { return PLN_IND_SIZE(adx, rows_back(p)); }
static void init(void *state, const double *p) {
  adx *s = state;
  const int64_t period = (int64_t)p[0], skip = pln_directional_first_ratio(period, (int32_t)p[1]);
  pln_directional_init(&s->movement, period, (int32_t)p[1]);
  pln_smooth_init(&s->smooth, 1.0 / p[0], period, skip);
  s->lag.n = (int32_t)rows_back(p);
}

/* An index that is not defined leaves the average as it is. */
PLN_INLINE double average(adx *s, double index) {
  const double value = pln_smooth_step(&s->smooth, index >= 0.0 ? index : s->last);
  if (s->smooth.seeded == s->smooth.n) s->last = value;
  return value;
}

static inline void step(adx *s, double *memory, const double *in, double *out) {
  const pln_movement m = pln_directional_step(&s->movement, in[0], in[1], in[2]);
  const double plus = pln_directional_indicator(m.plus, m.range);
  const double minus = pln_directional_indicator(m.minus, m.range);
  const double value = average(s, pln_directional_index(plus, minus));
  out[0] = (value + pln_lag_step(&s->lag, memory, value)) / 2.0;
  out[1] = value;
}
PLN_IND_STEP(adx, step)

/* The average of m rows, the same bits as m steps. */
PLN_INLINE void averages(adx *s, const double *index, int32_t defined, double *out, int64_t m) {
  if (m <= 0) return;
  if (defined && s->smooth.seeded == s->smooth.n) {
    pln_smooth_rows(&s->smooth, index, out, m);
    s->last = out[m - 1];
  } else {
    for (int64_t j = 0; j < m; j++) out[j] = average(s, index[j]);
  }
}

PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n) {
  adx *s = state;
  double plus[PLN_DIRECTIONAL_BLOCK], minus[PLN_DIRECTIONAL_BLOCK], range[PLN_DIRECTIONAL_BLOCK],
      index[PLN_DIRECTIONAL_BLOCK];
  for (int64_t i = 0; i < n; i += PLN_DIRECTIONAL_BLOCK) {
    const int64_t m = n - i < PLN_DIRECTIONAL_BLOCK ? n - i : PLN_DIRECTIONAL_BLOCK;
    pln_directional_block(&s->movement, in[0] + i, in[1] + i, in[2] + i, plus, minus, range, m);
    const int32_t defined = pln_directional_indices(plus, minus, range, index, m);
    averages(s, index, defined, out[1] + i, m);
    pln_lag_rows(&s->lag, (double *)(s + 1), out[1] + i, out[0] + i, m);
    const double *now = out[1] + i;
    double *y = out[0] + i;
    PLN_IVDEP
    for (int64_t j = 0; j < m; j++) y[j] = (now[j] + y[j]) / 2.0;
  }
}
PLN_IND_SIMD(batch, rows)

const pln_ind_desc pln_ind_adxr = {
    .info = {.name = "adxr",

             .group = "trend",
             .help = "Average directional index rating",
             .formula = "adxr: mean of adx(period, start) and that of period - 1 rows before (TA-Lib ADXR), "
                        "with lag=period of `period` rows before (Stock.Indicators); adx: that average alone",
             .inputs = "high low close",
             .outputs = "adxr adx",
             .example = "adxr(14)",
             .params = params,
             .n_params = 3,
             .input_kind = PLN_INPUT_COLUMNS},
    .n_inputs = 3,
    .n_outputs = 2,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
};
