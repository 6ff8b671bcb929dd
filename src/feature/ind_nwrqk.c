#include "feature/history.h"
#include "feature/smooth.h"
#include "feature/true_range.h"
#include "feature/window.h"
static const pln_indicator_param params[] = {
    PLN_PARAM("lookback", "h: width of the kernel in rows", 8, 0.1, PLN_IND_MAX_PERIOD),
    PLN_PARAM("alpha", "relative weight of near and far rows; large: a Gaussian kernel", 8, 0.001, 1e6),
    PLN_PARAM_INT("start", "rows in the window, less two", 25, 0, PLN_IND_MAX_PERIOD - 2),
    PLN_PARAM_INT("volatility", "rows of the volatility; 0: as many as in the window", 0, 0,
                  PLN_IND_MAX_PERIOD),
    PLN_PARAM_WORD("scale", "what the volatility is", 0, 2, "changes stddev atr"),
};

enum { CHANGES, STDDEV, ATR };

typedef struct nwrqk {
  pln_history values;
  pln_window window; /* changes or values */
  pln_smooth atr;
  int64_t n; /* rows of the kernel */
  int64_t scale;
  double divisor;
  double previous; /* x */
  double close;
  double value;
} nwrqk;

static int64_t kernel_rows(const double *p) { return (int64_t)p[2] + 2; }
static int64_t volatility_rows(const double *p) { return p[3] > 0.0 ? (int64_t)p[3] : kernel_rows(p); }
static int64_t lookback(const double *p) {
  const int64_t kernel = kernel_rows(p), volatility = volatility_rows(p);
  return kernel > volatility ? kernel : volatility;
}
static int64_t size(const double *p) {
  return PLN_IND_SIZE(nwrqk, kernel_rows(p) + pln_history_doubles(kernel_rows(p) - 1) +
                                 pln_window_doubles(volatility_rows(p), 2));
}
static void init(void *state, const double *p) {
  nwrqk *s = state;
  double *weights = (double *)(s + 1), sum = 0.0;
  s->n = kernel_rows(p);
  s->scale = (int64_t)p[4];
  s->divisor = (double)volatility_rows(p);
  pln_history_init(&s->values, s->n - 1);
  pln_window_init(&s->window, volatility_rows(p));
  pln_smooth_init(&s->atr, 1.0 / s->divisor, volatility_rows(p), 1);
  for (int64_t d = 0; d < s->n; d++)
    sum += weights[d] = pow(1.0 + (double)(d * d) / (2.0 * p[1] * p[0] * p[0]), -p[1]);
  for (int64_t d = 0; d < s->n; d++) weights[d] /= sum;
}

PLN_INLINE double *history_memory(const nwrqk *s, double *memory) { return memory + s->n; }
PLN_INLINE double *window_memory(const nwrqk *s, double *memory) {
  return memory + s->n + pln_history_doubles(s->n - 1);
}

static inline void step(nwrqk *s, double *memory, const double *in, double *out) {
  const double *x = pln_history_push(&s->values, history_memory(s, memory), in, 1);
  double sum = 0.0, moments[2] = {0.0, 0.0}, volatility;
  for (int64_t d = 1; d < s->n; d++) sum += memory[d] * (x[-d] - x[0]);
  if (s->scale == ATR) {
    volatility = pln_smooth_step(&s->atr, pln_true_range(in[1], in[2], s->close));
  } else {
    const double leaf[2] = {s->scale == CHANGES ? in[0] - s->previous : in[0], 0.0};
    pln_window_step(&s->window, window_memory(s, memory), 2, 0, pln_merge_moments, leaf, moments);
    volatility = sqrt(moments[1] / s->divisor);
  }
  out[0] = in[0] + sum;
  out[1] = out[0] - s->value;
  out[2] = volatility > 0.0 ? out[1] / volatility : 0.0;
  out[3] = volatility > 0.0;
  s->previous = in[0];
  s->close = in[3];
  s->value = out[0];
}
PLN_IND_STEP(nwrqk, step)

/* Rows that are summed side by side. */
enum { TILE = 32 };

