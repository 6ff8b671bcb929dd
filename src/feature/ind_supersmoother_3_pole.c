#include "feature/filter.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows of the shortest wave that passes", 14, 2, PLN_IND_MAX_PERIOD),
    PLN_PARAM_WORD("start", "how it begins: steady, or its first results being the first values", 0, 1,
                   "steady price"),
};

static void begin(pln_filter *s, const double *p) {
  pln_filter_supersmoother_3_pole(s, p[0]);
  s->verbatim = p[1] != 0.0 ? 3 : 0;
}
PLN_FILTER_KERNEL(begin)

const pln_ind_desc pln_ind_supersmoother_3_pole = {
    .info = {.name = "supersmoother_3_pole",
             .group = "cycle",
             .help = "Three-pole super smoother",
             .formula = "(1 - c^2 - b + b c) x + (b + c) y[1] - (c + b c) y[2] + c^2 y[3], a = exp(-π / "
                        "period), b = 2 a cos(1.738 π / period), c = a^2 (J. Ehlers). It begins in its "
                        "steady state, as if the first value had been there for ever; with start=price "
                        "the filter's first results are the first values themselves (jesse)",
             .inputs = "source",
             .outputs = "supersmoother_3_pole",
             .example = "supersmoother_3_pole(close, 14)",
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
