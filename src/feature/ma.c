#include "feature/ma.h"

int64_t pln_ma_lookback(int32_t type, int64_t n) {
  switch ((pln_ma_type)type) {
  case PLN_MA_DEMA:
    return 2 * (n - 1);
  case PLN_MA_TEMA:
    return 3 * (n - 1);
  case PLN_MA_T3:
    return 6 * (n - 1);
  case PLN_MA_KAMA:
    return n;
  case PLN_MA_MAMA:
    return 32;
  case PLN_MA_HMA:
    return n - 1 + (int64_t)sqrt((double)n) - 1;
  case PLN_MA_ZLEMA:
    return (n - 1) / 2 + n - 1;
  case PLN_MA_SMA:
  case PLN_MA_EMA:
  case PLN_MA_WMA:
  case PLN_MA_TRIMA:
  case PLN_MA_SMMA:
    break;
  }
  return n - 1;
}

/* Hull's averages: of half the rows, of all, and of their difference. */
static int64_t half(int64_t n) { return n > 1 ? n / 2 : 1; }
static int64_t root(int64_t n) { return (int64_t)sqrt((double)n); }
/* A triangle is a mean of means; the sizes of both. */
static int64_t inner(int64_t n) { return n / 2 + 1; }
static int64_t outer(int64_t n) { return (n + 1) / 2; }

int64_t pln_ma_doubles(int32_t type, int64_t n) {
  switch ((pln_ma_type)type) {
  case PLN_MA_SMA:
    return pln_window_doubles(n, 1);
  case PLN_MA_WMA:
    return pln_window_doubles(n, 2);
  case PLN_MA_TRIMA:
    return pln_window_doubles(inner(n), 1) + pln_window_doubles(outer(n), 1);
  case PLN_MA_KAMA:
    return pln_window_doubles(n, 1) + n;
  case PLN_MA_HMA:
    return pln_window_doubles(half(n), 2) + pln_window_doubles(n, 2) + pln_window_doubles(root(n), 2);
  case PLN_MA_ZLEMA:
    return (n - 1) / 2;
  case PLN_MA_EMA:
  case PLN_MA_DEMA:
  case PLN_MA_TEMA:
  case PLN_MA_MAMA:
  case PLN_MA_T3:
  case PLN_MA_SMMA:
    break;
  }
  return 0;
}

/* k exponential averages, each over the one before. */
static void init_chain(pln_ma *s, int32_t k, int64_t n) {
  for (int32_t i = 0; i < k; i++) pln_smooth_init(&s->smooth[i], 2.0 / ((double)n + 1.0), n, i * (n - 1));
}

void pln_ma_init(pln_ma *s, int32_t type, int64_t n) {
  s->type = type;
  s->n = (int32_t)n;
  switch ((pln_ma_type)type) {
  case PLN_MA_EMA:
    init_chain(s, 1, n);
    break;
  case PLN_MA_DEMA:
    init_chain(s, 2, n);
    break;
  case PLN_MA_TEMA:
    init_chain(s, 3, n);
    break;
  case PLN_MA_SMMA:
    pln_smooth_init(&s->smooth[0], 1.0 / (double)n, n, 0);
    break;
  case PLN_MA_SMA:
  case PLN_MA_WMA:
    pln_window_init(&s->window[0], n);
    break;
  case PLN_MA_TRIMA:
    pln_window_init(&s->window[0], inner(n));
    pln_window_init(&s->window[1], outer(n));
    break;
  case PLN_MA_HMA:
    pln_window_init(&s->window[0], half(n));
    pln_window_init(&s->window[1], n);
    pln_window_init(&s->window[2], root(n));
    break;
  case PLN_MA_ZLEMA:
    s->zlema.lag.n = (int32_t)((n - 1) / 2);
    pln_smooth_init(&s->zlema.smooth, 2.0 / ((double)n + 1.0), n, s->zlema.lag.n);
    break;
  case PLN_MA_KAMA:
    pln_ma_init_kama(s, n, 2, 30);
    break;
  case PLN_MA_MAMA:
    pln_ma_init_mama(s, 0.5, 0.05);
    break;
  case PLN_MA_T3:
    pln_ma_init_t3(s, n, 0.7);
    break;
  }
}

void pln_ma_init_kama(pln_ma *s, int64_t n, int64_t fast, int64_t slow) {
  s->type = PLN_MA_KAMA;
  s->n = (int32_t)n;
  pln_window_init(&s->kama.window, n);
  s->kama.lag.n = (int32_t)n;
  s->kama.fast = 2.0 / ((double)fast + 1.0);
  s->kama.slow = 2.0 / ((double)slow + 1.0);
}

