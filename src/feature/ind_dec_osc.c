#include "feature/filter.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "longest wave in rows that is taken out", 125, 4, PLN_IND_MAX_PERIOD),
    PLN_PARAM("k", "factor", 1, 0.01, 100),
};

typedef struct dec_osc {
  pln_filter high;
  pln_filter fast;
  double k;
} dec_osc;

static int64_t size(const double *p) {
  (void)p;
  return PLN_IND_SIZE(dec_osc, 0);
}
static void init(void *state, const double *p) {
  dec_osc *s = state;
  pln_filter_high_pass_2_pole(&s->high, p[0]);
  pln_filter_high_pass_2_pole(&s->fast, 0.5 * p[0]);
  s->k = p[1];
}

static inline void step(dec_osc *s, double *memory, const double *in, double *out) {
  (void)memory;
  const double smooth = in[0] - pln_filter_step(&s->high, in[0]);
  const double wave = pln_filter_step(&s->fast, smooth);
  out[0] = in[0] != 0.0 ? 100.0 * s->k * wave / in[0] : 0.0;
  out[1] = in[0] != 0.0;
}
PLN_IND_STEP(dec_osc, step)
PLN_IND_BATCH(dec_osc, 1, 1, step)

const pln_ind_desc pln_ind_dec_osc = {
    .info = {.name = "dec_osc",
             .group = "cycle",
             .help = "Decycler oscillator",
             .formula = "100 k times the two-pole high pass, of half the period, of the decycler (x less "
                        "its two-pole high pass), over x; 0 where x is 0 (J. Ehlers, Stocks and "
                        "Commodities 33:10, 2015). It begins in its steady state, as if the first value "
                        "had been there for ever.",
             .inputs = "source",
             .outputs = "dec_osc",
             .example = "dec_osc(close, 125)",
             .params = params,
             .n_params = 2,
             .input_kind = PLN_INPUT_SOURCE,
             .has_valid = 1},
    .n_inputs = 1,
    .n_outputs = 1,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = step_rows,
};
