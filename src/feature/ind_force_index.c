#include "feature/smooth.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "of the exponential average; 1: none", 13, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_WORD("seed", "first value of the average: the mean of the first `period` forces, or the first",
                   0, 1, "sma first"),
};

typedef struct force_index {
  pln_smooth smooth; /* leaves out the first row, which has no change */
  double previous;
} force_index;

static int64_t seed_rows(const double *p) { return p[1] == 0.0 ? (int64_t)p[0] : 1; }
static int64_t lookback(const double *p) { return seed_rows(p); }
static int64_t size(const double *p) {
  (void)p;
  return PLN_IND_SIZE(force_index, 0);
}
static void init(void *state, const double *p) {
  pln_smooth_init(&((force_index *)state)->smooth, 2.0 / (p[0] + 1.0), seed_rows(p), 1);
}

static inline void step(force_index *s, double *memory, const double *in, double *out) {
  (void)memory;
  out[0] = pln_smooth_step(&s->smooth, (in[0] - s->previous) * in[1]);
  s->previous = in[0];
}
PLN_IND_STEP(force_index, step)

enum { BLOCK = 512, PADDED = BLOCK + 8 };

PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n) {
  force_index *s = state;
  double force[PADDED];
  for (int64_t i = 0; i < n; i += BLOCK) {
    const int64_t m = n - i < BLOCK ? n - i : BLOCK;
    const double *x = in[0] + i, *volume = in[1] + i;
    force[0] = (x[0] - s->previous) * volume[0];
    PLN_IVDEP
    for (int64_t j = 1; j < m; j++) force[j] = (x[j] - x[j - 1]) * volume[j];
    s->previous = x[m - 1];
    pln_smooth_rows(&s->smooth, force, out[0] + i, m);
  }
}
PLN_IND_SIMD(batch, rows)

const pln_ind_desc pln_ind_force_index = {
    .info = {.name = "force_index",
             .aliases = "force efi elder_force_index",
             .group = "volume",
             .help = "Elder's force index",
             .formula =
                 "ema((x - previous x) * volume, period), seeded with the mean of the first `period` of "
                 "them (Stock.Indicators, Lean), or with seed=first with the first",
             .inputs = "source volume",
             .outputs = "force_index",
             .example = "force_index(close, 13)",
             .params = params,
             .n_params = 2,
             .input_kind = PLN_INPUT_SOURCE},
    .n_inputs = 2,
    .n_outputs = 1,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
};
