#include "feature/late_ma.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows in the window", 12, 1, PLN_IND_MAX_PERIOD),
};

typedef struct psy {
  pln_late_ma rises;
  double previous;
} psy;

static int64_t lookback(const double *p) { return (int64_t)p[0]; }
static int64_t size(const double *p) { return PLN_IND_SIZE(psy, pln_ma_doubles(PLN_MA_SMA, (int64_t)p[0])); }
static void init(void *state, const double *p) {
  pln_late_ma_init(&((psy *)state)->rises, PLN_MA_SMA, (int64_t)p[0], 1, 0);
}

static inline void step(psy *s, double *memory, const double *in, double *out) {
  out[0] = pln_late_ma_step(&s->rises, memory, in[0] > s->previous ? 100.0 : 0.0);
  s->previous = in[0];
}
PLN_IND_STEP(psy, step)

enum { BLOCK = 512 };

PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n) {
  psy *s = state;
  double rise[BLOCK];
  for (int64_t i = 0; i < n; i += BLOCK) {
    const int64_t m = n - i < BLOCK ? n - i : BLOCK;
    const double *x = in[0] + i;
    rise[0] = x[0] > s->previous ? 100.0 : 0.0;
    PLN_IVDEP
    for (int64_t j = 1; j < m; j++) rise[j] = x[j] > x[j - 1] ? 100.0 : 0.0;
    s->previous = x[m - 1];
    pln_late_ma_rows(&s->rises, (double *)(s + 1), rise, out[0] + i, m);
  }
}
PLN_IND_SIMD(batch, rows)

const pln_ind_desc pln_ind_psy = {
    .info = {.name = "psy",
             .aliases = "psychological_line psl",
             .group = "momentum",
             .help = "Psychological line: the part of rises, in percent",
             .formula = "100 times the rows in which x has risen, of the last `period`, over period",
             .inputs = "source",
             .outputs = "psy",
             .example = "psy(close, 12)",
             .params = params,
             .n_params = 1,
             .input_kind = PLN_INPUT_SOURCE},
    .n_inputs = 1,
    .n_outputs = 1,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
};
