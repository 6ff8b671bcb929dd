#include "feature/smooth.h"
#include "feature/true_range.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows; the weight of a new true range is 1 / period", 14, 1, PLN_IND_MAX_PERIOD),
    PLN_FIRST_RANGE_PARAM,
};

typedef struct atr {
  pln_smooth smooth;
  double previous;
  double started;
} atr;

static int64_t lookback(const double *p) { return (int64_t)p[0] - (p[1] != 0.0); }
static int64_t size(const double *p) {
  (void)p;
  return PLN_IND_SIZE(atr, 0);
}
static void init(void *state, const double *p) {
  pln_smooth_init(&((atr *)state)->smooth, 1.0 / p[0], (int64_t)p[0], p[1] == 0.0);
}

PLN_INLINE double percent(double range, double close) { return close == 0.0 ? 0.0 : 100.0 * (range / close); }

static inline void step(atr *s, double *memory, const double *in, double *out) {
  (void)memory;
  const double range = s->started != 0.0 ? pln_true_range(in[0], in[1], s->previous) : in[0] - in[1];
  out[0] = percent(pln_smooth_step(&s->smooth, range), in[2]);
  out[1] = in[2] != 0.0;
  s->started = 1.0;
  s->previous = in[2];
}
PLN_IND_STEP(atr, step)

enum { BLOCK = 512 };

PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n) {
  atr *s = state;
  double range[BLOCK];
  for (int64_t i = 0; i < n; i += BLOCK) {
    const int64_t m = n - i < BLOCK ? n - i : BLOCK;
    const double *high = in[0] + i, *low = in[1] + i, *close = in[2] + i;
    range[0] = s->started != 0.0 ? pln_true_range(high[0], low[0], s->previous) : high[0] - low[0];
    PLN_IVDEP
    for (int64_t j = 1; j < m; j++) range[j] = pln_true_range(high[j], low[j], close[j - 1]);
    s->started = 1.0;
    s->previous = close[m - 1];
    double *y = out[0] + i;
    pln_smooth_rows(&s->smooth, range, y, m);
    PLN_IVDEP
    for (int64_t j = 0; j < m; j++) y[j] = percent(y[j], close[j]);
  }
}
PLN_IND_SIMD(batch, rows)

const pln_ind_desc pln_ind_natr = {
    .info = {.name = "natr",
             .group = "volatility",
             .help = "Average true range in percent of the close",
             .formula = "100 atr(period, first) / close (TA-Lib NATR); 0 where the close is 0",
             .inputs = "high low close",
             .outputs = "natr",
             .example = "natr(14)",
             .params = params,
             .n_params = 2,
             .input_kind = PLN_INPUT_COLUMNS,
             .has_valid = 1},
    .n_inputs = 3,
    .n_outputs = 1,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
};
