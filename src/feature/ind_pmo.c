#include "feature/smooth.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("time", "the first smoothing weighs a new value with 2 / time", 35, 2, PLN_IND_MAX_PERIOD),
    PLN_PARAM_INT("smooth", "the second one with 2 / smooth", 20, 2, PLN_IND_MAX_PERIOD),
    PLN_PARAM_INT("signal", "period of the average of pmo; 1: none", 10, 1, PLN_IND_MAX_PERIOD),
};

typedef struct pmo {
  pln_smooth first;
  pln_smooth second;
  pln_smooth signal;
  double previous;
} pmo;

static int64_t lookback(const double *p) { return (int64_t)(p[0] + p[1] + p[2]) - 2; }
static int64_t size(const double *p) {
  (void)p;
  return PLN_IND_SIZE(pmo, 0);
}
static void init(void *state, const double *p) {
  pmo *s = state;
  pln_smooth_init(&s->first, 2.0 / p[0], (int64_t)p[0], 1);
  pln_smooth_init(&s->second, 2.0 / p[1], (int64_t)p[1], (int64_t)p[0]);
  pln_smooth_init(&s->signal, 2.0 / (p[2] + 1.0), (int64_t)p[2], (int64_t)(p[0] + p[1]) - 1);
}

PLN_INLINE double roc(double x, double old) { return old == 0.0 ? 0.0 : (x / old - 1.0) * 100.0; }

static inline void step(pmo *s, double *memory, const double *in, double *out) {
  (void)memory;
  const double old = s->previous;
  s->previous = in[0];
  out[0] = pln_smooth_step(&s->second, 10.0 * pln_smooth_step(&s->first, roc(in[0], old)));
  out[1] = pln_smooth_step(&s->signal, out[0]);
  out[2] = old != 0.0;
}
PLN_IND_STEP(pmo, step)

enum { BLOCK = 512 };

PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n) {
  pmo *s = state;
  double change[BLOCK], average[BLOCK];
  for (int64_t i = 0; i < n; i += BLOCK) {
    const int64_t m = n - i < BLOCK ? n - i : BLOCK;
    const double *x = in[0] + i;
    change[0] = roc(x[0], s->previous);
    PLN_IVDEP
    for (int64_t j = 1; j < m; j++) change[j] = roc(x[j], x[j - 1]);
    s->previous = x[m - 1];
    pln_smooth_rows(&s->first, change, average, m);
    PLN_IVDEP
    for (int64_t j = 0; j < m; j++) average[j] *= 10.0;
    pln_smooth_rows(&s->second, average, out[0] + i, m);
    pln_smooth_rows(&s->signal, out[0] + i, out[1] + i, m);
  }
}
PLN_IND_SIMD(batch, rows)

const pln_ind_desc pln_ind_pmo = {
    .info = {.name = "pmo",
             .group = "momentum",
             .help = "Price momentum oscillator (DecisionPoint)",
             .formula = "10 times the one-row rate of change in percent (0 after 0), smoothed by 2 / time "
                        "and then by 2 / smooth; signal = its exponential average of `signal` rows; each "
                        "seeded with the mean of its first values (StockCharts, Stock.Indicators)",
             .inputs = "source",
             .outputs = "pmo signal",
             .example = "pmo(close, 35, 20, 10).signal",
             .params = params,
             .n_params = 3,
             .input_kind = PLN_INPUT_SOURCE,
             .has_valid = 1},
    .n_inputs = 1,
    .n_outputs = 2,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
};
