#include "feature/lag.h"
#include "feature/updown.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "changes in the averages", 14, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_INT("momentum", "rows that a change is over", 5, 1, PLN_IND_MAX_PERIOD),
};

typedef struct rmi {
  pln_smooth up;
  pln_smooth down;
  pln_lag lag; /* last: its ring follows */
} rmi;

static int64_t lookback(const double *p) { return (int64_t)(p[0] + p[1]) - 1; }
static int64_t size(const double *p) { return PLN_IND_SIZE(rmi, p[1]); }
static void init(void *state, const double *p) {
  rmi *s = state;
  pln_smooth_init(&s->up, 1.0 / p[0], (int64_t)p[0], (int64_t)p[1]);
  pln_smooth_init(&s->down, 1.0 / p[0], (int64_t)p[0], (int64_t)p[1]);
  s->lag.n = (int32_t)p[1];
}

PLN_INLINE double ratio(double up, double down) {
  const double sum = up + down;
  return sum == 0.0 ? 0.0 : 100.0 * (up / sum);
}

static inline void step(rmi *s, double *memory, const double *in, double *out) {
  double up, down;
  pln_up_down(in[0] - pln_lag_step(&s->lag, memory, in[0]), &up, &down);
  up = pln_smooth_step(&s->up, up);
  down = pln_smooth_step(&s->down, down);
  out[0] = ratio(up, down);
  out[1] = up + down != 0.0;
}
PLN_IND_STEP(rmi, step)

enum { BLOCK = 512 };

PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n) {
  rmi *s = state;
  double up[BLOCK], down[BLOCK], average[BLOCK];
  for (int64_t i = 0; i < n; i += BLOCK) {
    const int64_t m = n - i < BLOCK ? n - i : BLOCK;
    const double *x = in[0] + i;
    double *y = out[0] + i;
    pln_lag_rows(&s->lag, (double *)(s + 1), x, y, m);
    PLN_IVDEP
    for (int64_t j = 0; j < m; j++) pln_up_down(x[j] - y[j], &up[j], &down[j]);
    pln_smooth_rows(&s->up, up, y, m);
    pln_smooth_rows(&s->down, down, average, m);
    PLN_IVDEP
    for (int64_t j = 0; j < m; j++) y[j] = ratio(y[j], average[j]);
  }
}
PLN_IND_SIMD(batch, rows)

const pln_ind_desc pln_ind_rmi = {
    .info = {.name = "rmi",
             .group = "momentum",
             .help = "Relative momentum index (Altman): rsi of changes over some rows",
             .formula = "100 G / (G + L), G and L the averages of gains and losses over `momentum` rows, "
                        "smoothed by 1 / period and seeded with the means of their first `period` values; "
                        "with momentum = 1 it is rsi; 0 where nothing has moved",
             .inputs = "source",
             .outputs = "rmi",
             .example = "rmi(close, 14, 5)",
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
