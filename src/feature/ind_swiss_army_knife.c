#include "feature/filter.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows of the shortest wave that passes", 20, 5, PLN_IND_MAX_PERIOD),
    PLN_PARAM_WORD("tool", "which filter", 0, 4, "gauss butter high_pass two_pole_high_pass band_pass"),
    PLN_PARAM("delta", "half width of the band", 0.1, 0.01, 0.5),
};

enum { GAUSS, BUTTER, HIGH_PASS, TWO_POLE_HIGH_PASS, BAND_PASS };

static void begin(pln_filter *s, const double *p) {
  const double alpha = pln_filter_beta(p[0], 2.415), rest = 1.0 - alpha;
  s->a[0] = 2.0 * rest;
  s->a[1] = -rest * rest;
  switch ((int)p[1]) {
  case GAUSS:
    s->gain = 1.0;
    break;
  case BUTTER:
    s->gain = 1.0;
    s->b[0] = alpha * alpha / 2.0;
    s->b[1] = alpha * alpha / 4.0;
    break;
  case TWO_POLE_HIGH_PASS:
    s->b[0] = -2.0 * (1.0 - alpha / 2.0) * (1.0 - alpha / 2.0);
    s->b[1] = -s->b[0] / 2.0;
    break;
  case HIGH_PASS:
    s->a[1] = 0.0;
    pln_filter_high_pass(s, p[0]);
    break;
  default:
    pln_filter_band_pass(s, p[0], cos(4.0 * pln_pi * p[2] / p[0]));
    break;
  }
}
PLN_FILTER_KERNEL(begin)

const pln_ind_desc pln_ind_swiss_army_knife = {
    .info = {.name = "swiss_army_knife",
             .group = "cycle",
             .help = "Ehlers' filters under one name",
             .formula = "gauss: two-pole Gaussian filter; butter: two-pole Butterworth filter; high_pass "
                        "and two_pole_high_pass; band_pass, of half width delta, as shares of the period "
                        "(J. Ehlers, Swiss Army Knife Indicator, 2006: a = -b + √(b^2 + 2 b), b = 2.415 "
                        "(1 - cos(2 π / period))). The band pass has the coefficients of that article, (1 "
                        "- a) / 2 (x[0] - x[2]) + cos(2 π / period) (1 + a) y[1] - a y[2]; Lean has other "
                        "signs there. It begins in its steady state, as if the first value had been there "
                        "for ever.",
             .inputs = "source",
             .outputs = "value",
             .example = "swiss_army_knife(close, 20, gauss)",
             .params = params,
             .n_params = 3,
             .input_kind = PLN_INPUT_SOURCE},
    .n_inputs = 1,
    .n_outputs = 1,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = step_rows,
};
