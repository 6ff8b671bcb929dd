#include "feature/window.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "changes in the window", 14, 1, PLN_IND_MAX_PERIOD),
};

typedef struct mfi {
  double previous;
  int32_t started;
  int32_t reserved;
  pln_window window; /* last: its memory follows */
} mfi;

static int64_t lookback(const double *p) { return (int64_t)p[0]; }
static int64_t size(const double *p) { return PLN_IND_SIZE(mfi, pln_window_doubles((int64_t)p[0], 2)); }
static void init(void *state, const double *p) { pln_window_init(&((mfi *)state)->window, (int64_t)p[0]); }

PLN_INLINE void split(double typical, double previous, double volume, double *up, double *down) {
  const double flow = typical * volume;
  *up = typical > previous ? flow : 0.0;
  *down = typical < previous ? flow : 0.0;
}

PLN_INLINE double ratio(double up, double down) {
  const double sum = up + down;
  return sum != 0.0 ? 100.0 * (up / sum) : 0.0;
}

static inline void step(mfi *s, double *memory, const double *in, double *out) {
  const double typical = (in[0] + in[1] + in[2]) / 3.0;
  if (!s->started) {
    s->started = 1;
    s->previous = typical;
    out[0] = out[1] = 0.0;
    return;
  }
  double flow[2], sums[2] = {0};
  split(typical, s->previous, in[3], &flow[0], &flow[1]);
  s->previous = typical;
  pln_window_step(&s->window, memory, 2, 0, pln_merge_sums2, flow, sums);
  out[0] = ratio(sums[0], sums[1]);
  out[1] = sums[0] + sums[1] != 0.0;
}
PLN_IND_STEP(mfi, step)

PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n) {
  mfi *s = state;
  int64_t i = 0;
  if (n > 0 && !s->started) {
    const double row[4] = {in[0][0], in[1][0], in[2][0], in[3][0]};
    double first[2];
    step(s, NULL, row, first);
    out[0][0] = first[0];
    i = 1;
  }
  for (; i < n; i += PLN_WINDOW_BLOCK) {
    const int64_t m = n - i < PLN_WINDOW_BLOCK ? n - i : PLN_WINDOW_BLOCK;
    const double *high = in[0] + i, *low = in[1] + i, *close = in[2] + i, *volume = in[3] + i;
    double *y = out[0] + i;
    _Alignas(64) double typical[PLN_WINDOW_BLOCK], flow[2][PLN_WINDOW_BLOCK], sums[2][PLN_WINDOW_BLOCK];
    const double *const leaf[] = {flow[0], flow[1]};
    double *const window[] = {sums[0], sums[1]};
    PLN_IVDEP
    for (int64_t j = 0; j < m; j++) typical[j] = (high[j] + low[j] + close[j]) / 3.0;
    split(typical[0], s->previous, volume[0], &flow[0][0], &flow[1][0]);
    PLN_IVDEP
    for (int64_t j = 1; j < m; j++) split(typical[j], typical[j - 1], volume[j], &flow[0][j], &flow[1][j]);
    s->previous = typical[m - 1];
    pln_window_block(&s->window, (double *)(s + 1), 2, 0, pln_merge_sums2, leaf, window, m);
    PLN_IVDEP
    for (int64_t j = 0; j < m; j++) y[j] = ratio(sums[0][j], sums[1][j]); /* NOLINT: m entries were written */
  }
}
PLN_IND_SIMD(batch, rows)

const pln_ind_desc pln_ind_mfi = {
    .info = {.name = "mfi",
             .aliases = "money_flow_index",
             .group = "volume",
             .help = "Money flow index",
             .formula =
                 "100 U / (U + D), U and D the sums over the last `period` changes of hlc3 * volume where "
                 "hlc3 rose and where it fell (TA-Lib MFI, which takes flows below 1 for none); 0 where "
                 "there is no flow, as TA-Lib",
             .inputs = "high low close volume",
             .outputs = "mfi",
             .example = "mfi(14)",
             .params = params,
             .n_params = 1,
             .input_kind = PLN_INPUT_COLUMNS,
             .has_valid = 1},
    .n_inputs = 4,
    .n_outputs = 1,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
};
