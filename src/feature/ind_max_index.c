#include "feature/extreme_index.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows in the window", 30, 1, PLN_IND_MAX_PERIOD),
    PLN_TIES_PARAM,
};

static int64_t lookback(const double *p) { return (int64_t)p[0] - 1; }
static int64_t size(const double *p) {
  return PLN_IND_SIZE(pln_extreme_index, pln_extreme_age_doubles((int64_t)p[0]));
}
static void init(void *state, const double *p) {
  pln_extreme_index_init(state, (int64_t)p[0], (int32_t)p[1]);
}

static inline void step(pln_extreme_index *s, double *memory, const double *in, double *out) {
  const double row = (double)s->window.row;
  pln_extreme_index_step(s, memory, 1.0, in[0], &out[2], &out[1]);
  out[0] = row - out[1];
}
PLN_IND_STEP(pln_extreme_index, step)

PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n) {
  pln_extreme_index *s = state;
  for (int64_t i = 0; i < n; i += PLN_WINDOW_BLOCK) {
    const int64_t m = n - i < PLN_WINDOW_BLOCK ? n - i : PLN_WINDOW_BLOCK, row = s->window.row;
    pln_extreme_index_block(s, (double *)(s + 1), 1.0, in[0] + i, out[2] + i, out[1] + i, m);
    pln_rows_of_ages(row, out[1] + i, out[0] + i, m);
  }
}
PLN_IND_SIMD(batch, rows)

const pln_ind_desc pln_ind_max_index = {
    .info = {.name = "max_index",
             .aliases = "maxindex",
             .group = "math",
             .help = "Row of the highest value of a window",
             .formula = "index: row of the highest of the last `period` values, this row's included, counted "
                        "from the first row of the source (TA-Lib MAXINDEX); age: how many rows ago it was; "
                        "value: the highest itself. " PLN_TIES_FORMULA,
             .inputs = "source",
             .outputs = "index age value",
             .example = "max_index(high, 30).age",
             .params = params,
             .n_params = 2,
             .input_kind = PLN_INPUT_SOURCE},
    .n_inputs = 1,
    .n_outputs = 3,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
};
