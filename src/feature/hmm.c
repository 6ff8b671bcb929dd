#include "feature/hmm.h"
#include <string.h>

/* Variances do not fall below this share of that of all rows, moves not below this probability. */
static const double least_variance = 1e-6, least_move = 1e-10;
/* Starts: by scores of single rows or of their means over some rows; chance to leave a state. */
enum { STARTS = 4, START_ROWS = 10 };
static const double start_leave = 0.1;

int64_t pln_hmm_doubles(int64_t n, int64_t states) { return n * (2 * states + 1); }

/* Densities of x in each state, over the largest of them. Returns the logarithm of that. */
static double densities(const pln_hmm *m, double x, double *b) {
  double largest = -(double)INFINITY;
  for (int64_t k = 0; k < m->states; k++) {
    const double gap = x - m->mean[k];
    b[k] = -0.5 * (log(m->variance[k]) + gap * gap / m->variance[k]);
    largest = b[k] > largest ? b[k] : largest;
  }
  for (int64_t k = 0; k < m->states; k++) b[k] = exp(b[k] - largest);
  return largest;
}

static double normalize(double *p, int64_t n) {
  double sum = 0.0;
  for (int64_t k = 0; k < n; k++) sum += p[k];
  for (int64_t k = 0; k < n; k++) p[k] = sum > 0.0 ? p[k] / sum : 1.0 / (double)n;
  return sum;
}

void pln_hmm_filter(const pln_hmm *m, double *p, double x, int32_t first) {
  double b[PLN_HMM_MAX_STATES], next[PLN_HMM_MAX_STATES];
  densities(m, x, b);
  for (int64_t k = 0; k < m->states; k++) {
    double sum = first ? m->start[k] : 0.0;
    for (int64_t i = 0; i < m->states && !first; i++) sum += p[i] * m->move[i][k];
    next[k] = sum * b[k];
  }
  normalize(next, m->states);
  memcpy(p, next, (size_t)m->states * sizeof *p);
}

static void sift(double *a, int64_t root, int64_t n) {
  for (int64_t child; (child = 2 * root + 1) < n; root = child) {
    if (child + 1 < n && a[child + 1] > a[child]) child++;
    if (!(a[child] > a[root])) return;
    const double swap = a[root];
    a[root] = a[child];
    a[child] = swap;
  }
}

static void sort(double *a, int64_t n) {
  for (int64_t i = n / 2; i-- > 0;) sift(a, i, n);
  for (int64_t end = n; end-- > 1;) {
    const double swap = a[0];
    a[0] = a[end];
    a[end] = swap;
    sift(a, 0, end);
  }
}

/* One of the starts. Rows have as score their distance from the mean of all (by_mean: their value), or the
 * mean of that over the last START_ROWS rows. By it they go into groups of the same size, or between the 5 %
 * and the 95 % quantile of the scores into groups of the same width: the states. */
static void begin(pln_hmm *m, const double *x, int64_t n, double center, double variance, int kind,
                  double *scratch) {
  double *score = scratch, *order = scratch + n, bound[PLN_HMM_MAX_STATES];
  for (int64_t t = 0; t < n; t++) {
    const int64_t most = kind & 1 ? 1 : START_ROWS, rows = t + 1 < most ? t + 1 : most;
    double sum = 0.0;
    for (int64_t k = 0; k < rows; k++) sum += m->by_mean ? x[t - k] - center : fabs(x[t - k] - center);
    order[t] = score[t] = sum / (double)rows;
  }
  sort(order, n);
  const double low = order[n / 20], high = order[n - 1 - n / 20];
  for (int64_t k = 1; k < m->states; k++)
    bound[k] = kind & 2 ? low + (high - low) * (double)k / (double)m->states : order[k * n / m->states];
  double count[PLN_HMM_MAX_STATES] = {0}, mean[PLN_HMM_MAX_STATES] = {0}, squares[PLN_HMM_MAX_STATES] = {0};
  for (int64_t t = 0; t < n; t++) {
    int64_t k = 0;
    while (k + 1 < m->states && score[t] >= bound[k + 1]) k++;
    const double gap = x[t] - mean[k];
    count[k] += 1.0;
    mean[k] += gap / count[k];
    squares[k] += gap * (x[t] - mean[k]);
  }
  const double others = m->states > 1 ? start_leave / (double)(m->states - 1) : 0.0;
  for (int64_t k = 0; k < m->states; k++) {
    m->mean[k] = count[k] > 0.0 ? mean[k] : center;
    m->variance[k] = count[k] > 0.0 ? squares[k] / count[k] : variance;
    if (m->variance[k] < m->floor) m->variance[k] = m->floor;
    m->start[k] = 1.0 / (double)m->states;
    for (int64_t i = 0; i < m->states; i++)
      m->move[k][i] = i != k ? others : m->states > 1 ? 1.0 - start_leave : 1.0;
  }
}

/* One iteration: alpha and density are n rows of the states' figures, scale the rows' sums. Returns the
 * logarithm of the likelihood that the model had before. */
