#include "feature/range.h"
#include "feature/smooth.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows in the window", 13, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_INT("first", "period of the first average", 25, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_INT("second", "period of the average of that", 2, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_INT("signal", "period of the average of smi; 1: none", 3, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_WORD("seed", "of the averages: the mean of their first values, or the first value", 0, 1,
                   "sma first"),
};

typedef struct smi {
  pln_window window;
  pln_smooth gap[2]; /* of the close from the middle */
  pln_smooth range[2];
  pln_smooth signal;
} smi;

static int64_t lookback(const double *p) {
  return (int64_t)p[0] - 1 + (p[4] == 0.0 ? (int64_t)(p[1] + p[2] + p[3]) - 3 : 0);
}
static int64_t size(const double *p) { return PLN_IND_SIZE(smi, pln_range_doubles((int64_t)p[0])); }
static void init(void *state, const double *p) {
  smi *s = state;
  const int first = p[4] != 0.0;
  int64_t skip = (int64_t)p[0] - 1;
  pln_window_init(&s->window, (int64_t)p[0]);
  for (int32_t k = 0; k < 2; k++) {
    const int64_t rows = first ? 1 : (int64_t)p[1 + k];
    pln_smooth_init(&s->gap[k], 2.0 / (p[1 + k] + 1.0), rows, skip);
    pln_smooth_init(&s->range[k], 2.0 / (p[1 + k] + 1.0), rows, skip);
    skip += rows - 1;
  }
  pln_smooth_init(&s->signal, 2.0 / (p[3] + 1.0), first ? 1 : (int64_t)p[3], skip);
}

PLN_INLINE double ratio(double gap, double range) {
  return range == 0.0 ? 0.0 : 100.0 * (gap / (0.5 * range));
}

static inline void step(smi *s, double *memory, const double *in, double *out) {
  double highest, lowest;
  pln_range_step(&s->window, memory, in[0], in[1], &highest, &lowest);
  double gap = in[2] - 0.5 * (highest + lowest), range = highest - lowest;
  for (int32_t k = 0; k < 2; k++) {
    gap = pln_smooth_step(&s->gap[k], gap);
    range = pln_smooth_step(&s->range[k], range);
  }
  out[0] = ratio(gap, range);
  out[1] = pln_smooth_step(&s->signal, out[0]);
  out[2] = range != 0.0;
}
PLN_IND_STEP(smi, step)

PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n) {
  smi *s = state;
  double gap[2][PLN_WINDOW_BLOCK], range[2][PLN_WINDOW_BLOCK];
  for (int64_t i = 0; i < n; i += PLN_WINDOW_BLOCK) {
    const int64_t m = n - i < PLN_WINDOW_BLOCK ? n - i : PLN_WINDOW_BLOCK;
    const double *close = in[2] + i, *highest = gap[1], *lowest = range[1];
    double *y = out[0] + i;
    pln_range_block(&s->window, (double *)(s + 1), in[0] + i, in[1] + i, gap[1], range[1], m);
    PLN_IVDEP
    for (int64_t j = 0; j < m; j++) {
      gap[0][j] = close[j] - 0.5 * (highest[j] + lowest[j]); /* NOLINT: m entries were written */
      range[0][j] = highest[j] - lowest[j];
    }
    for (int32_t k = 0; k < 2; k++) {
      pln_smooth_rows(&s->gap[k], gap[k], gap[!k], m);
      pln_smooth_rows(&s->range[k], range[k], range[!k], m);
    }
    PLN_IVDEP
    for (int64_t j = 0; j < m; j++) y[j] = ratio(gap[0][j], range[0][j]);
    pln_smooth_rows(&s->signal, y, out[1] + i, m);
  }
}
PLN_IND_SIMD(batch, rows)

const pln_ind_desc pln_ind_smi = {
    .info = {.name = "smi",
             .group = "momentum",
             .help = "Stochastic momentum index (Blau)",
             .formula = "100 ema(ema(close - (H + L) / 2, first), second) / (ema(ema(H - L, first), second) "
                        "/ 2), H and L the highest high and the lowest low of the last `period` rows; signal "
                        "= ema of smi; each average seeded with the mean of its first values, or with the "
                        "first one (seed=first: Stock.Indicators); 0 where the denominator is 0",
             .inputs = "high low close",
             .outputs = "smi signal",
             .example = "smi(13, 25, 2, 3).signal",
             .params = params,
             .n_params = 5,
             .input_kind = PLN_INPUT_COLUMNS,
             .has_valid = 1},
    .n_inputs = 3,
    .n_outputs = 2,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
};
