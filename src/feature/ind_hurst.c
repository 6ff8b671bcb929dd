#include "feature/history.h"
#include "feature/window.h"
static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows in the window", 100, 16, 10000),
    PLN_PARAM_WORD("form", "rescaled: ranges of chunks; lean: deviations of differences", 0, 1,
                   "rescaled lean"),
    PLN_PARAM_INT("max_lag", "form=lean: lags are less than this (and than period - 1)", 20, 4, 64),
};

enum { MAX_SETS = 6, LEAST_CHUNK = 8, MOST_CHUNKS = 32, MAX_LAGS = 62 };

typedef struct hurst {
  pln_history values;
  int64_t period;
  int64_t sets; /* 0: form lean */
  int64_t max_lag;
  double previous;
  int64_t sizes[MAX_SETS];
  double log_size[MAX_SETS];
  double correction[MAX_SETS]; /* sqrt(pi size / 2) less the expected rescaled range */
  double log_lag[MAX_LAGS];
  pln_window windows[MAX_LAGS]; /* moments of the differences over lag 2, 3, … */
} hurst;

static int is_lean(const double *p) { return p[1] > 0.5; }
static int64_t lookback(const double *p) { return (int64_t)p[0] - is_lean(p); }
static int64_t lag_limit(const double *p) { return (int64_t)(p[2] < p[0] - 1.0 ? p[2] : p[0] - 1.0); }
static int64_t size(const double *p) {
  int64_t doubles = pln_history_doubles((int64_t)p[0] - 1);
  for (int64_t lag = 2; is_lean(p) && lag < lag_limit(p); lag++)
    doubles += pln_window_doubles((int64_t)p[0] - lag, 2);
  return PLN_IND_SIZE(hurst, doubles);
}

/* Of a random walk of n rows (Anis and Lloyd 1976): G((n - 1) / 2) / (sqrt(pi) G(n / 2)) sum sqrt((n - i) /
 * i), with G((n - 1) / 2) / G(n / 2) =: g, g(2) = sqrt(pi), g(n + 1) = 2 / ((n - 1) g(n)). */
static double expected_range(int64_t n) {
  const double root_pi = 1.77245385090551602730;
  double g = root_pi, sum = 0.0;
  for (int64_t k = 2; k < n; k++) g = 2.0 / ((double)(k - 1) * g);
  for (int64_t i = 1; i < n; i++) sum += sqrt((double)(n - i) / (double)i);
  return g / root_pi * sum;
}

static void init(void *state, const double *p) {
  hurst *s = state;
  s->period = (int64_t)p[0];
  s->max_lag = lag_limit(p);
  pln_history_init(&s->values, s->period - 1);
  for (int64_t lag = 2; is_lean(p) && lag < s->max_lag; lag++) {
    s->log_lag[lag - 2] = log((double)lag);
    pln_window_init(&s->windows[lag - 2], s->period - lag);
  }
  if (is_lean(p)) return;
  for (int64_t chunks = 1; chunks <= MOST_CHUNKS && s->period / chunks >= LEAST_CHUNK; chunks *= 2) {
    const int64_t n = s->period / chunks;
    s->sizes[s->sets] = n;
    s->log_size[s->sets] = log((double)n);
    s->correction[s->sets++] = sqrt(1.57079632679489661923 * (double)n) - expected_range(n);
  }
}

/* Slope of n points. */
static double slope(const double *x, const double *y, int64_t n) {
  double mx = 0.0, my = 0.0, xx = 0.0, xy = 0.0;
  for (int64_t i = 0; i < n; i++) mx += x[i], my += y[i];
  mx /= (double)n, my /= (double)n;
  for (int64_t i = 0; i < n; i++) xx += (x[i] - mx) * (x[i] - mx), xy += (x[i] - mx) * (y[i] - my);
  return xy / xx;
}

