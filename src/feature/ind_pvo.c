#include "feature/smooth.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("fast", "period of the fast average", 12, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_INT("slow", "period of the slow average", 26, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_INT("signal", "period of the average of the oscillator", 9, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_WORD("seed", "first value of an average: the mean of its first values, or the first of them", 0,
                   1, "sma first"),
};

typedef struct pvo {
  pln_smooth fast;
  pln_smooth slow;
  pln_smooth signal;
} pvo;

static int64_t longer(const double *p) { return (int64_t)(p[0] > p[1] ? p[0] : p[1]); }
static int64_t line_rows(const double *p) { return p[3] == 0.0 ? longer(p) - 1 : 0; }
static int64_t lookback(const double *p) { return p[3] == 0.0 ? line_rows(p) + (int64_t)p[2] - 1 : 0; }
static int64_t size(const double *p) {
  (void)p;
  return PLN_IND_SIZE(pvo, 0);
}
static void init(void *state, const double *p) {
  pvo *s = state;
  const int first = p[3] != 0.0;
  pln_smooth_init(&s->fast, 2.0 / (p[0] + 1.0), first ? 1 : (int64_t)p[0], 0);
  pln_smooth_init(&s->slow, 2.0 / (p[1] + 1.0), first ? 1 : (int64_t)p[1], 0);
  pln_smooth_init(&s->signal, 2.0 / (p[2] + 1.0), first ? 1 : (int64_t)p[2], line_rows(p));
}

PLN_INLINE double percent(double fast, double slow) {
  return slow != 0.0 ? 100.0 * ((fast - slow) / slow) : 0.0;
}

static inline void step(pvo *s, double *memory, const double *in, double *out) {
  (void)memory;
  const double fast = pln_smooth_step(&s->fast, in[0]), slow = pln_smooth_step(&s->slow, in[0]);
  out[0] = percent(fast, slow);
  out[1] = pln_smooth_step(&s->signal, out[0]);
  out[2] = out[0] - out[1];
  out[3] = slow != 0.0;
}
PLN_IND_STEP(pvo, step)

enum { BLOCK = 512, PADDED = BLOCK + 8 };

PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n) {
  pvo *s = state;
  double fast[PADDED], slow[PADDED];
  for (int64_t i = 0; i < n; i += BLOCK) {
    const int64_t m = n - i < BLOCK ? n - i : BLOCK;
    double *line = out[0] + i, *signal = out[1] + i, *histogram = out[2] + i;
    pln_smooth_rows(&s->fast, in[0] + i, fast, m);
    pln_smooth_rows(&s->slow, in[0] + i, slow, m);
    PLN_IVDEP
    for (int64_t j = 0; j < m; j++) line[j] = percent(fast[j], slow[j]);
    pln_smooth_rows(&s->signal, line, signal, m);
    PLN_IVDEP
    for (int64_t j = 0; j < m; j++) histogram[j] = line[j] - signal[j];
  }
}
PLN_IND_SIMD(batch, rows)

const pln_ind_desc pln_ind_pvo = {
    .info = {.name = "pvo",
             .aliases = "percentage_volume_oscillator",
             .group = "volume",
             .help = "Percentage volume oscillator",
             .formula =
                 "pvo = 100 (ema(volume, fast) - ema(volume, slow)) / ema(volume, slow), signal = ema(pvo, "
                 "signal), histogram = pvo - signal; averages begin with means (Stock.Indicators), or with "
                 "seed=first at row 0 with their first value; 0 where the slow average is 0",
             .inputs = "volume",
             .outputs = "pvo signal histogram",
             .example = "pvo(12, 26, 9)",
             .params = params,
             .n_params = 4,
             .input_kind = PLN_INPUT_COLUMNS,
             .has_valid = 1},
    .n_inputs = 1,
    .n_outputs = 3,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
};
