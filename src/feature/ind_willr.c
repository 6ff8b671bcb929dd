#include "feature/range.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows in the window", 14, 1, PLN_IND_MAX_PERIOD),
};

static int64_t lookback(const double *p) { return (int64_t)p[0] - 1; }
static int64_t size(const double *p) { return PLN_IND_SIZE(pln_window, pln_range_doubles((int64_t)p[0])); }
static void init(void *state, const double *p) { pln_window_init(state, (int64_t)p[0]); }

PLN_INLINE double position(double highest, double lowest, double close) {
  const double range = highest - lowest;
  return range == 0.0 ? 0.0 : -100.0 * ((highest - close) / range);
}

static inline void step(pln_window *s, double *memory, const double *in, double *out) {
  double highest, lowest;
  pln_range_step(s, memory, in[0], in[1], &highest, &lowest);
  out[0] = position(highest, lowest, in[2]);
  out[1] = highest != lowest;
}
PLN_IND_STEP(pln_window, step)

PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n) {
  pln_window *s = state;
  double highest[PLN_WINDOW_BLOCK], lowest[PLN_WINDOW_BLOCK];
  for (int64_t i = 0; i < n; i += PLN_WINDOW_BLOCK) {
    const int64_t m = n - i < PLN_WINDOW_BLOCK ? n - i : PLN_WINDOW_BLOCK;
    const double *close = in[2] + i;
    double *y = out[0] + i;
    pln_range_block(s, (double *)(s + 1), in[0] + i, in[1] + i, highest, lowest, m);
    PLN_IVDEP
    for (int64_t j = 0; j < m; j++)
      y[j] = position(highest[j], lowest[j], close[j]); /* NOLINT: m entries were written */
  }
}
PLN_IND_SIMD(batch, rows)

const pln_ind_desc pln_ind_willr = {
    .info = {.name = "willr",
             .aliases = "williams_r",
             .group = "momentum",
             .help = "Williams' %R: the close within the window's range, from -100 to 0",
             .formula = "-100 (H - close) / (H - L), H and L the highest high and the lowest low of the last "
                        "`period` rows (TA-Lib WILLR); 0 where H = L, as TA-Lib",
             .inputs = "high low close",
             .outputs = "willr",
             .example = "willr(14)",
             .params = params,
             .n_params = 1,
             .input_kind = PLN_INPUT_COLUMNS,
             .has_valid = 1},
    .n_inputs = 3,
    .n_outputs = 1,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
};
