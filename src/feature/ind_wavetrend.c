#include "feature/smooth.h"
#include "feature/window.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("channel", "period of the channel", 10, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_INT("average", "period of wt1", 21, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_INT("signal", "rows of wt2", 4, 1, PLN_IND_MAX_PERIOD),
};

typedef struct wavetrend {
  pln_smooth channel;
  pln_smooth deviation;
  pln_smooth line;
  pln_window signal;
  int64_t skip; /* rows before the line */
} wavetrend;

static int64_t first_row(const double *p) { return (int64_t)(2.0 * p[0] + p[1]) - 3; }
static int64_t lookback(const double *p) { return first_row(p) + (int64_t)p[2] - 1; }
static int64_t size(const double *p) { return PLN_IND_SIZE(wavetrend, pln_window_doubles((int64_t)p[2], 1)); }
static void init(void *state, const double *p) {
  wavetrend *s = state;
  const int64_t channel = (int64_t)p[0];
  pln_smooth_init(&s->channel, 2.0 / (p[0] + 1.0), channel, 0);
  pln_smooth_init(&s->deviation, 2.0 / (p[0] + 1.0), channel, channel - 1);
  pln_smooth_init(&s->line, 2.0 / (p[1] + 1.0), (int64_t)p[1], 2 * (channel - 1));
  pln_window_init(&s->signal, (int64_t)p[2]);
  s->skip = first_row(p);
}

static inline void step(wavetrend *s, double *memory, const double *in, double *out) {
  const double gap = in[0] - pln_smooth_step(&s->channel, in[0]);
  const double deviation = pln_smooth_step(&s->deviation, fabs(gap));
  const double line = pln_smooth_step(&s->line, deviation == 0.0 ? 0.0 : gap / (0.015 * deviation));
  double signal = 0.0;
  if (s->skip > 0)
    s->skip--;
  else
    pln_window_step(&s->signal, memory, 1, 0, pln_merge_mean, &line, &signal);
  out[0] = line;
  out[1] = signal;
  out[2] = deviation != 0.0;
}
PLN_IND_STEP(wavetrend, step)
PLN_IND_BATCH(wavetrend, 1, 2, step)

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
    .batch = step_rows,
};
