#include "feature/swing.h"

static const pln_indicator_param params[] = {
    PLN_SWING_PARAMS(2),
    PLN_PARAM_WORD("from", "what is compared: high and low, or the close", 0, 1, "ends close"),
};

typedef struct fractals {
  pln_swing high;
  pln_swing low;
  int64_t of_close;
} fractals;

static int64_t lookback(const double *p) { return pln_swing_lookback((int64_t)p[0], (int64_t)p[1]); }
static int64_t size(const double *p) {
  return PLN_IND_SIZE(fractals, 2 * pln_swing_doubles((int64_t)p[0], (int64_t)p[1]));
}
static void init(void *state, const double *p) {
  fractals *s = state;
  pln_swing_init(&s->high, (int64_t)p[0], (int64_t)p[1]);
  pln_swing_init(&s->low, (int64_t)p[0], (int64_t)p[1]);
  s->of_close = p[2] != 0.0;
}

static inline void step(fractals *s, double *memory, const double *in, double *out) {
  const double high = in[s->of_close ? 2 : 0], low = in[s->of_close ? 2 : 1];
  double *below = memory + pln_swing_doubles(s->high.left, s->high.right);
  const int32_t is_high = pln_swing_step(&s->high, memory, PLN_HIGHEST_LAST, high);
  const int32_t is_low = pln_swing_step(&s->low, below, PLN_LOWEST_LAST, low);
  out[0] = is_high & is_low ? 2.0 : is_high - is_low;
  out[1] = is_high ? s->high.level : 0.0;
  out[2] = is_low ? s->low.level : 0.0;
}
PLN_IND_STEP(fractals, step)

PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n) {
  fractals *s = state;
  double *memory = (double *)(s + 1), *below = memory + pln_swing_doubles(s->high.left, s->high.right);
  double high[PLN_WINDOW_BLOCK], low[PLN_WINDOW_BLOCK], is_high[PLN_WINDOW_BLOCK], is_low[PLN_WINDOW_BLOCK];
  for (int64_t i = 0; i < n; i += PLN_WINDOW_BLOCK) {
    const int64_t m = n - i < PLN_WINDOW_BLOCK ? n - i : PLN_WINDOW_BLOCK;
    pln_swing_block(&s->high, memory, PLN_HIGHEST_LAST, in[s->of_close ? 2 : 0] + i, high, is_high, m);
    pln_swing_block(&s->low, below, PLN_LOWEST_LAST, in[s->of_close ? 2 : 1] + i, low, is_low, m);
    for (int64_t j = 0; j < m; j++) {
      pln_swing_note(&s->high, is_high[j] != 0.0, high[j]);
      pln_swing_note(&s->low, is_low[j] != 0.0, low[j]);
      const double both = is_high[j] * is_low[j];
      out[0][i + j] = both != 0.0 ? 2.0 : is_high[j] - is_low[j];
      out[1][i + j] = is_high[j] != 0.0 ? high[j] : 0.0;
      out[2][i + j] = is_low[j] != 0.0 ? low[j] : 0.0;
    }
  }
}
PLN_IND_SIMD(batch, rows)

const pln_ind_desc pln_ind_fractals = {
    .info =
        {.name = "fractals",
         .aliases = "fractal williams_fractals pivot_points_high_low pivots",
         .group = "structure",
         .help = "Williams fractals, where they are known",
         .formula =
             "fractals: 1 where the high `right` rows ago turns out to be above all highs of the `left` rows "
             "before and the `right` rows after it, -1 where that low turns out to be below all lows, 2 "
             "both, 0 neither (Williams; Lean PivotPointsHighLow); bear: the level of the high, bull: of the "
             "low, 0 in other rows. A chart shows them `right` rows earlier, when nobody knew them",
         .inputs = "high low close",
         .outputs = "fractals bear bull",
         .example = "fractals(2, 2).bear",
         .params = params,
         .n_params = 3,
         .input_kind = PLN_INPUT_COLUMNS},
    .n_inputs = 3,
    .n_outputs = 3,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
};
