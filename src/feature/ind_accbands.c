#include "feature/window.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows in the window", 20, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM("width", "how much of (high - low) / (high + low) is added on each side", 4, 0, 1000),
};

typedef struct accbands {
  pln_window upper;
  pln_window middle;
  pln_window lower;
  double width;
} accbands;

static int64_t lookback(const double *p) { return (int64_t)p[0] - 1; }
static int64_t size(const double *p) {
  return PLN_IND_SIZE(accbands, 3 * pln_window_doubles((int64_t)p[0], 1));
}
static void init(void *state, const double *p) {
  accbands *s = state;
  pln_window_init(&s->upper, (int64_t)p[0]);
  pln_window_init(&s->middle, (int64_t)p[0]);
  pln_window_init(&s->lower, (int64_t)p[0]);
  s->width = p[1];
}

static inline void step(accbands *s, double *memory, const double *in, double *out) {
  const double high = in[0], low = in[1], sum = high + low;
  const double part = sum == 0.0 ? 0.0 : s->width * ((high - low) / sum);
  const double above = high * (1.0 + part), below = low * (1.0 - part);
  const int64_t doubles = pln_window_doubles(s->upper.n, 1);
  pln_window_step(&s->upper, memory, 1, 0, pln_merge_mean, &above, &out[0]);
  pln_window_step(&s->middle, memory + doubles, 1, 0, pln_merge_mean, &in[2], &out[1]);
  pln_window_step(&s->lower, memory + 2 * doubles, 1, 0, pln_merge_mean, &below, &out[2]);
}
PLN_IND_STEP(accbands, step)

PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n) {
  accbands *s = state;
  double *memory = (double *)(s + 1), above[PLN_WINDOW_BLOCK], below[PLN_WINDOW_BLOCK];
  const int64_t doubles = pln_window_doubles(s->upper.n, 1);
  for (int64_t i = 0; i < n; i += PLN_WINDOW_BLOCK) {
    const int64_t m = n - i < PLN_WINDOW_BLOCK ? n - i : PLN_WINDOW_BLOCK;
    const double *high = in[0] + i, *low = in[1] + i;
    PLN_IVDEP
    for (int64_t j = 0; j < m; j++) {
      const double sum = high[j] + low[j];
      const double part = sum == 0.0 ? 0.0 : s->width * ((high[j] - low[j]) / sum);
      above[j] = high[j] * (1.0 + part);
      below[j] = low[j] * (1.0 - part);
    }
    const double *const x[] = {above, in[2] + i, below};
    double *const y[] = {out[0] + i, out[1] + i, out[2] + i};
    pln_window_block(&s->upper, memory, 1, 0, pln_merge_mean, &x[0], &y[0], m);
    pln_window_block(&s->middle, memory + doubles, 1, 0, pln_merge_mean, &x[1], &y[1], m);
    pln_window_block(&s->lower, memory + 2 * doubles, 1, 0, pln_merge_mean, &x[2], &y[2], m);
  }
}
PLN_IND_SIMD(batch, rows)

const pln_ind_desc pln_ind_accbands = {
    .info = {.name = "accbands",
             .aliases = "acceleration_bands",
             .group = "volatility",
             .help = "Acceleration bands",
             .formula = "means of `period` rows: upper of high (1 + width (high - low) / (high + low)), "
                        "middle of close, lower of low (1 - width (high - low) / (high + low)) (Headley; "
                        "TA-Lib ACCBANDS, Lean); the high and the low alone where high + low is 0",
             .inputs = "high low close",
             .outputs = "upper middle lower",
             .example = "accbands(20).upper",
             .params = params,
             .n_params = 2,
             .input_kind = PLN_INPUT_COLUMNS},
    .n_inputs = 3,
    .n_outputs = 3,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
};
