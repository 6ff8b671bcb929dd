#include "feature/lag.h"
#include "feature/smooth.h"
#include "feature/window.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows of the path", 10, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_INT("smooth", "period of the exponential average; 1: none", 5, 1, PLN_IND_MAX_PERIOD),
};

typedef struct pfe {
  pln_lag lag;
  pln_window path;
  pln_smooth average;
  double previous;
  double period;
  int64_t path_memory;
  int32_t started;
  int32_t reserved;
} pfe;

static int64_t lookback(const double *p) { return (int64_t)(p[0] + p[1]) - 1; }
static int64_t size(const double *p) {
  return PLN_IND_SIZE(pfe, p[0] + (double)pln_window_doubles((int64_t)p[0], 1));
}
static void init(void *state, const double *p) {
  pfe *s = state;
  s->lag.n = (int32_t)p[0];
  s->period = p[0];
  s->path_memory = (int64_t)p[0];
  pln_window_init(&s->path, (int64_t)p[0]);
  pln_smooth_init(&s->average, 2.0 / (p[1] + 1.0), (int64_t)p[1], (int64_t)p[0]);
}

static inline void step(pfe *s, double *memory, const double *in, double *out) {
  const double old = pln_lag_step(&s->lag, memory, in[0]), change = in[0] - s->previous;
  s->previous = in[0];
  const double walked = sqrt(1.0 + change * change);
  double mean = 1.0;
  if (s->started) pln_window_step(&s->path, memory + s->path_memory, 1, 0, pln_merge_mean, &walked, &mean);
  s->started = 1;
  const double moved = in[0] - old, line = sqrt(moved * moved + s->period * s->period);
  const double part = 100.0 * line / (mean * s->period);
  out[0] = pln_smooth_step(&s->average, moved > 0.0 ? part : -part);
}
PLN_IND_STEP(pfe, step)
PLN_IND_BATCH(pfe, 1, 1, step)

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
    .batch = step_rows,
};
