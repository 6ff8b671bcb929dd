#include "feature/extrema.h"
#include "feature/range_average.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows of the first extremes and of the average true range", 10, 1,
                  PLN_IND_MAX_PERIOD),
    PLN_PARAM("k", "distance from the extreme, in average true ranges", 1, 0, 1000),
    PLN_PARAM_INT("stop_period", "rows of the extremes of the first stops", 9, 1, PLN_IND_MAX_PERIOD),
    PLN_RANGE_PARAMS,
};

typedef struct chande_kroll {
  pln_range range;
  pln_window windows[4]; /* high, low, first stop below the high, first stop above the low: what they take in
                            before there are first stops has left them by the lookback */
  double k;
} chande_kroll;

static int64_t first_stop(const double *p) {
  const int64_t range = pln_range_lookback((int64_t)p[0], p + 3);
  return range > (int64_t)p[0] - 1 ? range : (int64_t)p[0] - 1;
}
static int64_t lookback(const double *p) { return first_stop(p) + (int64_t)p[2] - 1; }
static int64_t size(const double *p) {
  return PLN_IND_SIZE(chande_kroll, 2 * pln_extreme_doubles((int64_t)p[0]) +
                                        2 * pln_extreme_doubles((int64_t)p[2]) +
                                        pln_range_doubles((int64_t)p[0], p + 3));
}
static void init(void *state, const double *p) {
  chande_kroll *s = state;
  pln_range_init(&s->range, (int64_t)p[0], p + 3);
  for (int32_t i = 0; i < 4; i++) pln_extreme_init(&s->windows[i], (int64_t)p[i < 2 ? 0 : 2]);
  s->k = p[1];
}

static inline void step(chande_kroll *s, double *memory, const double *in, double *out) {
  double *place[5] = {memory};
  for (int32_t i = 0; i < 4; i++) place[i + 1] = place[i] + pln_extreme_doubles(s->windows[i].n);
  const double distance = s->k * pln_range_step(&s->range, place[4], in[0], in[1], in[2]);
  const double highest = pln_extreme_step(&s->windows[0], place[0], PLN_HIGHEST_LAST, in[0]);
  const double lowest = pln_extreme_step(&s->windows[1], place[1], PLN_LOWEST_LAST, in[1]);
  out[0] = pln_extreme_step(&s->windows[2], place[2], PLN_HIGHEST_LAST, highest - distance);
  out[1] = pln_extreme_step(&s->windows[3], place[3], PLN_LOWEST_LAST, lowest + distance);
}
PLN_IND_STEP(chande_kroll, step)

static void batch(void *state, const double *const *in, double *const *out, int64_t n) {
  chande_kroll *s = state;
  double *place[5] = {(double *)(s + 1)};
  for (int32_t i = 0; i < 4; i++) place[i + 1] = place[i] + pln_extreme_doubles(s->windows[i].n);
  double range[PLN_RANGE_BLOCK], highest[PLN_RANGE_BLOCK], lowest[PLN_RANGE_BLOCK];
  for (int64_t i = 0; i < n; i += PLN_RANGE_BLOCK) {
    const int64_t m = n - i < PLN_RANGE_BLOCK ? n - i : PLN_RANGE_BLOCK;
    pln_range_rows(&s->range, place[4], in[0] + i, in[1] + i, in[2] + i, range, m);
    pln_extreme_block(&s->windows[0], place[0], PLN_HIGHEST_LAST, in[0] + i, highest, m);
    pln_extreme_block(&s->windows[1], place[1], PLN_LOWEST_LAST, in[1] + i, lowest, m);
    PLN_IVDEP
    for (int64_t j = 0; j < m; j++) {
      const double distance = s->k * range[j];
      highest[j] -= distance;
      lowest[j] += distance;
    }
    pln_extreme_block(&s->windows[2], place[2], PLN_HIGHEST_LAST, highest, out[0] + i, m);
    pln_extreme_block(&s->windows[3], place[3], PLN_LOWEST_LAST, lowest, out[1] + i, m);
  }
}

const pln_ind_desc pln_ind_chande_kroll = {
    .info = {.name = "chande_kroll",
             .aliases = "cksp chande_kroll_stop",
             .group = "trend",
             .help = "Chande Kroll stop",
             .formula = "upper: highest over stop_period rows of (highest high of `period` rows - k average "
                        "true ranges); lower: lowest of (lowest low + k of them) (Chande and Kroll, The New "
                        "Technical Trader, 1994). Which of them is called the long stop differs: jesse's "
                        "long and Lean's short stop are the upper one",
             .inputs = "high low close",
             .outputs = "upper lower",
             .example = "chande_kroll(10, 1, 9)",
             .params = params,
             .n_params = 5,
             .input_kind = PLN_INPUT_COLUMNS},
    .n_inputs = 3,
    .n_outputs = 2,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
};
