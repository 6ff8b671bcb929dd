#include "feature/filter.h"

static const pln_indicator_param params[] = {
    PLN_PARAM("alpha", "weight of a new value", 0.07, 0.001, 1),
    PLN_PARAM_INT("lead", "rows back of the trigger", 2, 1, 1000),
};

#include "feature/lag.h"

typedef struct itrend {
  double a;
  double x[2];
  double it[2];
  pln_lag lag;
  int64_t row;
} itrend;

static int64_t lookback(const double *p) { return (int64_t)p[1]; }
static int64_t size(const double *p) { return PLN_IND_SIZE(itrend, p[1]); }
static void init(void *state, const double *p) {
  itrend *s = state;
  s->a = p[0];
  s->lag.n = (int32_t)p[1];
}

static inline void step(itrend *s, double *memory, const double *in, double *out) {
  const double a = s->a, x = in[0], rest = 1.0 - a;
  const int64_t row = s->row++;
  double it = x;
  if (row >= 7)
    it = x + (a * a / 2.0 * (s->x[0] - x) - (a - 0.75 * a * a) * (s->x[1] - x) + 2.0 * rest * (s->it[0] - x) -
              rest * rest * (s->it[1] - x));
  else if (row >= 2)
    it = x + (2.0 * (s->x[0] - x) + (s->x[1] - x)) / 4.0;
  const double old = pln_lag_step(&s->lag, memory, it);
  s->x[1] = s->x[0];
  s->x[0] = x;
  s->it[1] = s->it[0];
  s->it[0] = it;
  out[0] = it;
  out[1] = row < s->lag.n ? it : it + (it - old);
  out[2] = (out[1] > it ? 1.0 : 0.0) - (out[1] < it ? 1.0 : 0.0);
}
PLN_IND_STEP(itrend, step)
PLN_IND_BATCH(itrend, 1, 3, step)

const pln_ind_desc pln_ind_itrend = {
    .info = {.name = "itrend",
             .group = "trend",
             .help = "Instantaneous trendline",
             .formula = "it = (a - a^2 / 4) x[0] + a^2 / 2 x[1] - (a - 3 a^2 / 4) x[2] + 2 (1 - a) it[1] "
                        "- (1 - a)^2 it[2] from row 7 on, x in rows 0 and 1, (x[0] + 2 x[1] + x[2]) / 4 "
                        "in between; trigger = 2 it - it[lead rows ago], it itself where there is none; "
                        "signal: 1 where trigger > it, -1 where it is below (J. Ehlers, Cybernetic "
                        "Analysis, 2004: lead 2; jesse: lead 20)",
             .inputs = "hl2",
             .outputs = "it trigger signal",
             .example = "itrend(hl2, 0.07)",
             .params = params,
             .n_params = 2,
             .input_kind = PLN_INPUT_SOURCE},
    .n_inputs = 1,
    .n_outputs = 3,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = step_rows,
};
