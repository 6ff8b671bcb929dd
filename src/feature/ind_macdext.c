#include "feature/ma_pair.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("fast", "period of the fast average", 12, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_INT("slow", "period of the slow average", 26, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_INT("signal", "period of the average of their difference; 1: none", 9, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_WORD("fast_ma", "kind of the fast average", PLN_MA_SMA, PLN_MA_LAST, PLN_MA_WORDS),
    PLN_PARAM_WORD("slow_ma", "kind of the slow average", PLN_MA_SMA, PLN_MA_LAST, PLN_MA_WORDS),
    PLN_PARAM_WORD("signal_ma", "kind of the signal", PLN_MA_SMA, PLN_MA_LAST, PLN_MA_WORDS),
};

typedef struct macdext {
  pln_ma_pair pair;
  pln_late_ma signal;
} macdext;

static int64_t first_row(const double *p) {
  return pln_ma_pair_lookback((int32_t)p[3], (int64_t)p[0], (int32_t)p[4], (int64_t)p[1]);
}
static int64_t pair_doubles(const double *p) {
  return pln_ma_pair_doubles((int32_t)p[3], (int64_t)p[0], (int32_t)p[4], (int64_t)p[1]);
}
static int64_t lookback(const double *p) {
  return first_row(p) + pln_ma_lookback((int32_t)p[5], (int64_t)p[2]);
}
static int64_t size(const double *p) {
  return PLN_IND_SIZE(macdext, pair_doubles(p) + pln_ma_doubles((int32_t)p[5], (int64_t)p[2]));
}
static void init(void *state, const double *p) {
  macdext *s = state;
  pln_ma_pair_init(&s->pair, (int32_t)p[3], (int64_t)p[0], (int32_t)p[4], (int64_t)p[1], 1);
  pln_late_ma_init(&s->signal, (int32_t)p[5], (int64_t)p[2], first_row(p), pair_doubles(p));
}

static inline void step(macdext *s, double *memory, const double *in, double *out) {
  double fast, slow;
  pln_ma_pair_step(&s->pair, memory, in[0], &fast, &slow);
  out[0] = fast - slow;
  out[1] = pln_late_ma_step(&s->signal, memory, out[0]);
  out[2] = out[0] - out[1];
}
PLN_IND_STEP(macdext, step)

static void batch(void *state, const double *const *in, double *const *out, int64_t n) {
  macdext *s = state;
  double *memory = (double *)(s + 1);
  double slow[PLN_WINDOW_BLOCK];
  for (int64_t i = 0; i < n; i += PLN_WINDOW_BLOCK) {
    const int64_t m = n - i < PLN_WINDOW_BLOCK ? n - i : PLN_WINDOW_BLOCK;
    double *line = out[0] + i, *signal = out[1] + i, *histogram = out[2] + i;
    pln_ma_pair_rows(&s->pair, memory, in[0] + i, line, slow, m);
    PLN_IVDEP
    for (int64_t j = 0; j < m; j++) line[j] -= slow[j];
    pln_late_ma_rows(&s->signal, memory, line, signal, m);
    PLN_IVDEP
    for (int64_t j = 0; j < m; j++) histogram[j] = line[j] - signal[j];
  }
}

const pln_ind_desc pln_ind_macdext = {
    .info = {.name = "macdext",
             .group = "momentum",
             .help = "MACD of moving averages of any kind",
             .formula = "macd = ma(fast) - ma(slow), signal = ma of that, histogram = macd - signal; the "
                        "fast average begins so "
                        "that its first value is in the row of the slow one's (TA-Lib MACDEXT); the "
                        "averages, with their kinds, change places if fast > slow",
             .inputs = "source",
             .outputs = "macd signal histogram",
             .example = "macdext(close, 12, 26, 9, ema, ema, sma).signal",
             .params = params,
             .n_params = 6,
             .input_kind = PLN_INPUT_SOURCE},
    .n_inputs = 1,
    .n_outputs = 3,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
};
