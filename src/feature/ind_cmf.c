#include "feature/money_flow.h"
#include "feature/window.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows in the window", 20, 1, PLN_IND_MAX_PERIOD),
};

static int64_t lookback(const double *p) { return (int64_t)p[0] - 1; }
static int64_t size(const double *p) {
  return PLN_IND_SIZE(pln_window, pln_window_doubles((int64_t)p[0], 2));
}
static void init(void *state, const double *p) { pln_window_init(state, (int64_t)p[0]); }

PLN_INLINE void flow(const double *in, double *sums) {
  sums[0] = pln_money_flow_multiplier(in[0], in[1], in[2]) * in[3];
  sums[1] = in[3];
}
PLN_INLINE void finish(const pln_window *s, const double *in, const double *sums, double *out) {
  (void)s, (void)in;
  out[0] = sums[1] > 0.0 ? sums[0] / sums[1] : 0.0;
  out[1] = sums[1] > 0.0;
}
PLN_WINDOW_MAPPED(pln_window, 2, 4, 1, pln_merge_sums2, flow, finish)

const pln_ind_desc pln_ind_cmf = {
    .info = {.name = "cmf",
             .aliases = "chaikin_money_flow",
             .group = "volume",
             .help = "Chaikin money flow",
             .formula =
                 "sum of the money flow volumes (see ad) of the last `period` rows over the sum of their "
                 "volumes; 0 where there is no volume",
             .inputs = "high low close volume",
             .outputs = "cmf",
             .example = "cmf(20)",
             .params = params,
             .n_params = 1,
             .input_kind = PLN_INPUT_COLUMNS,
             .has_valid = 1},
    .n_inputs = 4,
    .n_outputs = 1,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
};
