#include "feature/lag.h"
#include "feature/window.h"

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
  pln_window mean[N_ROC];
  pln_window signal;
  int64_t lag_memory[N_ROC]; /* where each one's memory begins */
  int64_t mean_memory[N_ROC];
  int64_t signal_memory;
  int64_t rows;
  int64_t first[N_ROC]; /* rows in which a rate of change first is one */
  int64_t first_row;    /* of kst */
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
  int64_t doubles = pln_window_doubles((int64_t)p[2 * N_ROC], 1);
  for (int32_t k = 0; k < N_ROC; k++) doubles += (int64_t)p[k] + pln_window_doubles((int64_t)p[N_ROC + k], 1);
  return PLN_IND_SIZE(kst, doubles);
}
static void init(void *state, const double *p) {
  kst *s = state;
  int64_t used = 0;
  for (int32_t k = 0; k < N_ROC; k++) {
    s->lag[k].n = (int32_t)p[k];
    s->first[k] = (int64_t)p[k];
    s->lag_memory[k] = used;
    used += (int64_t)p[k];
    pln_window_init(&s->mean[k], (int64_t)p[N_ROC + k]);
    s->mean_memory[k] = used;
    used += pln_window_doubles((int64_t)p[N_ROC + k], 1);
  }
  pln_window_init(&s->signal, (int64_t)p[2 * N_ROC]);
  s->signal_memory = used;
  s->first_row = first_row(p);
}

static inline void step(kst *s, double *memory, const double *in, double *out) {
  double sum = 0.0, all_defined = 1.0;
  for (int32_t k = 0; k < N_ROC; k++) {
    const double old = pln_lag_step(&s->lag[k], memory + s->lag_memory[k], in[0]);
    if (s->rows < s->first[k]) continue;
    const double roc = old == 0.0 ? 0.0 : (in[0] / old - 1.0) * 100.0;
    double mean = 0.0;
    pln_window_step(&s->mean[k], memory + s->mean_memory[k], 1, 0, pln_merge_mean, &roc, &mean);
    sum += (double)(k + 1) * mean;
    if (old == 0.0) all_defined = 0.0;
  }
  double signal = 0.0;
  if (s->rows++ >= s->first_row)
    pln_window_step(&s->signal, memory + s->signal_memory, 1, 0, pln_merge_mean, &sum, &signal);
  out[0] = sum;
  out[1] = signal;
  out[2] = all_defined;
}
PLN_IND_STEP(kst, step)
PLN_IND_BATCH(kst, 1, 2, step)

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
    .batch = step_rows,
};
