#include "feature/cumulative.h"
#include "feature/money_flow.h"

static int64_t size(const double *p) {
  (void)p;
  return PLN_IND_SIZE(pln_cumulative, 0);
}

static inline void step(pln_cumulative *s, double *memory, const double *in, double *out) {
  (void)memory;
  out[1] = pln_money_flow_multiplier(in[0], in[1], in[2]);
  out[2] = out[1] * in[3];
  out[0] = pln_cumulative_step(s, out[2]);
  out[3] = in[0] > in[1];
}
PLN_IND_STEP(pln_cumulative, step)

enum { BLOCK = 512 };

PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n) {
  for (int64_t i = 0; i < n; i += BLOCK) {
    const int64_t m = n - i < BLOCK ? n - i : BLOCK;
    const double *high = in[0] + i, *low = in[1] + i, *close = in[2] + i, *volume = in[3] + i;
    double *multiplier = out[1] + i, *flow = out[2] + i;
    PLN_IVDEP
    for (int64_t j = 0; j < m; j++) {
      multiplier[j] = pln_money_flow_multiplier(high[j], low[j], close[j]);
      flow[j] = multiplier[j] * volume[j];
    }
    pln_cumulative_rows(state, flow, out[0] + i, m);
  }
}
PLN_IND_SIMD(batch, rows)

const pln_ind_desc pln_ind_ad = {
    .info = {.name = "ad",
             .aliases = "adl accumulation_distribution",
             .group = "volume",
             .help = "Accumulation and distribution line",
             .formula =
                 "money_flow_multiplier = ((close - low) - (high - close)) / (high - low), 0 in a bar "
                 "without range; money_flow_volume = that times the volume; ad = its sum from the first "
                 "row on (Chaikin; TA-Lib AD)",
             .inputs = "high low close volume",
             .outputs = "ad money_flow_multiplier money_flow_volume",
             .example = "ad()",
             .input_kind = PLN_INPUT_COLUMNS,
             .has_valid = 1},
    .n_inputs = 4,
    .n_outputs = 3,
    .size = size,
    .step = step_row,
    .batch = batch,
};
