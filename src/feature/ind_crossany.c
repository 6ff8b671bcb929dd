#include "feature/ind.h"

typedef struct crossany {
  double a; /* of the row before */
  double b;
} crossany;

static int64_t lookback(const double *p) {
  (void)p;
  return 1;
}
static int64_t size(const double *p) {
  (void)p;
  return PLN_IND_SIZE(crossany, 0);
}
static void init(void *state, const double *p) {
  (void)state;
  (void)p;
}

PLN_INLINE double crosses(double a0, double b0, double a, double b) {
  return (((a0 <= b0) & (a > b)) | ((a0 >= b0) & (a < b))) ? 1.0 : 0.0;
}

static inline void step(crossany *s, double *memory, const double *in, double *out) {
  (void)memory;
  out[0] = crosses(s->a, s->b, in[0], in[1]);
  s->a = in[0];
  s->b = in[1];
}
PLN_IND_STEP(crossany, step)

PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n) {
  crossany *s = state;
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

const pln_ind_desc pln_ind_crossany = {
    .info = {.name = "crossany",
             .group = "operators",
             .help = "1 in the row in which a and b cross, either way, else 0",
             .formula =
                 "a[i-1] <= b[i-1] and a[i] > b[i], or a[i-1] >= b[i-1] and a[i] < b[i] (Tulip CROSSANY)",
             .inputs = "a b",
             .outputs = "value",
             .example = "crossany(sma(10), sma(30))",
             .input_kind = PLN_INPUT_SERIES},
    .n_inputs = 2,
    .n_outputs = 1,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
};
