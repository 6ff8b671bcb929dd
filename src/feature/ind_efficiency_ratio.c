#include "feature/lag.h"
#include "feature/late_ma.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows of the path", 10, 1, PLN_IND_MAX_PERIOD),
};

typedef struct efficiency_ratio {
  pln_lag lag;
  pln_late_ma walk;
  double previous;
  double period;
} efficiency_ratio;

static int64_t lookback(const double *p) { return (int64_t)p[0]; }
static int64_t size(const double *p) {
  return PLN_IND_SIZE(efficiency_ratio, p[0] + (double)pln_ma_doubles(PLN_MA_SMA, (int64_t)p[0]));
}
static void init(void *state, const double *p) {
  efficiency_ratio *s = state;
  s->lag.n = (int32_t)p[0];
  s->period = p[0];
  pln_late_ma_init(&s->walk, PLN_MA_SMA, (int64_t)p[0], 1, (int64_t)p[0]);
}

PLN_INLINE double ratio(double moved, double walked) { return moved < walked ? moved / walked : 1.0; }

static inline void step(efficiency_ratio *s, double *memory, const double *in, double *out) {
  const double old = pln_lag_step(&s->lag, memory, in[0]);
  const double walked = pln_late_ma_step(&s->walk, memory, fabs(in[0] - s->previous)) * s->period;
  s->previous = in[0];
  out[0] = ratio(fabs(in[0] - old), walked);
  out[1] = walked != 0.0;
}
PLN_IND_STEP(efficiency_ratio, step)

enum { BLOCK = 512 };

PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n) {
  efficiency_ratio *s = state;
  double *memory = (double *)(s + 1);
  double change[BLOCK], walked[BLOCK];
  for (int64_t i = 0; i < n; i += BLOCK) {
    const int64_t m = n - i < BLOCK ? n - i : BLOCK;
    const double *x = in[0] + i;
    double *y = out[0] + i;
    change[0] = fabs(x[0] - s->previous);
    PLN_IVDEP
    for (int64_t j = 1; j < m; j++) change[j] = fabs(x[j] - x[j - 1]);
    s->previous = x[m - 1];
    pln_late_ma_rows(&s->walk, memory, change, walked, m);
    pln_lag_rows(&s->lag, memory, x, y, m);
    PLN_IVDEP
    for (int64_t j = 0; j < m; j++) y[j] = ratio(fabs(x[j] - y[j]), walked[j] * s->period);
  }
}
PLN_IND_SIMD(batch, rows)

const pln_ind_desc pln_ind_efficiency_ratio = {
    .info = {.name = "efficiency_ratio",
             .aliases = "er ker",
             .group = "momentum",
             .help = "Efficiency ratio (Kaufman): what was won by what was walked, from 0 to 1",
             .formula = "|x[i] - x[i - period]| / sum over the last `period` rows of |x[j] - x[j-1]|; 0 "
                        "where nothing has moved",
             .inputs = "source",
             .outputs = "efficiency_ratio",
             .example = "efficiency_ratio(close, 10)",
             .params = params,
             .n_params = 1,
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