static double rescaled_range(const double *x, int64_t n) {
  double mean = 0.0, sum = 0.0, squares = 0.0;
  for (int64_t i = 0; i < n; i++) mean += x[i];
  mean /= (double)n;
  double high = x[0] - mean, low = high;
  for (int64_t i = 0; i < n; i++) {
    const double y = x[i] - mean;
    sum += y;
    squares += y * y;
    high = sum > high ? sum : high;
    low = sum < low ? sum : low;
  }
  return squares > 0.0 ? (high - low) / sqrt(squares / (double)n) : 0.0;
}

static inline void rescaled(const hurst *s, const double *last, double *out) {
  double range[MAX_SETS] = {0}, corrected[MAX_SETS] = {0};
  for (int64_t k = 0; k < s->sets; k++) {
    const int64_t n = s->sizes[k], chunks = (int64_t)1 << k;
    const double *first = last + 1 - n * chunks;
    double sum = 0.0;
    for (int64_t c = 0; c < chunks; c++) sum += rescaled_range(first + c * n, n);
    if (!(sum > 0.0)) return;
    range[k] = log(sum / (double)chunks);
    corrected[k] = log(sum / (double)chunks + s->correction[k]);
  }
  out[0] = slope(s->log_size, range, s->sets);
  out[1] = slope(s->log_size, corrected, s->sets);
  out[2] = 1.0;
}

static inline void differences(hurst *s, double *memory, const double *last, double *out) {
  double deviation[MAX_LAGS] = {0}, *rest = memory + pln_history_doubles(s->period - 1);
  int moves = 1;
  for (int64_t k = 0; k + 2 < s->max_lag; k++) {
    const double leaf[2] = {last[0] - last[-(k + 2)], 0.0};
    double moments[2] = {0.0, 0.0};
    pln_window_step(&s->windows[k], rest, 2, 0, pln_merge_moments, leaf, moments);
    rest += pln_window_doubles(s->windows[k].n, 2);
    moves &= moments[1] > 0.0;
    deviation[k] = 0.5 * log(moves ? moments[1] / (double)s->windows[k].n : 1.0);
  }
  if (!moves) return;
  out[0] = out[1] = slope(s->log_lag, deviation, s->max_lag - 2);
  out[2] = 1.0;
}

static inline void step(hurst *s, double *memory, const double *in, double *out) {
  const int moves = in[0] > 0.0 && s->previous > 0.0;
  const double x = !s->sets ? in[0] : moves ? log(in[0] / s->previous) : 0.0;
  s->previous = in[0];
  const double *last = pln_history_push(&s->values, memory, &x, 1);
  out[0] = out[1] = 0.5;
  out[2] = 0.0;
  if (s->sets)
    rescaled(s, last, out);
  else
    differences(s, memory, last, out);
}
PLN_IND_STEP(hurst, step)
PLN_IND_BATCH(hurst, 1, 2, step)

const pln_ind_desc pln_ind_hurst = {
    .info = {.name = "hurst",
             .group = "statistics",
             .help = "Hurst exponent",
             .formula =
                 "rescaled range over the last `period` logarithmic returns: cut into 1, 2, 4, … 32 chunks "
                 "of the same size, none below 8, the oldest rows left out; in each the range of the summed "
                 "deviations over the deviation (population); slope of log(mean of these) on log(chunk size) "
                 "(Hurst 1951, Stock.Indicators). anis_lloyd: the same of the mean less its expectation for "
                 "a random walk plus sqrt(pi size / 2) (Anis and Lloyd 1976, Weron 2002). form=lean: slope "
                 "of log(deviation of x - x[lag rows before]) on log(lag), lags 2 … max_lag - 1, over the "
                 "last `period` values (Lean HurstExponent); anis_lloyd is then the same. 0.5 for a random "
                 "walk, and where nothing moves",
             .inputs = "source",
             .outputs = "hurst anis_lloyd",
             .example = "hurst(close, 100)",
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
