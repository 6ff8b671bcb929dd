#include "feature/window.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows in the window", 60, 1, PLN_IND_MAX_PERIOD),
};

static int64_t lookback(const double *p) { return (int64_t)p[0] - 1; }
static int64_t size(const double *p) {
  return PLN_IND_SIZE(pln_window, pln_window_doubles((int64_t)p[0], 3));
}
static void init(void *state, const double *p) { pln_window_init(state, (int64_t)p[0]); }

/* Largest and least value, and what is left of a peak at worst. */
static inline void merge(double *const *out, const double *const *newer, const double *const *older,
                         int64_t n, double a, double b) {
  (void)a, (void)b;
  double *high = out[0], *low = out[1], *left = out[2];
  const double *nh = newer[0], *nl = newer[1], *nr = newer[2], *oh = older[0], *ol = older[1],
               * or = older[2];
  PLN_IVDEP
  for (int64_t i = 0; i < n; i++) {
    const double across = nl[i] / oh[i], worse = nr[i] < or [i] ? nr[i] : or [i];
    high[i] = oh[i] > nh[i] ? oh[i] : nh[i];
    low[i] = ol[i] < nl[i] ? ol[i] : nl[i];
    left[i] = across < worse ? across : worse;
  }
}

PLN_INLINE void positive(const double *in, double *leaf) {
  leaf[0] = leaf[1] = in[0] > 1e-300 ? in[0] : 1e-300;
  leaf[2] = 1.0;
}
PLN_INLINE void finish(const pln_window *s, const double *in, const double *aggregate, double *out) {
  (void)s, (void)in;
  out[0] = aggregate[2] - 1.0;
}
PLN_WINDOW_MAPPED(pln_window, 3, 1, 1, merge, positive, finish)

const pln_ind_desc pln_ind_max_drawdown = {
    .info =
        {.name = "max_drawdown",
         .group = "statistics",
         .help = "Largest drawdown within a window",
         .formula =
             "the least of x / (largest value before it) - 1 within the last `period` values: 0 where they "
             "never fall, else negative. Values that are not positive count as the least positive number",
         .inputs = "source",
         .outputs = "max_drawdown",
         .example = "max_drawdown(close, 60)",
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
