#include "feature/cumulative.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_WORD("start", "value of the first row: its volume, or zero", 0, 1, "volume zero"),
};

typedef struct obv {
  pln_cumulative sum;
  double previous;
  int32_t is_zero; /* the first row counts nothing */
  int32_t started;
} obv;

static int64_t size(const double *p) {
  (void)p;
  return PLN_IND_SIZE(obv, 0);
}
static void init(void *state, const double *p) { ((obv *)state)->is_zero = p[0] != 0.0; }

PLN_INLINE double flow(double x, double previous, double volume) {
  const double up = x > previous ? volume : 0.0;
  return x < previous ? -volume : up;
}

static inline void step(obv *s, double *memory, const double *in, double *out) {
  (void)memory;
  const double first = s->is_zero ? 0.0 : in[1];
  out[0] = pln_cumulative_step(&s->sum, s->started ? flow(in[0], s->previous, in[1]) : first);
  s->previous = in[0];
  s->started = 1;
}
PLN_IND_STEP(obv, step)

enum { BLOCK = 512 };

PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n) {
  obv *s = state;
  const double *x = in[0], *volume = in[1];
  double *y = out[0];
  double change[BLOCK];
  for (int64_t i = 0; i < n; i += BLOCK) {
    const int64_t m = n - i < BLOCK ? n - i : BLOCK;
    const double first = s->is_zero ? 0.0 : volume[i];
    change[0] = s->started ? flow(x[i], s->previous, volume[i]) : first;
    PLN_IVDEP
    for (int64_t j = 1; j < m; j++) change[j] = flow(x[i + j], x[i + j - 1], volume[i + j]);
    s->previous = x[i + m - 1];
    s->started = 1;
    pln_cumulative_rows(&s->sum, change, y + i, m);
  }
}
PLN_IND_SIMD(batch, rows)

const pln_ind_desc pln_ind_obv = {
    .info = {.name = "obv",
             .aliases = "on_balance_volume",
             .group = "volume",
             .help = "On balance volume",
             .formula =
                 "sum of the volumes of rows that rose less those of rows that fell, from the first row "
                 "on, which counts as its volume (TA-Lib OBV, Lean), or with start=zero as 0 (Tulip, "
                 "Stock.Indicators)",
             .inputs = "source volume",
             .outputs = "obv",
             .example = "obv(close)",
             .params = params,
             .n_params = 1,
             .input_kind = PLN_INPUT_SOURCE},
    .n_inputs = 2,
    .n_outputs = 1,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
};
