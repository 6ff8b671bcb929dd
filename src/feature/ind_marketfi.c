#include "feature/ind.h"

static void step_row(void *state, const double *in, double *out) {
  (void)state;
  out[0] = in[2] > 0.0 ? (in[0] - in[1]) / in[2] : 0.0;
  out[1] = in[2] > 0.0;
}

PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n) {
  (void)state;
  const double *high = in[0], *low = in[1], *volume = in[2];
  double *y = out[0];
  PLN_IVDEP
  for (int64_t i = 0; i < n; i++) y[i] = volume[i] > 0.0 ? (high[i] - low[i]) / volume[i] : 0.0;
}
PLN_IND_SIMD(batch, rows)

const pln_ind_desc pln_ind_marketfi = {
    .info = {.name = "marketfi",
             .aliases = "market_facilitation_index bw_mfi",
             .group = "volume",
             .help = "Market facilitation index",
             .formula = "(high - low) / volume (Tulip marketfi); 0 where there is no volume",
             .inputs = "high low volume",
             .outputs = "marketfi",
             .example = "marketfi()",
             .input_kind = PLN_INPUT_COLUMNS,
             .has_valid = 1},
    .n_inputs = 3,
    .n_outputs = 1,
    .is_stateless = 1,
    .step = step_row,
    .batch = batch,
};
