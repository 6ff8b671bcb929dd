#include "feature/lag.h"
#include "feature/smooth.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "of the exponential average, and rows of its change", 10, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_INT("change", "rows of the change, if they are others; 0: period", 0, 0, PLN_IND_MAX_PERIOD),
    PLN_PARAM_WORD("seed", "first value of the average: the first range, or the mean of the first `period`",
                   0, 1, "first sma"),
};

typedef struct cvi {
  pln_smooth smooth;
  pln_lag lag; /* last: its ring follows */
} cvi;

static int64_t change_rows(const double *p) { return (int64_t)(p[1] > 0.0 ? p[1] : p[0]); }
static int64_t lookback(const double *p) { return (int64_t)p[0] - 1 + change_rows(p); }
static int64_t size(const double *p) { return PLN_IND_SIZE(cvi, change_rows(p)); }
static void init(void *state, const double *p) {
  cvi *s = state;
  pln_smooth_init(&s->smooth, 2.0 / (p[0] + 1.0), p[2] != 0.0 ? (int64_t)p[0] : 1, 0);
  s->lag.n = (int32_t)change_rows(p);
}

PLN_INLINE double percent(double x, double old) { return old != 0.0 ? 100.0 * ((x - old) / old) : 0.0; }

static inline void step(cvi *s, double *memory, const double *in, double *out) {
  const double average = pln_smooth_step(&s->smooth, in[0] - in[1]);
  const double old = pln_lag_step(&s->lag, memory, average);
  out[0] = percent(average, old);
  out[1] = old != 0.0;
}
PLN_IND_STEP(cvi, step)

enum { BLOCK = 512, PADDED = BLOCK + 8 };

PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n) {
  cvi *s = state;
  double range[PADDED], average[PADDED + 8];
  for (int64_t i = 0; i < n; i += BLOCK) {
    const int64_t m = n - i < BLOCK ? n - i : BLOCK;
    const double *high = in[0] + i, *low = in[1] + i;
    double *y = out[0] + i;
    PLN_IVDEP
    for (int64_t j = 0; j < m; j++) range[j] = high[j] - low[j];
    pln_smooth_rows(&s->smooth, range, average, m);
    pln_lag_rows(&s->lag, (double *)(s + 1), average, y, m);
    PLN_IVDEP
    for (int64_t j = 0; j < m; j++) y[j] = percent(average[j], y[j]);
  }
}
PLN_IND_SIMD(batch, rows)

const pln_ind_desc pln_ind_cvi = {
    .info = {.name = "cvi",
             .aliases = "chaikin_volatility",
             .group = "volatility",
             .help = "Chaikin's volatility",
             .formula =
                 "100 (e - old e) / old e, e = ema(high - low, period), old e that of `change` rows ago; e "
                 "begins with the first range (Tulip cvi), or with seed=sma with the mean of the first "
                 "`period`; 0 where old e is 0",
             .inputs = "high low",
             .outputs = "cvi",
             .example = "cvi(10)",
             .params = params,
             .n_params = 3,
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
