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

static inline void step(mcclellan *s, double *memory, const double *in, double *out) {
  (void)memory;
  double net = in[0] - in[1];
  const double all = in[0] + in[1];
  out[1] = 1.0;
  if (s->is_ratio) {
    net = all == 0.0 ? 0.0 : 1000.0 * (net / all);
    out[1] = all != 0.0;
  }
  const double fast = pln_smooth_step(&s->fast, net), slow = pln_smooth_step(&s->slow, net);
  double sum = 0.0;
  if (s->skip > 0)
    s->skip--;
  else
    sum = pln_cumulative_step(&s->sum, fast - slow);
  out[0] = WHICH == SUMMATION ? sum : fast - slow;
}
PLN_IND_STEP(mcclellan, step)
PLN_IND_BATCH(mcclellan, 2, 1, step)
