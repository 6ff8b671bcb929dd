#include "feature/smooth.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "changes that count", 9, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_WORD("smoothing", "of gains and losses: sums over a window, or averages as Wilder has them", 0,
                   1, "sum wilder"),
};

#include "feature/window.h"

typedef struct vidya_cmo {
  pln_window gain;
  pln_window loss;
  pln_smooth gains;
  pln_smooth losses;
  double wilder;
  double alpha;
  double previous;
  double value;
  int64_t row;
} vidya_cmo;

static int64_t lookback(const double *p) { return (int64_t)p[0]; }
static int64_t size(const double *p) {
  return PLN_IND_SIZE(vidya_cmo, 2 * pln_window_doubles((int64_t)p[0], 1));
}
static void init(void *state, const double *p) {
  vidya_cmo *s = state;
  pln_window_init(&s->gain, (int64_t)p[0]);
  pln_window_init(&s->loss, (int64_t)p[0]);
  pln_smooth_init(&s->gains, 1.0 / p[0], (int64_t)p[0], 0);
  pln_smooth_init(&s->losses, 1.0 / p[0], (int64_t)p[0], 0);
  s->wilder = p[1];
  s->alpha = 2.0 / (p[0] + 1.0);
}

static inline void step(vidya_cmo *s, double *memory, const double *in, double *out) {
  const double x = in[0], change = x - s->previous;
  s->previous = x;
  if (s->row++ == 0) {
    out[0] = s->value = x;
    return;
  }
  const double up = change > 0.0 ? change : 0.0, down = change < 0.0 ? -change : 0.0;
  double gain = 0.0, loss = 0.0;
  if (s->wilder != 0.0) {
    gain = pln_smooth_step(&s->gains, up);
    loss = pln_smooth_step(&s->losses, down);
  } else {
    pln_window_step(&s->gain, memory, 1, 0, pln_merge_mean, &up, &gain);
    pln_window_step(&s->loss, memory + pln_window_doubles(s->gain.n, 1), 1, 0, pln_merge_mean, &down, &loss);
  }
  const double index = gain + loss > 0.0 ? fabs(gain - loss) / (gain + loss) : 0.0;
  s->value = s->row <= s->gain.n ? x : s->value + s->alpha * index * (x - s->value);
  out[0] = s->value;
}
PLN_IND_STEP(vidya_cmo, step)
PLN_IND_BATCH(vidya_cmo, 1, 1, step)

const pln_ind_desc pln_ind_vidya_cmo = {
    .info = {.name = "vidya_cmo",
             .group = "trend",
             .help = "Variable index dynamic average by momentum",
             .formula = "v += 2 / (period + 1) |c| (x - v), c = (G - L) / (G + L) of the sums of gains "
                        "and losses over `period` changes (T. Chande, 1994), 0 where nothing moves; with "
                        "smoothing=wilder G and L are averages smoothed by 1 / period (Lean, whose CMO is "
                        "TA-Lib's). It starts from the value in row period - 1; the first output is in "
                        "row `period`",
             .inputs = "source",
             .outputs = "vidya_cmo",
             .example = "vidya_cmo(close, 9)",
             .params = params,
             .n_params = 2,
             .input_kind = PLN_INPUT_SOURCE},
    .n_inputs = 1,
    .n_outputs = 1,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = step_rows,
};
