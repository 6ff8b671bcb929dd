#include "feature/window.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows of the mean; 1: none", 1, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM("scale", "volume is counted in units of this many", 10000, 1e-9, 1e15),
};

typedef struct emv {
  double scale;
  double high;
  double low;
  int64_t started;
  pln_window window; /* last: its memory follows */
} emv;

static int64_t lookback(const double *p) { return (int64_t)p[0]; }
static int64_t size(const double *p) { return PLN_IND_SIZE(emv, pln_window_doubles((int64_t)p[0], 1)); }
static void init(void *state, const double *p) {
  emv *s = state;
  pln_window_init(&s->window, (int64_t)p[0]);
  s->scale = p[1];
}

PLN_INLINE double ease(double high, double low, double volume, double old_high, double old_low,
                       double scale) {
  const double distance = (high + low) / 2.0 - (old_high + old_low) / 2.0;
  return volume > 0.0 ? distance * ((high - low) * scale / volume) : 0.0;
}

static inline void step(emv *s, double *memory, const double *in, double *out) {
  const double x = ease(in[0], in[1], in[2], s->high, s->low, s->scale);
  s->high = in[0];
  s->low = in[1];
  out[0] = out[1] = 0.0;
  if (s->started) {
    pln_window_step(&s->window, memory, 1, 0, pln_merge_mean, &x, out);
    out[1] = in[2] > 0.0;
  }
  s->started = 1;
}
PLN_IND_STEP(emv, step)

PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n) {
  emv *s = state;
  int64_t i = 0;
  if (n > 0 && !s->started) {
    const double row[3] = {in[0][0], in[1][0], in[2][0]};
    double first[2];
    step(s, NULL, row, first);
    out[0][0] = first[0];
    i = 1;
  }
  for (; i < n; i += PLN_WINDOW_BLOCK) {
    const int64_t m = n - i < PLN_WINDOW_BLOCK ? n - i : PLN_WINDOW_BLOCK;
    const double *high = in[0] + i, *low = in[1] + i, *volume = in[2] + i;
    const double scale = s->scale;
    double x[PLN_WINDOW_BLOCK + 8];
    x[0] = ease(high[0], low[0], volume[0], s->high, s->low, scale);
    PLN_IVDEP
    for (int64_t j = 1; j < m; j++) x[j] = ease(high[j], low[j], volume[j], high[j - 1], low[j - 1], scale);
    s->high = high[m - 1];
    s->low = low[m - 1];
    const double *const leaf[] = {x};
    double *const mean[] = {out[0] + i};
    pln_window_block(&s->window, (double *)(s + 1), 1, 0, pln_merge_mean, leaf, mean, m);
  }
}
PLN_IND_SIMD(batch, rows)

const pln_ind_desc pln_ind_emv = {
    .info = {.name = "emv",
             .aliases = "ease_of_movement",
             .group = "volume",
             .help = "Ease of movement (Arms)",
             .formula =
                 "mean over `period` rows of (hl2 - previous hl2) / (volume / scale / (high - low)), 0 in a "
                 "row without volume, where valid is 0. Tulip and Lean: emv(1, 10000), "
                 "StockCharts: emv(14, 1e8)",
             .inputs = "high low volume",
             .outputs = "emv",
             .example = "emv(14, 1e8)",
             .params = params,
             .n_params = 2,
             .input_kind = PLN_INPUT_COLUMNS,
             .has_valid = 1},
    .n_inputs = 3,
    .n_outputs = 1,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
};
