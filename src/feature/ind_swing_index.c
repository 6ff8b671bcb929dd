#include "feature/swing_index.h"

static const pln_indicator_param params[] = {PLN_SWING_INDEX_PARAM};

static int64_t lookback(const double *p) {
  (void)p;
  return 1;
}
static int64_t size(const double *p) {
  (void)p;
  return PLN_IND_SIZE(pln_swing_index, 0);
}
static void init(void *state, const double *p) { ((pln_swing_index *)state)->limit = p[0]; }

static inline void step(pln_swing_index *s, double *memory, const double *in, double *out) {
  (void)memory;
  out[0] = pln_swing_index_step(s, in, &out[1]);
}
PLN_IND_STEP(pln_swing_index, step)
PLN_IND_BATCH(pln_swing_index, 4, 1, step)

const pln_ind_desc pln_ind_swing_index = {
    .info = {.name = "swing_index",
             .group = "trend",
             .help = "Wilder's swing index",
             .formula =
                 "50 (N / R) (K / limit_move); N = close - past + (close - open) / 2 + (past - past open) / "
                 "4, with the close and the open before; K the larger of |high - past|, |low - past|; R, "
                 "after the largest of |high - past|, |low - past|, high - low: |high - past - (low - past) "
                 "/ 2 + (past - past open) / 4|, the same with high and low exchanged, |high - low + (past - "
                 "past open) / 4| (Wilder, 1978; Lean WilderSwingIndex); 0 where R is 0",
             .inputs = "open high low close",
             .outputs = "swing_index",
             .example = "swing_index(3)",
             .params = params,
             .n_params = 1,
             .input_kind = PLN_INPUT_COLUMNS,
             .has_valid = 1},
    .n_inputs = 4,
    .n_outputs = 1,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = step_rows,
};
