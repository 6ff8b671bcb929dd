#include "feature/window.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows in the window", 14, 1, PLN_IND_MAX_PERIOD),
};

static int64_t lookback(const double *p) { return (int64_t)p[0] - 1; }
static int64_t size(const double *p) {
  return PLN_IND_SIZE(pln_window, pln_window_doubles((int64_t)p[0], 1));
}
static void init(void *state, const double *p) { pln_window_init(state, (int64_t)p[0]); }

static inline void step(pln_window *s, double *memory, const double *in, double *out) {
  const double body = in[1] - in[0];
  pln_window_step(s, memory, 1, 0, pln_merge_mean, &body, out);
}
PLN_IND_STEP(pln_window, step)

PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n) {
  pln_window *s = state;
  double body[PLN_WINDOW_BLOCK];
  for (int64_t i = 0; i < n; i += PLN_WINDOW_BLOCK) {
    const int64_t m = n - i < PLN_WINDOW_BLOCK ? n - i : PLN_WINDOW_BLOCK;
    const double *open = in[0] + i, *close = in[1] + i;
    PLN_IVDEP
    for (int64_t j = 0; j < m; j++) body[j] = close[j] - open[j];
    const double *const x[] = {body};
    double *const y[] = {out[0] + i};
    pln_window_block(s, (double *)(s + 1), 1, 0, pln_merge_mean, x, y, m);
  }
}
PLN_IND_SIMD(batch, rows)

const pln_ind_desc pln_ind_qstick = {
    .info = {.name = "qstick",
             .group = "trend",
             .help = "Qstick",
             .formula = "mean of close - open over `period` rows (Chande; Tulip qstick)",
             .inputs = "open close",
             .outputs = "qstick",
             .example = "qstick(14)",
             .params = params,
             .n_params = 1,
             .input_kind = PLN_INPUT_COLUMNS},
    .n_inputs = 2,
    .n_outputs = 1,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
};
