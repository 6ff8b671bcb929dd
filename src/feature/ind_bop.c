#include "feature/window.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("smooth", "rows of a simple average over it; 1: none", 1, 1, PLN_IND_MAX_PERIOD),
};

static int64_t lookback(const double *p) { return (int64_t)p[0] - 1; }
static int64_t size(const double *p) {
  return PLN_IND_SIZE(pln_window, pln_window_doubles((int64_t)p[0], 1));
}
static void init(void *state, const double *p) { pln_window_init(state, (int64_t)p[0]); }

PLN_INLINE double balance(double open, double high, double low, double close) {
  const double range = high - low;
  return range == 0.0 ? 0.0 : (close - open) / range;
}

static inline void step(pln_window *s, double *memory, const double *in, double *out) {
  const double y = balance(in[0], in[1], in[2], in[3]);
  double mean = y;
  if (s->n > 1) pln_window_step(s, memory, 1, 0, pln_merge_mean, &y, &mean);
  out[0] = mean;
  out[1] = in[1] != in[2];
}
PLN_IND_STEP(pln_window, step)

PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n) {
  pln_window *s = state;
  const double *o = in[0], *h = in[1], *l = in[2], *c = in[3];
  if (s->n == 1) {
    double *y = out[0];
    PLN_IVDEP
    for (int64_t i = 0; i < n; i++) y[i] = balance(o[i], h[i], l[i], c[i]);
    return;
  }
  double raw[PLN_WINDOW_BLOCK];
  for (int64_t i = 0; i < n; i += PLN_WINDOW_BLOCK) {
    const int64_t m = n - i < PLN_WINDOW_BLOCK ? n - i : PLN_WINDOW_BLOCK;
    PLN_IVDEP
    for (int64_t j = 0; j < m; j++) raw[j] = balance(o[i + j], h[i + j], l[i + j], c[i + j]);
    const double *const leaf[] = {raw};
    double *const y[] = {out[0] + i};
    pln_window_block(s, (double *)(s + 1), 1, 0, pln_merge_mean, leaf, y, m);
  }
}
PLN_IND_SIMD(batch, rows)

const pln_ind_desc pln_ind_bop = {
    .info = {.name = "bop",
             .aliases = "balance_of_power",
             .group = "momentum",
             .help = "Balance of power: the body as a part of the range",
             .formula = "mean over `smooth` rows of (close - open) / (high - low), a row without a range "
                        "counting 0 (TA-Lib BOP: smooth = 1; Stock.Indicators: 14); valid is 0 "
                        "in a row without a range",
             .inputs = "open high low close",
             .outputs = "bop",
             .example = "bop(14)",
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
