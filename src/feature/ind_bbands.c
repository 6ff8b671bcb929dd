#include "feature/ma.h"
#include "feature/window_family.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows in the window", 20, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM("k", "width of the band above, in standard deviations", 2, 0, 1000),
    PLN_PARAM("k_lower", "width of the band below; 0: k", 0, 0, 1000),
    PLN_PARAM_WORD("ma", "kind of average in the middle", 0, PLN_MA_LAST, PLN_MA_WORDS),
};

/* The window's memory follows, then a pln_ma with its own, unless the average is the mean. */
typedef struct bbands {
  pln_window window;
  double period;
  double up;
  double down;
  int64_t type; /* pln_ma_type */
} bbands;

static int32_t type_of(const double *p) { return (int32_t)p[3]; }
static int64_t lookback(const double *p) {
  const int64_t window = (int64_t)p[0] - 1, average = pln_ma_lookback(type_of(p), (int64_t)p[0]);
  return window > average ? window : average;
}
static int64_t size(const double *p) {
  const int64_t n = (int64_t)p[0], window = PLN_IND_SIZE(bbands, pln_window_doubles(n, 2));
  if (type_of(p) == PLN_MA_SMA) return window;
  return window + PLN_IND_SIZE(pln_ma, pln_ma_doubles(type_of(p), n));
}
PLN_INLINE pln_ma *average_of(const bbands *s, double *memory) {
  return (pln_ma *)(memory + pln_window_doubles(s->window.n, 2));
}
static void init(void *state, const double *p) {
  bbands *s = state;
  pln_window_init(&s->window, (int64_t)p[0]);
  s->period = p[0];
  s->up = p[1];
  s->down = p[2] > 0.0 ? p[2] : p[1];
  s->type = type_of(p);
  if (s->type != PLN_MA_SMA) pln_ma_init(average_of(s, (double *)(s + 1)), type_of(p), (int64_t)p[0]);
}

PLN_INLINE void finish(const bbands *s, const double *in, const double *moments, double *out) {
  const double x = in[0], middle = moments[0], deviation = sqrt(moments[1] / s->period);
  const double upper = middle + s->up * deviation, lower = middle - s->down * deviation;
  const double height = upper - lower;
  out[0] = upper;
  out[1] = middle;
  out[2] = lower;
  out[3] = height > 0.0 ? (x - lower) / height : 0.5;
  out[4] = middle != 0.0 ? height / middle : 0.0;
  out[5] = deviation > 0.0 ? (x - middle) / deviation : 0.0;
  out[6] = height > 0.0;
}

static inline void step(bbands *s, double *memory, const double *in, double *out) {
  const double leaf[2] = {in[0], 0.0};
  double moments[2] = {0.0, 0.0};
  pln_window_step(&s->window, memory, 2, 0, pln_merge_moments, leaf, moments);
  if (s->type != PLN_MA_SMA) {
    pln_ma *average = average_of(s, memory);
    moments[0] = pln_ma_step(average, (double *)(average + 1), in[0]);
  }
  finish(s, in, moments, out);
}
PLN_IND_STEP(bbands, step)

PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n) {
  bbands *s = state;
  double *memory = (double *)(s + 1), squares[PLN_WINDOW_BLOCK + 8];
  pln_ma *average = average_of(s, memory);
  for (int64_t i = 0; i < n; i += PLN_WINDOW_BLOCK) {
    const int64_t m = n - i < PLN_WINDOW_BLOCK ? n - i : PLN_WINDOW_BLOCK;
    const double *x = in[0] + i;
    const double *const leaf[] = {x, pln_window_zeros};
    double *upper = out[0] + i, *middle = out[1] + i, *lower = out[2] + i;
    double *percent_b = out[3] + i, *width = out[4] + i, *zscore = out[5] + i;
    double *const y[] = {middle, squares};
    pln_window_block(&s->window, memory, 2, 0, pln_merge_moments, leaf, y, m);
    if (s->type != PLN_MA_SMA) pln_ma_rows(average, (double *)(average + 1), x, middle, m);
    PLN_IVDEP
    for (int64_t j = 0; j < m; j++) {
      const double moments[2] = {middle[j], squares[j]}; /* NOLINT: m entries were written */
      double z[7];
      finish(s, x + j, moments, z);
      upper[j] = z[0];
      lower[j] = z[2];
      percent_b[j] = z[3];
      width[j] = z[4];
      zscore[j] = z[5];
    }
  }
}
PLN_IND_SIMD(batch, rows)

PLN_WINDOW_MAPPED_FAMILY(bbands, 2, 1, 6, pln_merge_moments, pln_leaf_moments, finish)

/* Only plain means share their windows. In a family, init has the window of each member made, but no memory
 * behind it, which it does not touch. */
static int32_t joins(const double *p) { return type_of(p) == PLN_MA_SMA; }

const pln_ind_desc pln_ind_bbands = {
    .info =
        {.name = "bbands",
         .aliases = "bollinger_bands",
         .group = "volatility",
         .help = "Bollinger bands",
         .formula =
             "middle = average of the last `period` values, upper = middle + k d, lower = middle - k_lower "
             "d, d "
             "their population standard deviation about their mean (TA-Lib BBANDS); percent_b = (x - lower) "
             "/ (upper - lower), 0.5 where the bands meet; width = (upper - lower) / middle, 0 where that is "
             "0; zscore = (x - middle) / d, 0 where d is 0; valid is 0 where the bands meet",
         .inputs = "source",
         .outputs = "upper middle lower percent_b width zscore",
         .example = "bbands(close, 20, 2).lower",
         .params = params,
         .n_params = 4,
         .input_kind = PLN_INPUT_SOURCE,
         .has_valid = 1},
    .n_inputs = 1,
    .n_outputs = 6,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
    .family = &family,
    .joins = joins,
};
