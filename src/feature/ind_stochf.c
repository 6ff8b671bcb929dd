#include "feature/stoch.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("fastk", "rows in the window", 5, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_INT("fastd", "period of the average of fastk; 1: none", 3, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_WORD("fastd_ma", "kind of the average", PLN_MA_SMA, PLN_MA_LAST, PLN_MA_WORDS),
};

typedef struct stochf {
  pln_stoch raw;
  pln_late_ma d;
} stochf;

static int64_t lookback(const double *p) {
  return (int64_t)p[0] - 1 + pln_ma_lookback((int32_t)p[2], (int64_t)p[1]);
}
static int64_t raw_doubles(const double *p) { return pln_stoch_doubles((int64_t)p[0]); }
static int64_t size(const double *p) {
  return PLN_IND_SIZE(stochf, raw_doubles(p) + pln_ma_doubles((int32_t)p[2], (int64_t)p[1]));
}
static void init(void *state, const double *p) {
  stochf *s = state;
  pln_stoch_init(&s->raw, (int64_t)p[0], 0.0);
  pln_late_ma_init(&s->d, (int32_t)p[2], (int64_t)p[1], (int64_t)p[0] - 1, raw_doubles(p));
}

static inline void step(stochf *s, double *memory, const double *in, double *out) {
  out[0] = pln_stoch_step(&s->raw, memory, in[0], in[1], in[2], &out[2]);
  out[1] = pln_late_ma_step(&s->d, memory, out[0]);
}
PLN_IND_STEP(stochf, step)

PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n) {
  stochf *s = state;
  double *memory = (double *)(s + 1);
  for (int64_t i = 0; i < n; i += PLN_WINDOW_BLOCK) {
    const int64_t m = n - i < PLN_WINDOW_BLOCK ? n - i : PLN_WINDOW_BLOCK;
    pln_stoch_block(&s->raw, memory, in[0] + i, in[1] + i, in[2] + i, out[0] + i, m);
    pln_late_ma_rows(&s->d, memory, out[0] + i, out[1] + i, m);
  }
}
PLN_IND_SIMD(batch, rows)

const pln_ind_desc pln_ind_stochf = {
    .info = {.name = "stochf",
             .group = "momentum",
             .help = "Stochastic oscillator, fast",
             .formula = "fastk = 100 (close - L) / (H - L), H and L the highest high and the lowest low of "
                        "the last `fastk` rows, "
                        "0 where H = L, fastd = ma of that (TA-Lib STOCHF)",
             .inputs = "high low close",
             .outputs = "fastk fastd",
             .example = "stochf(5, 3).fastk",
             .params = params,
             .n_params = 3,
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