static double improve(pln_hmm *m, const double *x, int64_t n, double *alpha, double *density, double *scale) {
  const int64_t states = m->states;
  double beta[PLN_HMM_MAX_STATES], gamma[PLN_HMM_MAX_STATES],
      count[PLN_HMM_MAX_STATES] = {0}, left[PLN_HMM_MAX_STATES] = {0}, mean[PLN_HMM_MAX_STATES] = {0},
      squares[PLN_HMM_MAX_STATES] = {0}, moves[PLN_HMM_MAX_STATES][PLN_HMM_MAX_STATES] = {{0}},
      start[PLN_HMM_MAX_STATES], likelihood = 0.0;
  for (int64_t t = 0; t < n; t++) {
    double *a = alpha + t * states, *b = density + t * states;
    likelihood += densities(m, x[t], b);
    for (int64_t k = 0; k < states; k++) {
      double sum = t ? 0.0 : m->start[k];
      for (int64_t i = 0; i < states && t; i++) sum += a[i - states] * m->move[i][k];
      a[k] = sum * b[k];
    }
    scale[t] = normalize(a, states);
    likelihood += log(scale[t]);
  }
  for (int64_t k = 0; k < states; k++) beta[k] = 1.0;
  for (int64_t t = n - 1; t >= 0; t--) {
    const double *a = alpha + t * states;
    for (int64_t k = 0; k < states; k++) gamma[k] = a[k] * beta[k];
    normalize(gamma, states);
    for (int64_t k = 0; k < states; k++) { /* weighted mean and squares, West (1979) */
      count[k] += gamma[k];
      const double gap = x[t] - mean[k];
      if (count[k] > 0.0) mean[k] += gap * (gamma[k] / count[k]);
      squares[k] += gamma[k] * gap * (x[t] - mean[k]);
      start[k] = gamma[k];
    }
    if (t == 0) break;
    const double *b = density + t * states, *before = alpha + (t - 1) * states;
    double next[PLN_HMM_MAX_STATES];
    for (int64_t i = 0; i < states; i++) {
      next[i] = 0.0;
      for (int64_t k = 0; k < states; k++) {
        const double path = m->move[i][k] * b[k] * beta[k] / scale[t];
        next[i] += path;
        moves[i][k] += before[i] * path;
        left[i] += before[i] * path;
      }
    }
    memcpy(beta, next, sizeof beta);
  }
  for (int64_t k = 0; k < states; k++) {
    m->start[k] = start[k];
    if (count[k] > 1e-8 * (double)n) { /* else a state that nothing is in stays as it is */
      m->mean[k] = mean[k];
      m->variance[k] = squares[k] / count[k] > m->floor ? squares[k] / count[k] : m->floor;
    }
    if (left[k] > 0.0)
      for (int64_t i = 0; i < states; i++)
        m->move[k][i] = moves[k][i] / left[k] > least_move ? moves[k][i] / left[k] : least_move;
    normalize(m->move[k], states);
  }
  return likelihood;
}

/* States in their order, so that the first is always the calmest (by_mean: the lowest). */
static void arrange(pln_hmm *m) {
  int64_t order[PLN_HMM_MAX_STATES];
  const double *key = m->by_mean ? m->mean : m->variance;
  for (int64_t k = 0; k < m->states; k++) {
    int64_t place = k;
    for (; place > 0 && key[order[place - 1]] > key[k]; place--) order[place] = order[place - 1];
    order[place] = k;
  }
  const pln_hmm old = *m;
  for (int64_t k = 0; k < m->states; k++) {
    m->start[k] = old.start[order[k]];
    m->mean[k] = old.mean[order[k]];
    m->variance[k] = old.variance[order[k]];
    for (int64_t i = 0; i < m->states; i++) m->move[k][i] = old.move[order[k]][order[i]];
  }
}

int32_t pln_hmm_train(pln_hmm *m, const double *x, int64_t n, int64_t iterations, double *scratch) {
  double center = 0.0, squares = 0.0;
  for (int64_t t = 0; t < n; t++) center += x[t] / (double)n;
  for (int64_t t = 0; t < n; t++) squares += (x[t] - center) * (x[t] - center);
  const double variance = squares / (double)n;
  if (!(squares > center * center * 1e-24 * (double)n) || !(variance > 1e-290)) return 0;
  m->floor = variance * least_variance;
  double best = -(double)INFINITY;
  pln_hmm model = *m;
  for (int kind = 0; kind < STARTS; kind++) {
    begin(&model, x, n, center, variance, kind, scratch);
    double likelihood = 0.0;
    for (int64_t k = 0; k < iterations; k++)
      likelihood = improve(&model, x, n, scratch, scratch + n * m->states, scratch + 2 * n * m->states);
    if (kind && !(likelihood > best + fabs(best) * 1e-9)) continue; /* the first of those that are alike */
    best = likelihood;
    *m = model;
  }
  arrange(m);
  return 1;
}
