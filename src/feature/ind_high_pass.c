#include "feature/filter.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "longest wave in rows that passes", 48, 2, PLN_IND_MAX_PERIOD),
    PLN_PARAM_WORD("start", "how it begins: steady, or its first results being the first values", 0, 1,
                   "steady price"),
};

static void begin(pln_filter *s, const double *p) {
  pln_filter_high_pass(s, p[0]);
  s->verbatim = p[1] != 0.0 ? 1 : 0;
}
PLN_FILTER_KERNEL(begin)

const pln_ind_desc pln_ind_high_pass = {
    .info = {.name = "high_pass",
             .group = "cycle",
             .help = "One-pole high-pass filter",
             .formula = "(1 - a / 2) (x[0] - x[1]) + (1 - a) y[1], a = 1 + (sin t - 1) / cos t, t = 2 π / "
                        "period (J. Ehlers). It begins in its steady state, as if the first value had "
                        "been there for ever; with start=price the filter's first results are the first "
                        "values themselves (jesse)",
             .inputs = "source",
             .outputs = "high_pass",
             .example = "high_pass(close, 48)",
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
