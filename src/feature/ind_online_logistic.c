#include "feature/weighted.h"

static const pln_indicator_param params[] = {
    PLN_PARAM("rate", "size of a learning step", 0.05, 0, 10),
    PLN_PARAM_INT("ahead", "rows from the inputs to the event", 1, 1, 1000),
    PLN_PARAM_WORD("event", "rise: the target is higher then than now; positive: it is above 0 then", 0, 1,
                   "rise positive"),
    PLN_PARAM("l2", "share of a coefficient that a step takes away, over the rate", 0.0001, 0, 1),
    PLN_PARAM("span", "rows of the inputs' mean and deviation: the weight of a new row is 2 / (span + 1)",
              100, 2, PLN_IND_MAX_PERIOD),
    PLN_PARAM_INT("rows", "rows before the first value, at least `ahead`", 50, 1, PLN_IND_MAX_PERIOD),
};

enum { MAX_X = PLN_IND_MAX_INPUTS - 1 };
static const double limit = 5.0;

typedef struct logistic {
  pln_weighted moments;
  int64_t inputs;
  int64_t ahead;
  int64_t positive;
  int64_t row;
  double rate;
  double l2;
  double b[MAX_X + 1];
} logistic;

static int64_t inputs_of(const double *p) { return (int64_t)p[6] - 1; }
static int64_t lookback(const double *p) { return (int64_t)(p[5] > p[1] ? p[5] : p[1]); }
static int64_t size(const double *p) { return PLN_IND_SIZE(logistic, (int64_t)p[1] * (inputs_of(p) + 1)); }
static void init(void *state, const double *p) {
  logistic *s = state;
  s->inputs = inputs_of(p);
  s->moments.n = s->inputs;
  s->moments.lambda = 1.0 - 2.0 / (p[4] + 1.0);
  s->rate = p[0];
  s->ahead = (int64_t)p[1];
  s->positive = p[2] > 0.5;
  s->l2 = p[3];
}

static double probability(const logistic *s, const double *z) {
  double sum = s->b[0];
  for (int64_t i = 0; i < s->inputs; i++) sum += s->b[i + 1] * z[i];
  return sum >= 0.0 ? 1.0 / (1.0 + exp(-sum)) : exp(sum) / (1.0 + exp(sum));
}

static inline void step(logistic *s, double *memory, const double *in, double *out) {
  double *old = memory + s->row % s->ahead * (s->inputs + 1), z[MAX_X] = {0};
  pln_weighted_push(&s->moments, in + 1);
  for (int64_t i = 0; i < s->inputs; i++) {
    const double deviation = sqrt(s->moments.cov[i][i]);
    const double d = deviation > 0.0 ? (in[i + 1] - s->moments.mean[i]) / deviation : 0.0;
    z[i] = d > limit ? limit : d < -limit ? -limit : d;
  }
  if (s->row >= s->ahead) {
    const double event = in[0] > (s->positive ? 0.0 : old[0]) ? 1.0 : 0.0;
    const double error = s->rate * (event - probability(s, old + 1));
    s->b[0] += error;
    for (int64_t i = 0; i < s->inputs; i++) s->b[i + 1] += error * old[i + 1] - s->rate * s->l2 * s->b[i + 1];
  }
  old[0] = in[0];
  for (int64_t i = 0; i < s->inputs; i++) old[i + 1] = z[i];
  s->row++;
  out[0] = probability(s, z);
  for (int64_t i = 0; i <= MAX_X; i++) out[1 + i] = i <= s->inputs ? s->b[i] : 0.0;
}
PLN_IND_STEP(logistic, step)
PLN_IND_BATCH(logistic, (int32_t)s.inputs + 1, 9, step)

const pln_ind_desc pln_ind_online_logistic = {
    .info =
        {.name = "online_logistic",
         .group = "learning",
         .help = "Logistic regression that learns row by row",
         .formula =
             "probability = 1 / (1 + exp(-(b0 + sum of b z))) that the target is higher `ahead` rows from "
             "now than now (event=rise), or above 0 then (event=positive). z: inputs less their "
             "exponentially weighted mean over their deviation (span), both including the row, cut at ±5; 0 "
             "for an input that does not move. Learning is causal: each row the event of `ahead` rows ago "
             "becomes known, and one step is made, b += rate (event - p) z, p from the z of that row and the "
             "b of now; b1 … also lose rate * l2 of themselves. intercept = b0; starts from 0",
         .inputs = "target x1",
         .outputs = "probability intercept b1 b2 b3 b4 b5 b6 b7",
         .example = "online_logistic(close, rsi(14), roc(5))",
         .params = params,
         .n_params = 6,
         .input_kind = PLN_INPUT_VARIADIC},
    .n_inputs = 2,
    .n_outputs = 9,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = step_rows,
};
