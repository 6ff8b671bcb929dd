#include "feature/cumulative.h"

static int64_t size(const double *p) {
  (void)p;
  return PLN_IND_SIZE(pln_cumulative, 0);
}

static inline void step(pln_cumulative *s, double *memory, const double *in, double *out) {
  (void)memory;
  out[0] = pln_cumulative_step(s, in[0]);
}
PLN_IND_STEP(pln_cumulative, step)

PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n) {
  pln_cumulative_rows(state, in[0], out[0], n);
}
PLN_IND_SIMD(batch, rows)

const pln_ind_desc pln_ind_cumsum = {
    .info = {.name = "cumsum",
             .aliases = "cumulative_sum",
             .group = "math",
             .help = "Cumulative sum: of all rows so far",
             .formula = "x[0] + … + x[i] (TA-Lib CUMSUM), compensated: its error does not grow with the rows",
             .inputs = "source",
             .outputs = "sum",
             .example = "cumsum(close > open)",
             .input_kind = PLN_INPUT_SOURCE},
    .n_inputs = 1,
    .n_outputs = 1,
    .size = size,
    .step = step_row,
    .batch = batch,
};
