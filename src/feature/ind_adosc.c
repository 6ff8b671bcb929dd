#include "feature/money_flow.h"
#include "feature/smooth.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("fast", "period of the fast average", 3, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_INT("slow", "period of the slow average", 10, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_WORD("seed",
                   "first value of the averages: the line's first one, or the mean of the first `fast` "
                   "(`slow`) of them",
                   0, 1, "first sma"),
};

/* The distance d of the line from an exponential average of itself. As the line moves by the money flow x,
 * d = beta (d + x), which is beta / alpha times the exponential average of x: nothing here grows with the
 * line. */
typedef struct distance {
  pln_smooth smooth;
  double gain;     /* beta / alpha */
  double d;        /* while seeding */
  int32_t n, rows; /* rows of the seed; seen of them */
} distance;

typedef struct adosc {
  distance fast;
  distance slow;
} adosc;

static int64_t longer(const double *p) { return (int64_t)(p[0] > p[1] ? p[0] : p[1]); }
static int64_t lookback(const double *p) { return longer(p) - 1; }
static int64_t size(const double *p) {
  (void)p;
  return PLN_IND_SIZE(adosc, 0);
}
static void init_distance(distance *s, double period, int seed) {
  const double alpha = 2.0 / (period + 1.0);
  pln_smooth_init(&s->smooth, alpha, 0, 0);
  s->gain = (1.0 - alpha) / alpha;
  s->n = seed ? (int32_t)period : 1;
}
static void init(void *state, const double *p) {
  init_distance(&((adosc *)state)->fast, p[0], p[2] != 0.0);
  init_distance(&((adosc *)state)->slow, p[1], p[2] != 0.0);
}

/* While the average is the mean of all rows so far, d = (d + x) (rows - 1) / rows. */
PLN_INLINE double distance_step(distance *s, double x) {
  if (s->rows == s->n) return s->gain * pln_smooth_step(&s->smooth, x);
  s->d = (s->d + x) * s->rows / (s->rows + 1.0);
  if (++s->rows == s->n) s->smooth.e0 = s->gain > 0.0 ? s->d / s->gain : 0.0;
  return s->d;
}

static inline void step(adosc *s, double *memory, const double *in, double *out) {
  (void)memory;
  const double flow = pln_money_flow_multiplier(in[0], in[1], in[2]) * in[3];
  const double fast = distance_step(&s->fast, flow), slow = distance_step(&s->slow, flow);
  out[0] = slow - fast;
}
PLN_IND_STEP(adosc, step)

enum { BLOCK = 512, PADDED = BLOCK + 8 };

PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n) {
  adosc *s = state;
  int64_t i = 0;
  for (; i < n && (s->fast.rows < s->fast.n || s->slow.rows < s->slow.n); i++) {
    const double x[4] = {in[0][i], in[1][i], in[2][i], in[3][i]};
    step(s, NULL, x, out[0] + i);
  }
  const double fast_gain = s->fast.gain, slow_gain = s->slow.gain;
  for (; i < n; i += BLOCK) {
    const int64_t m = n - i < BLOCK ? n - i : BLOCK;
    const double *high = in[0] + i, *low = in[1] + i, *close = in[2] + i, *volume = in[3] + i;
    double flow[PADDED], fast[PADDED], *slow = out[0] + i;
    PLN_IVDEP
    for (int64_t j = 0; j < m; j++)
      flow[j] = pln_money_flow_multiplier(high[j], low[j], close[j]) * volume[j];
    pln_smooth_rows(&s->fast.smooth, flow, fast, m);
    pln_smooth_rows(&s->slow.smooth, flow, slow, m);
    PLN_IVDEP
    for (int64_t j = 0; j < m; j++) slow[j] = slow_gain * slow[j] - fast_gain * fast[j];
  }
}
PLN_IND_SIMD(batch, rows)

const pln_ind_desc pln_ind_adosc = {
    .info = {.name = "adosc",
             .aliases = "chaikin_oscillator",
             .group = "volume",
             .help = "Chaikin's accumulation and distribution oscillator",
             .formula =
                 "ema(ad, fast) - ema(ad, slow), both seeded with the first value of ad (TA-Lib ADOSC), "
                 "or with seed=sma with the means of its first `fast` and `slow` (Stock.Indicators)",
             .inputs = "high low close volume",
             .outputs = "adosc",
             .example = "adosc(3, 10)",
             .params = params,
             .n_params = 3,
             .input_kind = PLN_INPUT_COLUMNS},
    .n_inputs = 4,
    .n_outputs = 1,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
};
