#pragma once
#include "feature/cumulative.h"
#include "feature/smooth.h"

/* The kernel of the McClellan oscillator and of its sum. The includer says WHICH: an enumerator before it. */

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("fast", "period of the fast average", 19, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_INT("slow", "period of the slow average", 39, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_WORD("net", "the difference, or 1000 times its part of all", 0, 1, "difference ratio"),
    PLN_PARAM_WORD("seed", "of the averages: the mean of the first `period` values, or the first value", 0, 1,
                   "sma first"),
};

typedef struct mcclellan {
  pln_smooth fast;
  pln_smooth slow;
  pln_cumulative sum;
  int64_t skip; /* rows before the oscillator */
  int32_t is_ratio;
  int32_t reserved;
} mcclellan;

static int64_t lookback(const double *p) {
  return p[3] == 0.0 ? (int64_t)(p[0] > p[1] ? p[0] : p[1]) - 1 : 0;
}
static int64_t size(const double *p) {
  (void)p;
  return PLN_IND_SIZE(mcclellan, 0);
}
static void init(void *state, const double *p) {
  mcclellan *s = state;
  const int first = p[3] != 0.0;
  pln_smooth_init(&s->fast, 2.0 / (p[0] + 1.0), first ? 1 : (int64_t)p[0], 0);
  pln_smooth_init(&s->slow, 2.0 / (p[1] + 1.0), first ? 1 : (int64_t)p[1], 0);
  s->skip = lookback(p);
  s->is_ratio = p[2] != 0.0;
}

PLN_INLINE double net_of(double advances, double declines, int is_ratio) {
  const double net = advances - declines, all = advances + declines;
  if (!is_ratio) return net;
  return all == 0.0 ? 0.0 : 1000.0 * (net / all);
}

static inline void step(mcclellan *s, double *memory, const double *in, double *out) {
  (void)memory;
  const double net = net_of(in[0], in[1], s->is_ratio);
  const double fast = pln_smooth_step(&s->fast, net), slow = pln_smooth_step(&s->slow, net);
  out[0] = fast - slow;
  if (WHICH == SUMMATION) {
    if (s->skip > 0)
      s->skip--;
    else
      out[0] = pln_cumulative_step(&s->sum, out[0]);
  }
  out[1] = !s->is_ratio || in[0] + in[1] != 0.0;
}
PLN_IND_STEP(mcclellan, step)

enum { BLOCK = 512 };

PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n) {
  mcclellan *s = state;
  double net[BLOCK], fast[BLOCK], slow[BLOCK];
  for (int64_t i = 0; i < n; i += BLOCK) {
    const int64_t m = n - i < BLOCK ? n - i : BLOCK;
    const double *advances = in[0] + i, *declines = in[1] + i;
    double *y = out[0] + i;
    PLN_IVDEP
    for (int64_t j = 0; j < m; j++) net[j] = net_of(advances[j], declines[j], s->is_ratio);
    pln_smooth_rows(&s->fast, net, fast, m);
    pln_smooth_rows(&s->slow, net, slow, m);
    PLN_IVDEP
    for (int64_t j = 0; j < m; j++) fast[j] -= slow[j];
    int64_t cold = 0;
    if (WHICH == SUMMATION) {
      cold = s->skip < m ? s->skip : m;
      s->skip -= cold;
      pln_cumulative_rows(&s->sum, fast + cold, y + cold, m - cold);
    }
    for (int64_t j = 0; j < (WHICH == SUMMATION ? cold : m); j++) y[j] = fast[j];
  }
}
PLN_IND_SIMD(batch, rows)
