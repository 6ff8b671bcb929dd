#include "feature/volatility.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "returns in the window", 20, 1, PLN_IND_MAX_PERIOD),
    PLN_ANNUAL_PARAM(252),
    PLN_PARAM_WORD("returns", "x / previous x - 1, or its logarithm", 0, 1, "simple log"),
    PLN_PARAM_INT("ddof", "0: population deviation; 1: sample deviation", 0, 0, 1),
};

typedef struct historical {
  double scale;
  double divisor;
  double previous;
  int32_t is_log;
  int32_t started;
  pln_window window; /* last: its memory follows */
} historical;

static int64_t lookback(const double *p) { return (int64_t)p[0]; }
static int64_t size(const double *p) {
  return PLN_IND_SIZE(historical, pln_window_doubles((int64_t)p[0], 2));
}
static void init(void *state, const double *p) {
  historical *s = state;
  pln_window_init(&s->window, (int64_t)p[0]);
  s->scale = sqrt(p[1]);
  s->divisor = p[0] > p[3] ? p[0] - p[3] : 1.0;
  s->is_log = p[2] != 0.0;
}

PLN_INLINE double simple(double x, double old) { return old != 0.0 ? x / old - 1.0 : 0.0; }

static inline void step(historical *s, double *memory, const double *in, double *out) {
  out[0] = 0.0;
  if (s->started) {
    const double change[2] = {s->is_log ? pln_log_ratio(in[0], s->previous) : simple(in[0], s->previous),
                              0.0};
    double moments[2] = {0};
    pln_window_step(&s->window, memory, 2, 0, pln_merge_moments, change, moments);
    out[0] = s->scale * sqrt(moments[1] / s->divisor);
  }
  s->previous = in[0];
  s->started = 1;
}
PLN_IND_STEP(historical, step)

PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n) {
  historical *s = state;
  int64_t i = 0;
  if (n > 0 && !s->started) {
    step(s, NULL, in[0], out[0]);
    i = 1;
  }
  double change[PLN_WINDOW_BLOCK + 8], mean[PLN_WINDOW_BLOCK + 16];
  const double scale = s->scale, divisor = s->divisor;
  for (; i < n; i += PLN_WINDOW_BLOCK) {
    const int64_t m = n - i < PLN_WINDOW_BLOCK ? n - i : PLN_WINDOW_BLOCK;
    const double *x = in[0] + i;
    double *y = out[0] + i;
    if (s->is_log) {
      change[0] = pln_log_ratio(x[0], s->previous);
      for (int64_t j = 1; j < m; j++) change[j] = pln_log_ratio(x[j], x[j - 1]);
    } else {
      change[0] = simple(x[0], s->previous);
      PLN_IVDEP
      for (int64_t j = 1; j < m; j++) change[j] = simple(x[j], x[j - 1]);
    }
    s->previous = x[m - 1];
    const double *const leaf[] = {change, pln_window_zeros};
    double *const moments[] = {mean, y};
    pln_window_block(&s->window, (double *)(s + 1), 2, 0, pln_merge_moments, leaf, moments, m);
    PLN_IVDEP
    for (int64_t j = 0; j < m; j++) y[j] = scale * sqrt(y[j] / divisor);
  }
}
PLN_IND_SIMD(batch, rows)

const pln_ind_desc pln_ind_volatility = {
    .info =
        {.name = "volatility",
         .aliases = "historical_volatility",
         .group = "volatility",
         .help = "Historical volatility: annualised deviation of returns",
         .formula =
             "sqrt(annual) times the standard deviation of the last `period` returns (Tulip volatility: of "
             "the population, simple returns, 252 rows a year), a fraction; a return from 0 counts as 0, "
             "as does the logarithm of what is not positive",
         .inputs = "source",
         .outputs = "volatility",
         .example = "volatility(close, 20)",
         .params = params,
         .n_params = 4,
         .input_kind = PLN_INPUT_SOURCE},
    .n_inputs = 1,
    .n_outputs = 1,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
};
