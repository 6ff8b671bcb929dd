#include "feature/directional.h"

static const pln_indicator_param params[] = {PLN_DIRECTIONAL_PARAMS(1)};

typedef struct dm {
  pln_dm movement;
  double period;
} dm;

static int64_t lookback(const double *p) { return pln_directional_first((int64_t)p[0], (int32_t)p[1]); }
static int64_t size(const double *p) {
  (void)p;
  return PLN_IND_SIZE(dm, 0);
}
static void init(void *state, const double *p) {
  dm *s = state;
  pln_dm_init(&s->movement, (int64_t)p[0], (int32_t)p[1]);
  s->period = p[0];
}

static inline void step(dm *s, double *memory, const double *in, double *out) {
  (void)memory;
  const pln_movement m = pln_dm_step(&s->movement, in[0], in[1]);
  out[0] = m.plus * s->period;
  out[1] = m.minus * s->period;
}
PLN_IND_STEP(dm, step)

PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n) {
  dm *s = state;
  double plus[PLN_DIRECTIONAL_BLOCK], minus[PLN_DIRECTIONAL_BLOCK];
  for (int64_t i = 0; i < n; i += PLN_DIRECTIONAL_BLOCK) {
    const int64_t m = n - i < PLN_DIRECTIONAL_BLOCK ? n - i : PLN_DIRECTIONAL_BLOCK;
    pln_dm_block(&s->movement, in[0] + i, in[1] + i, plus, minus, m);
    PLN_IVDEP
    for (int64_t j = 0; j < m; j++) {
      out[0][i + j] = plus[j] * s->period;
      out[1][i + j] = minus[j] * s->period;
    }
  }
}
PLN_IND_SIMD(batch, rows)

const pln_ind_desc pln_ind_dm = {
    .info = {.name = "dm",
             .aliases = "plus_dm plusdm",
             .group = "trend",
             .help = "Directional movement, plus and minus",
             .formula =
                 "plus: rise of the high where it is positive and larger than the fall of the low, "
                 "else 0; minus: likewise of the low (Wilder, 1978); each as Wilder's sum S += x - S "
                 "/ period, which starts with the sum of the first period - 1 movements (TA-Lib "
                 "PLUS_DM and MINUS_DM), with start=wilder with that of the first `period`; start=tulip "
                 "is as TA-Lib, but where both are equal both count (Tulip dm)",
             .inputs = "high low",
             .outputs = "plus minus",
             .example = "dm(14).minus",
             .params = params,
             .n_params = 2,
             .input_kind = PLN_INPUT_COLUMNS},
    .n_inputs = 2,
    .n_outputs = 2,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
};
