#include "feature/regression.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows in the window", 14, 2, PLN_IND_MAX_PERIOD),
    PLN_PARAM_WORD("fit", "before: the line ends at the row before; now: at this row", 0, 1, "before now"),
};

typedef struct fosc {
  pln_regression regression;
  double forecast;
  int64_t now;
} fosc;

static int64_t lookback(const double *p) { return (int64_t)p[0] - (p[1] > 0.5); }
static int64_t size(const double *p) {
  return PLN_IND_SIZE(fosc, pln_window_doubles((int64_t)p[0], PLN_REGRESSION_WIDTH));
}
static void init(void *state, const double *p) {
  fosc *s = state;
  pln_regression_init(&s->regression, (int64_t)p[0]);
  s->now = p[1] > 0.5;
}

PLN_INLINE double oscillator(double x, double forecast) {
  return x != 0.0 ? 100.0 * (x - forecast) / x : 0.0;
}

static inline void step(fosc *s, double *memory, const double *in, double *out) {
  const double leaf[2] = {in[0], 0.0};
  double aggregate[2] = {0.0, 0.0};
  pln_window_step(&s->regression.window, memory, 2, 0, pln_merge_regression, leaf, aggregate);
  const double line = pln_regression_line(&s->regression, aggregate, s->now ? 0.0 : 1.0);
  out[0] = oscillator(in[0], s->now ? line : s->forecast);
  out[1] = in[0] != 0.0;
  s->forecast = line;
}
PLN_IND_STEP(fosc, step)

PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n) {
  fosc *s = state;
  _Alignas(64) double aggregate[2][PLN_WINDOW_BLOCK], line[PLN_WINDOW_BLOCK + 1];
  const double ahead = s->now ? 0.0 : 1.0;
  const int64_t lag = s->now ? 0 : 1;
  for (int64_t i = 0; i < n; i += PLN_WINDOW_BLOCK) {
    const int64_t m = n - i < PLN_WINDOW_BLOCK ? n - i : PLN_WINDOW_BLOCK;
    const double *x = in[0] + i, *const leaf[] = {x, pln_window_zeros};
    double *y = out[0] + i, *const aggregates[] = {aggregate[0], aggregate[1]};
    pln_window_block(&s->regression.window, (double *)(s + 1), 2, 0, pln_merge_regression, leaf, aggregates,
                     m);
    line[0] = s->forecast;
    PLN_IVDEP
    for (int64_t j = 0; j < m; j++) {
      const double both[2] = {aggregate[0][j], aggregate[1][j]}; /* NOLINT: m entries were written */
      line[j + 1] = pln_regression_line(&s->regression, both, ahead);
    }
    PLN_IVDEP
    for (int64_t j = 0; j < m; j++) y[j] = oscillator(x[j], line[j + 1 - lag]);
    s->forecast = line[m];
  }
}
PLN_IND_SIMD(batch, rows)

const pln_ind_desc pln_ind_fosc = {
    .info = {.name = "fosc",
             .group = "trend",
             .help = "Chande forecast oscillator",
             .formula =
                 "100 (x - forecast) / x; the forecast is that of the row before for this row, by the least "
                 "squares line through the `period` values before it (Tulip fosc). fit=now: the line through "
                 "the last `period` values, at this row (cfo of jesse and TradingView). 0 where x is 0",
             .inputs = "source",
             .outputs = "fosc",
             .example = "fosc(close, 14)",
             .params = params,
             .n_params = 2,
             .input_kind = PLN_INPUT_SOURCE,
             .has_valid = 1},
    .n_inputs = 1,
    .n_outputs = 1,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
};
