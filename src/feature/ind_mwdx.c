#include "feature/smooth.h"

static const pln_indicator_param params[] = {
    PLN_PARAM("factor", "weight of a new value", 0.2, 0.0001, 1),
};

static int64_t size(const double *p) {
  (void)p;
  return PLN_IND_SIZE(pln_smooth, 0);
}
static void init(void *state, const double *p) { pln_smooth_init(state, p[0], 1, 0); }

static inline void step(pln_smooth *s, double *memory, const double *in, double *out) {
  (void)memory;
  out[0] = pln_smooth_step(s, in[0]);
}
PLN_IND_STEP(pln_smooth, step)

PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n) {
  pln_smooth_rows(state, in[0], out[0], n);
}
PLN_IND_SIMD(batch, rows)

const pln_ind_desc pln_ind_mwdx = {
    .info = {.name = "mwdx",
             .group = "trend",
             .help = "Exponential average by weight",
             .formula = "e += factor (x - e), from the first value (jesse MWDX)",
             .inputs = "source",
             .outputs = "mwdx",
             .example = "mwdx(close, 0.2)",
             .params = params,
             .n_params = 1,
             .input_kind = PLN_INPUT_SOURCE},
    .n_inputs = 1,
    .n_outputs = 1,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
};
