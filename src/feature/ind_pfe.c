#include "feature/lag.h"
#include "feature/late_ma.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows of the path", 10, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_INT("smooth", "period of the exponential average; 1: none", 5, 1, PLN_IND_MAX_PERIOD),
};

typedef struct pfe {
  pln_lag lag;
  pln_late_ma path;
  pln_smooth average;
  double previous;
  double period;
} pfe;

static int64_t lookback(const double *p) { return (int64_t)(p[0] + p[1]) - 1; }
static int64_t size(const double *p) {
  return PLN_IND_SIZE(pfe, p[0] + (double)pln_ma_doubles(PLN_MA_SMA, (int64_t)p[0]));
}
static void init(void *state, const double *p) {
  pfe *s = state;
  s->lag.n = (int32_t)p[0];
  s->period = p[0];
  pln_late_ma_init(&s->path, PLN_MA_SMA, (int64_t)p[0], 1, (int64_t)p[0]);
  pln_smooth_init(&s->average, 2.0 / (p[1] + 1.0), (int64_t)p[1], (int64_t)p[0]);
}

PLN_INLINE double length(double change, double rows) { return sqrt(change * change + rows * rows); }
/* Before the first full path its mean is 0. */
PLN_INLINE double part(double moved, double mean, double period) {
  const double y = mean == 0.0 ? 0.0 : 100.0 * length(moved, period) / (mean * period);
  return moved > 0.0 ? y : -y;
}

static inline void step(pfe *s, double *memory, const double *in, double *out) {
  const double old = pln_lag_step(&s->lag, memory, in[0]);
  const double mean = pln_late_ma_step(&s->path, memory, length(in[0] - s->previous, 1.0));
  s->previous = in[0];
  out[0] = pln_smooth_step(&s->average, part(in[0] - old, mean, s->period));
}
PLN_IND_STEP(pfe, step)

enum { BLOCK = 512 };

PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n) {
  pfe *s = state;
  double *memory = (double *)(s + 1);
  double walked[BLOCK], mean[BLOCK];
  for (int64_t i = 0; i < n; i += BLOCK) {
    const int64_t m = n - i < BLOCK ? n - i : BLOCK;
    const double *x = in[0] + i;
    walked[0] = length(x[0] - s->previous, 1.0);
    PLN_IVDEP
    for (int64_t j = 1; j < m; j++) walked[j] = length(x[j] - x[j - 1], 1.0);
    s->previous = x[m - 1];
    pln_late_ma_rows(&s->path, memory, walked, mean, m);
    pln_lag_rows(&s->lag, memory, x, walked, m);
    PLN_IVDEP
    for (int64_t j = 0; j < m; j++) mean[j] = part(x[j] - walked[j], mean[j], s->period);
    pln_smooth_rows(&s->average, mean, out[0] + i, m);
  }
}
PLN_IND_SIMD(batch, rows)

const pln_ind_desc pln_ind_pfe = {
    .info =
        {.name = "pfe",
         .group = "momentum",
         .help = "Polarized fractal efficiency (Hannula)",
         .formula =
             "ema(±100 sqrt((x[i] - x[i - period])^2 + period^2) / sum over the last `period` rows of sqrt(1 "
             "+ (x[j] - x[j-1])^2), smooth), + where x has risen over `period` rows; a row counts as one "
             "unit of price (jesse takes differences of order period - 1, which is not the definition)",
         .inputs = "source",
         .outputs = "pfe",
         .example = "pfe(close, 10, 5)",
         .params = params,
         .n_params = 2,
         .input_kind = PLN_INPUT_SOURCE},
    .n_inputs = 1,
    .n_outputs = 1,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
};
