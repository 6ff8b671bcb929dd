#include "feature/weighted.h"

static const pln_indicator_param params[] = {
    PLN_PARAM("span", "rows: the weight of a new row is 2 / (span + 1)", 100, 2, PLN_IND_MAX_PERIOD),
    PLN_PARAM_WORD("scale", "what is decomposed", 0, 1, "correlation covariance"),
    PLN_PARAM_INT("every", "rows from one decomposition to the next", 1, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_INT("rows", "rows before the first value", 50, 2, PLN_IND_MAX_PERIOD),
};

enum { MAX_X = PLN_IND_MAX_INPUTS, COMPONENTS = 4, MAX_SWEEPS = 30 };

typedef struct pca {
  pln_weighted moments;
  int64_t inputs;
  int64_t covariance;
  int64_t every;
  int64_t row;
  double vectors[COMPONENTS][MAX_X];
  double shares[COMPONENTS];
} pca;

static int64_t inputs_of(const double *p) { return (int64_t)p[4]; }
static int64_t lookback(const double *p) { return (int64_t)p[3]; }
static int64_t size(const double *p) {
  (void)p;
  return PLN_IND_SIZE(pca, 0);
}
static void init(void *state, const double *p) {
  pca *s = state;
  s->inputs = inputs_of(p);
  s->moments.n = s->inputs;
  s->moments.lambda = 1.0 - 2.0 / (p[0] + 1.0);
  s->covariance = p[1] > 0.5;
  s->every = (int64_t)p[2];
}

/* Turns rows and columns p and q of the symmetric a so that a[p][q] is 0, and the vectors with them. */
static void rotate(double a[MAX_X][MAX_X], double v[MAX_X][MAX_X], int64_t n, int64_t p, int64_t q) {
  const double theta = (a[q][q] - a[p][p]) / (2.0 * a[p][q]);
  const double t = (theta < 0.0 ? -1.0 : 1.0) / (fabs(theta) + sqrt(theta * theta + 1.0));
  const double c = 1.0 / sqrt(t * t + 1.0), s = t * c;
  for (int64_t k = 0; k < n; k++) {
    const double kp = a[k][p], kq = a[k][q];
    a[k][p] = c * kp - s * kq, a[k][q] = s * kp + c * kq;
  }
  for (int64_t k = 0; k < n; k++) {
    const double pk = a[p][k], qk = a[q][k], vp = v[k][p], vq = v[k][q];
    a[p][k] = c * pk - s * qk, a[q][k] = s * pk + c * qk;
    v[k][p] = c * vp - s * vq, v[k][q] = s * vp + c * vq;
  }
  a[p][q] = a[q][p] = 0.0;
}

/* Cyclic Jacobi: a becomes diagonal, the columns of v its eigenvectors. */
static void diagonalize(double a[MAX_X][MAX_X], double v[MAX_X][MAX_X], int64_t n) {
  for (int64_t i = 0; i < n; i++)
    for (int64_t j = 0; j < n; j++) v[i][j] = i == j;
  for (int sweep = 0; sweep < MAX_SWEEPS; sweep++) {
    double rest = 0.0, all = 0.0;
    for (int64_t i = 0; i < n; i++) {
      all += fabs(a[i][i]);
      for (int64_t j = 0; j < i; j++) rest += fabs(a[i][j]);
    }
    if (rest <= all * 1e-15) return;
    for (int64_t p = 0; p < n; p++)
      for (int64_t q = p + 1; q < n; q++)
        if (fabs(a[p][q]) > all * 1e-17) rotate(a, v, n, p, q);
  }
}

static double deviation(const pca *s, int64_t i) { return sqrt(s->moments.cov[i][i]); }

static void decompose(pca *s) {
  double a[MAX_X][MAX_X], v[MAX_X][MAX_X], total = 0.0;
  int32_t used[MAX_X] = {0};
  for (int64_t i = 0; i < s->inputs; i++)
    for (int64_t j = 0; j <= i; j++) {
      const double scale = s->covariance ? 1.0 : deviation(s, i) * deviation(s, j);
      a[i][j] = a[j][i] = scale > 0.0 ? s->moments.cov[i][j] / scale : 0.0;
    }
  for (int64_t i = 0; i < s->inputs; i++) total += a[i][i];
  diagonalize(a, v, s->inputs);
  for (int64_t c = 0; c < COMPONENTS; c++) {
    int64_t best = -1;
    for (int64_t i = 0; i < s->inputs; i++)
      if (!used[i] && (best < 0 || a[i][i] > a[best][best])) best = i;
    s->shares[c] = 0.0;
    for (int64_t i = 0; i < MAX_X; i++) s->vectors[c][i] = 0.0;
    if (best < 0 || !(total > 0.0)) continue;
    used[best] = 1;
    s->shares[c] = a[best][best] > 0.0 ? a[best][best] / total : 0.0;
    double largest = 0.0, sign = 1.0;
    for (int64_t i = 0; i < s->inputs; i++)
      if (fabs(v[i][best]) > largest * (1.0 + 1e-6)) {
        largest = fabs(v[i][best]);
        sign = v[i][best] < 0.0 ? -1.0 : 1.0;
      }
    for (int64_t i = 0; i < s->inputs; i++) s->vectors[c][i] = sign * v[i][best];
  }
}

static inline void step(pca *s, double *memory, const double *in, double *out) {
  (void)memory;
  pln_weighted_push(&s->moments, in);
  if (s->row++ % s->every == 0) decompose(s);
  for (int64_t c = 0; c < COMPONENTS; c++) {
    double sum = 0.0;
    for (int64_t i = 0; i < s->inputs; i++) {
      const double scale = s->covariance ? 1.0 : deviation(s, i);
      sum += scale > 0.0 ? s->vectors[c][i] * ((in[i] - s->moments.mean[i]) / scale) : 0.0;
    }
    out[c] = sum;
    out[COMPONENTS + c] = s->shares[c];
  }
}
PLN_IND_STEP(pca, step)
PLN_IND_BATCH(pca, (int32_t)s.inputs, 8, step)

const pln_ind_desc pln_ind_online_pca = {
    .info =
        {.name = "online_pca",
         .aliases = "pca",
         .group = "learning",
         .help = "Principal components of a set of features",
         .formula =
             "eigenvectors of the exponentially weighted covariance of the inputs (weights (1 - 2 / (span + "
             "1))^age), or of their correlation (scale=correlation), by Jacobi rotations every `every` rows, "
             "the largest eigenvalue first. pc1 … pc4: this row's inputs less their mean (over their "
             "deviation) along the first four; share1 … share4: their parts of the sum of the eigenvalues. "
             "Of each vector the entry of the largest size is positive (the first of those that are equal to "
             "1e-6). What there are not enough inputs for, and all of it where nothing moves, is 0",
         .inputs = "x1 x2",
         .outputs = "pc1 pc2 pc3 pc4 share1 share2 share3 share4",
         .example = "online_pca(close, volume, high - low).pc1",
         .params = params,
         .n_params = 4,
         .input_kind = PLN_INPUT_VARIADIC},
    .n_inputs = 2,
    .n_outputs = 8,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = step_rows,
};
