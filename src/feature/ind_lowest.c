#include "feature/window.h"

static const pln_indicator_param params[] = {
    {"period", "rows in the window", 20, 1, PLN_IND_MAX_PERIOD, 1, 0},
};

static int64_t lookback(const double *p) { return (int64_t)p[0] - 1; }
static int64_t size(const double *p) {
  return PLN_IND_SIZE(pln_window, pln_window_doubles((int64_t)p[0], 1));
}
static void init(void *state, const double *p) { pln_window_init(state, (int64_t)p[0]); }

static inline void merge(double *const *out, const double *const *newer, const double *const *older,
                         int64_t n, double a, double b) {
  (void)a;
  (void)b;
  double *o = out[0];
  const double *x = newer[0], *y = older[0];
  PLN_IVDEP
  for (int64_t i = 0; i < n; i++) o[i] = x[i] < y[i] ? x[i] : y[i];
}

static inline void step(pln_window *s, double *memory, const double *in, double *out) {
  pln_window_step(s, memory, 1, 1, merge, in, out);
}
PLN_IND_STEP(pln_window, step)

PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n) {
  pln_window *s = state;
  for (int64_t i = 0; i < n; i += PLN_WINDOW_BLOCK) {
    const double *const x[] = {in[0] + i};
    double *const y[] = {out[0] + i};
    pln_window_block(s, (double *)(s + 1), 1, 1, merge, x, y,
                     n - i < PLN_WINDOW_BLOCK ? n - i : PLN_WINDOW_BLOCK);
  }
}
PLN_IND_SIMD(batch, rows)

const pln_ind_desc pln_ind_lowest = {
    .info = {.name = "lowest",
             .group = "trend",
             .help = "Lowest value of a window",
             .formula = "smallest of the last `period` values, this row's included (TA-Lib MIN)",
             .inputs = "source",
             .outputs = "lowest",
             .example = "lowest(low, 20)",
             .params = params,
             .n_params = 1,
             .input_kind = PLN_INPUT_SOURCE},
    .n_inputs = 1,
    .n_outputs = 1,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
};
