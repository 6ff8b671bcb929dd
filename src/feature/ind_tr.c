#include "feature/true_range.h"

static const pln_indicator_param params[] = {PLN_FIRST_RANGE_PARAM};

typedef struct tr {
  double previous;
  double started;
} tr;

static int64_t lookback(const double *p) { return p[0] == 0.0; }
static int64_t size(const double *p) {
  (void)p;
  return PLN_IND_SIZE(tr, 0);
}
static void init(void *state, const double *p) {
  (void)state;
  (void)p;
}

static inline void step(tr *s, double *memory, const double *in, double *out) {
  (void)memory;
  out[0] = s->started != 0.0 ? pln_true_range(in[0], in[1], s->previous) : in[0] - in[1];
  s->started = 1.0;
  s->previous = in[2];
}
PLN_IND_STEP(tr, step)

PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n) {
  tr *s = state;
  const double *high = in[0], *low = in[1], *close = in[2];
  double *y = out[0];
  if (n == 0) return;
  y[0] = s->started != 0.0 ? pln_true_range(high[0], low[0], s->previous) : high[0] - low[0];
  PLN_IVDEP
  for (int64_t i = 1; i < n; i++) y[i] = pln_true_range(high[i], low[i], close[i - 1]);
  s->started = 1.0;
  s->previous = close[n - 1];
}
PLN_IND_SIMD(batch, rows)

const pln_ind_desc pln_ind_tr = {
    .info = {.name = "tr",
             .aliases = "trange true_range",
             .group = "volatility",
             .help = "True range",
             .formula =
                 "max(high - low, |high - previous close|, |low - previous close|), from the second row on "
                 "(TA-Lib TRANGE); with first=range also in the first row, as high - low (Tulip)",
             .inputs = "high low close",
             .outputs = "tr",
             .example = "tr()",
             .params = params,
             .n_params = 1,
             .input_kind = PLN_INPUT_COLUMNS},
    .n_inputs = 3,
    .n_outputs = 1,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
};