void pln_ma_init_mama(pln_ma *s, double fast_limit, double slow_limit) {
  s->type = PLN_MA_MAMA;
  pln_hilbert_init(&s->mama.hilbert, PLN_HILBERT_EARLY);
  s->mama.fast = fast_limit;
  s->mama.slow = slow_limit;
}

void pln_ma_start_mama_early(pln_ma *s) {
  s->mama.hilbert.start = PLN_MA_MAMA_SEED;
  s->mama.seed_rows = PLN_MA_MAMA_SEED;
}

/* Tillson's weights of the fourth to the sixth average; with that of the third they sum to 1. */
void pln_ma_init_t3(pln_ma *s, int64_t n, double v) {
  s->type = PLN_MA_T3;
  s->n = (int32_t)n;
  init_chain(s, 6, n);
  s->weights[0] = -6.0 * v * v - 3.0 * (v + v * v * v);
  s->weights[1] = 3.0 * v * v + 3.0 * v * v * v;
  s->weights[2] = -v * v * v;
}

/* Combinations that leave a flat price exactly as it is. */
PLN_INLINE double dema(double e1, double e2) { return e1 + (e1 - e2); }
PLN_INLINE double tema(double e1, double e2, double e3) { return e3 + 3.0 * (e1 - e2); }
PLN_INLINE double t3(const double *w, double e3, double e4, double e5, double e6) {
  return e3 + (w[0] * (e4 - e3) + (w[1] * (e5 - e3) + w[2] * (e6 - e3)));
}
PLN_INLINE double zero_lag(double x, double old) { return x + (x - old); }

PLN_INLINE double mean_step(pln_window *w, double *memory, double x) {
  double mean = 0.0;
  pln_window_step(w, memory, 1, 0, pln_merge_mean, &x, &mean);
  return mean;
}

/* What moved in all over what was walked: 1 where nothing moved, as TA-Lib. */
PLN_INLINE double efficiency(double moved, double mean_step, double n) {
  const double walked = mean_step * n, distance = fabs(moved);
  return distance < walked ? distance / walked : 1.0;
}
PLN_INLINE double kama_weight(double er, double fast, double slow) {
  const double root = er * (fast - slow) + slow;
  return root * root;
}

PLN_INLINE double kama_step(pln_ma *s, double *memory, double x, double *er) {
  const double walk = s->kama.rows ? fabs(x - s->kama.previous) : 0.0;
  s->kama.previous = x;
  const double mean = mean_step(&s->kama.window, memory, walk);
  const double old = pln_lag_step(&s->kama.lag, memory + pln_window_doubles(s->n, 1), x);
  *er = efficiency(x - old, mean, (double)s->n);
  if (s->kama.rows++ < s->n) {
    pln_adaptive_start(&s->kama.average, x);
    return x;
  }
  return pln_adaptive_step(&s->kama.average, kama_weight(*er, s->kama.fast, s->kama.slow), x);
}

PLN_INLINE double mama_step(pln_ma *s, double x, double *fama) {
  pln_hilbert *h = &s->mama.hilbert;
  const int begun = h->row >= h->start;
  const pln_hilbert_row r = pln_hilbert_step(h, x);
  if (!begun) {
    if ((double)h->row <= s->mama.seed_rows) s->mama.mama += (x - s->mama.mama) / (double)h->row;
    return *fama = s->mama.fama = s->mama.mama;
  }
  const double phase =
      r.in_phase != 0.0 ? pln_hilbert_degrees * pln_atan_ratio(r.quadrature, r.in_phase) : 0.0;
  const double turn = s->mama.phase - phase;
  s->mama.phase = phase;
  double alpha = s->mama.fast;
  if (turn > 1.0) alpha = s->mama.fast / turn > s->mama.slow ? s->mama.fast / turn : s->mama.slow;
  s->mama.mama = alpha * x + (1.0 - alpha) * s->mama.mama;
  alpha *= 0.5;
  *fama = s->mama.fama = alpha * s->mama.mama + (1.0 - alpha) * s->mama.fama;
  return s->mama.mama;
}

double pln_ma_step_two(pln_ma *s, double *memory, double x, double *second) {
  if (s->type == PLN_MA_KAMA) return kama_step(s, memory, x, second);
  return mama_step(s, x, second);
}

