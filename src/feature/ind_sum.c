#include "feature/window.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows in the window", 30, 1, PLN_IND_MAX_PERIOD),
};

/* The sum of a + b rows. */
static inline void merge(double *const *out, const double *const *newer, const double *const *older,
                         int64_t n, double a, double b) {
  (void)a, (void)b;
  double *o = out[0];
  const double *x = newer[0], *y = older[0];
  PLN_IVDEP
  for (int64_t i = 0; i < n; i++) o[i] = x[i] + y[i];
}
PLN_WINDOW_KERNEL(0, merge)

const pln_ind_desc pln_ind_sum = {
    .info = {.name = "sum",
             .group = "math",
             .help = "Sum of a window",
             .formula = "sum of the last `period` values (TA-Lib SUM), by halves: no running sum that "
                        "could rot, and whole numbers stay exact",
             .inputs = "source",
             .outputs = "sum",
             .example = "sum(volume, 30)",
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
