#include "feature/ma_pair.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("fast", "period of the fast average", 12, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_INT("slow", "period of the slow average", 26, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_WORD("ma", "kind of both averages", PLN_MA_SMA, PLN_MA_LAST, PLN_MA_WORDS),
};

static int64_t lookback(const double *p) {
  return pln_ma_pair_lookback((int32_t)p[2], (int64_t)p[0], (int32_t)p[2], (int64_t)p[1]);
}
static int64_t size(const double *p) {
  return PLN_IND_SIZE(pln_ma_pair,
                      pln_ma_pair_doubles((int32_t)p[2], (int64_t)p[0], (int32_t)p[2], (int64_t)p[1]));
}
static void init(void *state, const double *p) {
  pln_ma_pair_init(state, (int32_t)p[2], (int64_t)p[0], (int32_t)p[2], (int64_t)p[1], 0);
}

static inline void step(pln_ma_pair *s, double *memory, const double *in, double *out) {
  double fast, slow;
  pln_ma_pair_step(s, memory, in[0], &fast, &slow);
  out[0] = fast - slow;
}
PLN_IND_STEP(pln_ma_pair, step)

static void batch(void *state, const double *const *in, double *const *out, int64_t n) {
  pln_ma_pair *s = state;
  double slow[PLN_WINDOW_BLOCK];
  for (int64_t i = 0; i < n; i += PLN_WINDOW_BLOCK) {
    const int64_t m = n - i < PLN_WINDOW_BLOCK ? n - i : PLN_WINDOW_BLOCK;
    double *y = out[0] + i;
    pln_ma_pair_rows(s, (double *)(s + 1), in[0] + i, y, slow, m);
    PLN_IVDEP
    for (int64_t j = 0; j < m; j++) y[j] -= slow[j];
  }
}

const pln_ind_desc pln_ind_apo = {
    .info = {.name = "apo",
             .group = "momentum",
             .help = "Absolute price oscillator: a fast average less a slow one",
             .formula = "ma(fast) - ma(slow), each with its own beginning; the periods change places if fast "
                        "> slow (TA-Lib APO; Lean, jesse: ma=ema; Tulip: "
                        "ema(fast, seed=first) - ema(slow, seed=first))",
             .inputs = "source",
             .outputs = "apo",
             .example = "apo(close, 12, 26, ma=ema)",
             .params = params,
             .n_params = 3,
             .input_kind = PLN_INPUT_SOURCE},
    .n_inputs = 1,
    .n_outputs = 1,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
};
