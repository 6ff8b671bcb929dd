#include "feature/filter.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows of the shortest wave that passes", 14, 2, PLN_IND_MAX_PERIOD),
    PLN_PARAM_INT("poles", "how steep, 1 to 4", 4, 1, PLN_FILTER_POLES),
};

static void begin(pln_filter *s, const double *p) { pln_filter_gauss(s, p[0], (int64_t)p[1]); }
PLN_FILTER_KERNEL(begin)

const pln_ind_desc pln_ind_gauss = {
    .info = {.name = "gauss",
             .group = "cycle",
             .help = "Gaussian filter",
             .formula = "`poles` exponential averages of weight a, each over the one before, a = -b + "
                        "√(b^2 + 2 b), b = (1 - cos(2 π / period)) / (2^(1 / poles) - 1) (J. Ehlers, "
                        "2001, ch. 15). It begins in its steady state, as if the first value had been "
                        "there for ever.",
             .inputs = "source",
             .outputs = "gauss",
             .example = "gauss(close, 14, 4)",
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
