#include "feature/updown.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows in the window", 14, 1, PLN_IND_MAX_PERIOD),
};

static int64_t lookback(const double *p) { return (int64_t)p[0] - 1; }
static int64_t size(const double *p) {
  return PLN_IND_SIZE(pln_window, pln_window_doubles((int64_t)p[0], 2));
}
static void init(void *state, const double *p) { pln_window_init(state, (int64_t)p[0]); }

PLN_INLINE double ratio(double up, double down) {
  const double sum = up + down;
  return sum == 0.0 ? 50.0 : 100.0 * (up / sum);
}

static inline void step(pln_window *s, double *memory, const double *in, double *out) {
  double leaf[2], mean[2] = {0.0, 0.0};
  pln_up_down(in[1] - in[0], &leaf[0], &leaf[1]);
  pln_window_step(s, memory, 2, 0, pln_merge_two_means, leaf, mean);
  out[0] = ratio(mean[0], mean[1]);
  out[1] = mean[0] + mean[1] != 0.0;
}
PLN_IND_STEP(pln_window, step)

PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n) {
  pln_window *s = state;
  double leaf[2][PLN_WINDOW_BLOCK], mean[2][PLN_WINDOW_BLOCK];
  for (int64_t i = 0; i < n; i += PLN_WINDOW_BLOCK) {
    const int64_t m = n - i < PLN_WINDOW_BLOCK ? n - i : PLN_WINDOW_BLOCK;
    const double *open = in[0] + i, *close = in[1] + i;
    double *y = out[0] + i;
    PLN_IVDEP
    for (int64_t j = 0; j < m; j++) pln_up_down(close[j] - open[j], &leaf[0][j], &leaf[1][j]);
    const double *const x[] = {leaf[0], leaf[1]};
    double *const means[] = {mean[0], mean[1]};
    pln_window_block(s, (double *)(s + 1), 2, 0, pln_merge_two_means, x, means, m);
    PLN_IVDEP
    for (int64_t j = 0; j < m; j++) y[j] = ratio(mean[0][j], mean[1][j]); /* NOLINT: m entries were written */
  }
}
PLN_IND_SIMD(batch, rows)

const pln_ind_desc pln_ind_imi = {
    .info = {.name = "imi",
             .group = "momentum",
             .help = "Intraday momentum index",
             .formula =
                 "100 U / (U + D), U and D the sums of the rising and of the falling bodies (close - open) "
                 "of the last `period` rows (TA-Lib IMI); 50 where no row has a body (TA-Lib: not a number)",
             .inputs = "open close",
             .outputs = "imi",
             .example = "imi(14)",
             .params = params,
             .n_params = 1,
             .input_kind = PLN_INPUT_COLUMNS,
             .has_valid = 1},
    .n_inputs = 2,
    .n_outputs = 1,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
};
