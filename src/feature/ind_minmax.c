#include "feature/extrema.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows in the window", 30, 1, PLN_IND_MAX_PERIOD),
};

typedef struct minmax {
  pln_window lowest;
  pln_window highest;
} minmax;

static int64_t lookback(const double *p) { return (int64_t)p[0] - 1; }
static int64_t size(const double *p) { return PLN_IND_SIZE(minmax, 2 * pln_extreme_doubles((int64_t)p[0])); }
static void init(void *state, const double *p) {
  minmax *s = state;
  pln_extreme_init(&s->lowest, (int64_t)p[0]);
  pln_extreme_init(&s->highest, (int64_t)p[0]);
}

static inline void step(minmax *s, double *memory, const double *in, double *out) {
  out[0] = pln_extreme_step(&s->lowest, memory, PLN_LOWEST_LAST, in[0]);
  out[1] = pln_extreme_step(&s->highest, memory + pln_extreme_doubles(s->lowest.n), PLN_HIGHEST_LAST, in[0]);
  out[2] = out[1] - out[0];
}
PLN_IND_STEP(minmax, step)

PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n) {
  minmax *s = state;
  double *memory = (double *)(s + 1), *above = memory + pln_extreme_doubles(s->lowest.n);
  for (int64_t i = 0; i < n; i += PLN_WINDOW_BLOCK) {
    const int64_t m = n - i < PLN_WINDOW_BLOCK ? n - i : PLN_WINDOW_BLOCK;
    double *lowest = out[0] + i, *highest = out[1] + i, *range = out[2] + i;
    pln_extreme_block(&s->lowest, memory, PLN_LOWEST_LAST, in[0] + i, lowest, m);
    pln_extreme_block(&s->highest, above, PLN_HIGHEST_LAST, in[0] + i, highest, m);
    PLN_IVDEP
    for (int64_t j = 0; j < m; j++) range[j] = highest[j] - lowest[j];
  }
}
PLN_IND_SIMD(batch, rows)

const pln_ind_desc pln_ind_minmax = {
    .info = {.name = "minmax",
             .group = "math",
             .help = "Lowest and highest value of a window",
             .formula = "min, max: smallest and largest of the last `period` values, this row's included "
                        "(TA-Lib MINMAX); range: max - min",
             .inputs = "source",
             .outputs = "min max range",
             .example = "minmax(close, 30).max",
             .params = params,
             .n_params = 1,
             .input_kind = PLN_INPUT_SOURCE},
    .n_inputs = 1,
    .n_outputs = 3,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
};
