#include "feature/fir.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows in the window", 40, 1, PLN_IND_MAX_PERIOD),
};

#include "feature/lag.h"
#include "feature/window.h"

typedef struct nma {
  pln_fir weighted;
  pln_window mean;
  pln_lag lag;
  double sum; /* of the weights */
  double x[2];
} nma;

static int64_t lookback(const double *p) { return (int64_t)p[0]; }
static int64_t size(const double *p) {
  return PLN_IND_SIZE(nma,
                      pln_fir_doubles((int64_t)p[0]) + pln_window_doubles((int64_t)p[0], 1) + (int64_t)p[0]);
}
static void init(void *state, const double *p) {
  nma *s = state;
  const int64_t n = (int64_t)p[0];
  double *w = (double *)(s + 1);
  for (int64_t k = 0; k < n; k++) w[k] = sqrt((double)k + 1.0) - sqrt((double)k);
  pln_fir_init(&s->weighted, w, n);
  s->sum = sqrt(p[0]);
  pln_window_init(&s->mean, n);
  s->lag.n = (int32_t)n - 1;
}

static inline void step(nma *s, double *memory, const double *in, double *out) {
  const int64_t n = s->mean.n;
  const double x = in[0], before = s->x[0];
  double *window = memory + pln_fir_doubles(n), *ring = window + pln_window_doubles(n, 1);
  const double o = x > 0.0 && before > 0.0 ? fabs(log(x / before)) : 0.0;
  const double weighted = pln_fir_step(&s->weighted, memory, o);
  double mean = 0.0;
  pln_window_step(&s->mean, window, 1, 0, pln_merge_mean, &o, &mean);
  const double old = pln_lag_step(&s->lag, ring, x),
               ratio = mean > 0.0 ? weighted * s->sum / (mean * (double)n) : 0.0;
  out[0] = s->x[1] + ratio * (old - s->x[1]);
  s->x[0] = x;
  s->x[1] = old;
}
PLN_IND_STEP(nma, step)
PLN_IND_BATCH(nma, 1, 1, step)

const pln_ind_desc pln_ind_nma = {
    .info = {.name = "nma",
             .group = "trend",
             .help = "Natural moving average",
             .formula = "r x[period - 1 rows ago] + (1 - r) x[period rows ago], r = Σ o[i] (√(i + 1) - "
                        "√i) / Σ o[i], i = 0 … period - 1, o[i] = |ln x[i] - ln x[i + 1]|, 0 where one of "
                        "them is not positive; r is 0 where Σ o is 0 (J. Sloman, Ocean Theory; jesse)",
             .inputs = "source",
             .outputs = "nma",
             .example = "nma(close, 40)",
             .params = params,
             .n_params = 1,
             .input_kind = PLN_INPUT_SOURCE},
    .n_inputs = 1,
    .n_outputs = 1,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = step_rows,
};
