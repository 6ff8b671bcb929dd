#include "feature/ind.h"

/* A divisor of 0 counts as 1. */
PLN_INLINE double over(double a, double b) { return b != 0.0 ? a / b : a; }

static void step_row(void *state, const double *in, double *out) {
  (void)state;
  out[1] = over(in[0], in[1]);
  out[2] = over(in[2], in[3]);
  out[0] = over(out[1], out[2]);
  out[3] = in[1] != 0.0 && in[3] != 0.0 && out[2] != 0.0;
}

static void batch(void *state, const double *const *in, double *const *out, int64_t n) {
  for (int64_t i = 0; i < n; i++) {
    const double x[4] = {in[0][i], in[1][i], in[2][i], in[3][i]};
    double y[4];
    step_row(state, x, y);
    for (int32_t k = 0; k < 3; k++) out[k][i] = y[k];
  }
}

const pln_ind_desc pln_ind_arms_index = {
    .info = {.name = "arms_index",
             .aliases = "trin",
             .group = "cross",
             .help = "Arms index (TRIN) of given advances and declines",
             .formula =
                 "ratio = advances / declines, volume_ratio = their volumes' ratio, arms_index = ratio / "
                 "volume_ratio (Arms, 1967); a divisor of 0 counts as 1 (Lean), and valid is 0 there",
             .inputs = "advances declines advance_volume decline_volume",
             .outputs = "arms_index ratio volume_ratio",
             .example = "arms_index(high, low, volume, volume)",
             .input_kind = PLN_INPUT_SERIES,
             .has_valid = 1},
    .n_inputs = 4,
    .n_outputs = 3,
    .is_stateless = 1,
    .step = step_row,
    .batch = batch,
};
