#include "feature/lag.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("length", "rows of the difference", 7, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM("in_phase_factor", "share of earlier rows", 0.635, 0, 0.99),
    PLN_PARAM("quadrature_factor", "share of earlier rows", 0.338, 0, 0.99),
};

typedef struct hilbert_transform {
  pln_lag lag;
  double d[3];
  double in_phase[3];
  double quadrature[2];
  double a, b;
  int64_t row;
} hilbert_transform;

static int64_t lookback(const double *p) { return (int64_t)p[0] + 2; }
static int64_t size(const double *p) { return PLN_IND_SIZE(hilbert_transform, p[0]); }
static void init(void *state, const double *p) {
  hilbert_transform *s = state;
  s->lag.n = (int32_t)p[0];
  s->a = p[1];
  s->b = p[2];
}

static inline void step(hilbert_transform *s, double *memory, const double *in, double *out) {
  const int64_t row = s->row++, n = s->lag.n;
  const double old = pln_lag_step(&s->lag, memory, in[0]), d = row < n ? 0.0 : in[0] - old;
  const double real = row < n + 2 ? 0.0 : 1.25 * (s->d[2] - s->a * s->d[0]) + s->a * s->in_phase[2];
  const double imaginary = row < n ? 0.0 : s->d[0] - s->b * d + s->b * s->quadrature[1];
  s->in_phase[2] = s->in_phase[1];
  s->in_phase[1] = s->in_phase[0];
  s->in_phase[0] = real;
  s->quadrature[1] = s->quadrature[0];
  s->quadrature[0] = imaginary;
  s->d[2] = s->d[1];
  s->d[1] = s->d[0];
  s->d[0] = d;
  out[0] = real;
  out[1] = imaginary;
}
PLN_IND_STEP(hilbert_transform, step)
PLN_IND_BATCH(hilbert_transform, 1, 2, step)

const pln_ind_desc pln_ind_hilbert_transform = {
    .info = {.name = "hilbert_transform",
             .group = "cycle",
             .help = "Hilbert transform of differences",
             .formula = "d = x - x[length rows ago]; in_phase = 1.25 (d[3] - in_phase_factor d[1]) + "
                        "in_phase_factor in_phase[3]; quadrature = d[1] - quadrature_factor d + "
                        "quadrature_factor quadrature[2] (J. Ehlers; Lean HilbertTransform). Before its "
                        "first row, length + 2 and length, each is 0",
             .inputs = "source",
             .outputs = "in_phase quadrature",
             .example = "hilbert_transform(close).quadrature",
             .params = params,
             .n_params = 3,
             .input_kind = PLN_INPUT_SOURCE},
    .n_inputs = 1,
    .n_outputs = 2,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = step_rows,
};
