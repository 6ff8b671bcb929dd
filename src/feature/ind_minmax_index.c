#include "feature/extreme_index.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows in the window", 30, 1, PLN_IND_MAX_PERIOD),
    PLN_TIES_PARAM,
};

typedef struct minmax_index {
  pln_extreme_index lowest;
  pln_extreme_index highest;
} minmax_index;

static int64_t lookback(const double *p) { return (int64_t)p[0] - 1; }
static int64_t size(const double *p) {
  return PLN_IND_SIZE(minmax_index, 2 * pln_extreme_age_doubles((int64_t)p[0]));
}
static void init(void *state, const double *p) {
  minmax_index *s = state;
  pln_extreme_index_init(&s->lowest, (int64_t)p[0], (int32_t)p[1]);
  pln_extreme_index_init(&s->highest, (int64_t)p[0], (int32_t)p[1]);
}

static inline void step(minmax_index *s, double *memory, const double *in, double *out) {
  const double row = (double)s->lowest.window.row;
  double value;
  pln_extreme_index_step(&s->lowest, memory, -1.0, in[0], &value, &out[2]);
  pln_extreme_index_step(&s->highest, memory + pln_extreme_age_doubles(s->lowest.window.n), 1.0, in[0],
                         &value, &out[3]);
  out[0] = row - out[2];
  out[1] = row - out[3];
}
PLN_IND_STEP(minmax_index, step)

PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n) {
  minmax_index *s = state;
  double *memory = (double *)(s + 1), *above = memory + pln_extreme_age_doubles(s->lowest.window.n);
  double value[PLN_WINDOW_BLOCK];
  for (int64_t i = 0; i < n; i += PLN_WINDOW_BLOCK) {
    const int64_t m = n - i < PLN_WINDOW_BLOCK ? n - i : PLN_WINDOW_BLOCK, row = s->lowest.window.row;
    pln_extreme_index_block(&s->lowest, memory, -1.0, in[0] + i, value, out[2] + i, m);
    pln_extreme_index_block(&s->highest, above, 1.0, in[0] + i, value, out[3] + i, m);
    pln_rows_of_ages(row, out[2] + i, out[0] + i, m);
    pln_rows_of_ages(row, out[3] + i, out[1] + i, m);
  }
}
PLN_IND_SIMD(batch, rows)

const pln_ind_desc pln_ind_minmax_index = {
    .info = {.name = "minmax_index",
             .aliases = "minmaxindex",
             .group = "math",
             .help = "Rows of the lowest and the highest value of a window",
             .formula = "min_index, max_index: rows of the lowest and the highest of the last `period` "
                        "values, this row's included, counted from the first row of the source (TA-Lib "
                        "MINMAXINDEX); min_age, max_age: how many rows ago they were. " PLN_TIES_FORMULA,
             .inputs = "source",
             .outputs = "min_index max_index min_age max_age",
             .example = "minmax_index(close, 30).max_age",
             .params = params,
             .n_params = 2,
             .input_kind = PLN_INPUT_SOURCE},
    .n_inputs = 1,
    .n_outputs = 4,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
};
