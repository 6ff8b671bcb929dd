#include "feature/true_range.h"
#include "feature/window.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows in the window", 14, 1, PLN_IND_MAX_PERIOD),
};

typedef struct vortex {
  pln_window plus;
  pln_window minus;
  pln_window range;
  double high; /* of the row before; what the first row gives has left the windows by the lookback */
  double low;
  double close;
} vortex;

static int64_t lookback(const double *p) { return (int64_t)p[0]; }
static int64_t size(const double *p) {
  return PLN_IND_SIZE(vortex, 3 * pln_window_doubles((int64_t)p[0], 1));
}
static void init(void *state, const double *p) {
  vortex *s = state;
  pln_window_init(&s->plus, (int64_t)p[0]);
  pln_window_init(&s->minus, (int64_t)p[0]);
  pln_window_init(&s->range, (int64_t)p[0]);
}

PLN_INLINE double ratio(double part, double range) { return range > 0.0 ? part / range : 0.0; }

static inline void step(vortex *s, double *memory, const double *in, double *out) {
  const double high = in[0], low = in[1], close = in[2];
  const double up = fabs(high - s->low), down = fabs(low - s->high),
               range = pln_true_range(high, low, s->close);
  const int64_t doubles = pln_window_doubles(s->plus.n, 1);
  double plus = 0.0, minus = 0.0, mean = 0.0;
  pln_window_step(&s->plus, memory, 1, 0, pln_merge_mean, &up, &plus);
  pln_window_step(&s->minus, memory + doubles, 1, 0, pln_merge_mean, &down, &minus);
  pln_window_step(&s->range, memory + 2 * doubles, 1, 0, pln_merge_mean, &range, &mean);
  out[0] = ratio(plus, mean);
  out[1] = ratio(minus, mean);
  out[2] = mean > 0.0;
  s->high = high;
  s->low = low;
  s->close = close;
}
PLN_IND_STEP(vortex, step)

PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n) {
  vortex *s = state;
  double *memory = (double *)(s + 1), up[PLN_WINDOW_BLOCK], down[PLN_WINDOW_BLOCK], range[PLN_WINDOW_BLOCK],
         mean[PLN_WINDOW_BLOCK];
  const int64_t doubles = pln_window_doubles(s->plus.n, 1);
  for (int64_t i = 0; i < n; i += PLN_WINDOW_BLOCK) {
    const int64_t m = n - i < PLN_WINDOW_BLOCK ? n - i : PLN_WINDOW_BLOCK;
    const double *high = in[0] + i, *low = in[1] + i, *close = in[2] + i;
    up[0] = fabs(high[0] - s->low);
    down[0] = fabs(low[0] - s->high);
    range[0] = pln_true_range(high[0], low[0], s->close);
    PLN_IVDEP
    for (int64_t j = 1; j < m; j++) {
      up[j] = fabs(high[j] - low[j - 1]);
      down[j] = fabs(low[j] - high[j - 1]);
      range[j] = pln_true_range(high[j], low[j], close[j - 1]);
    }
    s->high = high[m - 1];
    s->low = low[m - 1];
    s->close = close[m - 1];
    const double *const x[] = {up, down, range};
    double *plus = out[0] + i, *minus = out[1] + i;
    double *const y[] = {plus, minus, mean};
    pln_window_block(&s->plus, memory, 1, 0, pln_merge_mean, &x[0], &y[0], m);
    pln_window_block(&s->minus, memory + doubles, 1, 0, pln_merge_mean, &x[1], &y[1], m);
    pln_window_block(&s->range, memory + 2 * doubles, 1, 0, pln_merge_mean, &x[2], &y[2], m);
    PLN_IVDEP
    for (int64_t j = 0; j < m; j++) {
      plus[j] = ratio(plus[j], mean[j]); /* NOLINT: m entries were written */
      minus[j] = ratio(minus[j], mean[j]);
    }
  }
}
PLN_IND_SIMD(batch, rows)

const pln_ind_desc pln_ind_vortex = {
    .info = {.name = "vortex",
             .aliases = "vi",
             .group = "trend",
             .help = "Vortex indicator",
             .formula = "plus: sum of |high - low of the row before| over `period` rows, minus: sum of |low "
                        "- high of the row before|, both over the sum of the true ranges (Botes and Siepman, "
                        "2010); 0 where that is 0",
             .inputs = "high low close",
             .outputs = "plus minus",
             .example = "vortex(14).minus",
             .params = params,
             .n_params = 1,
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
