#include "feature/lag.h"
#include "feature/smooth.h"
#include "feature/window.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows between the two values", 20, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_INT("average", "period of the exponential average", 5, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_INT("deviation", "rows of the bands", 5, 1, PLN_IND_MAX_PERIOD),
};

typedef struct roc_wb {
  pln_lag lag;
  pln_smooth average;
  pln_window squares;
  int64_t skip;
  int64_t squares_memory;
} roc_wb;

static int64_t lookback(const double *p) { return (int64_t)(p[0] + (p[1] > p[2] ? p[1] : p[2])) - 1; }
static int64_t size(const double *p) {
  return PLN_IND_SIZE(roc_wb, p[0] + (double)pln_window_doubles((int64_t)p[2], 1));
}
static void init(void *state, const double *p) {
  roc_wb *s = state;
  s->lag.n = (int32_t)p[0];
  pln_smooth_init(&s->average, 2.0 / (p[1] + 1.0), (int64_t)p[1], (int64_t)p[0]);
  pln_window_init(&s->squares, (int64_t)p[2]);
  s->skip = s->squares_memory = (int64_t)p[0];
}

static inline void step(roc_wb *s, double *memory, const double *in, double *out) {
  const double old = pln_lag_step(&s->lag, memory, in[0]);
  const double roc = s->skip > 0 || old == 0.0 ? 0.0 : (in[0] / old - 1.0) * 100.0;
  const double average = pln_smooth_step(&s->average, roc);
  const double square = roc * roc;
  double mean = 0.0;
  if (s->skip > 0)
    s->skip--;
  else
    pln_window_step(&s->squares, memory + s->squares_memory, 1, 0, pln_merge_mean, &square, &mean);
  out[0] = roc;
  out[1] = average;
  out[2] = sqrt(mean);
  out[3] = -out[2];
  out[4] = old != 0.0;
}
PLN_IND_STEP(roc_wb, step)
PLN_IND_BATCH(roc_wb, 1, 4, step)

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
    .batch = step_rows,
};
