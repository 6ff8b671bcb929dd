#include "feature/trailing_bands.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows of the average true range", 21, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM("k", "distance of the stop, in average true ranges", 3, 0, 1000),
    PLN_PARAM_WORD("from", "what the stop is set off from: the close, or the high and the low", 0, 1,
                   "close ends"),
    PLN_RANGE_PARAMS,
};

static int64_t lookback(const double *p) { return pln_range_lookback((int64_t)p[0], p + 3); }
static int64_t size(const double *p) {
  return PLN_IND_SIZE(pln_trailing, pln_range_doubles((int64_t)p[0], p + 3));
}
static void init(void *state, const double *p) {
  pln_trailing *s = state;
  pln_range_init(&s->range, (int64_t)p[0], p + 3);
  s->factor = p[1];
  s->rows = lookback(p);
  s->kind = (int32_t)p[2];
}

static inline void step(pln_trailing *s, double *memory, const double *in, double *out) {
  const double close = in[2], above = s->kind ? in[0] : close, below = s->kind ? in[1] : close;
  out[0] = pln_trailing_step(s, memory, in[0], in[1], close, above, below, close >= s->close);
  out[1] = s->direction;
  out[2] = s->upper;
  out[3] = s->lower;
}
PLN_IND_STEP(pln_trailing, step)

static void batch(void *state, const double *const *in, double *const *out, int64_t n) {
  pln_trailing *s = state;
  double range[PLN_RANGE_BLOCK];
  for (int64_t i = 0; i < n; i += PLN_RANGE_BLOCK) {
    const int64_t m = n - i < PLN_RANGE_BLOCK ? n - i : PLN_RANGE_BLOCK;
    const double *high = in[0] + i, *low = in[1] + i, *close = in[2] + i;
    pln_range_rows(&s->range, (double *)(s + 1), high, low, close, range, m);
    pln_trailing t = *s;
    for (int64_t j = 0; j < m; j++) {
      const double above = t.kind ? high[j] : close[j], below = t.kind ? low[j] : close[j];
      out[0][i + j] = pln_trailing_next(&t, range[j], close[j], above, below, close[j] >= t.close);
      out[1][i + j] = t.direction;
      out[2][i + j] = t.upper;
      out[3][i + j] = t.lower;
    }
    *s = t;
  }
}

const pln_ind_desc pln_ind_atr_stop = {
    .info = {.name = "atr_stop",
             .aliases = "atr_trailing_stop",
             .group = "trend",
             .help = "Trailing stop by the average true range",
             .formula = "as supertrend, with bands close ± k average true ranges (from=ends: high + and low "
                        "-); begins long where the close did not fall (Stock.Indicators)",
             .inputs = "high low close",
             .outputs = "atr_stop direction upper lower",
             .example = "atr_stop(21, 3)",
             .params = params,
             .n_params = 5,
             .input_kind = PLN_INPUT_COLUMNS},
    .n_inputs = 3,
    .n_outputs = 4,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
};
