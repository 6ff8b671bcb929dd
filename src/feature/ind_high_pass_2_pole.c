#include "feature/filter.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "longest wave in rows that passes", 48, 2, PLN_IND_MAX_PERIOD),
    PLN_PARAM_WORD("start", "how it begins: steady, or its first results being the first values", 0, 1,
                   "steady price"),
};

static void begin(pln_filter *s, const double *p) {
  pln_filter_high_pass_2_pole(s, p[0]);
  s->verbatim = p[1] != 0.0 ? 2 : 0;
}
PLN_FILTER_KERNEL(begin)

const pln_ind_desc pln_ind_high_pass_2_pole = {
    .info = {.name = "high_pass_2_pole",
             .group = "cycle",
             .help = "Two-pole high-pass filter",
             .formula = "(1 - a / 2)^2 (x[0] - 2 x[1] + x[2]) + 2 (1 - a) y[1] - (1 - a)^2 y[2], a = 1 + "
                        "(sin t - 1) / cos t, t = 2 π 0.707 / period (J. Ehlers). It begins in its steady "
                        "state, as if the first value had been there for ever; with start=price the "
                        "filter's first results are the first values themselves (jesse)",
             .inputs = "source",
             .outputs = "high_pass_2_pole",
             .example = "high_pass_2_pole(close, 48)",
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