double pln_ma_step(pln_ma *s, double *memory, double x) {
  double second;
  switch ((pln_ma_type)s->type) {
  case PLN_MA_SMA:
    return mean_step(&s->window[0], memory, x);
  case PLN_MA_WMA:
    return pln_weighted_step(&s->window[0], memory, x);
  case PLN_MA_EMA:
  case PLN_MA_SMMA:
    return pln_smooth_step(&s->smooth[0], x);
  case PLN_MA_DEMA: {
    const double e1 = pln_smooth_step(&s->smooth[0], x);
    return dema(e1, pln_smooth_step(&s->smooth[1], e1));
  }
  case PLN_MA_TEMA: {
    const double e1 = pln_smooth_step(&s->smooth[0], x), e2 = pln_smooth_step(&s->smooth[1], e1);
    return tema(e1, e2, pln_smooth_step(&s->smooth[2], e2));
  }
  case PLN_MA_T3: {
    double e[7] = {x};
    for (int32_t i = 0; i < 6; i++) e[i + 1] = pln_smooth_step(&s->smooth[i], e[i]);
    return t3(s->weights, e[3], e[4], e[5], e[6]);
  }
  case PLN_MA_TRIMA: {
    const double mean = mean_step(&s->window[0], memory, x);
    return mean_step(&s->window[1], memory + pln_window_doubles(inner(s->n), 1), mean);
  }
  case PLN_MA_HMA: {
    double *two = memory + pln_window_doubles(half(s->n), 2), *three = two + pln_window_doubles(s->n, 2);
    const double near = pln_weighted_step(&s->window[0], memory, x);
    return pln_weighted_step(&s->window[2], three, zero_lag(near, pln_weighted_step(&s->window[1], two, x)));
  }
  case PLN_MA_ZLEMA: {
    const double old = pln_lag_step(&s->zlema.lag, memory, x);
    return pln_smooth_step(&s->zlema.smooth, zero_lag(x, s->zlema.rows++ < s->zlema.lag.n ? x : old));
  }
  case PLN_MA_KAMA:
  case PLN_MA_MAMA:
    break;
  }
  return pln_ma_step_two(s, memory, x, &second);
}

enum { BLOCK = PLN_WINDOW_BLOCK };

PLN_INLINE void mean_rows(pln_window *w, double *memory, const double *x, double *out, int64_t m) {
  pln_window_block(w, memory, 1, 0, pln_merge_mean, &x, &out, m);
}

PLN_INLINE void weighted_rows(pln_window *w, double *memory, const double *x, double *out, int64_t m) {
  double mean[BLOCK];
  const double *const leaf[] = {x, pln_window_zeros};
  double *const both[] = {mean, out};
  pln_window_block(w, memory, 2, 0, pln_merge_tilt, leaf, both, m);
  const double n = (double)w->n;
  PLN_IVDEP
  for (int64_t i = 0; i < m; i++) out[i] = pln_weighted_mean(mean[i], out[i], n);
}

PLN_INLINE void zero_lag_rows(const double *x, const double *old, double *out, int64_t m) {
  PLN_IVDEP
  for (int64_t i = 0; i < m; i++) out[i] = zero_lag(x[i], old[i]);
}

/* m rows of k averages, each over the one before: the last four of them in e. */
PLN_INLINE void chain_rows(pln_ma *s, int32_t k, const double *x, double (*e)[BLOCK], int64_t m) {
  for (int32_t i = 0; i < k; i++) pln_smooth_rows(&s->smooth[i], i ? e[(i - 1) & 3] : x, e[i & 3], m);
}

PLN_INLINE void kama_rows(pln_ma *s, double *memory, const double *x, double *out, double *er, int64_t m) {
  double walk[BLOCK], mean[BLOCK], weight[BLOCK];
  double *old = weight;
  walk[0] = s->kama.rows ? fabs(x[0] - s->kama.previous) : 0.0;
  PLN_IVDEP
  for (int64_t i = 1; i < m; i++) walk[i] = fabs(x[i] - x[i - 1]);
  s->kama.previous = x[m - 1];
  mean_rows(&s->kama.window, memory, walk, mean, m);
  pln_lag_rows(&s->kama.lag, memory + pln_window_doubles(s->n, 1), x, old, m);
  const double n = (double)s->n, fast = s->kama.fast, slow = s->kama.slow;
  PLN_IVDEP
  for (int64_t i = 0; i < m; i++) {
    er[i] = efficiency(x[i] - old[i], mean[i], n);
    weight[i] = kama_weight(er[i], fast, slow);
  }
  const int64_t early = s->n - s->kama.rows < m ? s->n - s->kama.rows : m;
  int64_t i = 0;
  for (; i < early; i++) out[i] = x[i];
  if (i > 0) pln_adaptive_start(&s->kama.average, x[i - 1]);
  if (i < m) pln_adaptive_rows(&s->kama.average, weight + i, x + i, out + i, m - i);
  s->kama.rows += m;
}

