#include "core/normal.h"
#include "feature/moments.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "returns in the window", 60, 2, PLN_IND_MAX_PERIOD),
    PLN_PARAM("confidence", "share of rows that end above it", 0.95, 0.5, 0.999999),
};

typedef struct value_at_risk {
  pln_window window;
  double previous[1];
  int64_t started;
  double z;
  double divisor;
} value_at_risk;

static int64_t lookback(const double *p) { return (int64_t)p[0]; }
static int64_t size(const double *p) {
  return PLN_IND_SIZE(value_at_risk, pln_window_doubles((int64_t)p[0], 2));
}
static void init(void *state, const double *p) {
  value_at_risk *s = state;
  pln_window_init(&s->window, (int64_t)p[0]);
  s->z = pln_normal_quantile(1.0 - p[1]);
  s->divisor = p[0] - 1.0;
}

PLN_INLINE void change(const value_at_risk *s, const double *in, const double *previous, double *leaf) {
  (void)s;
  leaf[0] = pln_simple_return(in[0], previous[0]);
  leaf[1] = 0.0;
}
PLN_INLINE void finish(const value_at_risk *s, const double *in, const double *moments, double *out) {
  (void)in;
  out[0] = moments[0] + s->z * sqrt(moments[1] / s->divisor);
}
PLN_WINDOW_CHANGES(value_at_risk, 2, 1, 1, pln_merge_moments, change, finish)

const pln_ind_desc pln_ind_value_at_risk = {
    .info = {.name = "value_at_risk",
             .group = "statistics",
             .help = "Value at risk",
             .formula = "mean + z deviation of the last `period` simple returns, z the normal quantile of 1 "
                        "- confidence, the deviation with ddof = 1: the return that is undercut with that "
                        "probability if returns are normal (Lean ValueAtRisk); 0 below two returns",
             .inputs = "source",
             .outputs = "value_at_risk",
             .example = "value_at_risk(close, 60, 0.95)",
             .params = params,
             .n_params = 2,
             .input_kind = PLN_INPUT_SOURCE},
    .n_inputs = 1,
    .n_outputs = 1,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
};
