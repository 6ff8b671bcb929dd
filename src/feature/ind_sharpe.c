#include "feature/moments.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "returns in the window", 60, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM("risk_free", "return of a row without risk, subtracted from the mean", 0, -1, 1),
    PLN_PARAM_INT("ddof", "0: population deviation; 1: sample deviation", 0, 0, 1),
};

typedef struct sharpe {
  pln_window window;
  double previous[1];
  int64_t started;
  double free;
  double divisor;
} sharpe;

static int64_t lookback(const double *p) { return (int64_t)p[0]; }
static int64_t size(const double *p) { return PLN_IND_SIZE(sharpe, pln_window_doubles((int64_t)p[0], 2)); }
static void init(void *state, const double *p) {
  sharpe *s = state;
  pln_window_init(&s->window, (int64_t)p[0]);
  s->free = p[1];
  s->divisor = p[0] > p[2] ? p[0] - p[2] : 1.0;
}

PLN_INLINE void change(const sharpe *s, const double *in, const double *previous, double *leaf) {
  (void)s;
  leaf[0] = pln_simple_return(in[0], previous[0]);
  leaf[1] = 0.0;
}
PLN_INLINE void finish(const sharpe *s, const double *in, const double *moments, double *out) {
  (void)in;
  const double deviation = sqrt(moments[1] / s->divisor);
  out[0] = deviation > 0.0 ? (moments[0] - s->free) / deviation : 0.0;
  out[1] = deviation > 0.0;
}
PLN_WINDOW_CHANGES(sharpe, 2, 1, 1, pln_merge_moments, change, finish)

const pln_ind_desc pln_ind_sharpe = {
    .info = {.name = "sharpe",
             .aliases = "sharpe_ratio",
             .group = "statistics",
             .help = "Rolling Sharpe ratio",
             .formula =
                 "(mean - risk_free) / standard deviation (population) of the last `period` simple returns, "
                 "per row, not annualised (Lean SharpeRatio); 0 where the returns are all the same",
             .inputs = "source",
             .outputs = "sharpe",
             .example = "sharpe(close, 60)",
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
