#include "feature/late_ma.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows of the deviation", 10, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_INT("smooth", "period of the averages", 14, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_WORD("ma", "kind of the averages", PLN_MA_EMA, PLN_MA_LAST, PLN_MA_WORDS),
};

typedef struct relative_volatility {
  pln_window deviation;
  pln_late_ma up;
  pln_late_ma down;
  double previous;
  double period;
} relative_volatility;

static int64_t first_row(const double *p) { return p[0] > 1.0 ? (int64_t)p[0] - 1 : 1; }
static int64_t lookback(const double *p) {
  return first_row(p) + pln_ma_lookback((int32_t)p[2], (int64_t)p[1]);
}
static int64_t ma_doubles(const double *p) { return pln_ma_doubles((int32_t)p[2], (int64_t)p[1]); }
static int64_t size(const double *p) {
  return PLN_IND_SIZE(relative_volatility, pln_window_doubles((int64_t)p[0], 2) + 2 * ma_doubles(p));
}
static void init(void *state, const double *p) {
  relative_volatility *s = state;
  const int64_t used = pln_window_doubles((int64_t)p[0], 2);
  pln_window_init(&s->deviation, (int64_t)p[0]);
  pln_late_ma_init(&s->up, (int32_t)p[2], (int64_t)p[1], first_row(p), used);
  pln_late_ma_init(&s->down, (int32_t)p[2], (int64_t)p[1], first_row(p), used + ma_doubles(p));
  s->period = p[0];
}

PLN_INLINE double ratio(double up, double down) {
  const double sum = up + down;
  return sum == 0.0 ? 0.0 : 100.0 * (up / sum);
}

static inline void step(relative_volatility *s, double *memory, const double *in, double *out) {
  const double leaf[2] = {in[0], 0.0};
  double moments[2] = {0.0, 0.0};
  pln_window_step(&s->deviation, memory, 2, 0, pln_merge_moments, leaf, moments);
  const double deviation = sqrt(moments[1] / s->period);
  const int rises = in[0] > s->previous;
  s->previous = in[0];
  const double up = pln_late_ma_step(&s->up, memory, rises ? deviation : 0.0);
  const double down = pln_late_ma_step(&s->down, memory, rises ? 0.0 : deviation);
  out[0] = ratio(up, down);
  out[1] = up + down != 0.0;
}
PLN_IND_STEP(relative_volatility, step)

enum { BLOCK = 512 };

PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n) {
  relative_volatility *s = state;
  double *memory = (double *)(s + 1);
  double mean[BLOCK], squares[BLOCK], up[BLOCK], down[BLOCK];
  for (int64_t i = 0; i < n; i += BLOCK) {
    const int64_t m = n - i < BLOCK ? n - i : BLOCK;
    const double *x = in[0] + i;
    double *y = out[0] + i;
    const double *const leaf[] = {x, pln_window_zeros};
    double *const moments[] = {mean, squares};
    pln_window_block(&s->deviation, memory, 2, 0, pln_merge_moments, leaf, moments, m);
    mean[0] = s->previous;
    PLN_IVDEP
    for (int64_t j = 1; j < m; j++) mean[j] = x[j - 1];
    s->previous = x[m - 1];
    PLN_IVDEP
    for (int64_t j = 0; j < m; j++) {
      const double deviation = sqrt(squares[j] / s->period); /* NOLINT: m entries were written */
      up[j] = x[j] > mean[j] ? deviation : 0.0;
      down[j] = x[j] > mean[j] ? 0.0 : deviation;
    }
    pln_late_ma_rows(&s->up, memory, up, y, m);
    pln_late_ma_rows(&s->down, memory, down, mean, m);
    PLN_IVDEP
    for (int64_t j = 0; j < m; j++) y[j] = ratio(y[j], mean[j]);
  }
}
PLN_IND_SIMD(batch, rows)

const pln_ind_desc pln_ind_relative_volatility = {
    .info = {.name = "relative_volatility",
             .group = "momentum",
             .help = "Relative volatility index (Dorsey)",
             .formula = "100 U / (U + D); U is the average of the standard deviation (population) of the "
                        "last `period` values in rows in which x rises, 0 in the others, D that of the rows "
                        "in which it does not (jesse: ema; Dorsey: smma); 0 where nothing deviates",
             .inputs = "source",
             .outputs = "relative_volatility",
             .example = "relative_volatility(close, 10, 14)",
             .params = params,
             .n_params = 3,
             .input_kind = PLN_INPUT_SOURCE,
             .has_valid = 1},
    .n_inputs = 1,
    .n_outputs = 1,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
};
