#include "feature/weighted.h"

static const pln_indicator_param params[] = {
    PLN_PARAM("forgetting", "weight of a row over that of the next", 0.99, 0.5, 1),
    PLN_PARAM_INT("ahead", "rows from an input to the target that it predicts; 0: the same row", 1, 0, 1000),
    PLN_PARAM("ridge", "added to each input's variance, as a share of it", 1e-8, 0, 1000),
    PLN_PARAM_INT("rows", "pairs before the first value", 20, 2, PLN_IND_MAX_PERIOD),
};

enum { MAX_X = PLN_IND_MAX_INPUTS - 1 };

typedef struct regression {
  pln_weighted moments; /* x1 …, then the target */
  int64_t inputs;       /* without the target */
  int64_t ahead;
  int64_t row;
  double ridge;
  double b[MAX_X + 1]; /* b[0]: intercept */
} regression;

static int64_t inputs_of(const double *p) { return (int64_t)p[4] - 1; }
static int64_t lookback(const double *p) { return (int64_t)p[3] + (int64_t)p[1] - (p[1] > 0.5); }
static int64_t size(const double *p) { return PLN_IND_SIZE(regression, (int64_t)p[1] * inputs_of(p)); }
static void init(void *state, const double *p) {
  regression *s = state;
  s->inputs = inputs_of(p);
  s->moments.n = s->inputs + 1;
  s->moments.lambda = p[0];
  s->ahead = (int64_t)p[1];
  s->ridge = p[2];
}

/* Solves (C + ridge diag C) b = c by Cholesky, leaving out what has no variance of its own. */
static void solve(regression *s) {
  const int64_t n = s->inputs;
  double l[MAX_X][MAX_X] = {{0}}, y[MAX_X] = {0};
  for (int64_t i = 0; i < n; i++) {
    for (int64_t j = 0; j < i; j++) {
      double sum = s->moments.cov[i][j];
      for (int64_t k = 0; k < j; k++) sum -= l[i][k] * l[j][k];
      l[i][j] = l[j][j] > 0.0 ? sum / l[j][j] : 0.0;
    }
    const double own = s->moments.cov[i][i];
    double left = own * (1.0 + s->ridge), sum = s->moments.cov[n][i];
    for (int64_t k = 0; k < i; k++) left -= l[i][k] * l[i][k], sum -= l[i][k] * y[k];
    l[i][i] = left > own * 1e-12 ? sqrt(left) : 0.0;
    y[i] = l[i][i] > 0.0 ? sum / l[i][i] : 0.0;
  }
  s->b[0] = s->moments.mean[n];
  for (int64_t i = n - 1; i >= 0; i--) {
    double sum = y[i];
    for (int64_t k = i + 1; k < n; k++) sum -= l[k][i] * s->b[k + 1];
    s->b[i + 1] = l[i][i] > 0.0 ? sum / l[i][i] : 0.0;
  }
  for (int64_t i = 0; i < n; i++) s->b[0] -= s->b[i + 1] * s->moments.mean[i];
}

static double forecast(const regression *s, const double *x) {
  double sum = s->b[0];
  for (int64_t i = 0; i < s->inputs; i++) sum += s->b[i + 1] * x[i];
  return sum;
}

static inline void step(regression *s, double *memory, const double *in, double *out) {
  const double target = in[0], *x = in + 1;
  double pair[PLN_IND_MAX_INPUTS] = {0}, *old = memory + (s->ahead ? s->row % s->ahead * s->inputs : 0);
  for (int64_t i = 0; i < s->inputs; i++) {
    pair[i] = s->ahead ? old[i] : x[i];
    if (s->ahead) old[i] = x[i];
  }
  pair[s->inputs] = target;
  const double before = forecast(s, pair);
  if (s->row >= s->ahead) {
    pln_weighted_push(&s->moments, pair);
    solve(s);
  }
  s->row++;
  out[0] = s->ahead ? forecast(s, x) : before;
  out[1] = target - before;
  for (int64_t i = 0; i <= MAX_X; i++) out[2 + i] = i <= s->inputs ? s->b[i] : 0.0;
}
PLN_IND_STEP(regression, step)
PLN_IND_BATCH(regression, (int32_t)s.inputs + 1, 10, step)

const pln_ind_desc pln_ind_online_regression = {
    .info = {.name = "online_regression",
             .aliases = "rls",
             .group = "learning",
             .help = "Linear regression that learns row by row",
             .formula =
                 "least squares of target on 1, x1, x2, … with weights forgetting^age: the estimate that "
                 "recursive least squares with forgetting tracks, solved anew in each row from weighted "
                 "moments (Cholesky), which neither rots nor winds up. Pairs are (inputs of `ahead` rows "
                 "ago, target of this row). prediction = forecast of the target `ahead` rows from now by "
                 "this row's inputs and the coefficients learned up to this row; residual = target of this "
                 "row less its forecast by the coefficients of the row before. ahead=0: the forecast of this "
                 "row's target, before it is learned. intercept, b1 … b7: coefficients. An input that does "
                 "not move, or (ridge = 0) is a combination of those before it, has the coefficient 0",
             .inputs = "target x1",
             .outputs = "prediction residual intercept b1 b2 b3 b4 b5 b6 b7",
             .example = "online_regression(close, open, volume)",
             .params = params,
             .n_params = 4,
             .input_kind = PLN_INPUT_VARIADIC},
    .n_inputs = 2,
    .n_outputs = 10,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = step_rows,
};
