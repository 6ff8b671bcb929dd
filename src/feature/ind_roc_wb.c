#include "feature/lag.h"
#include "feature/late_ma.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows between the two values", 20, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_INT("average", "period of the exponential average", 5, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_INT("deviation", "rows of the bands", 5, 1, PLN_IND_MAX_PERIOD),
};

typedef struct roc_wb {
  pln_lag lag;
  pln_smooth average;
  pln_late_ma squares;
} roc_wb;

static int64_t lookback(const double *p) { return (int64_t)(p[0] + (p[1] > p[2] ? p[1] : p[2])) - 1; }
static int64_t size(const double *p) {
  return PLN_IND_SIZE(roc_wb, p[0] + (double)pln_ma_doubles(PLN_MA_SMA, (int64_t)p[2]));
}
static void init(void *state, const double *p) {
  roc_wb *s = state;
  s->lag.n = (int32_t)p[0];
  pln_smooth_init(&s->average, 2.0 / (p[1] + 1.0), (int64_t)p[1], (int64_t)p[0]);
  pln_late_ma_init(&s->squares, PLN_MA_SMA, (int64_t)p[2], (int64_t)p[0], (int64_t)p[0]);
}

PLN_INLINE double change(double x, double old) { return old == 0.0 ? 0.0 : (x / old - 1.0) * 100.0; }

static inline void step(roc_wb *s, double *memory, const double *in, double *out) {
  const double old = pln_lag_step(&s->lag, memory, in[0]);
  out[0] = change(in[0], old);
  out[1] = pln_smooth_step(&s->average, out[0]);
  out[2] = sqrt(pln_late_ma_step(&s->squares, memory, out[0] * out[0]));
  out[3] = -out[2];
  out[4] = old != 0.0;
}
PLN_IND_STEP(roc_wb, step)

enum { BLOCK = 512 };

PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n) {
  roc_wb *s = state;
  double *memory = (double *)(s + 1);
  double squares[BLOCK];
  for (int64_t i = 0; i < n; i += BLOCK) {
    const int64_t m = n - i < BLOCK ? n - i : BLOCK;
    const double *x = in[0] + i;
    double *roc = out[0] + i, *upper = out[2] + i, *lower = out[3] + i;
    pln_lag_rows(&s->lag, memory, x, roc, m);
    PLN_IVDEP
    for (int64_t j = 0; j < m; j++) {
      roc[j] = change(x[j], roc[j]);
      squares[j] = roc[j] * roc[j];
    }
    pln_smooth_rows(&s->average, roc, out[1] + i, m);
    pln_late_ma_rows(&s->squares, memory, squares, upper, m);
    PLN_IVDEP
    for (int64_t j = 0; j < m; j++) {
      upper[j] = sqrt(upper[j]);
      lower[j] = -upper[j];
    }
  }
}
PLN_IND_SIMD(batch, rows)

const pln_ind_desc pln_ind_roc_wb = {
    .info = {.name = "roc_wb",
             .group = "momentum",
             .help = "Rate of change with bands",
             .formula =
                 "roc in percent (0 where the old value is 0), its exponential average, and bands at plus "
                 "and minus the root of the mean of its squares over `deviation` rows (Stock.Indicators)",
             .inputs = "source",
             .outputs = "roc ema upper lower",
             .example = "roc_wb(close, 20, 5, 5).upper",
             .params = params,
             .n_params = 3,
             .input_kind = PLN_INPUT_SOURCE,
             .has_valid = 1},
    .n_inputs = 1,
    .n_outputs = 4,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
};
