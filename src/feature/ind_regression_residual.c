#include "feature/moments.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows in the window", 60, 2, PLN_IND_MAX_PERIOD),
};

typedef struct residual {
  pln_window window;
  double n;
} residual;

static int64_t lookback(const double *p) { return (int64_t)p[0] - 1; }
static int64_t size(const double *p) { return PLN_IND_SIZE(residual, pln_window_doubles((int64_t)p[0], 5)); }
static void init(void *state, const double *p) {
  residual *s = state;
  pln_window_init(&s->window, (int64_t)p[0]);
  s->n = p[0];
}

PLN_INLINE void finish(const residual *s, const double *in, const double *moments, double *out) {
  const double cross = moments[2], sx = moments[3], sy = moments[4];
  const double beta = sx > 0.0 ? cross / sx : 0.0;
  const double rest = (in[0] - moments[0]) - beta * (in[1] - moments[1]);
  const double unexplained = sy - beta * cross, squares = unexplained > 0.0 ? unexplained : 0.0;
  /* Below this the rest is what rounding leaves of a perfect fit. */
  const double noise = sy * 1e-14;
  const double r = pln_moments_correlation(moments);
  out[0] = rest;
  out[1] = beta;
  out[2] = moments[0] - beta * moments[1];
  out[3] = squares > noise ? rest / sqrt(squares / s->n) : 0.0;
  out[4] = r * r;
  out[5] = squares > noise && sx > 0.0;
}
PLN_WINDOW_DIRECT(residual, PLN_MOMENTS_PAIR, 2, 5, pln_merge_pair, finish)

const pln_ind_desc pln_ind_regression_residual = {
    .info =
        {.name = "regression_residual",
         .group = "statistics",
         .help = "Residual of one series on another: the spread of a pair",
         .formula =
             "least squares y = alpha + beta x over the last `period` rows: residual of this row, beta, "
             "alpha, zscore = residual / sqrt(mean squared residual), r_squared. Where x does not move: beta "
             "0, alpha the mean of y; zscore and r_squared are 0 where there is nothing to divide by",
         .inputs = "y x",
         .outputs = "residual beta alpha zscore r_squared",
         .example = "regression_residual(close, open, 60).zscore",
         .params = params,
         .n_params = 1,
         .input_kind = PLN_INPUT_SERIES,
         .has_valid = 1},
    .n_inputs = 2,
    .n_outputs = 5,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
};
