#include "feature/extrema.h"
#include "feature/regression.h"
#include "feature/true_range.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows of the Bollinger bands", 20, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM("k", "their width, in standard deviations", 2, 0, 1000),
    PLN_PARAM_INT("range_period", "rows of the Keltner channel and of the momentum", 20, 1,
                  PLN_IND_MAX_PERIOD),
    PLN_PARAM("range_k", "width of the channel, in average true ranges", 1.5, 0, 1000),
};

typedef struct squeeze {
  pln_window bands;
  pln_window middle;
  pln_window range; /* what the first row gives has left the windows by the lookback */
  pln_window high;
  pln_window low;
  pln_regression momentum;
  double period;
  double k;
  double range_k;
  double close; /* of the row before */
  double last;  /* momentum of the row before */
} squeeze;

static int64_t lookback(const double *p) {
  const int64_t bands = (int64_t)p[0] - 1, n = (int64_t)p[2], momentum = n > 1 ? 2 * n - 1 : 1;
  return bands > momentum ? bands : momentum;
}
static int64_t size(const double *p) {
  const int64_t n = (int64_t)p[2];
  return PLN_IND_SIZE(squeeze, pln_window_doubles((int64_t)p[0], 2) + 2 * pln_window_doubles(n, 1) +
                                   2 * pln_extreme_doubles(n) + pln_window_doubles(n, PLN_REGRESSION_WIDTH));
}
static void init(void *state, const double *p) {
  squeeze *s = state;
  pln_window_init(&s->bands, (int64_t)p[0]);
  pln_window *const others[] = {&s->middle, &s->range, &s->high, &s->low};
  for (int32_t i = 0; i < 4; i++) pln_window_init(others[i], (int64_t)p[2]);
  pln_regression_init(&s->momentum, (int64_t)p[2]);
  s->period = p[0];
  s->k = p[1];
  s->range_k = p[3];
}

PLN_INLINE double squeeze_of(const squeeze *s, double bands, double squares, double middle, double range) {
  const double deviation = s->k * sqrt(squares / s->period), distance = s->range_k * range;
  const double top = (bands + deviation) - (middle + distance),
               bottom = (bands - deviation) - (middle - distance);
  return (top < 0.0) & (bottom > 0.0) ? 1.0 : (top > 0.0) & (bottom < 0.0) ? -1.0 : 0.0;
}
PLN_INLINE double state_of(double momentum, double last) {
  return momentum > 0.0 ? (momentum > last ? 1.0 : 2.0) : (momentum < last ? -1.0 : -2.0);
}
PLN_INLINE double above_middle(double close, double highest, double lowest, double middle) {
  return close - ((highest + lowest) / 2.0 + middle) / 2.0;
}

static inline void step(squeeze *s, double *memory, const double *in, double *out) {
  const double high = in[0], low = in[1], close = in[2], range = pln_true_range(high, low, s->close);
  const double leaf[] = {close, 0.0};
  const int64_t n = s->middle.n;
  double moments[2] = {0.0, 0.0}, middle = 0.0, mean = 0.0, aggregate[2] = {0.0, 0.0};
  pln_window_step(&s->bands, memory, 2, 0, pln_merge_moments, leaf, moments);
  memory += pln_window_doubles(s->bands.n, 2);
  pln_window_step(&s->middle, memory, 1, 0, pln_merge_mean, &close, &middle);
  memory += pln_window_doubles(n, 1);
  pln_window_step(&s->range, memory, 1, 0, pln_merge_mean, &range, &mean);
  memory += pln_window_doubles(n, 1);
  const double highest = pln_extreme_step(&s->high, memory, PLN_HIGHEST_LAST, high);
  memory += pln_extreme_doubles(n);
  const double lowest = pln_extreme_step(&s->low, memory, PLN_LOWEST_LAST, low);
  memory += pln_extreme_doubles(n);
  const double part[] = {above_middle(close, highest, lowest, middle), 0.0};
  pln_window_step(&s->momentum.window, memory, PLN_REGRESSION_WIDTH, 0, pln_merge_regression, part,
                  aggregate);
  const double momentum = pln_regression_line(&s->momentum, aggregate, 0.0);
  out[0] = squeeze_of(s, moments[0], moments[1], middle, mean);
  out[1] = momentum;
  out[2] = state_of(momentum, s->last);
  s->last = momentum;
  s->close = close;
}
PLN_IND_STEP(squeeze, step)

PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n) {
  squeeze *s = state;
  double bands[PLN_WINDOW_BLOCK], squares[PLN_WINDOW_BLOCK], middle[PLN_WINDOW_BLOCK],
      range[PLN_WINDOW_BLOCK], mean[PLN_WINDOW_BLOCK], highest[PLN_WINDOW_BLOCK], lowest[PLN_WINDOW_BLOCK];
  const int64_t period = s->middle.n;
  for (int64_t i = 0; i < n; i += PLN_WINDOW_BLOCK) {
    const int64_t m = n - i < PLN_WINDOW_BLOCK ? n - i : PLN_WINDOW_BLOCK;
    const double *high = in[0] + i, *low = in[1] + i, *close = in[2] + i;
    double *memory = (double *)(s + 1), *momentum = out[1] + i;
    const double *const leaf[] = {close, pln_window_zeros}, *const ranges[] = {range},
                        *const parts[] = {range, pln_window_zeros};
    double *const moments[] = {bands, squares}, *const middles[] = {middle}, *const means[] = {mean},
                  *const aggregates[] = {highest, lowest};
    range[0] = pln_true_range(high[0], low[0], s->close);
    PLN_IVDEP
    for (int64_t j = 1; j < m; j++) range[j] = pln_true_range(high[j], low[j], close[j - 1]);
    s->close = close[m - 1];
    pln_window_block(&s->bands, memory, 2, 0, pln_merge_moments, leaf, moments, m);
    memory += pln_window_doubles(s->bands.n, 2);
    pln_window_block(&s->middle, memory, 1, 0, pln_merge_mean, leaf, middles, m);
    memory += pln_window_doubles(period, 1);
    pln_window_block(&s->range, memory, 1, 0, pln_merge_mean, ranges, means, m);
    memory += pln_window_doubles(period, 1);
    pln_extreme_block(&s->high, memory, PLN_HIGHEST_LAST, high, highest, m);
    memory += pln_extreme_doubles(period);
    pln_extreme_block(&s->low, memory, PLN_LOWEST_LAST, low, lowest, m);
    memory += pln_extreme_doubles(period);
    PLN_IVDEP
    for (int64_t j = 0; j < m; j++)
      range[j] = above_middle(close[j], highest[j], lowest[j], middle[j]); /* NOLINT */
    pln_window_block(&s->momentum.window, memory, PLN_REGRESSION_WIDTH, 0, pln_merge_regression, parts,
                     aggregates, m);
    PLN_IVDEP
    for (int64_t j = 0; j < m; j++) {
      const double aggregate[] = {highest[j], lowest[j]};
      momentum[j] = pln_regression_line(&s->momentum, aggregate, 0.0);
      out[0][i + j] =
          squeeze_of(s, bands[j], squares[j], middle[j], mean[j]); /* NOLINT: m entries were written */
    }
    out[2][i] = state_of(momentum[0], s->last);
    PLN_IVDEP
    for (int64_t j = 1; j < m; j++) out[2][i + j] = state_of(momentum[j], momentum[j - 1]);
    s->last = momentum[m - 1];
  }
}
PLN_IND_SIMD(batch, rows)

const pln_ind_desc pln_ind_squeeze_momentum = {
    .info = {.name = "squeeze_momentum",
             .aliases = "ttm_squeeze",
             .group = "volatility",
             .help = "Squeeze momentum",
             .formula =
                 "squeeze: 1 where the Bollinger bands (mean ± k population standard deviations of the "
                 "close) lie inside the Keltner channel (mean ± range_k simple average true ranges), -1 "
                 "where they lie around it, else 0; momentum: end of the least squares line of close - "
                 "mean(middle of the highest high and lowest low, mean close) over range_period rows; state: "
                 "1 above 0 and rising, 2 above and not, -1 not above and falling, -2 not above and not "
                 "falling (LazyBear, who takes range_k for k too; Carter's TTM squeeze)",
             .inputs = "high low close",
             .outputs = "squeeze momentum state",
             .example = "squeeze_momentum(20, 2, 20, 1.5).momentum",
             .params = params,
             .n_params = 4,
             .input_kind = PLN_INPUT_COLUMNS},
    .n_inputs = 3,
    .n_outputs = 3,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
};
