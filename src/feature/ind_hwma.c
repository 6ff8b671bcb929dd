#include "feature/ind.h"

static const pln_indicator_param params[] = {
    PLN_PARAM("na", "weight of a new value", 0.2, 0.001, 0.999),
    PLN_PARAM("nb", "weight of a new slope", 0.1, 0.001, 0.999),
    PLN_PARAM("nc", "weight of a new acceleration", 0.1, 0.001, 0.999),
};

typedef struct hwma {
  double na, nb, nc;
  double f, v, a;
  double begun;
} hwma;

static int64_t size(const double *p) {
  (void)p;
  return PLN_IND_SIZE(hwma, 0);
}
static void init(void *state, const double *p) {
  hwma *s = state;
  s->na = p[0];
  s->nb = p[1];
  s->nc = p[2];
}

static inline void step(hwma *s, double *memory, const double *in, double *out) {
  (void)memory;
  const double x = in[0];
  if (s->begun == 0.0) s->f = x;
  s->begun = 1.0;
  const double ahead = s->f + s->v + 0.5 * s->a, f = ahead + s->na * (x - ahead);
  const double v = (1.0 - s->nb) * (s->v + s->a) + s->nb * (f - s->f);
  s->a = (1.0 - s->nc) * s->a + s->nc * (v - s->v);
  s->f = f;
  s->v = v;
  out[0] = f + v + 0.5 * s->a;
}
PLN_IND_STEP(hwma, step)
PLN_IND_BATCH(hwma, 1, 1, step)

const pln_ind_desc pln_ind_hwma = {
    .info = {.name = "hwma",
             .group = "trend",
             .help = "Holt-Winters moving average",
             .formula = "f = (1 - na) (f + v + a / 2) + na x, v = (1 - nb) (v + a) + nb (f - its last), a "
                        "= (1 - nc) a + nc (v - its last); output f + v + a / 2. It starts from the first "
                        "value, v and a from 0",
             .inputs = "source",
             .outputs = "hwma",
             .example = "hwma(close)",
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
