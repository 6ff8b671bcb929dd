#include "feature/late_ma.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("channel", "period of the channel", 10, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_INT("average", "period of wt1", 21, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_INT("signal", "rows of wt2", 4, 1, PLN_IND_MAX_PERIOD),
};

typedef struct wavetrend {
  pln_smooth channel;
  pln_smooth deviation;
  pln_smooth line;
  pln_late_ma signal;
} wavetrend;

static int64_t first_row(const double *p) { return (int64_t)(2.0 * p[0] + p[1]) - 3; }
static int64_t lookback(const double *p) { return first_row(p) + (int64_t)p[2] - 1; }
static int64_t size(const double *p) {
  return PLN_IND_SIZE(wavetrend, pln_ma_doubles(PLN_MA_SMA, (int64_t)p[2]));
}
static void init(void *state, const double *p) {
  wavetrend *s = state;
  const int64_t channel = (int64_t)p[0];
  pln_smooth_init(&s->channel, 2.0 / (p[0] + 1.0), channel, 0);
  pln_smooth_init(&s->deviation, 2.0 / (p[0] + 1.0), channel, channel - 1);
  pln_smooth_init(&s->line, 2.0 / (p[1] + 1.0), (int64_t)p[1], 2 * (channel - 1));
  pln_late_ma_init(&s->signal, PLN_MA_SMA, (int64_t)p[2], first_row(p), 0);
}

PLN_INLINE double ratio(double gap, double deviation) {
  return deviation == 0.0 ? 0.0 : gap / (0.015 * deviation);
}

static inline void step(wavetrend *s, double *memory, const double *in, double *out) {
  const double gap = in[0] - pln_smooth_step(&s->channel, in[0]);
  const double deviation = pln_smooth_step(&s->deviation, fabs(gap));
  out[0] = pln_smooth_step(&s->line, ratio(gap, deviation));
  out[1] = pln_late_ma_step(&s->signal, memory, out[0]);
  out[2] = deviation != 0.0;
}
PLN_IND_STEP(wavetrend, step)

enum { BLOCK = 512 };

PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n) {
  wavetrend *s = state;
  double gap[BLOCK], size[BLOCK], deviation[BLOCK];
  for (int64_t i = 0; i < n; i += BLOCK) {
    const int64_t m = n - i < BLOCK ? n - i : BLOCK;
    const double *x = in[0] + i;
    pln_smooth_rows(&s->channel, x, gap, m);
    PLN_IVDEP
    for (int64_t j = 0; j < m; j++) {
      gap[j] = x[j] - gap[j];
      size[j] = fabs(gap[j]);
    }
    pln_smooth_rows(&s->deviation, size, deviation, m);
    PLN_IVDEP
    for (int64_t j = 0; j < m; j++) gap[j] = ratio(gap[j], deviation[j]);
    pln_smooth_rows(&s->line, gap, out[0] + i, m);
    pln_late_ma_rows(&s->signal, (double *)(s + 1), out[0] + i, out[1] + i, m);
  }
}
PLN_IND_SIMD(batch, rows)

const pln_ind_desc pln_ind_wavetrend = {
    .info = {.name = "wavetrend",
             .aliases = "wt wto",
             .group = "momentum",
             .help = "Wave trend oscillator (LazyBear)",
             .formula = "wt1 = ema((p - e) / (0.015 ema(|p - e|, channel)), average), e = ema(p, channel), p "
                        "= hlc3; wt2 = sma(wt1, signal); averages seeded with the means of their first "
                        "values (Lean); the ratio is 0 where the price has not left e",
             .inputs = "hlc3",
             .outputs = "wt1 wt2",
             .example = "wavetrend(10, 21, 4).wt2",
             .params = params,
             .n_params = 3,
             .input_kind = PLN_INPUT_SOURCE,
             .has_valid = 1},
    .n_inputs = 1,
    .n_outputs = 2,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
};