PLN_INLINE void estimate(const double *weights, int64_t n, const double *x, double *value, int64_t m) {
  for (int64_t j = 0; j < m; j += TILE) {
    double sum[TILE] = {0};
    const int64_t width = m - j < TILE ? m - j : TILE;
    if (width == TILE)
      for (int64_t d = 1; d < n; d++)
        for (int32_t t = 0; t < TILE; t++) sum[t] += weights[d] * (x[j + t - d] - x[j + t]);
    else
      for (int64_t d = 1; d < n; d++)
        for (int64_t t = 0; t < width; t++) sum[t] += weights[d] * (x[j + t - d] - x[j + t]);
    for (int64_t t = 0; t < width; t++) value[j + t] = x[j + t] + sum[t];
  }
}

PLN_INLINE void volatilities(nwrqk *s, double *memory, const double *const *in, int64_t m,
                             double *volatility) {
  _Alignas(64) double leaf[PLN_WINDOW_BLOCK], mean[PLN_WINDOW_BLOCK], squares[PLN_WINDOW_BLOCK];
  const double *x = in[0];
  if (s->scale == ATR) {
    leaf[0] = pln_true_range(in[1][0], in[2][0], s->close);
    for (int64_t j = 1; j < m; j++) leaf[j] = pln_true_range(in[1][j], in[2][j], in[3][j - 1]);
    pln_smooth_rows(&s->atr, leaf, volatility, m);
    return;
  }
  leaf[0] = s->scale == CHANGES ? x[0] - s->previous : x[0];
  for (int64_t j = 1; j < m; j++) leaf[j] = s->scale == CHANGES ? x[j] - x[j - 1] : x[j];
  const double *const leaves[] = {leaf, pln_window_zeros};
  double *const aggregates[] = {mean, squares};
  pln_window_block(&s->window, window_memory(s, memory), 2, 0, pln_merge_moments, leaves, aggregates, m);
  for (int64_t j = 0; j < m; j++) volatility[j] = sqrt(squares[j] / s->divisor); /* NOLINT: m were written */
}

PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n) {
  nwrqk *s = state;
  double *memory = (double *)(s + 1);
  _Alignas(64) double volatility[PLN_WINDOW_BLOCK];
  for (int64_t i = 0; i < n; i += PLN_WINDOW_BLOCK) {
    const int64_t m = n - i < PLN_WINDOW_BLOCK ? n - i : PLN_WINDOW_BLOCK;
    const double *const block[] = {in[0] + i, in[1] + i, in[2] + i, in[3] + i};
    double *value = out[0] + i, *slope = out[1] + i, *ratio = out[2] + i;
    volatilities(s, memory, block, m, volatility);
    estimate(memory, s->n, pln_history_push(&s->values, history_memory(s, memory), block[0], m), value, m);
    slope[0] = value[0] - s->value;
    for (int64_t j = 1; j < m; j++) slope[j] = value[j] - value[j - 1];
    for (int64_t j = 0; j < m; j++) ratio[j] = volatility[j] > 0.0 ? slope[j] / volatility[j] : 0.0;
    s->previous = block[0][m - 1];
    s->close = block[3][m - 1];
    s->value = value[m - 1];
  }
}
PLN_IND_SIMD(batch, rows)

const pln_ind_desc pln_ind_nwrqk = {
    .info =
        {.name = "nwrqk",
         .group = "learning",
         .help = "Nadaraya-Watson estimate with the rational quadratic kernel",
         .formula =
             "value = sum of K(d) x[d rows before] / sum of K(d), d = 0 … start + 1, K(d) = (1 + d^2 / (2 "
             "alpha lookback^2))^-alpha: only rows up to this one, never redrawn (the rational quadratic "
             "kernel of jdehorty's TradingView library, whose loop takes start + 2 rows). slope = value - "
             "value of the row before. slope_vol = slope / volatility, by `scale` over the last `volatility` "
             "rows: changes: population deviation of x - previous x; stddev: population deviation of x; atr: "
             "average true range (Wilder) of the bars. 0 where the volatility is 0",
         .inputs = "source high low close",
         .outputs = "value slope slope_vol",
         .example = "nwrqk(close, 8, 8, 25)",
         .params = params,
         .n_params = 5,
         .input_kind = PLN_INPUT_SOURCE,
         .has_valid = 1},
    .n_inputs = 4,
    .n_outputs = 3,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
};
