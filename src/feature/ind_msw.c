#include "feature/fir.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows of the cycle", 5, 2, PLN_IND_MAX_PERIOD),
};

PLN_INLINE void wave(double r, double i, double *sine, double *lead) {
  const double square = r * r + i * i, length = sqrt(square);
  *sine = length > 0.0 ? r / length : 0.0;
  *lead = length > 0.0 ? (r - i) / (length * 1.4142135623730951) : 0.0;
}

typedef struct msw {
  pln_fir real;
  pln_fir imaginary;
} msw;

static int64_t lookback(const double *p) { return (int64_t)p[0] - 1; }
static int64_t size(const double *p) { return PLN_IND_SIZE(msw, 2 * pln_fir_doubles((int64_t)p[0])); }
static void init(void *state, const double *p) {
  msw *s = state;
  const int64_t n = (int64_t)p[0];
  double *a = (double *)(s + 1), *b = a + pln_fir_doubles(n);
  for (int64_t k = 0; k < n; k++) {
    const double angle = 6.283185307179586 * (double)k / (double)n;
    a[k] = cos(angle);
    b[k] = sin(angle);
  }
  s->real.taps = s->imaginary.taps = n;
}

static inline void step(msw *s, double *memory, const double *in, double *out) {
  const double r = pln_fir_sum_step(&s->real, memory, in[0]);
  const double i = pln_fir_sum_step(&s->imaginary, memory + pln_fir_doubles(s->real.taps), in[0]);
  wave(r, i, &out[0], &out[1]);
  out[2] = r != 0.0 || i != 0.0;
}
PLN_IND_STEP(msw, step)
PLN_IND_BATCH(msw, 1, 2, step)

const pln_ind_desc pln_ind_msw = {
    .info = {.name = "msw",
             .group = "cycle",
             .help = "MESA sine wave",
             .formula = "sine and lead of the phase of the discrete Fourier transform of the last "
                        "`period` values at that period: with R = Σ cos(2 π k / period) x[k] and I = Σ "
                        "sin(…) x[k], sine = R / √(R^2 + I^2), lead = (R - I) / √(2 (R^2 + I^2)), 45 "
                        "degrees ahead (Tulip MSW; J. Ehlers). Both are 0 where R and I are: where "
                        "nothing moves. Tulip takes an R below 0.001 for 0, whatever the unit of the price, "
                        "and 3.1415926 for π",
             .inputs = "source",
             .outputs = "sine lead",
             .example = "msw(close, 5)",
             .params = params,
             .n_params = 1,
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
