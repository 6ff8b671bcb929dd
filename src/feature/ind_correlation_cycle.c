#include "feature/fir.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows of the cycle", 20, 3, PLN_IND_MAX_PERIOD),
    PLN_PARAM("threshold", "degrees a row below which there is a trend", 9, 0, 360),
    PLN_PARAM_WORD("form", "whose", 0, 1, "ehlers jesse"),
};

#include "feature/window.h"

typedef struct correlation_cycle {
  pln_fir real;
  pln_fir imag;
  pln_window moments;
  double threshold;
  double jesse;
  double angle; /* of the row before */
  double x;
  int64_t first; /* number of rows before the first angle, and one */
} correlation_cycle;

static int64_t lookback(const double *p) { return (int64_t)p[0] - 1 + (p[2] != 0.0); }
static int64_t size(const double *p) {
  return PLN_IND_SIZE(correlation_cycle,
                      2 * pln_fir_doubles((int64_t)p[0]) + pln_window_doubles((int64_t)p[0], 2));
}
static void init(void *state, const double *p) {
  correlation_cycle *s = state;
  const int64_t n = (int64_t)p[0];
  s->first = n + (p[2] != 0.0);
  double *a = (double *)(s + 1), *b = a + pln_fir_doubles(n);
  for (int64_t k = 0; k < n; k++) {
    const double angle = 6.283185307179586 * (double)(k + (p[2] != 0.0)) / (double)n;
    a[k] = cos(angle);
    b[k] = -sin(angle);
  }
  s->real.taps = s->imag.taps = n;
  pln_window_init(&s->moments, n);
  s->threshold = p[1];
  s->jesse = p[2];
}

static inline void step(correlation_cycle *s, double *memory, const double *in, double *out) {
  const double x = s->jesse != 0.0 ? s->x : in[0];
  s->x = in[0];
  double *second = memory + pln_fir_doubles(s->real.taps), *third = second + pln_fir_doubles(s->real.taps);
  const double leaf[2] = {x, 0.0};
  double moments[2] = {0.0, 0.0};
  pln_window_step(&s->moments, third, 2, 0, pln_merge_moments, leaf, moments);
  const double r = pln_fir_sum_step(&s->real, memory, x), i = pln_fir_sum_step(&s->imag, second, x);
  /* The cosine and the sine have n / 2 as their sums of squares. */
  const double scale = sqrt(moments[1] * (double)s->real.taps / 2.0);
  const double real = scale > 0.0 ? r / scale : 0.0, imag = scale > 0.0 ? i / scale : 0.0;
  double angle =
      imag != 0.0 ? 90.0 + 57.29577951308232 * atan(real / imag) - (imag > 0.0 ? 180.0 : 0.0) : 0.0;
  const double before = s->angle, raw = angle;
  if (before > angle && before - angle < 270.0) angle = before;
  if (s->moments.row < s->first) angle = 0.0;
  s->angle = s->jesse != 0.0 && s->moments.row >= s->first ? raw : angle;
  out[0] = real;
  out[1] = imag;
  out[2] = angle;
  out[3] = scale > 0.0 && fabs(angle - before) < s->threshold ? (angle >= 0.0 ? 1.0 : -1.0) : 0.0;
  out[4] = scale > 0.0;
}
PLN_IND_STEP(correlation_cycle, step)
PLN_IND_BATCH(correlation_cycle, 1, 4, step)

const pln_ind_desc pln_ind_correlation_cycle = {
    .info = {.name = "correlation_cycle",
             .group = "cycle",
             .help = "Correlation cycle",
             .formula = "real and imag: correlations of x with a cosine and a negative sine of `period` "
                        "rows; angle: 90 degrees + atan(real / imag), less 180 where imag > 0 (0 where "
                        "imag is 0), and not less than the row before unless by 270 or more; state: 1 or "
                        "-1, the sign of the angle, where it turns by less than `threshold` degrees, else "
                        "0 (J. Ehlers, Stocks and Commodities 38:6, 2020). All are 0 where nothing moves. "
                        "With form=jesse the window ends in the row before, and the angle is compared "
                        "with the raw one of the row before",
             .inputs = "source",
             .outputs = "real imag angle state",
             .example = "correlation_cycle(close, 20).angle",
             .params = params,
             .n_params = 3,
             .input_kind = PLN_INPUT_SOURCE,
             .has_valid = 1},
    .n_inputs = 1,
    .n_outputs = 4,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = step_rows,
};
