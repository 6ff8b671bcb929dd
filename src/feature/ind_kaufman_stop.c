#include "feature/ma.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows of the average range", 22, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM("k", "distance of the stops, in average ranges", 2, 0, 1000),
    PLN_PARAM_WORD("average", "how high - low is averaged", PLN_MA_SMA, PLN_MA_LAST, PLN_MA_WORDS),
};

typedef struct kaufman_stop {
  pln_ma ma;
  double k;
} kaufman_stop;

static int64_t lookback(const double *p) { return pln_ma_lookback((int32_t)p[2], (int64_t)p[0]); }
static int64_t size(const double *p) {
  return PLN_IND_SIZE(kaufman_stop, pln_ma_doubles((int32_t)p[2], (int64_t)p[0]));
}
static void init(void *state, const double *p) {
  kaufman_stop *s = state;
  pln_ma_init(&s->ma, (int32_t)p[2], (int64_t)p[0]);
  s->k = p[1];
}

static inline void step(kaufman_stop *s, double *memory, const double *in, double *out) {
  const double distance = s->k * pln_ma_step(&s->ma, memory, in[0] - in[1]);
  out[0] = in[1] - distance;
  out[1] = in[0] + distance;
}
PLN_IND_STEP(kaufman_stop, step)
PLN_IND_BATCH(kaufman_stop, 2, 2, step)

const pln_ind_desc pln_ind_kaufman_stop = {
    .info = {.name = "kaufman_stop",
             .aliases = "kaufmanstop",
             .group = "volatility",
             .help = "Kaufman's stop",
             .formula = "long: low - k times the average of high - low; short: high + k times it (Kaufman; "
                        "jesse kaufmanstop)",
             .inputs = "high low",
             .outputs = "long short",
             .example = "kaufman_stop(22, 2).short",
             .params = params,
             .n_params = 3,
             .input_kind = PLN_INPUT_COLUMNS},
    .n_inputs = 2,
    .n_outputs = 2,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = step_rows,
};
