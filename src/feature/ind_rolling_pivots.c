#include "feature/extrema.h"
#include "feature/lag.h"
#include "feature/pivot_levels.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows from which levels are made", 20, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_INT("offset", "rows between them and this one", 0, 0, PLN_IND_MAX_PERIOD),
    PLN_PARAM_WORD("kind", "how the levels are made", 0, 4, PLN_PIVOT_KINDS),
};

typedef struct rolling_pivots {
  pln_window high;
  pln_window low;
  pln_lag delay[3]; /* highest, lowest, close of the window: offset + 1 rows back */
  pln_lag open;     /* of the window's first row */
  int64_t kind;
} rolling_pivots;

static int64_t lookback(const double *p) { return (int64_t)p[0] + (int64_t)p[1]; }
static int64_t size(const double *p) {
  const int64_t back = (int64_t)p[1] + 1;
  return PLN_IND_SIZE(rolling_pivots, 2 * pln_extreme_doubles((int64_t)p[0]) + 4 * back + (int64_t)p[0] - 1);
}
static void init(void *state, const double *p) {
  rolling_pivots *s = state;
  pln_extreme_init(&s->high, (int64_t)p[0]);
  pln_extreme_init(&s->low, (int64_t)p[0]);
  for (int32_t i = 0; i < 3; i++) s->delay[i].n = (int32_t)p[1] + 1;
  s->open.n = (int32_t)(p[0] + p[1]);
  s->kind = (int64_t)p[2];
}

static inline void step(rolling_pivots *s, double *memory, const double *in, double *out) {
  double *low = memory + pln_extreme_doubles(s->high.n), *ring = low + pln_extreme_doubles(s->low.n);
  const double values[3] = {pln_extreme_step(&s->high, memory, PLN_HIGHEST_LAST, in[1]),
                            pln_extreme_step(&s->low, low, PLN_LOWEST_LAST, in[2]), in[3]};
  double past[3];
  for (int32_t i = 0; i < 3; i++) {
    past[i] = pln_lag_step(&s->delay[i], ring, values[i]);
    ring += s->delay[i].n;
  }
  const double open = pln_lag_step(&s->open, ring, in[0]);
  pln_pivot_levels((int32_t)s->kind, s->kind == PLN_PIVOT_WOODIE ? in[0] : open, past[0], past[1], past[2],
                   out);
}
PLN_IND_STEP(rolling_pivots, step)
PLN_IND_BATCH(rolling_pivots, 4, 9, step)

const pln_ind_desc pln_ind_rolling_pivots = {
    .info = {.name = "rolling_pivots",
             .group = "structure",
             .help = "Pivot points of a window of rows",
             .formula = "levels from high H, low L, close C and open O of the `period` rows that end offset "
                        "+ 1 rows ago (Stock.Indicators). " PLN_PIVOT_FORMULAS,
             .inputs = "open high low close",
             .outputs = PLN_PIVOT_OUTPUTS,
             .example = "rolling_pivots(20).r1",
             .params = params,
             .n_params = 3,
             .input_kind = PLN_INPUT_COLUMNS},
    .n_inputs = 4,
    .n_outputs = PLN_PIVOT_LEVELS,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = step_rows,
};
