#include "feature/moments.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "returns in the window", 5, 1, PLN_IND_MAX_PERIOD),
};

typedef struct beta {
  pln_window window;
  double previous[2];
  int64_t started;

} beta;

static int64_t lookback(const double *p) { return (int64_t)p[0]; }
static int64_t size(const double *p) { return PLN_IND_SIZE(beta, pln_window_doubles((int64_t)p[0], 4)); }
static void init(void *state, const double *p) {
  beta *s = state;
  pln_window_init(&s->window, (int64_t)p[0]);
}

PLN_INLINE void returns(const beta *s, const double *in, const double *previous, double *leaf) {
  (void)s;
  leaf[0] = pln_simple_return(in[0], previous[0]);
  leaf[1] = pln_simple_return(in[1], previous[1]);
  leaf[2] = leaf[3] = 0.0;
}
PLN_INLINE void finish(const beta *s, const double *in, const double *moments, double *out) {
  (void)s, (void)in;
  out[0] = moments[3] > 0.0 ? moments[2] / moments[3] : 0.0;
  out[1] = moments[0] - out[0] * moments[1];
  out[2] = moments[3] > 0.0;
}
PLN_WINDOW_CHANGES(beta, PLN_MOMENTS_SLOPE, 2, 2, pln_merge_slope, returns, finish)

const pln_ind_desc pln_ind_beta = {
    .info = {.name = "beta",
             .group = "statistics",
             .help = "Beta to a market",
             .formula = "covariance of the returns of asset and market over variance of the market's, over "
                        "the last `period` simple returns (TA-Lib BETA(market, asset): its first argument is "
                        "the market; Stock.Indicators, Lean); alpha = mean return of the asset - beta * mean "
                        "return of the market (Lean Alpha). Beta is 0 where the market does not move",
             .inputs = "asset market",
             .outputs = "beta alpha",
             .example = "beta(close, open, 5)",
             .params = params,
             .n_params = 1,
             .input_kind = PLN_INPUT_SERIES,
             .has_valid = 1},
    .n_inputs = 2,
    .n_outputs = 2,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
};
