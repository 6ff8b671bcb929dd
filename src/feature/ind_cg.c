#include "feature/ma.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows in the window", 10, 2, PLN_IND_MAX_PERIOD),
    PLN_PARAM_WORD("form", "whose", 0, 1, "ehlers jesse"),
};

static double rows_of(const double *p) { return p[1] == 0.0 ? p[0] : p[0] - 1.0; }

typedef struct cg {
  pln_window window; /* mean and tilt */
  double n;
  double offset;
} cg;

static int64_t lookback(const double *p) { return (int64_t)rows_of(p) - 1; }
static int64_t size(const double *p) { return PLN_IND_SIZE(cg, pln_window_doubles((int64_t)rows_of(p), 2)); }
static void init(void *state, const double *p) {
  cg *s = state;
  s->n = rows_of(p);
  s->offset = p[1] == 0.0 ? 0.0 : (s->n + 1.0) / 2.0;
  pln_window_init(&s->window, (int64_t)s->n);
}

static inline void step(cg *s, double *memory, const double *in, double *out) {
  const double leaf[2] = {in[0], 0.0};
  double both[2] = {0.0, 0.0};
  pln_window_step(&s->window, memory, 2, 0, pln_merge_tilt, leaf, both);
  const double centre = both[0] != 0.0 ? -(s->offset + both[1] / (both[0] * s->n)) : 0.0;
  out[0] = centre;
  out[1] = both[0] != 0.0;
}
PLN_IND_STEP(cg, step)
PLN_IND_BATCH(cg, 1, 1, step)

const pln_ind_desc pln_ind_cg = {
    .info = {.name = "cg",
             .group = "cycle",
             .help = "Center of gravity oscillator",
             .formula = "(n + 1) / 2 - Σ (1 + k) x[k] / Σ x[k], k = 0 … n - 1, n = period (J. Ehlers, "
                        "Stocks and Commodities 20:5, 2002); 0 where Σ x is 0. With form=jesse: without "
                        "the (n + 1) / 2 and over period - 1 rows",
             .inputs = "source",
             .outputs = "cg",
             .example = "cg(close, 10)",
             .params = params,
             .n_params = 2,
             .input_kind = PLN_INPUT_SOURCE,
             .has_valid = 1},
    .n_inputs = 1,
    .n_outputs = 1,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = step_rows,
};
