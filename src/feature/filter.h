#pragma once
#include "feature/ind.h"

/* Recursive filters of up to four poles:
 *
 *     y[0] = Σ b[k] x[k] + Σ a[k] y[k]
 *
 * written from differences, so that a flat price is exactly itself (gain 1: b and a sum to 1) or exactly
 * nothing (gain 0: b sums to 0):
 *
 *     y[0] = gain x[0] + Σ b[k] (x[k] - x[0]) + Σ a[k] (y[k] - gain x[0])
 *
 * Before the first row everything was as in it: the filter begins in its steady state. With `verbatim` the
 * first so many results are the inputs themselves, as some libraries have it. */
enum { PLN_FILTER_POLES = 4 };

typedef struct pln_filter {
  double gain;
  double b[2]; /* of x[1] and x[2]; that of x[0] follows from the gain */
  double a[PLN_FILTER_POLES];
  double x[2]; /* of the rows before, the newest first */
  double y[PLN_FILTER_POLES];
  int32_t rows; /* seen, as far as it matters */
  int32_t verbatim;
} pln_filter;

PLN_INLINE double pln_filter_step(pln_filter *s, double x) {
  const double level = s->gain * x;
  if (s->rows == 0) {
    s->x[0] = s->x[1] = x;
    for (int32_t k = 0; k < PLN_FILTER_POLES; k++) s->y[k] = level;
  }
  /* What depends on the last result comes last. */
  double y = s->b[0] * (s->x[0] - x) + s->b[1] * (s->x[1] - x);
  for (int32_t k = PLN_FILTER_POLES - 1; k >= 0; k--) y += s->a[k] * (s->y[k] - level);
  y += level;
  if (s->rows < s->verbatim) y = x;
  s->rows += s->rows <= s->verbatim;
  s->x[1] = s->x[0];
  s->x[0] = x;
  for (int32_t k = PLN_FILTER_POLES - 1; k > 0; k--) s->y[k] = s->y[k - 1];
  return s->y[0] = y;
}

static const double pln_pi = 3.141592653589793;

/* Ehlers' filters (Rocket Science for Traders, 2001; Cycle Analytics for Traders, 2013). `s` is zeroed. */

/* alpha of a high pass; 1 + (sin t - 1) / cos t, which has no value at t = π / 2. */
static inline double pln_filter_alpha(double period, double k) {
  return 1.0 - tan(pln_pi / 4.0 - pln_pi * k / period);
}
static inline void pln_filter_high_pass(pln_filter *s, double period) {
  const double alpha = pln_filter_alpha(period, 1.0);
  s->b[0] = -(1.0 - alpha / 2.0);
  s->a[0] = 1.0 - alpha;
}
static inline void pln_filter_high_pass_2_pole(pln_filter *s, double period) {
  const double alpha = pln_filter_alpha(period, 0.707), c = (1.0 - alpha / 2.0) * (1.0 - alpha / 2.0);
  s->b[0] = -2.0 * c;
  s->b[1] = c;
  s->a[0] = 2.0 * (1.0 - alpha);
  s->a[1] = -(1.0 - alpha) * (1.0 - alpha);
}
static inline void pln_filter_supersmoother(pln_filter *s, double period) {
  const double a = exp(-1.414 * pln_pi / period), b = 2.0 * a * cos(1.414 * pln_pi / period);
  s->gain = 1.0;
  s->b[0] = (1.0 + a * a - b) / 2.0;
  s->a[0] = b;
  s->a[1] = -a * a;
}
static inline void pln_filter_supersmoother_3_pole(pln_filter *s, double period) {
  const double a = exp(-pln_pi / period), b = 2.0 * a * cos(1.738 * pln_pi / period), c = a * a;
  s->gain = 1.0;
  s->a[0] = b + c;
  s->a[1] = -(c + b * c);
  s->a[2] = c * c;
}
/* alpha of Gauss and Butterworth filters. */
static inline double pln_filter_beta(double period, double width) {
  const double beta = (1.0 - cos(2.0 * pln_pi / period)) * width;
  return -beta + sqrt(beta * beta + 2.0 * beta);
}
static inline void pln_filter_gauss(pln_filter *s, double period, int64_t poles) {
  const double r = 1.0 - pln_filter_beta(period, 1.0 / (pow(2.0, 1.0 / (double)poles) - 1.0));
  s->gain = 1.0;
  double power = 1.0, choose = 1.0;
  for (int64_t k = 1; k <= poles; k++) {
    power *= -r;
    choose = choose * (double)(poles - k + 1) / (double)k;
    s->a[k - 1] = -choose * power;
  }
}
/* c (x[0] - x[2]) + beta (1 + alpha) y[1] - alpha y[2], c = (1 - alpha) / 2; gamma = cos of the half width.
 */
static inline void pln_filter_band_pass(pln_filter *s, double period, double gamma) {
  const double alpha = 1.0 / gamma - sqrt(1.0 / (gamma * gamma) - 1.0);
  s->b[1] = -(1.0 - alpha) / 2.0;
  s->a[0] = cos(2.0 * pln_pi / period) * (1.0 + alpha);
  s->a[1] = -alpha;
}

/* The kernel of an indicator that is one filter of its source; INIT(s, p) fills it. */
#define PLN_FILTER_KERNEL(INIT)                                                                              \
  static int64_t size(const double *p) {                                                                     \
    (void)p;                                                                                                 \
    return PLN_IND_SIZE(pln_filter, 0);                                                                      \
  }                                                                                                          \
  static void init(void *state, const double *p) { INIT((pln_filter *)state, p); }                           \
  static inline void step(pln_filter *s, double *memory, const double *in, double *out) {                    \
    (void)memory;                                                                                            \
    out[0] = pln_filter_step(s, in[0]);                                                                      \
  }                                                                                                          \
  PLN_IND_STEP(pln_filter, step)                                                                             \
  PLN_IND_BATCH(pln_filter, 1, 1, step)
