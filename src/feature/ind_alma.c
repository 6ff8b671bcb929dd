#include "feature/fir.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows in the window", 9, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM("offset", "where the curve has its centre: 0 oldest, 1 newest row", 0.85, 0, 1),
    PLN_PARAM("sigma", "the larger, the narrower the curve", 6, 0.1, 30),
    PLN_PARAM_WORD("centre", "as it is, or rounded down to a row", 0, 1, "exact floor"),
};

static int64_t taps_of(const double *p) { return (int64_t)p[0]; }
static void weights(const double *p, double *w, int64_t taps) {
  const double centre = p[1] * (double)(taps - 1), m = p[3] == 0.0 ? centre : floor(centre);
  const double s = (double)taps / p[2];
  for (int64_t k = 0; k < taps; k++) {
    const double d = (double)(taps - 1 - k) - m;
    w[k] = exp(-d * d / (2.0 * s * s));
  }
}
PLN_FIR_KERNEL(taps_of, weights)

const pln_ind_desc pln_ind_alma = {
    .info = {.name = "alma",
             .group = "trend",
             .help = "Arnaud Legoux moving average",
             .formula = "mean with the weights exp(-(i - m)^2 / (2 s^2)) of a Gauss curve, i = 0 … period "
                        "- 1 from the oldest, m = offset (period - 1), s = period / sigma (A. Legoux and "
                        "D. Kouzis-Loukas, 2009; Stock.Indicators); with centre=floor m is rounded down "
                        "(Lean)",
             .inputs = "source",
             .outputs = "alma",
             .example = "alma(close, 9, 0.85, 6)",
             .params = params,
             .n_params = 4,
             .input_kind = PLN_INPUT_SOURCE},
    .n_inputs = 1,
    .n_outputs = 1,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
};
