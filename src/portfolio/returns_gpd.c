/* Risk of losses beyond a threshold by a generalised Pareto distribution: Gilli, Kellezi, "An Application of
 * Extreme Value Theory for Measuring Financial Risk" (2006), fitted as empyrical's gpd_risk_estimates does,
 * with the same steps of the same search (Nelder, Mead 1965, with scipy's constants), so that the estimates
 * agree. */
#include "portfolio/returns_state.h"

#include "core/error.h"

#include <float.h>
#include <stdlib.h>
#include <string.h>

typedef struct losses {
  const double *v;
  int64_t n;
} losses;

typedef struct vertex {
  double scale;
  double shape;
  double value;
} vertex;

/* Log likelihood with its sign turned; the largest double where the parameters make no sense. */
static double objective(const losses *beyond, double scale, double shape) {
  const double n = (double)beyond->n;
  double sum = 0;
  if (shape == 0) {
    if (!(scale >= 0)) return DBL_MAX;
    for (int64_t i = 0; i < beyond->n; i++) sum += beyond->v[i];
    return -((-n * log(scale)) - sum / scale);
  }
  if (scale == 0 || !(shape / scale >= 0) || !(scale >= 0)) return DBL_MAX;
  for (int64_t i = 0; i < beyond->n; i++) sum += log(shape / scale * beyond->v[i] + 1);
  return -((-n * log(scale)) - (1 / shape + 1) * sum);
}

static vertex at(const losses *beyond, double scale, double shape) {
  return (vertex){scale, shape, objective(beyond, scale, shape)};
}

/* (1 + by) middle - by worst. */
static vertex along(const losses *beyond, const vertex *middle, const vertex *worst, double by) {
  return at(beyond, (1 + by) * middle->scale - by * worst->scale,
            (1 + by) * middle->shape - by * worst->shape);
}

/* Insertion: ties keep their order. */
static void sort_vertices(vertex *v) {
  for (int i = 1; i < 3; i++)
    for (int k = i; k > 0 && v[k].value < v[k - 1].value; k--) {
      const vertex swap = v[k];
      v[k] = v[k - 1];
      v[k - 1] = swap;
    }
}

static int is_converged(const vertex *v) {
  static const double TOLERANCE = 1e-4;
  for (int k = 1; k < 3; k++)
    if (!(fabs(v[k].scale - v[0].scale) <= TOLERANCE && fabs(v[k].shape - v[0].shape) <= TOLERANCE &&
          fabs(v[0].value - v[k].value) <= TOLERANCE))
      return 0;
  return 1;
}

/* One step; the number of evaluations that it took. */
static int step(const losses *beyond, vertex *v) {
  const vertex middle = {(v[0].scale + v[1].scale) / 2, (v[0].shape + v[1].shape) / 2, 0};
  const vertex reflected = along(beyond, &middle, &v[2], 1);
  if (reflected.value < v[0].value) {
    const vertex expanded = along(beyond, &middle, &v[2], 2);
    v[2] = expanded.value < reflected.value ? expanded : reflected;
    return 2;
  }
  if (reflected.value < v[1].value) {
    v[2] = reflected;
    return 1;
  }
  const int outside = reflected.value < v[2].value;
  const vertex contracted = along(beyond, &middle, &v[2], outside ? 0.5 : -0.5);
  if (outside ? contracted.value <= reflected.value : contracted.value < v[2].value) {
    v[2] = contracted;
    return 2;
  }
  for (int k = 1; k < 3; k++)
    v[k] = at(beyond, v[0].scale + 0.5 * (v[k].scale - v[0].scale),
              v[0].shape + 0.5 * (v[k].shape - v[0].shape));
  return 4;
}

/* 1 where the search converged. */
static int fit(const losses *beyond, double *scale, double *shape) {
  if (beyond->n == 0) return 0;
  enum { MOST = 400 };
  vertex v[3] = {at(beyond, 1, 1), at(beyond, 1.05, 1), at(beyond, 1, 1.05)};
  sort_vertices(v);
  int calls = 3, steps = 1;
  while (!is_converged(v)) {
    if (calls >= MOST || steps >= MOST) return 0;
    calls += step(beyond, v);
    sort_vertices(v);
    steps++;
  }
  *scale = v[0].scale;
  *shape = v[0].shape;
  return 1;
}

static void estimate(const double *v, int64_t n, double probability, double *all, double *out) {
  int64_t n_losses = 0;
  for (int64_t i = 0; i < n; i++)
    if (v[i] < 0) all[n_losses++] = -v[i];
  double *tail = all + n;
  for (double threshold = 0.2; threshold > 1e-9; threshold /= 2) {
    losses beyond = {tail, 0};
    for (int64_t i = 0; i < n_losses; i++)
      if (all[i] >= threshold) tail[beyond.n++] = all[i];
    double scale, shape;
    if (!fit(&beyond, &scale, &shape) || !(shape > 0)) continue;
    const double exceeding = (double)n_losses / (double)beyond.n * probability;
    const double risk = threshold + scale / shape * (pow(exceeding, -shape) - 1);
    if (!(risk > 0)) continue;
    const double rest = 1 - shape;
    out[0] = threshold;
    out[1] = scale;
    out[2] = shape;
    out[3] = risk;
    out[4] = shape >= 1 ? INFINITY : risk / rest + (scale - shape * threshold) / rest;
    return;
  }
}

int32_t pln_returns_gpd_risk(const double *returns, int64_t n, double probability, double *out) {
  memset(out, 0, 5 * sizeof *out);
  if (!(probability > 0 && probability < 1))
    return pln_fail(PLN_ERR_ARGUMENT,
                    "returns: probability is %g, expected a share between 0 and 1, such as 0.01",
                    probability);
  if (n < 3) return 0;
  double *room = malloc(2 * (size_t)n * sizeof *room);
  if (!room) return pln_fail(PLN_ERR_MEMORY, "no memory for %lld losses", (long long)n);
  estimate(returns, n, probability, room, out);
  free(room);
  return 0;
}
