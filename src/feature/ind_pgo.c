#include "feature/late_ma.h"
#include "feature/true_range.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows of both averages", 14, 1, PLN_IND_MAX_PERIOD),
};

typedef struct pgo {
  pln_ma mean;
  pln_late_ma range;
  double close;
} pgo;

static int64_t lookback(const double *p) { return (int64_t)p[0]; }
static int64_t size(const double *p) {
  return PLN_IND_SIZE(pgo,
                      pln_ma_doubles(PLN_MA_SMA, (int64_t)p[0]) + pln_ma_doubles(PLN_MA_EMA, (int64_t)p[0]));
}
static void init(void *state, const double *p) {
  pgo *s = state;
  pln_ma_init(&s->mean, PLN_MA_SMA, (int64_t)p[0]);
  pln_late_ma_init(&s->range, PLN_MA_EMA, (int64_t)p[0], 1, pln_ma_doubles(PLN_MA_SMA, (int64_t)p[0]));
}

PLN_INLINE double ratio(double gap, double range) { return range == 0.0 ? 0.0 : gap / range; }

static inline void step(pgo *s, double *memory, const double *in, double *out) {
  const double mean = pln_ma_step(&s->mean, memory, in[2]);
  const double range = pln_late_ma_step(&s->range, memory, pln_true_range(in[0], in[1], s->close));
  s->close = in[2];
  out[0] = ratio(in[2] - mean, range);
  out[1] = range != 0.0;
}
PLN_IND_STEP(pgo, step)
PLN_IND_BATCH(pgo, 3, 1, step)

const pln_ind_desc pln_ind_pgo = {
    .info = {.name = "pgo",
             .group = "momentum",
             .help = "Pretty good oscillator (Johnson)",
             .formula = "(close - sma(close, period)) / ema(tr, period), true ranges from the second row on; "
                        "0 where all true ranges were 0",
             .inputs = "high low close",
             .outputs = "pgo",
             .example = "pgo(14)",
             .params = params,
             .n_params = 1,
             .input_kind = PLN_INPUT_COLUMNS,
             .has_valid = 1},
    .n_inputs = 3,
    .n_outputs = 1,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = step_rows,
};
