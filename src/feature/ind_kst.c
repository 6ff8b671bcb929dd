#include "feature/lag.h"
#include "feature/late_ma.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("roc1", "period of rate of change 1", 10, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_INT("roc2", "period of rate of change 2", 15, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_INT("roc3", "period of rate of change 3", 20, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_INT("roc4", "period of rate of change 4", 30, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_INT("sma1", "rows of its average", 10, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_INT("sma2", "rows of its average", 10, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_INT("sma3", "rows of its average", 10, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_INT("sma4", "rows of its average", 15, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_INT("signal", "rows of the average of kst; 1: none", 9, 1, PLN_IND_MAX_PERIOD),
};

enum { N_ROC = 4 };

typedef struct kst {
  pln_lag lag[N_ROC];
  int64_t lag_memory[N_ROC]; /* where each one's begins */
  pln_late_ma average[N_ROC];
  pln_late_ma signal;
} kst;

static int64_t first_row(const double *p) {
  int64_t row = 0;
  for (int32_t k = 0; k < N_ROC; k++) {
    const int64_t first = (int64_t)p[k] + (int64_t)p[N_ROC + k] - 1;
    if (first > row) row = first;
  }
  return row;
}
static int64_t lookback(const double *p) { return first_row(p) + (int64_t)p[2 * N_ROC] - 1; }
static int64_t size(const double *p) {
  int64_t doubles = pln_ma_doubles(PLN_MA_SMA, (int64_t)p[2 * N_ROC]);
  for (int32_t k = 0; k < N_ROC; k++)
    doubles += (int64_t)p[k] + pln_ma_doubles(PLN_MA_SMA, (int64_t)p[N_ROC + k]);
  return PLN_IND_SIZE(kst, doubles);
}
static void init(void *state, const double *p) {
  kst *s = state;
  int64_t used = 0;
  for (int32_t k = 0; k < N_ROC; k++) {
    s->lag[k].n = (int32_t)p[k];
    s->lag_memory[k] = used;
    used += (int64_t)p[k];
    pln_late_ma_init(&s->average[k], PLN_MA_SMA, (int64_t)p[N_ROC + k], (int64_t)p[k], used);
    used += pln_ma_doubles(PLN_MA_SMA, (int64_t)p[N_ROC + k]);
  }
  pln_late_ma_init(&s->signal, PLN_MA_SMA, (int64_t)p[2 * N_ROC], first_row(p), used);
}

PLN_INLINE double roc(double x, double old) { return old == 0.0 ? 0.0 : (x / old - 1.0) * 100.0; }

static inline void step(kst *s, double *memory, const double *in, double *out) {
  double sum = 0.0, is_valid = 1.0;
  for (int32_t k = 0; k < N_ROC; k++) {
    const double old = pln_lag_step(&s->lag[k], memory + s->lag_memory[k], in[0]);
    sum += (k + 1) * pln_late_ma_step(&s->average[k], memory, roc(in[0], old));
    if (old == 0.0) is_valid = 0.0;
  }
  out[0] = sum;
  out[1] = pln_late_ma_step(&s->signal, memory, sum);
  out[2] = is_valid;
}
PLN_IND_STEP(kst, step)

enum { BLOCK = 512 };

PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n) {
  kst *s = state;
  double *memory = (double *)(s + 1);
  double change[BLOCK], average[BLOCK];
  for (int64_t i = 0; i < n; i += BLOCK) {
    const int64_t m = n - i < BLOCK ? n - i : BLOCK;
    const double *x = in[0] + i;
    double *y = out[0] + i;
    for (int64_t j = 0; j < m; j++) y[j] = 0.0;
    for (int32_t k = 0; k < N_ROC; k++) {
      pln_lag_rows(&s->lag[k], memory + s->lag_memory[k], x, change, m);
      PLN_IVDEP
      for (int64_t j = 0; j < m; j++) change[j] = roc(x[j], change[j]);
      pln_late_ma_rows(&s->average[k], memory, change, average, m);
      PLN_IVDEP
      for (int64_t j = 0; j < m; j++) y[j] += (k + 1) * average[j];
    }
    pln_late_ma_rows(&s->signal, memory, y, out[1] + i, m);
  }
}
PLN_IND_SIMD(batch, rows)

const pln_ind_desc pln_ind_kst = {
    .info = {.name = "kst",
             .aliases = "know_sure_thing",
             .group = "momentum",
             .help = "Know sure thing (Pring)",
             .formula = "kst = sum over k = 1 … 4 of k sma(roc(x, roc_k), sma_k), roc in percent and 0 where "
                        "the old value is 0; signal = sma of kst (StockCharts)",
             .inputs = "source",
             .outputs = "kst signal",
             .example = "kst(close, 10, 15, 20, 30, 10, 10, 10, 15, 9).signal",
             .params = params,
             .n_params = 9,
             .input_kind = PLN_INPUT_SOURCE,
             .has_valid = 1},
    .n_inputs = 1,
    .n_outputs = 2,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
};
