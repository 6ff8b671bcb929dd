#include "feature/trailing_bands.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows of the average true range", 10, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM("k", "distance of the bands from the middle of the bar, in average true ranges", 3, 0, 1000),
    PLN_RANGE_PARAMS,
};

static int64_t lookback(const double *p) { return pln_range_lookback((int64_t)p[0], p + 2); }
static int64_t size(const double *p) {
  return PLN_IND_SIZE(pln_trailing, pln_range_doubles((int64_t)p[0], p + 2));
}
static void init(void *state, const double *p) {
  pln_trailing *s = state;
  pln_range_init(&s->range, (int64_t)p[0], p + 2);
  s->factor = p[1];
  s->rows = lookback(p);
}

static inline void step(pln_trailing *s, double *memory, const double *in, double *out) {
  const double middle = (in[0] + in[1]) / 2.0;
  out[0] = pln_trailing_step(s, memory, in[0], in[1], in[2], middle, middle, in[2] >= middle);
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
      const double middle = (high[j] + low[j]) / 2.0;
      out[0][i + j] = pln_trailing_next(&t, range[j], close[j], middle, middle, close[j] >= middle);
      out[1][i + j] = t.direction;
      out[2][i + j] = t.upper;
      out[3][i + j] = t.lower;
    }
    *s = t;
  }
}

const pln_ind_desc pln_ind_supertrend = {
    .info =
        {.name = "supertrend",
         .group = "trend",
         .help = "Supertrend",
         .formula =
             "bands (high + low) / 2 ± k average true ranges; the upper one only falls while the close "
             "before is not above it, the lower one only rises while it is not below. supertrend: the lower "
             "band (direction 1) until the close is at or under it, then the upper one (direction -1) until "
             "the close is above it (Stock.Indicators; Lean turns at a close under the lower band)",
         .inputs = "high low close",
         .outputs = "supertrend direction upper lower",
         .example = "supertrend(10, 3).direction",
         .params = params,
         .n_params = 4,
         .input_kind = PLN_INPUT_COLUMNS},
    .n_inputs = 3,
    .n_outputs = 4,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
};
