#include "feature/late_ma.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "of the averages", 14, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_WORD("ma", "kind of the averages", PLN_MA_SMA, PLN_MA_LAST, PLN_MA_WORDS),
};

typedef struct demarker {
  pln_late_ma up;
  pln_late_ma down;
  double high;
  double low;
} demarker;

static int64_t lookback(const double *p) { return 1 + pln_ma_lookback((int32_t)p[1], (int64_t)p[0]); }
static int64_t size(const double *p) {
  return PLN_IND_SIZE(demarker, 2 * pln_ma_doubles((int32_t)p[1], (int64_t)p[0]));
}
static void init(void *state, const double *p) {
  demarker *s = state;
  pln_late_ma_init(&s->up, (int32_t)p[1], (int64_t)p[0], 1, 0);
  pln_late_ma_init(&s->down, (int32_t)p[1], (int64_t)p[0], 1, pln_ma_doubles((int32_t)p[1], (int64_t)p[0]));
}

PLN_INLINE double rise(double x, double old) { return x > old ? x - old : 0.0; }
PLN_INLINE double ratio(double up, double down) {
  const double sum = up + down;
  return sum == 0.0 ? 0.0 : up / sum;
}

static inline void step(demarker *s, double *memory, const double *in, double *out) {
  const double up = pln_late_ma_step(&s->up, memory, rise(in[0], s->high));
  const double down = pln_late_ma_step(&s->down, memory, rise(s->low, in[1]));
  s->high = in[0];
  s->low = in[1];
  out[0] = ratio(up, down);
  out[1] = up + down != 0.0;
}
PLN_IND_STEP(demarker, step)

enum { BLOCK = 512 };

PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n) {
  demarker *s = state;
  double *memory = (double *)(s + 1);
  double up[BLOCK], down[BLOCK], average[BLOCK];
  for (int64_t i = 0; i < n; i += BLOCK) {
    const int64_t m = n - i < BLOCK ? n - i : BLOCK;
    const double *high = in[0] + i, *low = in[1] + i;
    double *y = out[0] + i;
    up[0] = rise(high[0], s->high);
    down[0] = rise(s->low, low[0]);
    PLN_IVDEP
    for (int64_t j = 1; j < m; j++) {
      up[j] = rise(high[j], high[j - 1]);
      down[j] = rise(low[j - 1], low[j]);
    }
    s->high = high[m - 1];
    s->low = low[m - 1];
    pln_late_ma_rows(&s->up, memory, up, y, m);
    pln_late_ma_rows(&s->down, memory, down, average, m);
    PLN_IVDEP
    for (int64_t j = 0; j < m; j++) y[j] = ratio(y[j], average[j]);
  }
}
PLN_IND_SIMD(batch, rows)

const pln_ind_desc pln_ind_demarker = {
    .info = {.name = "demarker",
             .group = "momentum",
             .help = "DeMarker indicator, from 0 to 1",
             .formula =
                 "U / (U + D), U = ma(max(high - previous high, 0)), D = ma(max(previous low - low, 0)), "
                 "over changes only (Lean counts the first row as one without a change); 0 where both are 0",
             .inputs = "high low",
             .outputs = "demarker",
             .example = "demarker(14)",
             .params = params,
             .n_params = 2,
             .input_kind = PLN_INPUT_COLUMNS,
             .has_valid = 1},
    .n_inputs = 2,
    .n_outputs = 1,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
};
