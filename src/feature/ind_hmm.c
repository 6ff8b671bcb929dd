#include "feature/history.h"
#include "feature/hmm.h"
static const pln_indicator_param params[] = {
    PLN_PARAM_INT("states", "number of states", 2, 1, PLN_HMM_MAX_STATES),
    PLN_PARAM_INT("train", "rows that it learns from", 500, 20, 20000),
    PLN_PARAM_INT("every", "rows from one training to the next; 0: once", 0, 0, PLN_IND_MAX_PERIOD),
    PLN_PARAM_WORD("order", "order of the states", 0, 1, "variance mean"),
    PLN_PARAM_INT("iterations", "rounds of a training", 30, 1, 1000),
};

typedef struct hmm {
  pln_hmm model;
  pln_history values;
  int64_t train;
  int64_t every;
  int64_t iterations;
  int64_t row;
  int64_t trained;
  double p[PLN_HMM_MAX_STATES];
} hmm;

static int64_t lookback(const double *p) { return (int64_t)p[1]; }
static int64_t size(const double *p) {
  return PLN_IND_SIZE(hmm,
                      pln_history_doubles((int64_t)p[1] - 1) + pln_hmm_doubles((int64_t)p[1], (int64_t)p[0]));
}
static void init(void *state, const double *p) {
  hmm *s = state;
  s->model.states = (int64_t)p[0];
  s->train = (int64_t)p[1];
  s->every = (int64_t)p[2];
  s->model.by_mean = p[3] > 0.5;
  s->iterations = (int64_t)p[4];
  pln_history_init(&s->values, s->train - 1);
  for (int64_t k = 0; k < s->model.states; k++) s->p[k] = 1.0 / p[0];
}

/* Trains on the last rows, this one included, and goes over them for the probabilities of now. */
static void learn(hmm *s, double *memory, const double *last) {
  const double *x = last + 1 - s->train;
  if (!pln_hmm_train(&s->model, x, s->train, s->iterations, memory + pln_history_doubles(s->train - 1)))
    return;
  s->trained = 1;
  for (int64_t t = 0; t < s->train; t++) pln_hmm_filter(&s->model, s->p, x[t], t == 0);
}

static inline void step(hmm *s, double *memory, const double *in, double *out) {
  const double *last = pln_history_push(&s->values, memory, in, 1);
  if (s->trained) pln_hmm_filter(&s->model, s->p, in[0], 0);
  int64_t best = 0;
  for (int64_t k = 0; k < PLN_HMM_MAX_STATES; k++) {
    out[1 + k] = k < s->model.states ? s->p[k] : 0.0;
    if (k < s->model.states && s->p[k] > s->p[best]) best = k;
  }
  out[0] = (double)(best + 1);
  out[1 + PLN_HMM_MAX_STATES] = (double)s->trained;
  s->row++;
  const int64_t since = s->row - s->train;
  if (since == 0 || (since > 0 && s->every > 0 && since % s->every == 0)) learn(s, memory, last);
}
PLN_IND_STEP(hmm, step)
PLN_IND_BATCH(hmm, 1, 9, step)

const pln_ind_desc pln_ind_hmm = {
    .info = {.name = "hmm",
             .group = "learning",
             .help = "Regimes by a hidden Markov model",
             .formula =
                 "Gaussian hidden Markov model of the source (returns, say) with `states` states, trained by "
                 "`iterations` rounds of Baum-Welch on the first `train` values, and where `every` > 0 again "
                 "on the last `train` after each `every` rows. From then on filtered: p1 … p8 = probability "
                 "of each state given the rows up to this one (forward recursion), state = the likeliest, 1 "
                 "… states. States are in order of their variance, 1 the calmest (order=mean: of their "
                 "mean). The likeliest of four starts: the training rows by |x - mean| (order=mean: by x), "
                 "single or averaged over 10 rows, in groups of the same size or of the same width between "
                 "the 5 % and 95 % quantile; chance to leave a state 0.1. Variances are at least 1e-6 of "
                 "that of the rows. All are equally likely where the training rows are all the same. "
                 "Training costs about train * states^2 * iterations * 60 ns, within that one row",
             .inputs = "source",
             .outputs = "state p1 p2 p3 p4 p5 p6 p7 p8",
             .example = "hmm(returns(1), 2, 120).p1",
             .params = params,
             .n_params = 5,
             .input_kind = PLN_INPUT_SOURCE,
             .has_valid = 1},
    .n_inputs = 1,
    .n_outputs = 9,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = step_rows,
};
