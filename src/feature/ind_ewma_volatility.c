#include "feature/smooth.h"
#include "feature/volatility.h"

static const pln_indicator_param params[] = {
    PLN_PARAM("lambda", "weight of the past, from row to row", 0.94, 0, 0.999999),
    PLN_ANNUAL_PARAM(1),
    PLN_PARAM_INT("seed", "squared returns whose mean is the first variance", 1, 1, PLN_IND_MAX_PERIOD),
};

typedef struct ewma_volatility {
  pln_smooth smooth; /* leaves out the first row, which has no return */
  double previous;
  double scale;
} ewma_volatility;

static int64_t lookback(const double *p) { return (int64_t)p[2]; }
static int64_t size(const double *p) {
  (void)p;
  return PLN_IND_SIZE(ewma_volatility, 0);
}
static void init(void *state, const double *p) {
  ewma_volatility *s = state;
  pln_smooth_init(&s->smooth, 1.0 - p[0], (int64_t)p[2], 1);
  s->scale = sqrt(p[1]);
}

PLN_INLINE double square(double x, double previous) {
  const double change = pln_log_ratio(x, previous);
  return change * change;
}
PLN_INLINE double deviation(double scale, double variance) {
  return scale * sqrt(variance > 0.0 ? variance : 0.0);
}

static inline void step(ewma_volatility *s, double *memory, const double *in, double *out) {
  (void)memory;
  out[0] = deviation(s->scale, pln_smooth_step(&s->smooth, square(in[0], s->previous)));
  s->previous = in[0];
}
PLN_IND_STEP(ewma_volatility, step)

enum { BLOCK = 512, PADDED = BLOCK + 8 };

PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n) {
  ewma_volatility *s = state;
  double x[PADDED];
  for (int64_t i = 0; i < n; i += BLOCK) {
    const int64_t m = n - i < BLOCK ? n - i : BLOCK;
    const double *price = in[0] + i, scale = s->scale;
    double *y = out[0] + i;
    x[0] = square(price[0], s->previous);
    for (int64_t j = 1; j < m; j++) x[j] = square(price[j], price[j - 1]);
    s->previous = price[m - 1];
    pln_smooth_rows(&s->smooth, x, y, m);
    PLN_IVDEP
    for (int64_t j = 0; j < m; j++) y[j] = deviation(scale, y[j]);
  }
}
PLN_IND_SIMD(batch, rows)

const pln_ind_desc pln_ind_ewma_volatility = {
    .info = {.name = "ewma_volatility",
             .group = "volatility",
             .help = "Exponentially weighted volatility of returns",
             .formula =
                 "sqrt(annual * v), v = lambda v + (1 - lambda) r^2, r = ln(x / previous x), 0 where that is "
                 "undefined; v begins with the mean of the first `seed` r^2 (RiskMetrics, 1996: lambda 0.94 "
                 "for days, 0.97 for months), a fraction",
             .inputs = "source",
             .outputs = "ewma_volatility",
             .example = "ewma_volatility(close, 0.94)",
             .params = params,
             .n_params = 3,
             .input_kind = PLN_INPUT_SOURCE},
    .n_inputs = 1,
    .n_outputs = 1,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
};
