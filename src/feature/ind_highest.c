#include "feature/window.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows in the window", 20, 1, PLN_IND_MAX_PERIOD),
};

static inline void merge(double *const *out, const double *const *newer, const double *const *older,
                         int64_t n, double a, double b) {
  (void)a;
  (void)b;
  double *o = out[0];
  const double *x = newer[0], *y = older[0];
  PLN_IVDEP
  for (int64_t i = 0; i < n; i++) o[i] = x[i] > y[i] ? x[i] : y[i];
}

PLN_WINDOW_KERNEL(1, merge)

const pln_ind_desc pln_ind_highest = {
    .info = {.name = "highest",
             .group = "trend",
             .help = "Highest value of a window",
             .formula = "largest of the last `period` values, this row's included (TA-Lib MAX)",
             .inputs = "source",
             .outputs = "highest",
             .example = "highest(high, 20)",
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
