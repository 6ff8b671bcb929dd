#include "feature/swing.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("span", "rows before and after a fractal that it goes beyond", 2, 1, 10000),
};

typedef struct fcb {
  pln_swing high;
  pln_swing low;
} fcb;

static int64_t lookback(const double *p) { return 2 * (int64_t)p[0]; }
static int64_t size(const double *p) {
  return PLN_IND_SIZE(fcb, 2 * pln_swing_doubles((int64_t)p[0], (int64_t)p[0]));
}
static void init(void *state, const double *p) {
  fcb *s = state;
  pln_swing_init(&s->high, (int64_t)p[0], (int64_t)p[0]);
  pln_swing_init(&s->low, (int64_t)p[0], (int64_t)p[0]);
}

static inline void step(fcb *s, double *memory, const double *in, double *out) {
  (void)pln_swing_step(&s->high, memory, PLN_HIGHEST_LAST, in[0]);
  (void)pln_swing_step(&s->low, memory + pln_swing_doubles(s->high.left, s->high.right), PLN_LOWEST_LAST,
                       in[1]);
  out[0] = s->high.age >= 0.0 ? s->high.level : in[0];
  out[1] = s->low.age >= 0.0 ? s->low.level : in[1];
  out[2] = (s->high.age >= 0.0) & (s->low.age >= 0.0);
}
PLN_IND_STEP(fcb, step)

PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n) {
  fcb *s = state;
  double *memory = (double *)(s + 1), *below = memory + pln_swing_doubles(s->high.left, s->high.right);
  double high[PLN_WINDOW_BLOCK], low[PLN_WINDOW_BLOCK], is_high[PLN_WINDOW_BLOCK], is_low[PLN_WINDOW_BLOCK];
  for (int64_t i = 0; i < n; i += PLN_WINDOW_BLOCK) {
    const int64_t m = n - i < PLN_WINDOW_BLOCK ? n - i : PLN_WINDOW_BLOCK;
    pln_swing_block(&s->high, memory, PLN_HIGHEST_LAST, in[0] + i, high, is_high, m);
    pln_swing_block(&s->low, below, PLN_LOWEST_LAST, in[1] + i, low, is_low, m);
    for (int64_t j = 0; j < m; j++) {
      pln_swing_note(&s->high, is_high[j] != 0.0, high[j]);
      pln_swing_note(&s->low, is_low[j] != 0.0, low[j]);
      out[0][i + j] = s->high.age >= 0.0 ? s->high.level : in[0][i + j];
      out[1][i + j] = s->low.age >= 0.0 ? s->low.level : in[1][i + j];
    }
  }
}
PLN_IND_SIMD(batch, rows)

const pln_ind_desc pln_ind_fcb = {
    .info = {.name = "fcb",
             .aliases = "fractal_chaos_bands",
             .group = "structure",
             .help = "Fractal chaos bands",
             .formula = "upper: the last fractal high that is known, lower: the last fractal low "
                        "(fractals(span, span)); before the first this row's high and low (valid 0 until "
                        "both are there) (Stock.Indicators)",
             .inputs = "high low",
             .outputs = "upper lower",
             .example = "fcb(2).lower",
             .params = params,
             .n_params = 1,
             .input_kind = PLN_INPUT_COLUMNS,
             .has_valid = 1},
    .n_inputs = 2,
    .n_outputs = 2,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
};
