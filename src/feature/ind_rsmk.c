#include "feature/lag.h"
#include "feature/smooth.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("change", "rows of the change", 90, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_INT("period", "of its exponential average", 3, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_INT("signal", "period of the average of that", 20, 1, PLN_IND_MAX_PERIOD),
};

typedef struct rsmk {
  pln_smooth line;
  pln_smooth signal;
  int64_t rows; /* seen, up to the rows of the change */
  pln_lag lag;  /* last: its ring follows */
} rsmk;

static int64_t lookback(const double *p) { return (int64_t)(p[0] + p[1] + p[2]) - 2; }
static int64_t size(const double *p) { return PLN_IND_SIZE(rsmk, p[0]); }
static void init(void *state, const double *p) {
  rsmk *s = state;
  s->lag.n = (int32_t)p[0];
  pln_smooth_init(&s->line, 2.0 / (p[1] + 1.0), (int64_t)p[1], 0);
  pln_smooth_init(&s->signal, 2.0 / (p[2] + 1.0), (int64_t)p[2], (int64_t)p[1] - 1);
}

static inline void step(rsmk *s, double *memory, const double *in, double *out) {
  const int defined = in[0] > 0.0 && in[1] > 0.0;
  const double x = defined ? log(in[0] / in[1]) : 0.0, old = pln_lag_step(&s->lag, memory, x);
  out[0] = out[1] = 0.0;
  if (s->rows == s->lag.n) {
    out[0] = 100.0 * pln_smooth_step(&s->line, x - old);
    out[1] = pln_smooth_step(&s->signal, out[0]);
  } else {
    s->rows++;
  }
  out[2] = defined;
}
PLN_IND_STEP(rsmk, step)
PLN_IND_BATCH(rsmk, 2, 2, step)

const pln_ind_desc pln_ind_rsmk = {
    .info =
        {.name = "rsmk",
         .group = "cross",
         .help = "Relative strength against a market (Katsanos)",
         .formula =
             "rsmk = 100 ema(change over `change` rows of ln(a / b), period), signal = ema(rsmk, signal), "
             "averages seeded with means; the logarithm is 0 where a or b is not positive, valid is 0 "
             "there (Katsanos, Stocks & Commodities, March 2020; jesse)",
         .inputs = "a b",
         .outputs = "rsmk signal",
         .example = "rsmk(close, open)",
         .params = params,
         .n_params = 3,
         .input_kind = PLN_INPUT_SERIES,
         .has_valid = 1},
    .n_inputs = 2,
    .n_outputs = 2,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = step_rows,
};
