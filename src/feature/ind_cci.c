#include "feature/history.h"
#include "feature/window.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows in the window", 14, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM("constant", "part of the mean deviation that is 1", 0.015, 1e-6, 1000),
};

typedef struct cci {
  pln_window mean;
  pln_history prices;
  int64_t period;
  double constant; /* over the period: of the sum of deviations */
} cci;

static int64_t lookback(const double *p) { return (int64_t)p[0] - 1; }
static int64_t size(const double *p) {
  const int64_t period = (int64_t)p[0];
  return PLN_IND_SIZE(cci, pln_history_doubles(period - 1) + pln_window_doubles(period, 1));
}
static void init(void *state, const double *p) {
  cci *s = state;
  s->period = (int64_t)p[0];
  s->constant = p[1] / p[0];
  pln_window_init(&s->mean, s->period);
  pln_history_init(&s->prices, s->period - 1);
}

PLN_INLINE double typical(double high, double low, double close) { return (high + low + close) / 3.0; }

PLN_INLINE double *window_memory(const cci *s, double *memory) {
  return memory + pln_history_doubles(s->period - 1);
}

PLN_INLINE double index_of(double price, double mean, double deviations, double constant) {
  const double gap = price - mean;
  return deviations == 0.0 ? 0.0 : gap / (constant * deviations);
}

static inline void step(cci *s, double *memory, const double *in, double *out) {
  const double price = typical(in[0], in[1], in[2]);
  double mean = 0.0, deviations = 0.0;
  pln_window_step(&s->mean, window_memory(s, memory), 1, 0, pln_merge_mean, &price, &mean);
  const double *x = pln_history_push(&s->prices, memory, &price, 1);
  for (int64_t k = 0; k < s->period; k++) deviations += fabs(x[-k] - mean);
  out[0] = index_of(price, mean, deviations, s->constant);
  out[1] = deviations != 0.0;
}
PLN_IND_STEP(cci, step)

/* Rows that are summed side by side. */
enum { TILE = 32 };

PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n) {
  cci *s = state;
  double *memory = (double *)(s + 1);
  double price[PLN_WINDOW_BLOCK], mean[PLN_WINDOW_BLOCK];
  for (int64_t i = 0; i < n; i += PLN_WINDOW_BLOCK) {
    const int64_t m = n - i < PLN_WINDOW_BLOCK ? n - i : PLN_WINDOW_BLOCK;
    const double *high = in[0] + i, *low = in[1] + i, *close = in[2] + i;
    double *y = out[0] + i;
    PLN_IVDEP
    for (int64_t j = 0; j < m; j++) price[j] = typical(high[j], low[j], close[j]);
    const double *const leaf[] = {price};
    double *const means[] = {mean};
    pln_window_block(&s->mean, window_memory(s, memory), 1, 0, pln_merge_mean, leaf, means, m);
    const double *x = pln_history_push(&s->prices, memory, price, m);
    for (int64_t j = 0; j < m; j += TILE) {
      double deviations[TILE] = {0};
      if (m - j >= TILE) {
        for (int64_t k = 0; k < s->period; k++)
          for (int32_t t = 0; t < TILE; t++) deviations[t] += fabs(x[j + t - k] - mean[j + t]);
      } else {
        for (int64_t k = 0; k < s->period; k++)
          for (int64_t t = 0; t < m - j; t++) /* NOLINTNEXTLINE: m entries were written */
            deviations[t] += fabs(x[j + t - k] - mean[j + t]);
      }
      for (int64_t t = 0; t < TILE && t < m - j; t++) /* NOLINTNEXTLINE: likewise */
        y[j + t] = index_of(price[j + t], mean[j + t], deviations[t], s->constant);
    }
  }
}
PLN_IND_SIMD(batch, rows)

const pln_ind_desc pln_ind_cci = {
    .info =
        {.name = "cci",
         .group = "momentum",
         .help = "Commodity channel index",
         .formula =
             "(p - mean(p)) / (constant * mean |p - mean(p)|) over the last `period` rows, p = (high + "
             "low + close) / 3 (TA-Lib CCI; Tulip begins period - 1 rows later); 0 where no row deviates, as "
             "TA-Lib",
         .inputs = "high low close",
         .outputs = "cci",
         .example = "cci(20)",
         .params = params,
         .n_params = 2,
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
