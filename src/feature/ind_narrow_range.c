#include "feature/extrema.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows whose ranges are compared", 7, 2, PLN_IND_MAX_PERIOD),
};

typedef struct narrow_range {
  pln_window lowest; /* of the ranges of the period - 1 rows before */
  pln_window highest;
  double least;
  double most;
} narrow_range;

static int64_t lookback(const double *p) { return (int64_t)p[0] - 1; }
static int64_t size(const double *p) {
  return PLN_IND_SIZE(narrow_range, 2 * pln_extreme_doubles((int64_t)p[0] - 1));
}
static void init(void *state, const double *p) {
  narrow_range *s = state;
  pln_extreme_init(&s->lowest, (int64_t)p[0] - 1);
  pln_extreme_init(&s->highest, (int64_t)p[0] - 1);
}

static inline void step(narrow_range *s, double *memory, const double *in, double *out) {
  const double range = in[0] - in[1];
  out[0] = range < s->least;
  out[1] = range > s->most;
  s->least = pln_extreme_step(&s->lowest, memory, PLN_LOWEST_LAST, range);
  s->most = pln_extreme_step(&s->highest, memory + pln_extreme_doubles(s->lowest.n), PLN_HIGHEST_LAST, range);
}
PLN_IND_STEP(narrow_range, step)
PLN_IND_BATCH(narrow_range, 2, 2, step)

const pln_ind_desc pln_ind_narrow_range = {
    .info = {.name = "narrow_range",
             .group = "structure",
             .help = "Narrow range bar (NR4, NR7)",
             .formula = "narrow_range: 1 where high - low is smaller than that of each of the period - 1 "
                        "rows before (Crabel, 1990: NR4, NR7); wide_range: 1 where it is larger than each",
             .inputs = "high low",
             .outputs = "narrow_range wide_range",
             .example = "narrow_range(7)",
             .params = params,
             .n_params = 1,
             .input_kind = PLN_INPUT_COLUMNS},
    .n_inputs = 2,
    .n_outputs = 2,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = step_rows,
};
