#include "feature/ma_pair.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("fast", "period of the fast average", 12, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_INT("slow", "period of the slow average", 26, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_INT("signal", "period of the exponential average of ppo; 1: none", 1, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_WORD("ma", "kind of both averages", PLN_MA_SMA, PLN_MA_LAST, PLN_MA_WORDS),
};

typedef struct ppo {
  pln_smooth signal;
  pln_ma_pair pair; /* last: its memory follows */
} ppo;

static int64_t first_row(const double *p) {
  return pln_ma_pair_lookback((int32_t)p[3], (int64_t)p[0], (int32_t)p[3], (int64_t)p[1]);
}
static int64_t lookback(const double *p) { return first_row(p) + (int64_t)p[2] - 1; }
static int64_t size(const double *p) {
  return PLN_IND_SIZE(ppo, pln_ma_pair_doubles((int32_t)p[3], (int64_t)p[0], (int32_t)p[3], (int64_t)p[1]));
}
static void init(void *state, const double *p) {
  ppo *s = state;
  pln_ma_pair_init(&s->pair, (int32_t)p[3], (int64_t)p[0], (int32_t)p[3], (int64_t)p[1], 0);
  pln_smooth_init(&s->signal, 2.0 / (p[2] + 1.0), (int64_t)p[2], first_row(p));
}

PLN_INLINE double percent(double fast, double slow) {
  return slow == 0.0 ? 0.0 : (fast - slow) / slow * 100.0;
}

static inline void step(ppo *s, double *memory, const double *in, double *out) {
  double fast, slow;
  pln_ma_pair_step(&s->pair, memory, in[0], &fast, &slow);
  out[0] = percent(fast, slow);
  out[1] = pln_smooth_step(&s->signal, out[0]);
  out[2] = out[0] - out[1];
  out[3] = slow != 0.0;
}
PLN_IND_STEP(ppo, step)

PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n) {
  ppo *s = state;
  double fast[PLN_WINDOW_BLOCK], slow[PLN_WINDOW_BLOCK];
  for (int64_t i = 0; i < n; i += PLN_WINDOW_BLOCK) {
    const int64_t m = n - i < PLN_WINDOW_BLOCK ? n - i : PLN_WINDOW_BLOCK;
    double *line = out[0] + i, *signal = out[1] + i, *histogram = out[2] + i;
    pln_ma_pair_rows(&s->pair, (double *)(s + 1), in[0] + i, fast, slow, m);
    PLN_IVDEP
    for (int64_t j = 0; j < m; j++) line[j] = percent(fast[j], slow[j]);
    pln_smooth_rows(&s->signal, line, signal, m);
    PLN_IVDEP
    for (int64_t j = 0; j < m; j++) histogram[j] = line[j] - signal[j];
  }
}
PLN_IND_SIMD(batch, rows)

const pln_ind_desc pln_ind_ppo = {
    .info = {.name = "ppo",
             .group = "momentum",
             .help = "Percentage price oscillator: a fast average over a slow one",
             .formula =
                 "(ma(fast) - ma(slow)) / ma(slow) * 100, averages as in apo (TA-Lib PPO; Tulip, Lean, "
                 "StockCharts have ma=ema), signal = ema of that, histogram = ppo - signal; 0 where the slow "
                 "average is 0, as TA-Lib",
             .inputs = "source",
             .outputs = "ppo signal histogram",
             .example = "ppo(close, 12, 26, 9, ma=ema).signal",
             .params = params,
             .n_params = 4,
             .input_kind = PLN_INPUT_SOURCE,
             .has_valid = 1},
    .n_inputs = 1,
    .n_outputs = 3,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
};
