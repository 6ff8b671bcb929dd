#include "feature/ind.h"

static void step_row(void *state, const double *in, double *out) {
  (void)state;
  out[0] = in[1] != 0.0 ? in[0] / in[1] : 0.0;
  out[1] = in[1] != 0.0;
}

PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n) {
  (void)state;
  const double *a = in[0], *b = in[1];
  double *y = out[0];
  PLN_IVDEP
  for (int64_t i = 0; i < n; i++) y[i] = b[i] != 0.0 ? a[i] / b[i] : 0.0;
}
PLN_IND_SIMD(batch, rows)

const pln_ind_desc pln_ind_ratio = {
    .info = {.name = "ratio",
             .aliases = "price_ratio",
             .group = "cross",
             .help = "Ratio of two series",
             .formula = "a / b; 0 where b is 0. A series of another symbol or timeframe has a scope, as in "
                        "ratio(close, QQQ_1m.close): each row then has its last value that is visible",
             .inputs = "a b",
             .outputs = "ratio",
             .example = "ratio(close, open)",
             .input_kind = PLN_INPUT_SERIES,
             .has_valid = 1},
    .n_inputs = 2,
    .n_outputs = 1,
    .is_stateless = 1,
    .step = step_row,
    .batch = batch,
};
