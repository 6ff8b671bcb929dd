#include "feature/filter.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("longest", "longest wave in rows that passes", 48, 2, PLN_IND_MAX_PERIOD),
    PLN_PARAM_INT("shortest", "shortest wave in rows that passes", 10, 2, PLN_IND_MAX_PERIOD),
    PLN_PARAM_WORD("start", "how it begins: steady, or its first results being the first values", 0, 1,
                   "steady price"),
};

typedef struct roofing {
  pln_filter high;
  pln_filter low;
} roofing;

static int64_t size(const double *p) {
  (void)p;
  return PLN_IND_SIZE(roofing, 0);
}
static void init(void *state, const double *p) {
  roofing *s = state;
  pln_filter_high_pass_2_pole(&s->high, p[0]);
  pln_filter_supersmoother(&s->low, p[1]);
  s->high.verbatim = s->low.verbatim = p[2] != 0.0 ? 2 : 0;
}

static inline void step(roofing *s, double *memory, const double *in, double *out) {
  (void)memory;
  out[0] = pln_filter_step(&s->low, pln_filter_step(&s->high, in[0]));
}
PLN_IND_STEP(roofing, step)
PLN_IND_BATCH(roofing, 1, 1, step)

const pln_ind_desc pln_ind_roofing = {
    .info = {.name = "roofing",
             .group = "cycle",
             .help = "Roofing filter",
             .formula = "supersmoother(high_pass_2_pole(x, longest), shortest) (J. Ehlers, 2013). It "
                        "begins in its steady state, as if the first value had been there for ever; with "
                        "start=price the filter's first results are the first values themselves (jesse)",
             .inputs = "source",
             .outputs = "roofing",
             .example = "roofing(close, 48, 10)",
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
