#include "feature/smooth.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("fast", "period of the fast average", 12, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_INT("slow", "period of the slow average", 26, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_INT("signal", "period of the average of their difference", 9, 1, PLN_IND_MAX_PERIOD),
};

typedef struct macd {
  pln_smooth fast;
  pln_smooth slow;
  pln_smooth signal;
} macd;

static int64_t slow_period(const double *p) { return (int64_t)(p[0] > p[1] ? p[0] : p[1]); }
static int64_t fast_period(const double *p) { return (int64_t)(p[0] > p[1] ? p[1] : p[0]); }
static int64_t lookback(const double *p) { return slow_period(p) - 1 + (int64_t)p[2] - 1; }
static int64_t size(const double *p) {
  (void)p;
  return PLN_IND_SIZE(macd, 0);
}
static void init(void *state, const double *p) {
  macd *s = state;
  const int64_t fast = fast_period(p), slow = slow_period(p);
  pln_smooth_init(&s->fast, 2.0 / ((double)fast + 1.0), fast, slow - fast);
  pln_smooth_init(&s->slow, 2.0 / ((double)slow + 1.0), slow, 0);
  pln_smooth_init(&s->signal, 2.0 / (p[2] + 1.0), (int64_t)p[2], slow - 1);
}

static inline void step(macd *s, double *memory, const double *in, double *out) {
  (void)memory;
  const double fast = pln_smooth_step(&s->fast, in[0]);
  const double slow = pln_smooth_step(&s->slow, in[0]);
  out[0] = fast - slow;
  out[1] = pln_smooth_step(&s->signal, out[0]);
  out[2] = out[0] - out[1];
}
PLN_IND_STEP(macd, step)

enum { BLOCK = 512 };

PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n) {
  macd *s = state;
  double fast[BLOCK], slow[BLOCK];
  for (int64_t i = 0; i < n; i += BLOCK) {
    const int64_t m = n - i < BLOCK ? n - i : BLOCK;
    double *line = out[0] + i, *signal = out[1] + i, *histogram = out[2] + i;
    pln_smooth_rows(&s->fast, in[0] + i, fast, m);
    pln_smooth_rows(&s->slow, in[0] + i, slow, m);
    PLN_IVDEP
    for (int64_t j = 0; j < m; j++) line[j] = fast[j] - slow[j];
    pln_smooth_rows(&s->signal, line, signal, m);
    PLN_IVDEP
    for (int64_t j = 0; j < m; j++) histogram[j] = line[j] - signal[j];
  }
}
PLN_IND_SIMD(batch, rows)

const pln_ind_desc pln_ind_macd = {
    .info =
        {.name = "macd",
         .group = "momentum",
         .help = "Moving average convergence and divergence",
         .formula =
             "macd = ema(fast) - ema(slow), signal = ema of that, histogram = macd - signal; TA-Lib MACD: "
             "the fast average is seeded with the `fast` values that end where the slow one's seed ends, all "
             "outputs begin at row slow + signal - 2, and fast and slow change places if fast > slow",
         .inputs = "source",
         .outputs = "macd signal histogram",
         .example = "macd(close, 12, 26, 9).signal",
         .params = params,
         .n_params = 3,
         .input_kind = PLN_INPUT_SOURCE},
    .n_inputs = 1,
    .n_outputs = 3,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
};
