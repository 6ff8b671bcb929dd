#include "feature/windows.h"

enum { N_WINDOWS = PLN_WINDOWS };

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("short", "rows of the shortest window", 7, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_INT("medium", "rows of the middle window", 14, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_INT("long", "rows of the longest window", 28, 1, PLN_IND_MAX_PERIOD),
};

typedef struct ultosc {
  pln_windows windows;
  double close;
  int32_t started;
  int32_t reserved;
} ultosc;

/* The three periods, ascending. */
static void sorted(const double *p, int64_t *period) {
  for (int32_t i = 0; i < N_WINDOWS; i++) {
    int32_t k = i;
    for (; k > 0 && (double)period[k - 1] > p[i]; k--) period[k] = period[k - 1];
    period[k] = (int64_t)p[i];
  }
}

static int64_t lookback(const double *p) {
  int64_t period[N_WINDOWS];
  sorted(p, period);
  return period[N_WINDOWS - 1];
}
static int64_t size(const double *p) { return PLN_IND_SIZE(ultosc, pln_window_doubles(lookback(p), 2)); }
static void init(void *state, const double *p) {
  int64_t period[N_WINDOWS];
  sorted(p, period);
  pln_windows_init(&((ultosc *)state)->windows, period);
}

/* Buying pressure and true range of a row, given the close before it. */
PLN_INLINE void pressure(double high, double low, double close, double before, double *leaf0, double *leaf1) {
  const double floor = low < before ? low : before, ceiling = high > before ? high : before;
  *leaf0 = close - floor;
  *leaf1 = ceiling - floor;
}

PLN_INLINE double part(double buying, double range) { return range == 0.0 ? 0.0 : buying / range; }
PLN_INLINE double weighted(double a, double b, double c) { return 100.0 * ((4.0 * a + 2.0 * b + c) / 7.0); }

static inline void step(ultosc *s, double *memory, const double *in, double *out) {
  double leaf[2], sums[N_WINDOWS][2] = {{0.0, 0.0}, {0.0, 0.0}, {0.0, 0.0}};
  pressure(in[0], in[1], in[2], s->close, &leaf[0], &leaf[1]);
  s->close = in[2];
  out[0] = out[1] = 0.0;
  if (!s->started) {
    s->started = 1;
    return;
  }
  double parts[N_WINDOWS];
  pln_windows_step(&s->windows, memory, leaf, sums);
  for (int32_t k = 0; k < N_WINDOWS; k++) parts[k] = part(sums[k][0], sums[k][1]);
  out[0] = weighted(parts[0], parts[1], parts[2]);
  out[1] = sums[0][1] != 0.0;
}
PLN_IND_STEP(ultosc, step)

PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n) {
  ultosc *s = state;
  double *memory = (double *)(s + 1);
  const double *high = in[0], *low = in[1], *close = in[2];
  double *y = out[0];
  if (n > 0 && !s->started) {
    const double x[3] = {high[0], low[0], close[0]};
    double first[2];
    step(s, memory, x, first);
    y[0] = first[0];
    high++, low++, close++, y++, n--;
  }
  double leaf[2][PLN_WINDOW_BLOCK], sums[N_WINDOWS][2][PLN_WINDOW_BLOCK];
  for (int64_t i = 0; i < n; i += PLN_WINDOW_BLOCK) {
    const int64_t m = n - i < PLN_WINDOW_BLOCK ? n - i : PLN_WINDOW_BLOCK;
    pressure(high[i], low[i], close[i], s->close, &leaf[0][0], &leaf[1][0]);
    PLN_IVDEP
    for (int64_t j = 1; j < m; j++)
      pressure(high[i + j], low[i + j], close[i + j], close[i + j - 1], &leaf[0][j], &leaf[1][j]);
    s->close = close[i + m - 1];
    const double *const x[] = {leaf[0], leaf[1]};
    pln_windows_block(&s->windows, memory, x, sums, m);
    PLN_IVDEP
    for (int64_t j = 0; j < m; j++) {
      const double a = part(sums[0][0][j], sums[0][1][j]); /* NOLINT: m entries were written */
      const double b = part(sums[1][0][j], sums[1][1][j]);
      const double c = part(sums[2][0][j], sums[2][1][j]);
      y[i + j] = weighted(a, b, c);
    }
  }
}
PLN_IND_SIMD(batch, rows)

const pln_ind_desc pln_ind_ultosc = {
    .info =
        {.name = "ultosc",
         .aliases = "uo",
         .group = "momentum",
         .help = "Ultimate oscillator: buying pressure over three windows",
         .formula =
             "100 (4 a + 2 b + c) / 7; a, b, c are, over the shortest, the middle and the longest window, "
             "the sum of close - min(low, previous close) over that of the true ranges, 0 where all "
             "true ranges are 0 (TA-Lib ULTOSC; the periods may come in any order)",
         .inputs = "high low close",
         .outputs = "ultosc",
         .example = "ultosc(7, 14, 28)",
         .params = params,
         .n_params = 3,
         .input_kind = PLN_INPUT_COLUMNS,
         .has_valid = 1},
    .n_inputs = 3,
    .n_outputs = 1,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
};
