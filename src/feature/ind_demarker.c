#include "feature/late_ma.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "of the averages", 14, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_WORD("ma", "kind of the averages", PLN_MA_SMA, PLN_MA_LAST, PLN_MA_WORDS),
};

typedef struct demarker {
  pln_late_ma up;
  pln_late_ma down;
  double high;
  double low;
} demarker;

static int64_t lookback(const double *p) { return 1 + pln_ma_lookback((int32_t)p[1], (int64_t)p[0]); }
static int64_t size(const double *p) {
  return PLN_IND_SIZE(demarker, 2 * pln_ma_doubles((int32_t)p[1], (int64_t)p[0]));
}
static void init(void *state, const double *p) {
  demarker *s = state;
  pln_late_ma_init(&s->up, (int32_t)p[1], (int64_t)p[0], 1, 0);
  pln_late_ma_init(&s->down, (int32_t)p[1], (int64_t)p[0], 1, pln_ma_doubles((int32_t)p[1], (int64_t)p[0]));
}

static inline void step(demarker *s, double *memory, const double *in, double *out) {
  const double rise = in[0] - s->high, fall = s->low - in[1];
  s->high = in[0];
  s->low = in[1];
  const double up = pln_late_ma_step(&s->up, memory, rise > 0.0 ? rise : 0.0);
  const double down = pln_late_ma_step(&s->down, memory, fall > 0.0 ? fall : 0.0);
  const double sum = up + down;
  out[0] = sum == 0.0 ? 0.0 : up / sum;
  out[1] = sum != 0.0;
}
PLN_IND_STEP(demarker, step)
PLN_IND_BATCH(demarker, 2, 1, step)

const pln_ind_desc pln_ind_demarker = {
    .info = {.name = "demarker",
             .group = "momentum",
             .help = "DeMarker indicator, from 0 to 1",
             .formula =
                 "U / (U + D), U = ma(max(high - previous high, 0)), D = ma(max(previous low - low, 0)), "
                 "over changes only (Lean counts the first row as one without a change); 0 where both are 0",
             .inputs = "high low",
             .outputs = "demarker",
             .example = "demarker(14)",
             .params = params,
             .n_params = 2,
             .input_kind = PLN_INPUT_COLUMNS,
             .has_valid = 1},
    .n_inputs = 2,
    .n_outputs = 1,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = step_rows,
};
