#include "feature/late_ma.h"
#include "feature/updown.h"
#include "feature/vmath.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("rsi", "period of the relative strength index", 5, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_INT("average", "rows of the weighted average", 9, 1, PLN_IND_MAX_PERIOD),
};

typedef struct ift_rsi {
  pln_updown updown;
  pln_late_ma average;
} ift_rsi;

static int64_t lookback(const double *p) { return (int64_t)p[0] + (int64_t)p[1] - 1; }
static int64_t size(const double *p) {
  return PLN_IND_SIZE(ift_rsi, pln_ma_doubles(PLN_MA_WMA, (int64_t)p[1]));
}
static void init(void *state, const double *p) {
  ift_rsi *s = state;
  pln_updown_init(&s->updown, PLN_UPDOWN_WILDER, (int64_t)p[0]);
  pln_late_ma_init(&s->average, PLN_MA_WMA, (int64_t)p[1], (int64_t)p[0], 0);
}

PLN_INLINE double centred(double up, double down) {
  const double sum = up + down;
  return sum == 0.0 ? -5.0 : 10.0 * (up / sum) - 5.0;
}

static inline void step(ift_rsi *s, double *memory, const double *in, double *out) {
  double up, down;
  pln_updown_step(&s->updown, NULL, in[0], &up, &down);
  out[0] = pln_tanh(pln_late_ma_step(&s->average, memory, centred(up, down)));
  out[1] = up + down != 0.0;
}
PLN_IND_STEP(ift_rsi, step)

enum { BLOCK = 512 };

PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n) {
  ift_rsi *s = state;
  double up[BLOCK], down[BLOCK];
  for (int64_t i = 0; i < n; i += BLOCK) {
    const int64_t m = n - i < BLOCK ? n - i : BLOCK;
    double *y = out[0] + i;
    pln_updown_block(&s->updown, NULL, in[0] + i, up, down, m);
    PLN_IVDEP
    for (int64_t j = 0; j < m; j++) up[j] = centred(up[j], down[j]);
    pln_late_ma_rows(&s->average, (double *)(s + 1), up, y, m);
    PLN_IVDEP
    for (int64_t j = 0; j < m; j++) y[j] = pln_tanh(y[j]);
  }
}
PLN_IND_SIMD(batch, rows)

const pln_ind_desc pln_ind_ift_rsi = {
    .info = {.name = "ift_rsi",
             .group = "momentum",
             .help = "Inverse Fisher transform of the relative strength index, from -1 to 1",
             .formula =
                 "(exp(2 v) - 1) / (exp(2 v) + 1), v = wma(0.1 (rsi - 50), average) (Ehlers 2004; jesse "
                 "squares 2 v where this takes its exponential); rsi is 0 where nothing has moved",
             .inputs = "source",
             .outputs = "ift_rsi",
             .example = "ift_rsi(close, 5, 9)",
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
