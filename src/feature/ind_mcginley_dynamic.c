#include "feature/ind.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows", 14, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM("k", "factor of the period", 0.6, 0.01, 10),
    PLN_PARAM_WORD("seed", "the first value: itself, or the mean of the first `period`", 0, 1, "first sma"),
};

static const double farthest = 2.0;

static int64_t seed_rows(const double *p) { return p[2] == 0.0 ? 1 : (int64_t)p[0]; }

typedef struct mcginley_dynamic {
  double kn;
  double value;
  int64_t seed;
  int64_t row;
} mcginley_dynamic;

static int64_t lookback(const double *p) { return seed_rows(p) - 1; }
static int64_t size(const double *p) {
  (void)p;
  return PLN_IND_SIZE(mcginley_dynamic, 0);
}
static void init(void *state, const double *p) {
  mcginley_dynamic *s = state;
  s->kn = p[0] * p[1];
  s->seed = seed_rows(p);
}

static inline void step(mcginley_dynamic *s, double *memory, const double *in, double *out) {
  (void)memory;
  const double x = in[0], before = s->value;
  if (s->row++ < s->seed) {
    s->value += (x - before) / (double)s->row;
  } else {
    const double quotient = before != 0.0 ? x / before : 0.0;
    const double ratio = quotient < farthest ? quotient : farthest, square = ratio * ratio;
    const double divisor = s->kn * square * square;
    s->value = before + (x - before) / (divisor > 1.0 ? divisor : 1.0);
  }
  out[0] = s->value;
}
PLN_IND_STEP(mcginley_dynamic, step)
PLN_IND_BATCH(mcginley_dynamic, 1, 1, step)

const pln_ind_desc pln_ind_mcginley_dynamic = {
    .info = {.name = "mcginley_dynamic",
             .aliases = "dynamic mcginley",
             .group = "trend",
             .help = "McGinley dynamic",
             .formula = "m += (x - m) / max(k period (x / m)^4, 1), from row 1 on the value of row 0 "
                        "(Stock.Indicators, jesse; J. McGinley, 1990, k 0.6); with seed=sma from the mean "
                        "of the first `period` values in row period - 1 (Lean: k 1). Where m is 0 it "
                        "becomes x; x / m counts as 2 at most, since it would hardly ever come back from "
                        "a single price far below",
             .inputs = "source",
             .outputs = "mcginley_dynamic",
             .example = "mcginley_dynamic(close, 14)",
             .params = params,
             .n_params = 3,
             .input_kind = PLN_INPUT_SOURCE},
    .n_inputs = 1,
    .n_outputs = 1,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = step_rows,
};
