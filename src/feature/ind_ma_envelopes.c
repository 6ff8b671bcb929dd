#include "feature/ma.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows of the average", 20, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM("pct", "distance in percent", 2.5, 0, 100),
    PLN_PARAM_WORD("type", "which average (as of ma)", PLN_MA_SMA, PLN_MA_LAST, PLN_MA_WORDS),
};

typedef struct ma_envelopes {
  pln_ma average;
  double share;
} ma_envelopes;

static int64_t lookback(const double *p) { return pln_ma_lookback((int32_t)p[2], (int64_t)p[0]); }
static int64_t size(const double *p) {
  return PLN_IND_SIZE(ma_envelopes, pln_ma_doubles((int32_t)p[2], (int64_t)p[0]));
}
static void init(void *state, const double *p) {
  ma_envelopes *s = state;
  pln_ma_init(&s->average, (int32_t)p[2], (int64_t)p[0]);
  s->share = p[1] / 100.0;
}

static inline void step(ma_envelopes *s, double *memory, const double *in, double *out) {
  const double centre = pln_ma_step(&s->average, memory, in[0]), width = s->share * centre;
  out[0] = centre;
  out[1] = centre + width;
  out[2] = centre - width;
}
PLN_IND_STEP(ma_envelopes, step)
PLN_IND_BATCH(ma_envelopes, 1, 3, step)

const pln_ind_desc pln_ind_ma_envelopes = {
    .info = {.name = "ma_envelopes",
             .aliases = "ma_env",
             .group = "trend",
             .help = "Moving average envelopes",
             .formula = "centerline: average of the type; upper and lower: pct percent above and below it",
             .inputs = "source",
             .outputs = "centerline upper lower",
             .example = "ma_envelopes(close, 20, 2.5).upper",
             .params = params,
             .n_params = 3,
             .input_kind = PLN_INPUT_SOURCE},
    .n_inputs = 1,
    .n_outputs = 3,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = step_rows,
};
