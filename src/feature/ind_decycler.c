#include "feature/filter.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "longest wave in rows that is taken out", 125, 2, PLN_IND_MAX_PERIOD),
    PLN_PARAM_WORD("start", "how it begins: steady, or its first results being the first values", 0, 1,
                   "steady price"),
};

typedef struct decycler {
  pln_filter high;
} decycler;

static int64_t size(const double *p) {
  (void)p;
  return PLN_IND_SIZE(decycler, 0);
}
static void init(void *state, const double *p) {
  decycler *s = state;
  pln_filter_high_pass_2_pole(&s->high, p[0]);
  s->high.verbatim = p[1] != 0.0 ? 2 : 0;
}

static inline void step(decycler *s, double *memory, const double *in, double *out) {
  (void)memory;
  out[0] = in[0] - pln_filter_step(&s->high, in[0]);
}
PLN_IND_STEP(decycler, step)
PLN_IND_BATCH(decycler, 1, 1, step)

const pln_ind_desc pln_ind_decycler = {
    .info = {.name = "decycler",
             .group = "cycle",
             .help = "Decycler",
             .formula = "x less its two-pole high pass (high_pass_2_pole) (J. Ehlers, Stocks and "
                        "Commodities 33:10, 2015). It begins in its steady state, as if the first value "
                        "had been there for ever; with start=price the filter's first results are the "
                        "first values themselves (jesse)",
             .inputs = "source",
             .outputs = "decycler",
             .example = "decycler(close, 125)",
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
