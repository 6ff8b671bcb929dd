#include "feature/directional.h"

static const pln_indicator_param params[] = {PLN_DIRECTIONAL_PARAMS(1)};

typedef struct adx {
  pln_directional movement;
  pln_smooth smooth;
  double last; /* the average before; while it is seeded, 0 */
} adx;

static int64_t first_average(const double *p) {
  return pln_directional_first_ratio((int64_t)p[0], (int32_t)p[1]) + (int64_t)p[0] - 1;
}
static int64_t lookback(const double *p) { return first_average(p); }
static int64_t size(const double *p) {
  (void)p;
  return PLN_IND_SIZE(adx, 0);
}
static void init(void *state, const double *p) {
  adx *s = state;
  const int64_t period = (int64_t)p[0], skip = pln_directional_first_ratio(period, (int32_t)p[1]);
  pln_directional_init(&s->movement, period, (int32_t)p[1]);
  pln_smooth_init(&s->smooth, 1.0 / p[0], period, skip);
}

/* An index that is not defined leaves the average as it is. */
PLN_INLINE double average(adx *s, double index) {
  const double value = pln_smooth_step(&s->smooth, index >= 0.0 ? index : s->last);
  if (s->smooth.seeded == s->smooth.n) s->last = value;
  return value;
}

static inline void step(adx *s, double *memory, const double *in, double *out) {
  (void)memory;
  const pln_movement m = pln_directional_step(&s->movement, in[0], in[1], in[2]);
  const double plus = pln_directional_indicator(m.plus, m.range);
  const double minus = pln_directional_indicator(m.minus, m.range);
  const double index = pln_directional_index(plus, minus);
  out[0] = average(s, index);
  out[1] = plus;
  out[2] = minus;
  out[3] = index >= 0.0 ? index : s->last;
}
PLN_IND_STEP(adx, step)

/* The average of m rows, the same bits as m steps. */
PLN_INLINE void averages(adx *s, const double *index, int32_t defined, double *out, int64_t m) {
  if (m <= 0) return;
  if (defined && s->smooth.seeded == s->smooth.n) {
    pln_smooth_rows(&s->smooth, index, out, m);
    s->last = out[m - 1];
  } else {
    for (int64_t j = 0; j < m; j++) out[j] = average(s, index[j]);
  }
}

PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n) {
  adx *s = state;
  double range[PLN_DIRECTIONAL_BLOCK];
  for (int64_t i = 0; i < n; i += PLN_DIRECTIONAL_BLOCK) {
    const int64_t m = n - i < PLN_DIRECTIONAL_BLOCK ? n - i : PLN_DIRECTIONAL_BLOCK;
    double *plus = out[1] + i, *minus = out[2] + i, *index = out[3] + i;
    pln_directional_block(&s->movement, in[0] + i, in[1] + i, in[2] + i, plus, minus, range, m);
    const int32_t defined = pln_directional_indices(plus, minus, range, index, m);
    averages(s, index, defined, out[0] + i, m);
    if (!defined)
      for (int64_t j = 0; j < m; j++)
        if (index[j] < 0.0) index[j] = out[0][i + j];
  }
}
PLN_IND_SIMD(batch, rows)

const pln_ind_desc pln_ind_adx = {
    .info =
        {.name = "adx",

         .group = "trend",
         .help = "Average directional index",
         .formula =
             "average of dx(period, start) by 1 / period (Wilder), seeded with the mean of its first "
             "`period` values: from row 2 period - 1 on (TA-Lib ADX), with start=tulip one row earlier; "
             "where dx is not defined (nothing moves at all) the average stays as it is and is given for dx",
         .inputs = "high low close",
         .outputs = "adx plus_di minus_di dx",
         .example = "adx(14)",
         .params = params,
         .n_params = 2,
         .input_kind = PLN_INPUT_COLUMNS},
    .n_inputs = 3,
    .n_outputs = 4,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
};
