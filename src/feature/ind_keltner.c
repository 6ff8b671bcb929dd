#include "feature/range_average.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows of the average in the middle", 20, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM("k", "width of the band on each side, in average true ranges", 2, 0, 1000),
    PLN_PARAM_INT("range_period", "rows of the average true range", 10, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_WORD("average", "the average in the middle", PLN_MA_EMA, PLN_MA_LAST, PLN_MA_WORDS),
    PLN_RANGE_PARAMS,
};

typedef struct channel {
  pln_ma middle;
  pln_range range;
  double k;
} channel;

static int64_t lookback(const double *p) {
  const int64_t middle = pln_ma_lookback((int32_t)p[3], (int64_t)p[0]);
  const int64_t range = pln_range_lookback((int64_t)p[2], p + 4);
  return middle > range ? middle : range;
}
static int64_t size(const double *p) {
  return PLN_IND_SIZE(channel,
                      pln_ma_doubles((int32_t)p[3], (int64_t)p[0]) + pln_range_doubles((int64_t)p[2], p + 4));
}
static void init(void *state, const double *p) {
  channel *s = state;
  pln_ma_init(&s->middle, (int32_t)p[3], (int64_t)p[0]);
  pln_range_init(&s->range, (int64_t)p[2], p + 4);
  s->k = p[1];
}

static inline void step(channel *s, double *memory, const double *in, double *out) {
  const int64_t doubles = pln_ma_doubles(s->middle.type, s->middle.n);
  const double middle = pln_ma_step(&s->middle, memory, in[0]);
  const double width = s->k * pln_range_step(&s->range, memory + doubles, in[1], in[2], in[3]);
  out[0] = middle + width;
  out[1] = middle;
  out[2] = middle - width;
  out[3] = middle == 0.0 ? 0.0 : (out[0] - out[2]) / middle;
  out[4] = middle != 0.0;
}
PLN_IND_STEP(channel, step)

enum { BLOCK = 512 };

static void batch(void *state, const double *const *in, double *const *out, int64_t n) {
  channel *s = state;
  double *memory = (double *)(s + 1), *after = memory + pln_ma_doubles(s->middle.type, s->middle.n);
  double range[BLOCK];
  for (int64_t i = 0; i < n; i += BLOCK) {
    const int64_t m = n - i < BLOCK ? n - i : BLOCK;
    double *upper = out[0] + i, *middle = out[1] + i, *lower = out[2] + i, *relative = out[3] + i;
    pln_ma_rows(&s->middle, memory, in[0] + i, middle, m);
    pln_range_rows(&s->range, after, in[1] + i, in[2] + i, in[3] + i, range, m);
    PLN_IVDEP
    for (int64_t j = 0; j < m; j++) {
      const double width = s->k * range[j];
      upper[j] = middle[j] + width;
      lower[j] = middle[j] - width;
      relative[j] = middle[j] == 0.0 ? 0.0 : (upper[j] - lower[j]) / middle[j];
    }
  }
}

const pln_ind_desc pln_ind_keltner = {
    .info = {.name = "keltner",
             .aliases = "keltner_channel kc",
             .group = "volatility",
             .help = "Keltner channel",
             .formula = "middle: ema(source, period), or another average; upper and lower: middle ± k "
                        "average true ranges (range=smma: Wilder's); width: (upper - lower) / middle, 0 "
                        "where the middle is 0. Keltner's own of 1960 took simple averages of hlc3 and of "
                        "high - low over 10 rows: sma(hlc3, 10) + sma(high - low, 10)",
             .inputs = "source high low close",
             .outputs = "upper middle lower width",
             .example = "keltner(close, 20, 2, 10).upper",
             .params = params,
             .n_params = 6,
             .input_kind = PLN_INPUT_SOURCE,
             .has_valid = 1},
    .n_inputs = 4,
    .n_outputs = 4,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
};
