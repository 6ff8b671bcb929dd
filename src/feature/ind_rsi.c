#include "feature/smooth.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows; the weight of a new change is 1 / period", 14, 1, PLN_IND_MAX_PERIOD),
};

typedef struct rsi {
  pln_smooth gain;
  pln_smooth loss;
  double previous;
  int32_t started;
  int32_t reserved;
} rsi;

static int64_t lookback(const double *p) { return (int64_t)p[0]; }
static int64_t size(const double *p) {
  (void)p;
  return PLN_IND_SIZE(rsi, 0);
}
static void init(void *state, const double *p) {
  rsi *s = state;
  pln_smooth_init(&s->gain, 1.0 / p[0], (int64_t)p[0], 0);
  pln_smooth_init(&s->loss, 1.0 / p[0], (int64_t)p[0], 0);
}

/* TA-Lib's own threshold for "no movement at all" (TA_EPSILON). */
static const double no_movement = 1e-14;

PLN_INLINE double ratio(double gain, double loss) {
  const double sum = gain + loss;
  return sum < no_movement ? 0.0 : 100.0 * (gain / sum);
}

PLN_INLINE void split(double change, double *gain, double *loss) {
  *gain = change > 0.0 ? change : 0.0;
  *loss = change < 0.0 ? -change : 0.0;
}

static inline void step(rsi *s, double *memory, const double *in, double *out) {
  (void)memory;
  const double change = in[0] - s->previous;
  s->previous = in[0];
  if (!s->started) {
    s->started = 1;
    out[0] = out[1] = 0.0;
    return;
  }
  double gain, loss;
  split(change, &gain, &loss);
  const double up = pln_smooth_step(&s->gain, gain), down = pln_smooth_step(&s->loss, loss);
  out[0] = ratio(up, down);
  out[1] = up + down >= no_movement;
}
PLN_IND_STEP(rsi, step)

enum { BLOCK = 512 };

PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n) {
  rsi *s = state;
  const double *x = in[0];
  double *y = out[0];
  double change[2][BLOCK], smooth[2][BLOCK];
  if (n > 0 && !s->started) {
    double first[2];
    step(s, NULL, x, first);
    y[0] = first[0];
    x++, y++, n--;
  }
  for (int64_t i = 0; i < n; i += BLOCK) {
    const int64_t m = n - i < BLOCK ? n - i : BLOCK;
    split(x[i] - s->previous, &change[0][0], &change[1][0]);
    PLN_IVDEP
    for (int64_t j = 1; j < m; j++) split(x[i + j] - x[i + j - 1], &change[0][j], &change[1][j]);
    s->previous = x[i + m - 1];
    pln_smooth_rows(&s->gain, change[0], smooth[0], m);
    pln_smooth_rows(&s->loss, change[1], smooth[1], m);
    PLN_IVDEP
    for (int64_t j = 0; j < m; j++) y[i + j] = ratio(smooth[0][j], smooth[1][j]);
  }
}
PLN_IND_SIMD(batch, rows)

const pln_ind_desc pln_ind_rsi = {
    .info = {.name = "rsi",
             .group = "momentum",
             .help = "Relative strength index",
             .formula = "100 G / (G + L), G and L the averages of gains and losses, smoothed by 1 / period "
                        "(Wilder), seeded with their means over the first `period` changes (TA-Lib RSI); 0 "
                        "where nothing moves (G + L < 1e-14), as TA-Lib",
             .inputs = "source",
             .outputs = "rsi",
             .example = "rsi(close, 14)",
             .params = params,
             .n_params = 1,
             .input_kind = PLN_INPUT_SOURCE,
             .has_valid = 1},
    .n_inputs = 1,
    .n_outputs = 1,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
};
