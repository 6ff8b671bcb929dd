#include "feature/updown.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "changes in the average", 14, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_WORD("smoothing", "of gains and losses: Wilder's, by 1 / period, or simple sums (Chande)", 0, 1,
                   "wilder sum"),
};

static int64_t lookback(const double *p) { return (int64_t)p[0]; }
static int64_t size(const double *p) {
  return PLN_IND_SIZE(pln_updown, pln_updown_doubles((int32_t)p[1], (int64_t)p[0]));
}
static void init(void *state, const double *p) { pln_updown_init(state, (int32_t)p[1], (int64_t)p[0]); }

PLN_INLINE double ratio(double gain, double loss) {
  const double sum = gain + loss;
  return sum == 0.0 ? 0.0 : 100.0 * ((gain - loss) / sum);
}

static inline void step(pln_updown *s, double *memory, const double *in, double *out) {
  double up, down;
  pln_updown_step(s, memory, in[0], &up, &down);
  out[0] = ratio(up, down);
  out[1] = up + down != 0.0;
}
PLN_IND_STEP(pln_updown, step)

PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n) {
  pln_updown *s = state;
  double up[PLN_WINDOW_BLOCK], down[PLN_WINDOW_BLOCK];
  for (int64_t i = 0; i < n; i += PLN_WINDOW_BLOCK) {
    const int64_t m = n - i < PLN_WINDOW_BLOCK ? n - i : PLN_WINDOW_BLOCK;
    double *y = out[0] + i;
    pln_updown_block(s, (double *)(s + 1), in[0] + i, up, down, m);
    PLN_IVDEP
    for (int64_t j = 0; j < m; j++) y[j] = ratio(up[j], down[j]); /* NOLINT: m entries were written */
  }
}
PLN_IND_SIMD(batch, rows)

const pln_ind_desc pln_ind_cmo = {
    .info = {.name = "cmo",
             .group = "momentum",
             .help = "Chande momentum oscillator",
             .formula =
                 "100 (G - L) / (G + L), G and L the averages of gains and losses, smoothed by 1 / period "
                 "as in rsi (TA-Lib CMO); with smoothing=sum their sums over the last `period` changes "
                 "(Chande; Tulip, Stock.Indicators, StockCharts); 0 where nothing moves, as "
                 "TA-Lib",
             .inputs = "source",
             .outputs = "cmo",
             .example = "cmo(close, 14)",
             .params = params,
             .n_params = 2,
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
