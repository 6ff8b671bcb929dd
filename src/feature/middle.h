#pragma once
#include "feature/window.h"

/* The kernel of the middle between the highest of the first input and the lowest of the last one in a window,
 * of which the includer says how many there are: `enum { N_INPUTS = … }`. */
static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows in the window", 14, 1, PLN_IND_MAX_PERIOD),
};

/* The largest value and the least one. */
static inline void merge(double *const *out, const double *const *newer, const double *const *older,
                         int64_t n, double a, double b) {
  (void)a, (void)b;
  double *high = out[0], *low = out[1];
  const double *high_x = newer[0], *high_y = older[0], *low_x = newer[1], *low_y = older[1];
  PLN_IVDEP
  for (int64_t i = 0; i < n; i++) {
    high[i] = high_y[i] > high_x[i] ? high_y[i] : high_x[i];
    low[i] = low_y[i] < low_x[i] ? low_y[i] : low_x[i];
  }
}

static int64_t lookback(const double *p) { return (int64_t)p[0] - 1; }
static int64_t size(const double *p) {
  return PLN_IND_SIZE(pln_window, pln_window_doubles((int64_t)p[0], 2));
}
static void init(void *state, const double *p) { pln_window_init(state, (int64_t)p[0]); }

static inline void step(pln_window *s, double *memory, const double *in, double *out) {
  const double leaf[2] = {in[0], in[N_INPUTS - 1]};
  double range[2] = {0.0, 0.0};
  pln_window_step(s, memory, 2, 1, merge, leaf, range);
  out[0] = 0.5 * (range[0] + range[1]);
}
PLN_IND_STEP(pln_window, step)

PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n) {
  pln_window *s = state;
  double low[PLN_WINDOW_BLOCK];
  for (int64_t i = 0; i < n; i += PLN_WINDOW_BLOCK) {
    const int64_t m = n - i < PLN_WINDOW_BLOCK ? n - i : PLN_WINDOW_BLOCK;
    const double *const x[] = {in[0] + i, in[N_INPUTS - 1] + i};
    double *const y[] = {out[0] + i, low};
    pln_window_block(s, (double *)(s + 1), 2, 1, merge, x, y, m);
    double *o = out[0] + i;
    PLN_IVDEP
    for (int64_t j = 0; j < m; j++) o[j] = 0.5 * (o[j] + low[j]);
  }
}
PLN_IND_SIMD(batch, rows)
