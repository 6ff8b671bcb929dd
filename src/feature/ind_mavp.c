#include "feature/ma.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("min", "least period", 2, 1, 500),
    PLN_PARAM_INT("max", "largest period", 30, 1, 500),
    PLN_PARAM_WORD("type", "which average (as of ma)", PLN_MA_SMA, PLN_MA_LAST, PLN_MA_WORDS),
};

/* An average of each period that may be asked for; behind them the memory of each. All have their first value
 * in one row. */
typedef struct mavp {
  int64_t row;
  int64_t least;
  int64_t most;
  int64_t type;
} mavp;

enum { BLOCK = 512, DOUBLES = (int)(sizeof(pln_ma) / sizeof(double)) };
_Static_assert(sizeof(pln_ma) % sizeof(double) == 0, "averages lie side by side as doubles");

static int64_t least_of(const double *p) { return (int64_t)(p[0] < p[1] ? p[0] : p[1]); }
static int64_t most_of(const double *p) { return (int64_t)(p[0] < p[1] ? p[1] : p[0]); }
static int64_t lookback(const double *p) { return pln_ma_lookback((int32_t)p[2], most_of(p)); }
static int64_t size(const double *p) {
  int64_t doubles = 0;
  for (int64_t n = least_of(p); n <= most_of(p); n++) doubles += DOUBLES + pln_ma_doubles((int32_t)p[2], n);
  return PLN_IND_SIZE(mavp, doubles);
}
static void init(void *state, const double *p) {
  mavp *s = state;
  s->least = least_of(p);
  s->most = most_of(p);
  s->type = (int64_t)p[2];
  pln_ma *average = (pln_ma *)(s + 1);
  for (int64_t n = s->least; n <= s->most; n++) pln_ma_init(average++, (int32_t)s->type, n);
}

/* Rows that the average over n rows leaves out. */
static int64_t skipped(const mavp *s, int64_t n) {
  return pln_ma_lookback((int32_t)s->type, s->most) - pln_ma_lookback((int32_t)s->type, n);
}

/* The whole period that is nearest to what was asked for, toward 0. */
PLN_INLINE int64_t period_of(const mavp *s, double x) {
  if (x <= (double)s->least) return s->least;
  return x < (double)s->most ? (int64_t)x : s->most;
}

static void step_row(void *state, const double *in, double *out) {
  mavp *s = state;
  pln_ma *average = (pln_ma *)(s + 1);
  double *memory = (double *)(average + (s->most - s->least + 1));
  const int64_t period = period_of(s, in[1]);
  out[0] = 0.0;
  for (int64_t n = s->least; n <= s->most; n++, average++) {
    const double value = s->row >= skipped(s, n) ? pln_ma_step(average, memory, in[0]) : 0.0;
    if (n == period) out[0] = value;
    memory += pln_ma_doubles((int32_t)s->type, n);
  }
  s->row++;
}

PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n_rows) {
  mavp *s = state;
  double value[BLOCK], period[BLOCK];
  for (int64_t i = 0; i < n_rows; i += BLOCK) {
    const int64_t m = n_rows - i < BLOCK ? n_rows - i : BLOCK;
    double *y = out[0] + i;
    for (int64_t j = 0; j < m; j++) period[j] = (double)period_of(s, in[1][i + j]);
    pln_ma *average = (pln_ma *)(s + 1);
    double *memory = (double *)(average + (s->most - s->least + 1));
    for (int64_t n = s->least; n <= s->most; n++, average++) {
      const int64_t late = skipped(s, n) - s->row, from = late <= 0 ? 0 : late < m ? late : m;
      for (int64_t j = 0; j < from; j++) value[j] = 0.0;
      pln_ma_rows(average, memory, in[0] + i + from, value + from, m - from);
      PLN_IVDEP
      for (int64_t j = 0; j < m; j++) y[j] = period[j] == (double)n ? value[j] : y[j];
      memory += pln_ma_doubles((int32_t)s->type, n);
    }
    s->row += m;
  }
}
PLN_IND_SIMD(batch, rows)

const pln_ind_desc pln_ind_mavp = {
    .info = {.name = "mavp",
             .group = "trend",
             .help = "Moving average with a period of its own in each row",
             .formula =
                 "in each row the average of the type over as many rows as `periods` says there, without its "
                 "fraction and within min … max; those that need less rows begin later, so that all "
                 "have their first value in one row (TA-Lib MAVP)",
             .inputs = "source periods",
             .outputs = "mavp",
             .example = "mavp(close, highest(volume, 5) / volume, 2, 30)",
             .params = params,
             .n_params = 3,
             .input_kind = PLN_INPUT_SERIES},
    .n_inputs = 2,
    .n_outputs = 1,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
};
