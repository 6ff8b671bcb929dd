#include "feature/updown.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows in the window", 14, 1, PLN_IND_MAX_PERIOD),
};

static int64_t lookback(const double *p) { return (int64_t)p[0] - 1; }
static int64_t size(const double *p) {
  return PLN_IND_SIZE(pln_window, pln_window_doubles((int64_t)p[0], 2));
}
static void init(void *state, const double *p) { pln_window_init(state, (int64_t)p[0]); }

PLN_INLINE void body(const double *in, double *leaf) { pln_up_down(in[1] - in[0], &leaf[0], &leaf[1]); }

PLN_INLINE void finish(const pln_window *s, const double *in, const double *mean, double *out) {
  (void)s, (void)in;
  const double sum = mean[0] + mean[1];
  out[0] = sum == 0.0 ? 50.0 : 100.0 * (mean[0] / sum);
  out[1] = sum != 0.0;
}

/* NOLINTNEXTLINE: m entries are written */
PLN_WINDOW_MAPPED(pln_window, 2, 2, 1, pln_merge_two_means, body, finish)

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