PLN_INLINE void block_two(pln_ma *s, double *memory, const double *x, double *out, double *second,
                          int64_t m) {
  if (s->type == PLN_MA_KAMA) {
    kama_rows(s, memory, x, out, second, m);
    return;
  }
  for (int64_t i = 0; i < m; i++) out[i] = mama_step(s, x[i], &second[i]);
}

PLN_INLINE void block_one(pln_ma *s, double *memory, const double *x, double *out, int64_t m) {
  double e[4][BLOCK];
  switch ((pln_ma_type)s->type) {
  case PLN_MA_SMA:
    mean_rows(&s->window[0], memory, x, out, m);
    return;
  case PLN_MA_WMA:
    weighted_rows(&s->window[0], memory, x, out, m);
    return;
  case PLN_MA_EMA:
  case PLN_MA_SMMA:
    pln_smooth_rows(&s->smooth[0], x, out, m);
    return;
  case PLN_MA_DEMA:
    chain_rows(s, 2, x, e, m);
    PLN_IVDEP
    for (int64_t i = 0; i < m; i++) out[i] = dema(e[0][i], e[1][i]);
    return;
  case PLN_MA_TEMA:
    chain_rows(s, 3, x, e, m);
    PLN_IVDEP
    for (int64_t i = 0; i < m; i++) out[i] = tema(e[0][i], e[1][i], e[2][i]);
    return;
  case PLN_MA_T3:
    chain_rows(s, 6, x, e, m);
    PLN_IVDEP
    for (int64_t i = 0; i < m; i++) out[i] = t3(s->weights, e[2][i], e[3][i], e[0][i], e[1][i]);
    return;
  case PLN_MA_TRIMA:
    mean_rows(&s->window[0], memory, x, e[0], m);
    mean_rows(&s->window[1], memory + pln_window_doubles(inner(s->n), 1), e[0], out, m);
    return;
  case PLN_MA_HMA: {
    double *two = memory + pln_window_doubles(half(s->n), 2), *three = two + pln_window_doubles(s->n, 2);
    weighted_rows(&s->window[0], memory, x, e[0], m);
    weighted_rows(&s->window[1], two, x, e[1], m);
    zero_lag_rows(e[0], e[1], e[2], m);
    weighted_rows(&s->window[2], three, e[2], out, m);
    return;
  }
  case PLN_MA_ZLEMA:
    pln_lag_rows(&s->zlema.lag, memory, x, e[0], m);
    for (int64_t i = 0; i < m && s->zlema.rows + i < s->zlema.lag.n; i++) e[0][i] = x[i];
    s->zlema.rows += m;
    zero_lag_rows(x, e[0], e[1], m);
    pln_smooth_rows(&s->zlema.smooth, e[1], out, m);
    return;
  case PLN_MA_KAMA:
  case PLN_MA_MAMA:
    block_two(s, memory, x, out, e[0], m);
    return;
  }
}

/* In the shape of a batch form, so that it is compiled for several kinds of processor. */
typedef struct work {
  pln_ma *s;
  double *memory;
} work;

PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n) {
  const work *w = state;
  for (int64_t i = 0; i < n; i += BLOCK)
    block_one(w->s, w->memory, in[0] + i, out[0] + i, n - i < BLOCK ? n - i : BLOCK);
}
PLN_IND_SIMD(one, rows)

PLN_INLINE void rows_two(void *state, const double *const *in, double *const *out, int64_t n) {
  const work *w = state;
  for (int64_t i = 0; i < n; i += BLOCK)
    block_two(w->s, w->memory, in[0] + i, out[0] + i, out[1] + i, n - i < BLOCK ? n - i : BLOCK);
}
PLN_IND_SIMD(two, rows_two)

void pln_ma_rows(pln_ma *s, double *memory, const double *x, double *out, int64_t n) {
  work w = {s, memory};
  one(&w, &x, &out, n);
}

void pln_ma_rows_two(pln_ma *s, double *memory, const double *x, double *out, double *second, int64_t n) {
  work w = {s, memory};
  double *const both[] = {out, second};
  two(&w, &x, both, n);
}
