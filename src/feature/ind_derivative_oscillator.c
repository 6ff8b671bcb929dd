#include "feature/late_ma.h"
#include "feature/updown.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("rsi", "period of the relative strength index", 14, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_INT("first", "period of its average", 5, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_INT("second", "period of the average of that", 3, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_INT("signal", "rows of the simple average that is taken away", 9, 1, PLN_IND_MAX_PERIOD),
};

typedef struct derivative_oscillator {
  pln_updown updown;
  pln_smooth first;
  pln_smooth second;
  pln_late_ma signal;
} derivative_oscillator;

static int64_t first_row(const double *p) { return (int64_t)(p[0] + p[1] + p[2]) - 2; }
static int64_t lookback(const double *p) { return first_row(p) + (int64_t)p[3] - 1; }
static int64_t size(const double *p) {
  return PLN_IND_SIZE(derivative_oscillator, pln_ma_doubles(PLN_MA_SMA, (int64_t)p[3]));
}
static void init(void *state, const double *p) {
  derivative_oscillator *s = state;
  pln_updown_init(&s->updown, PLN_UPDOWN_WILDER, (int64_t)p[0]);
  pln_smooth_init(&s->first, 2.0 / (p[1] + 1.0), (int64_t)p[1], (int64_t)p[0]);
  pln_smooth_init(&s->second, 2.0 / (p[2] + 1.0), (int64_t)p[2], (int64_t)(p[0] + p[1]) - 1);
  pln_late_ma_init(&s->signal, PLN_MA_SMA, (int64_t)p[3], first_row(p), 0);
}

PLN_INLINE double ratio(double up, double down) {
  const double sum = up + down;
  return sum == 0.0 ? 0.0 : 100.0 * (up / sum);
}

static inline void step(derivative_oscillator *s, double *memory, const double *in, double *out) {
  double up, down;
  pln_updown_step(&s->updown, NULL, in[0], &up, &down);
  const double line = pln_smooth_step(&s->second, pln_smooth_step(&s->first, ratio(up, down)));
  out[0] = line - pln_late_ma_step(&s->signal, memory, line);
  out[1] = up + down != 0.0;
}
PLN_IND_STEP(derivative_oscillator, step)

enum { BLOCK = 512 };

PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n) {
  derivative_oscillator *s = state;
  double up[BLOCK], down[BLOCK];
  for (int64_t i = 0; i < n; i += BLOCK) {
    const int64_t m = n - i < BLOCK ? n - i : BLOCK;
    double *y = out[0] + i;
    pln_updown_block(&s->updown, NULL, in[0] + i, up, down, m);
    PLN_IVDEP
    for (int64_t j = 0; j < m; j++) up[j] = ratio(up[j], down[j]);
    pln_smooth_rows(&s->first, up, down, m);
    pln_smooth_rows(&s->second, down, up, m);
    pln_late_ma_rows(&s->signal, (double *)(s + 1), up, y, m);
    PLN_IVDEP
    for (int64_t j = 0; j < m; j++) y[j] = up[j] - y[j];
  }
}
PLN_IND_SIMD(batch, rows)

const pln_ind_desc pln_ind_derivative_oscillator = {
    .info = {.name = "derivative_oscillator",
             .group = "momentum",
             .help = "Derivative oscillator (Brown)",
             .formula = "d - sma(d, signal), d = ema(ema(rsi(x, rsi), first), second) (Lean); rsi is 0 where "
                        "nothing has moved",
             .inputs = "source",
             .outputs = "derivative_oscillator",
             .example = "derivative_oscillator(close, 14, 5, 3, 9)",
             .params = params,
             .n_params = 4,
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
