#pragma once
#include "feature/smooth.h"
#include "feature/window.h"

/* Means over a window of two series at once, as a merge of windows of width 2. Where all rows are equal the
 * mean is exactly that. */
static inline void pln_merge_two_means(double *const *out, const double *const *newer,
                                       const double *const *older, int64_t n, double a, double b) {
  double *o0 = out[0], *o1 = out[1];
  const double *x0 = newer[0], *x1 = newer[1], *y0 = older[0], *y1 = older[1];
  const double weight = b / (a + b);
  PLN_IVDEP
  for (int64_t i = 0; i < n; i++) {
    o0[i] = x0[i] + (y0[i] - x0[i]) * weight;
    o1[i] = x1[i] + (y1[i] - x1[i]) * weight;
  }
}

/* The part of a change that is a gain and the part that is a loss, both >= 0. */
PLN_INLINE void pln_up_down(double change, double *up, double *down) {
  *up = change > 0.0 ? change : 0.0;
  *down = change < 0.0 ? -change : 0.0;
}

/* Averages of the gains and of the losses of a series, over n changes. State is a pln_updown and
 * pln_updown_doubles doubles. They begin with row n; results mean nothing before. */
enum pln_updown_kind {
  PLN_UPDOWN_WILDER = 0, /* by 1 / n, seeded with the means of the first n changes */
  PLN_UPDOWN_MEAN = 1,   /* means of the last n changes */
  PLN_UPDOWN_ZERO = 2    /* by 1 / n, from 0 in the first row on */
};
#define PLN_UPDOWN_WORDS "wilder sma zero"

typedef struct pln_updown {
  union {
    pln_smooth smooth[2];
    pln_window window;
  };
  double previous;
  int32_t kind;
  int32_t started;
} pln_updown;

static inline int64_t pln_updown_doubles(int32_t kind, int64_t n) {
  return kind == PLN_UPDOWN_MEAN ? pln_window_doubles(n, 2) : 0;
}

static inline void pln_updown_init(pln_updown *s, int32_t kind, int64_t n) {
  s->kind = kind;
  if (kind == PLN_UPDOWN_MEAN) {
    pln_window_init(&s->window, n);
    return;
  }
  for (int32_t k = 0; k < 2; k++)
    pln_smooth_init(&s->smooth[k], 1.0 / (double)n, kind == PLN_UPDOWN_ZERO ? 0 : n, 0);
}

PLN_INLINE void pln_updown_step(pln_updown *s, double *memory, double x, double *up, double *down) {
  const double change = x - s->previous;
  s->previous = x;
  double leaf[2], mean[2] = {0.0, 0.0};
  pln_up_down(change, &leaf[0], &leaf[1]);
  if (!s->started)
    s->started = 1;
  else if (s->kind == PLN_UPDOWN_MEAN)
    pln_window_step(&s->window, memory, 2, 0, pln_merge_two_means, leaf, mean);
  else
    for (int32_t k = 0; k < 2; k++) mean[k] = pln_smooth_step(&s->smooth[k], leaf[k]);
  *up = mean[0];
  *down = mean[1];
}

/* m <= PLN_WINDOW_BLOCK rows; the same bits as m steps. */
PLN_INLINE void pln_updown_block(pln_updown *s, double *memory, const double *x, double *up, double *down,
                                 int64_t m) {
  double leaf[2][PLN_WINDOW_BLOCK];
  if (m > 0 && !s->started) {
    pln_updown_step(s, memory, x[0], &up[0], &down[0]);
    x++, up++, down++, m--;
  }
  if (m <= 0) return;
  pln_up_down(x[0] - s->previous, &leaf[0][0], &leaf[1][0]);
  PLN_IVDEP
  for (int64_t j = 1; j < m; j++) pln_up_down(x[j] - x[j - 1], &leaf[0][j], &leaf[1][j]);
  s->previous = x[m - 1];
  if (s->kind == PLN_UPDOWN_MEAN) {
    const double *const in[] = {leaf[0], leaf[1]};
    double *const out[] = {up, down};
    pln_window_block(&s->window, memory, 2, 0, pln_merge_two_means, in, out, m);
  } else {
    pln_smooth_rows(&s->smooth[0], leaf[0], up, m);
    pln_smooth_rows(&s->smooth[1], leaf[1], down, m);
  }
}
