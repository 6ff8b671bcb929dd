#include "feature/swing.h"

static const pln_indicator_param params[] = {PLN_SWING_PARAMS(2)};

typedef struct swing_structure {
  pln_swing high;
  pln_swing low;
  double high_run; /* higher highs in a row, lower ones negative */
  double low_run;
} swing_structure;

static int64_t lookback(const double *p) { return pln_swing_lookback((int64_t)p[0], (int64_t)p[1]); }
static int64_t size(const double *p) {
  return PLN_IND_SIZE(swing_structure, 2 * pln_swing_doubles((int64_t)p[0], (int64_t)p[1]));
}
static void init(void *state, const double *p) {
  swing_structure *s = state;
  pln_swing_init(&s->high, (int64_t)p[0], (int64_t)p[1]);
  pln_swing_init(&s->low, (int64_t)p[0], (int64_t)p[1]);
}

PLN_INLINE double run(const pln_swing *s, int32_t found, double run) {
  if (!found || s->count < 2.0) return run;
  if (s->level > s->previous) return run > 0.0 ? run + 1.0 : 1.0;
  if (s->level < s->previous) return run < 0.0 ? run - 1.0 : -1.0;
  return 0.0;
}

PLN_INLINE double trend(const swing_structure *s) {
  return (s->high_run > 0.0) & (s->low_run > 0.0)   ? 1.0
         : (s->high_run < 0.0) & (s->low_run < 0.0) ? -1.0
                                                    : 0.0;
}

static inline void step(swing_structure *s, double *memory, const double *in, double *out) {
  double *below = memory + pln_swing_doubles(s->high.left, s->high.right);
  const int32_t is_high = pln_swing_step(&s->high, memory, PLN_HIGHEST_LAST, in[0]);
  const int32_t is_low = pln_swing_step(&s->low, below, PLN_LOWEST_LAST, in[1]);
  s->high_run = run(&s->high, is_high, s->high_run);
  s->low_run = run(&s->low, is_low, s->low_run);
  out[0] = trend(s);
  out[1] = s->high_run;
  out[2] = s->low_run;
}
PLN_IND_STEP(swing_structure, step)

PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n) {
  swing_structure *s = state;
  double *memory = (double *)(s + 1), *below = memory + pln_swing_doubles(s->high.left, s->high.right);
  double high[PLN_WINDOW_BLOCK], low[PLN_WINDOW_BLOCK], is_high[PLN_WINDOW_BLOCK], is_low[PLN_WINDOW_BLOCK];
  for (int64_t i = 0; i < n; i += PLN_WINDOW_BLOCK) {
    const int64_t m = n - i < PLN_WINDOW_BLOCK ? n - i : PLN_WINDOW_BLOCK;
    pln_swing_block(&s->high, memory, PLN_HIGHEST_LAST, in[0] + i, high, is_high, m);
    pln_swing_block(&s->low, below, PLN_LOWEST_LAST, in[1] + i, low, is_low, m);
    for (int64_t j = 0; j < m; j++) {
      pln_swing_note(&s->high, is_high[j] != 0.0, high[j]);
      pln_swing_note(&s->low, is_low[j] != 0.0, low[j]);
      s->high_run = run(&s->high, is_high[j] != 0.0, s->high_run);
      s->low_run = run(&s->low, is_low[j] != 0.0, s->low_run);
      out[0][i + j] = trend(s);
      out[1][i + j] = s->high_run;
      out[2][i + j] = s->low_run;
    }
  }
}
PLN_IND_SIMD(batch, rows)

const pln_ind_desc pln_ind_swing_structure = {
    .info = {.name = "swing_structure",
             .aliases = "market_structure",
             .group = "structure",
             .help = "Higher highs and lower lows",
             .formula = "of the swing points fractals(left, right), where they are known: highs: how many "
                        "swing highs in a row were higher than the one before (negative: lower; 0: equal, or "
                        "fewer than two), lows: likewise of the lows; trend: 1 with higher highs and higher "
                        "lows, -1 with lower highs and lower lows, else 0",
             .inputs = "high low",
             .outputs = "trend highs lows",
             .example = "swing_structure(2, 2).highs",
             .params = params,
             .n_params = 2,
             .input_kind = PLN_INPUT_COLUMNS},
    .n_inputs = 2,
    .n_outputs = 3,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
};
