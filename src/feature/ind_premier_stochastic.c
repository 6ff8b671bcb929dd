#include "feature/smooth.h"
#include "feature/stoch.h"
#include "feature/vmath.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows of the stochastic", 8, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_INT("smooth", "period of both averages", 5, 1, PLN_IND_MAX_PERIOD),
};

typedef struct premier_stochastic {
  pln_stoch raw;
  pln_smooth first;
  pln_smooth second;
} premier_stochastic;

static int64_t lookback(const double *p) { return (int64_t)(p[0] + 2.0 * p[1]) - 3; }
static int64_t size(const double *p) {
  return PLN_IND_SIZE(premier_stochastic, pln_stoch_doubles((int64_t)p[0]));
}
static void init(void *state, const double *p) {
  premier_stochastic *s = state;
  pln_stoch_init(&s->raw, (int64_t)p[0], 0.0);
  pln_smooth_init(&s->first, 2.0 / (p[1] + 1.0), (int64_t)p[1], (int64_t)p[0] - 1);
  pln_smooth_init(&s->second, 2.0 / (p[1] + 1.0), (int64_t)p[1], (int64_t)(p[0] + p[1]) - 2);
}

PLN_INLINE double centred(double raw) { return 0.1 * (raw - 50.0); }

static inline void step(premier_stochastic *s, double *memory, const double *in, double *out) {
  const double raw = pln_stoch_step(&s->raw, memory, in[0], in[1], in[2], &out[1]);
  out[0] = pln_tanh(0.5 * pln_smooth_step(&s->second, pln_smooth_step(&s->first, centred(raw))));
}
PLN_IND_STEP(premier_stochastic, step)

enum { BLOCK = 512 };

PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n) {
  premier_stochastic *s = state;
  double raw[BLOCK], average[BLOCK];
  for (int64_t i = 0; i < n; i += BLOCK) {
    const int64_t m = n - i < BLOCK ? n - i : BLOCK;
    double *y = out[0] + i;
    pln_stoch_block(&s->raw, (double *)(s + 1), in[0] + i, in[1] + i, in[2] + i, raw, m);
    PLN_IVDEP
    for (int64_t j = 0; j < m; j++) raw[j] = centred(raw[j]);
    pln_smooth_rows(&s->first, raw, average, m);
    pln_smooth_rows(&s->second, average, y, m);
    PLN_IVDEP
    for (int64_t j = 0; j < m; j++) y[j] = pln_tanh(0.5 * y[j]);
  }
}
PLN_IND_SIMD(batch, rows)

const pln_ind_desc pln_ind_premier_stochastic = {
    .info = {.name = "premier_stochastic",
             .aliases = "pso",
             .group = "momentum",
             .help = "Premier stochastic oscillator (Leibfarth), from -1 to 1",
             .formula = "(exp(s) - 1) / (exp(s) + 1), s = ema(ema(0.1 (%K - 50), smooth), smooth), %K as in "
                        "stochf, 0 where there is no range (Lean)",
             .inputs = "high low close",
             .outputs = "premier_stochastic",
             .example = "premier_stochastic(8, 5)",
             .params = params,
             .n_params = 2,
             .input_kind = PLN_INPUT_COLUMNS,
             .has_valid = 1},
    .n_inputs = 3,
    .n_outputs = 1,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
};
