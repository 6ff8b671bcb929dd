#include "feature/smooth.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows; the weight of a new value is 1 / period", 14, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_WORD("seed", "the first value: the mean of the first `period` values, or the first of them", 0,
                   1, "sma first"),
};

static int64_t seed_rows(const double *p) { return p[1] == 0.0 ? (int64_t)p[0] : 1; }
static int64_t lookback(const double *p) { return seed_rows(p) - 1; }
static int64_t size(const double *p) {
  (void)p;
  return PLN_IND_SIZE(pln_smooth, 0);
}
static void init(void *state, const double *p) { pln_smooth_init(state, 1.0 / p[0], seed_rows(p), 0); }

static inline void step(pln_smooth *s, double *memory, const double *in, double *out) {
  (void)memory;
  out[0] = pln_smooth_step(s, in[0]);
}
PLN_IND_STEP(pln_smooth, step)

PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n) {
  pln_smooth_rows(state, in[0], out[0], n);
}
PLN_IND_SIMD(batch, rows)

const pln_ind_desc pln_ind_smma = {
    .info = {.name = "smma",
             .aliases = "wilders rma",
             .group = "trend",
             .help = "Smoothed moving average",
             .formula = "s += (x - s) / period, seeded with the mean of the first `period` values (J. W. "
                        "Wilder, 1978; Tulip WILDERS), or with seed=first with the first value, from row "
                        "0",
             .inputs = "source",
             .outputs = "smma",
             .example = "smma(close, 14)",
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
