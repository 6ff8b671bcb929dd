#include "feature/filter.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows of the shortest wave that passes", 14, 2, PLN_IND_MAX_PERIOD),
    PLN_PARAM_WORD("start", "how it begins: steady, or its first results being the first values", 0, 1,
                   "steady price"),
};

static void begin(pln_filter *s, const double *p) {
  pln_filter_supersmoother(s, p[0]);
  s->verbatim = p[1] != 0.0 ? 2 : 0;
}
PLN_FILTER_KERNEL(begin)

const pln_ind_desc pln_ind_supersmoother = {
    .info = {.name = "supersmoother",
             .group = "cycle",
             .help = "Two-pole super smoother",
             .formula = "(1 + a^2 - b) / 2 (x[0] + x[1]) + b y[1] - a^2 y[2], a = exp(-1.414 π / period), "
                        "b = 2 a cos(1.414 π / period) (J. Ehlers, a Butterworth filter and a mean of "
                        "two). It begins in its steady state, as if the first value had been there for "
                        "ever; with start=price the filter's first results are the first values "
                        "themselves (jesse)",
             .inputs = "source",
             .outputs = "supersmoother",
             .example = "supersmoother(close, 14)",
             .params = params,
             .n_params = 2,
             .input_kind = PLN_INPUT_SOURCE},
    .n_inputs = 1,
    .n_outputs = 1,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = step_rows,
};
