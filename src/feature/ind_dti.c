#include "feature/smooth.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("first", "period of the first average", 14, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_INT("second", "of the second", 10, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_INT("third", "of the third", 5, 1, PLN_IND_MAX_PERIOD),
};

enum { STAGES = 3 };

typedef struct dti {
  pln_smooth change[STAGES];
  pln_smooth size[STAGES];
  double high;
  double low;
} dti;

static int64_t lookback(const double *p) { return (int64_t)(p[0] + p[1] + p[2]) - 2; }
static int64_t size(const double *p) {
  (void)p;
  return PLN_IND_SIZE(dti, 0);
}
static void init(void *state, const double *p) {
  dti *s = state;
  int64_t skip = 1; /* the first row has no change */
  for (int32_t k = 0; k < STAGES; k++) {
    pln_smooth_init(&s->change[k], 2.0 / (p[k] + 1.0), (int64_t)p[k], skip);
    pln_smooth_init(&s->size[k], 2.0 / (p[k] + 1.0), (int64_t)p[k], skip);
    skip += (int64_t)p[k] - 1;
  }
}

PLN_INLINE double movement(double high, double old_high, double low, double old_low) {
  const double up = high - old_high, down = old_low - low;
  return (up > 0.0 ? up : 0.0) - (down > 0.0 ? down : 0.0);
}
PLN_INLINE double ratio(double change, double size) { return size == 0.0 ? 0.0 : 100.0 * (change / size); }

static inline void step(dti *s, double *memory, const double *in, double *out) {
  (void)memory;
  double change = movement(in[0], s->high, in[1], s->low), size = fabs(change);
  s->high = in[0];
  s->low = in[1];
  for (int32_t k = 0; k < STAGES; k++) {
    change = pln_smooth_step(&s->change[k], change);
    size = pln_smooth_step(&s->size[k], size);
  }
  out[0] = ratio(change, size);
  out[1] = size != 0.0;
}
PLN_IND_STEP(dti, step)

enum { BLOCK = 512 };

PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n) {
  dti *s = state;
  double change[2][BLOCK], size[2][BLOCK];
  for (int64_t i = 0; i < n; i += BLOCK) {
    const int64_t m = n - i < BLOCK ? n - i : BLOCK;
    const double *high = in[0] + i, *low = in[1] + i;
    double *y = out[0] + i;
    change[0][0] = movement(high[0], s->high, low[0], s->low);
    size[0][0] = fabs(change[0][0]);
    PLN_IVDEP
    for (int64_t j = 1; j < m; j++) {
      change[0][j] = movement(high[j], high[j - 1], low[j], low[j - 1]);
      size[0][j] = fabs(change[0][j]);
    }
    s->high = high[m - 1];
    s->low = low[m - 1];
    for (int32_t k = 0; k < STAGES; k++) {
      pln_smooth_rows(&s->change[k], change[k & 1], change[!(k & 1)], m);
      pln_smooth_rows(&s->size[k], size[k & 1], size[!(k & 1)], m);
    }
    PLN_IVDEP
    for (int64_t j = 0; j < m; j++) /* NOLINTNEXTLINE: m entries were written */
      y[j] = ratio(change[STAGES & 1][j], size[STAGES & 1][j]);
  }
}
PLN_IND_SIMD(batch, rows)

const pln_ind_desc pln_ind_dti = {
    .info = {.name = "dti",
             .group = "momentum",
             .help = "Directional trend index (Blau)",
             .formula = "100 e(m) / e(|m|), m = max(high - previous high, 0) - max(previous low - low, 0), e "
                        "= ema(ema(ema(…, first), second), third), each seeded with the mean of its first "
                        "values; 0 where no extreme has moved",
             .inputs = "high low",
             .outputs = "dti",
             .example = "dti(14, 10, 5)",
             .params = params,
             .n_params = 3,
             .input_kind = PLN_INPUT_COLUMNS,
             .has_valid = 1},
    .n_inputs = 2,
    .n_outputs = 1,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
};
