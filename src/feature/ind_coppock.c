#include "feature/lag.h"
#include "feature/late_ma.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("slow", "period of the slow rate of change", 14, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_INT("fast", "period of the fast one", 11, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_INT("average", "rows of the weighted average", 10, 1, PLN_IND_MAX_PERIOD),
};

typedef struct coppock {
  pln_lag slow;
  pln_lag fast;
  pln_late_ma average;
  int64_t fast_memory;
} coppock;

static int64_t first_row(const double *p) { return (int64_t)(p[0] > p[1] ? p[0] : p[1]); }
static int64_t lookback(const double *p) { return first_row(p) + (int64_t)p[2] - 1; }
static int64_t size(const double *p) {
  return PLN_IND_SIZE(coppock, p[0] + p[1] + (double)pln_ma_doubles(PLN_MA_WMA, (int64_t)p[2]));
}
static void init(void *state, const double *p) {
  coppock *s = state;
  s->slow.n = (int32_t)p[0];
  s->fast.n = (int32_t)p[1];
  s->fast_memory = (int64_t)p[0];
  pln_late_ma_init(&s->average, PLN_MA_WMA, (int64_t)p[2], first_row(p), (int64_t)(p[0] + p[1]));
}

PLN_INLINE double roc(double x, double old) { return old == 0.0 ? 0.0 : (x / old - 1.0) * 100.0; }

static inline void step(coppock *s, double *memory, const double *in, double *out) {
  const double slow = pln_lag_step(&s->slow, memory, in[0]);
  const double fast = pln_lag_step(&s->fast, memory + s->fast_memory, in[0]);
  out[0] = pln_late_ma_step(&s->average, memory, roc(in[0], slow) + roc(in[0], fast));
  out[1] = slow != 0.0 && fast != 0.0;
}
PLN_IND_STEP(coppock, step)

enum { BLOCK = 512 };

PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n) {
  coppock *s = state;
  double *memory = (double *)(s + 1);
  double slow[BLOCK], fast[BLOCK];
  for (int64_t i = 0; i < n; i += BLOCK) {
    const int64_t m = n - i < BLOCK ? n - i : BLOCK;
    const double *x = in[0] + i;
    pln_lag_rows(&s->slow, memory, x, slow, m);
    pln_lag_rows(&s->fast, memory + s->fast_memory, x, fast, m);
    PLN_IVDEP
    for (int64_t j = 0; j < m; j++) slow[j] = roc(x[j], slow[j]) + roc(x[j], fast[j]);
    pln_late_ma_rows(&s->average, memory, slow, out[0] + i, m);
  }
}
PLN_IND_SIMD(batch, rows)

const pln_ind_desc pln_ind_coppock = {
    .info = {.name = "coppock",
             .aliases = "coppock_curve cc",
             .group = "momentum",
             .help = "Coppock curve",
             .formula = "wma(roc(x, slow) + roc(x, fast), average), rates of change in percent, 0 where the "
                        "old value is 0",
             .inputs = "source",
             .outputs = "coppock",
             .example = "coppock(close, 14, 11, 10)",
             .params = params,
             .n_params = 3,
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
