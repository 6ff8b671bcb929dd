#include "feature/extrema.h"
#include "feature/range_average.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows of the extremes and of the average true range", 22, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM("k", "distance from the extreme, in average true ranges", 3, 0, 1000),
    PLN_RANGE_PARAMS,
};

typedef struct chandelier {
  pln_range range;
  pln_window high;
  pln_window low;
  double k;
} chandelier;

static int64_t lookback(const double *p) {
  const int64_t range = pln_range_lookback((int64_t)p[0], p + 2);
  return range > (int64_t)p[0] - 1 ? range : (int64_t)p[0] - 1;
}
static int64_t size(const double *p) {
  return PLN_IND_SIZE(chandelier,
                      2 * pln_extreme_doubles((int64_t)p[0]) + pln_range_doubles((int64_t)p[0], p + 2));
}
static void init(void *state, const double *p) {
  chandelier *s = state;
  pln_range_init(&s->range, (int64_t)p[0], p + 2);
  pln_extreme_init(&s->high, (int64_t)p[0]);
  pln_extreme_init(&s->low, (int64_t)p[0]);
  s->k = p[1];
}

static inline void step(chandelier *s, double *memory, const double *in, double *out) {
  const int64_t doubles = pln_extreme_doubles(s->high.n);
  const double distance = s->k * pln_range_step(&s->range, memory + 2 * doubles, in[0], in[1], in[2]);
  out[0] = pln_extreme_step(&s->high, memory, PLN_HIGHEST_LAST, in[0]) - distance;
  out[1] = pln_extreme_step(&s->low, memory + doubles, PLN_LOWEST_LAST, in[1]) + distance;
}
PLN_IND_STEP(chandelier, step)

static void batch(void *state, const double *const *in, double *const *out, int64_t n) {
  chandelier *s = state;
  double *memory = (double *)(s + 1), range[PLN_RANGE_BLOCK], highest[PLN_RANGE_BLOCK],
         lowest[PLN_RANGE_BLOCK];
  const int64_t doubles = pln_extreme_doubles(s->high.n);
  for (int64_t i = 0; i < n; i += PLN_RANGE_BLOCK) {
    const int64_t m = n - i < PLN_RANGE_BLOCK ? n - i : PLN_RANGE_BLOCK;
    double *above = out[0] + i, *below = out[1] + i;
    pln_range_rows(&s->range, memory + 2 * doubles, in[0] + i, in[1] + i, in[2] + i, range, m);
    pln_extreme_block(&s->high, memory, PLN_HIGHEST_LAST, in[0] + i, highest, m);
    pln_extreme_block(&s->low, memory + doubles, PLN_LOWEST_LAST, in[1] + i, lowest, m);
    PLN_IVDEP
    for (int64_t j = 0; j < m; j++) {
      const double distance = s->k * range[j];
      above[j] = highest[j] - distance;
      below[j] = lowest[j] + distance;
    }
  }
}

const pln_ind_desc pln_ind_chandelier = {
    .info = {.name = "chandelier",
             .aliases = "chandelier_exit chexit chande",
             .group = "trend",
             .help = "Chandelier exit",
             .formula = "long: highest high of `period` rows - k average true ranges; short: lowest low + k "
                        "of them (Le Beau; Stock.Indicators)",
             .inputs = "high low close",
             .outputs = "long short",
             .example = "chandelier(22, 3).short",
             .params = params,
             .n_params = 4,
             .input_kind = PLN_INPUT_COLUMNS},
    .n_inputs = 3,
    .n_outputs = 2,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
};
