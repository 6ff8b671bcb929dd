#include "feature/window.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows in the window", 20, 1, PLN_IND_MAX_PERIOD),
};

static int64_t lookback(const double *p) { return (int64_t)p[0] - 1; }
static int64_t size(const double *p) {
  return PLN_IND_SIZE(pln_window, pln_window_doubles((int64_t)p[0], 2));
}
static void init(void *state, const double *p) { pln_window_init(state, (int64_t)p[0]); }

/* Weighted mean (weights a … 1, newest first) and plain mean. The newer part's weights rise by b each:
 * sum = T(a) v_newer + a b m_newer + T(b) v_older, with T(k) = k (k + 1) / 2. */
static inline void merge(double *const *out, const double *const *newer, const double *const *older,
                         int64_t n, double a, double b) {
  double *v = out[0], *m = out[1];
  const double *vx = newer[0], *vy = older[0], *mx = newer[1], *my = older[1];
  const double total = (a + b) * (a + b + 1.0) / 2.0;
  const double lift = a * b / total, part = b * (b + 1.0) / 2.0 / total, weight = b / (a + b);
  PLN_IVDEP
  for (int64_t i = 0; i < n; i++) {
    v[i] = vx[i] + ((mx[i] - vx[i]) * lift + (vy[i] - vx[i]) * part);
    m[i] = mx[i] + (my[i] - mx[i]) * weight;
  }
}

static inline void step(pln_window *s, double *memory, const double *in, double *out) {
  const double leaf[2] = {in[0], in[0]};
  double both[2] = {0.0, 0.0};
  pln_window_step(s, memory, 2, 0, merge, leaf, both);
  out[0] = both[0];
}
PLN_IND_STEP(pln_window, step)

PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n) {
  pln_window *s = state;
  double mean[PLN_WINDOW_BLOCK];
  for (int64_t i = 0; i < n; i += PLN_WINDOW_BLOCK) {
    const double *const x[] = {in[0] + i, in[0] + i};
    double *const y[] = {out[0] + i, mean};
    pln_window_block(s, (double *)(s + 1), 2, 0, merge, x, y,
                     n - i < PLN_WINDOW_BLOCK ? n - i : PLN_WINDOW_BLOCK);
  }
}
PLN_IND_SIMD(batch, rows)

const pln_ind_desc pln_ind_wma = {
    .info = {.name = "wma",
             .group = "trend",
             .help = "Linearly weighted moving average",
             .formula = "mean of the last `period` values with weights period, period - 1, … 1, the newest "
                        "heaviest (TA-Lib WMA)",
             .inputs = "source",
             .outputs = "wma",
             .example = "wma(close, 20)",
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
