#include "feature/ind.h"

typedef struct cross {
  double a;
  double b;
} cross;

static int64_t lookback(const double *p) {
  (void)p;
  return 1;
}
static int64_t size(const double *p) {
  (void)p;
  return PLN_IND_SIZE(cross, 0);
}
static void init(void *state, const double *p) {
  (void)state;
  (void)p;
}

PLN_INLINE double crosses(double a0, double b0, double a, double b) {
  return ((a0 > b0) & (a < b)) ? 1.0 : 0.0;
}

static inline void step(cross *s, double *memory, const double *in, double *out) {
  (void)memory;
  out[0] = crosses(s->a, s->b, in[0], in[1]);
  s->a = in[0];
  s->b = in[1];
}
PLN_IND_STEP(cross, step)

PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n) {
  cross *s = state;
  const double *a = in[0], *b = in[1];
  double *y = out[0];
  if (n == 0) return;
  y[0] = crosses(s->a, s->b, a[0], b[0]);
  PLN_IVDEP
  for (int64_t i = 1; i < n; i++) y[i] = crosses(a[i - 1], b[i - 1], a[i], b[i]);
  s->a = a[n - 1];
  s->b = b[n - 1];
}
PLN_IND_SIMD(batch, rows)

const pln_ind_desc pln_ind_crossunder = {
    .info = {.name = "crossunder",
             .group = "operators",
             .help = "1 in the row in which a comes to be below b, else 0",
             .formula = "a[i-1] > b[i-1] and a[i] < b[i], both strict (backtesting.py's crossover)",
             .inputs = "a b",
             .outputs = "value",
             .example = "crossunder(sma(10), sma(30))",
             .params = NULL,
             .n_params = 0,
             .input_kind = PLN_INPUT_SERIES},
    .n_inputs = 2,
    .n_outputs = 1,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
};
