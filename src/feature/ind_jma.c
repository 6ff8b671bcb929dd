#include "feature/ind.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows", 7, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM("phase", "from -100, slow, to 100, overshooting", 50, -100, 100),
    PLN_PARAM("power", "the larger, the quicker", 2, 1, 10),
};

typedef struct jma {
  double alpha, beta, ratio;
  double e0, e1, e2;
  double value;
  double begun;
} jma;

static int64_t size(const double *p) {
  (void)p;
  return PLN_IND_SIZE(jma, 0);
}
static void init(void *state, const double *p) {
  jma *s = state;
  const double n = 0.45 * (p[0] - 1.0);
  s->beta = n / (n + 2.0);
  s->alpha = pow(s->beta, p[2]);
  s->ratio = p[1] / 100.0 + 1.5;
}

static inline void step(jma *s, double *memory, const double *in, double *out) {
  (void)memory;
  const double x = in[0], rest = 1.0 - s->alpha;
  if (s->begun == 0.0) s->e0 = s->value = x;
  s->begun = 1.0;
  s->e0 = x + s->alpha * (s->e0 - x);
  s->e1 = (1.0 - s->beta) * (x - s->e0) + s->beta * s->e1;
  s->e2 = rest * rest * (s->e0 + s->ratio * s->e1 - s->value) + s->alpha * s->alpha * s->e2;
  s->value += s->e2;
  out[0] = s->value;
}
PLN_IND_STEP(jma, step)
PLN_IND_BATCH(jma, 1, 1, step)

const pln_ind_desc pln_ind_jma = {
    .info = {.name = "jma",
             .group = "trend",
             .help = "Jurik moving average",
             .formula = "e0 = (1 - a) x + a e0; e1 = (1 - b) (x - e0) + b e1; e2 = (1 - a)^2 (e0 + r e1 - "
                        "j) + a^2 e2; j += e2; b = 0.45 (period - 1) / (0.45 (period - 1) + 2), a = "
                        "b^power, r = phase / 100 + 1.5. It starts in its steady state at the first "
                        "value. M. Jurik's own is not published; this is the form that is known by its "
                        "name (TradingView, jesse)",
             .inputs = "source",
             .outputs = "jma",
             .example = "jma(close, 7, 50)",
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
