#include "feature/directional.h"

static const pln_indicator_param params[] = {PLN_DIRECTIONAL_PARAMS(1)};

typedef struct dx {
  pln_directional movement;
  double index; /* the last one that was defined */
} dx;

static int64_t lookback(const double *p) { return pln_directional_first_ratio((int64_t)p[0], (int32_t)p[1]); }
static int64_t size(const double *p) {
  (void)p;
  return PLN_IND_SIZE(dx, 0);
}
static void init(void *state, const double *p) {
  pln_directional_init(&((dx *)state)->movement, (int64_t)p[0], (int32_t)p[1]);
}

static inline void step(dx *s, double *memory, const double *in, double *out) {
  (void)memory;
  const pln_movement m = pln_directional_step(&s->movement, in[0], in[1], in[2]);
  out[1] = pln_directional_indicator(m.plus, m.range);
  out[2] = pln_directional_indicator(m.minus, m.range);
  const double index = pln_directional_index(out[1], out[2]);
  out[3] = index >= 0.0;
  if (index >= 0.0) s->index = index;
  out[0] = s->index;
}
PLN_IND_STEP(dx, step)

PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n) {
  dx *s = state;
  double range[PLN_DIRECTIONAL_BLOCK];
  for (int64_t i = 0; i < n; i += PLN_DIRECTIONAL_BLOCK) {
    const int64_t m = n - i < PLN_DIRECTIONAL_BLOCK ? n - i : PLN_DIRECTIONAL_BLOCK;
    double *index = out[0] + i, *plus = out[1] + i, *minus = out[2] + i;
    pln_directional_block(&s->movement, in[0] + i, in[1] + i, in[2] + i, plus, minus, range, m);
    pln_directional_indices(plus, minus, range, index, m);
    for (int64_t j = 0; j < m; j++) s->index = index[j] = index[j] >= 0.0 ? index[j] : s->index;
  }
}
PLN_IND_SIMD(batch, rows)

const pln_ind_desc pln_ind_dx = {
    .info = {.name = "dx",

             .group = "trend",
             .help = "Directional movement index",
             .formula = "100 |plus - minus| / (plus + minus) of the directional indicators di(period, start) "
                        "(TA-Lib DX); where both are 0, the value before, at first 0, as TA-Lib",
             .inputs = "high low close",
             .outputs = "dx plus_di minus_di",
             .example = "dx(14)",
             .params = params,
             .n_params = 2,
             .input_kind = PLN_INPUT_COLUMNS,
             .has_valid = 1},
    .n_inputs = 3,
    .n_outputs = 3,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
};
