#include "feature/extrema.h"
#include "feature/lag.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("tenkan", "rows of the conversion line", 9, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_INT("kijun", "rows of the base line", 26, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_INT("senkou", "rows of the second leading span", 52, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_INT("displacement", "rows by which the spans lead", 26, 0, PLN_IND_MAX_PERIOD),
};

typedef struct ichimoku {
  pln_window windows[3][2]; /* tenkan, kijun, senkou; highest and lowest */
  pln_lag lags[2];
} ichimoku;

static int64_t lookback(const double *p) {
  const int64_t longest = (int64_t)fmax(p[0], fmax(p[1], p[2]));
  return longest - 1 + (int64_t)p[3];
}
static int64_t size(const double *p) {
  return PLN_IND_SIZE(ichimoku, 2 * (pln_extreme_doubles((int64_t)p[0]) + pln_extreme_doubles((int64_t)p[1]) +
                                     pln_extreme_doubles((int64_t)p[2]) + (int64_t)p[3]));
}
static void init(void *state, const double *p) {
  ichimoku *s = state;
  for (int32_t i = 0; i < 3; i++)
    for (int32_t k = 0; k < 2; k++) pln_extreme_init(&s->windows[i][k], (int64_t)p[i]);
  s->lags[0].n = s->lags[1].n = (int32_t)p[3];
}

static inline void step(ichimoku *s, double *memory, const double *in, double *out) {
  double middle[3];
  for (int32_t i = 0; i < 3; i++) {
    const int64_t doubles = pln_extreme_doubles(s->windows[i][0].n);
    const double highest = pln_extreme_step(&s->windows[i][0], memory, PLN_HIGHEST_LAST, in[0]);
    const double lowest = pln_extreme_step(&s->windows[i][1], memory + doubles, PLN_LOWEST_LAST, in[1]);
    middle[i] = (highest + lowest) / 2.0;
    memory += 2 * doubles;
  }
  out[0] = middle[0];
  out[1] = middle[1];
  out[4] = in[2];
  out[5] = (middle[0] + middle[1]) / 2.0;
  out[6] = middle[2];
  out[2] = pln_lag_step(&s->lags[0], memory, out[5]);
  out[3] = pln_lag_step(&s->lags[1], memory + s->lags[0].n, out[6]);
}
PLN_IND_STEP(ichimoku, step)

PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n) {
  ichimoku *s = state;
  double highest[PLN_WINDOW_BLOCK], lowest[PLN_WINDOW_BLOCK];
  for (int64_t i = 0; i < n; i += PLN_WINDOW_BLOCK) {
    const int64_t m = n - i < PLN_WINDOW_BLOCK ? n - i : PLN_WINDOW_BLOCK;
    double *memory = (double *)(s + 1);
    double *const middle[3] = {out[0] + i, out[1] + i, out[6] + i}, *lead = out[5] + i, *chikou = out[4] + i;
    const double *close = in[2] + i;
    for (int32_t k = 0; k < 3; k++) {
      const int64_t doubles = pln_extreme_doubles(s->windows[k][0].n);
      pln_extreme_block(&s->windows[k][0], memory, PLN_HIGHEST_LAST, in[0] + i, highest, m);
      pln_extreme_block(&s->windows[k][1], memory + doubles, PLN_LOWEST_LAST, in[1] + i, lowest, m);
      memory += 2 * doubles;
      double *y = middle[k];
      PLN_IVDEP
      for (int64_t j = 0; j < m; j++)
        y[j] = (highest[j] + lowest[j]) / 2.0; /* NOLINT: m entries were written */
    }
    const double *tenkan = middle[0], *kijun = middle[1];
    PLN_IVDEP
    for (int64_t j = 0; j < m; j++) {
      lead[j] = (tenkan[j] + kijun[j]) / 2.0;
      chikou[j] = close[j];
    }
    pln_lag_rows(&s->lags[0], memory, lead, out[2] + i, m);
    pln_lag_rows(&s->lags[1], memory + s->lags[0].n, middle[2], out[3] + i, m);
  }
}
PLN_IND_SIMD(batch, rows)

const pln_ind_desc pln_ind_ichimoku = {
    .info =
        {.name = "ichimoku",
         .aliases = "ichimoku_cloud",
         .group = "trend",
         .help = "Ichimoku Kinko Hyo",
         .formula =
             "tenkan, kijun: middle of the highest high and lowest low of so many rows. span_a, span_b: the "
             "cloud as a chart shows it at this row, made `displacement` rows ago: the mean of tenkan and "
             "kijun, and the middle of `senkou` rows. lead_a, lead_b: the same as made in this row, which a "
             "chart shows `displacement` rows ahead. chikou: this row's close, which a chart shows "
             "`displacement` rows back: compare it with lag(close, displacement). Nothing of it looks ahead",
         .inputs = "high low close",
         .outputs = "tenkan kijun span_a span_b chikou lead_a lead_b",
         .example = "ichimoku(9, 26, 52).span_a",
         .params = params,
         .n_params = 4,
         .input_kind = PLN_INPUT_COLUMNS},
    .n_inputs = 3,
    .n_outputs = 7,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
};
