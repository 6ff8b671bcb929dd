#pragma once
#include "feature/adaptive.h"
#include "feature/hilbert.h"
#include "feature/lag.h"
#include "feature/smooth.h"
#include "feature/window.h"

/* Moving averages by type, for indicators that let their user choose one (and for those that are one).
 *
 * State is a pln_ma and pln_ma_doubles(type, n) doubles, zeroed before init. The average begins with the
 * first row that is given to it. The first nine have TA-Lib's numbers and its conventions. */
typedef enum pln_ma_type {
  PLN_MA_SMA,
  PLN_MA_EMA, /* 2 / (n + 1), seeded with the mean of n rows */
  PLN_MA_WMA,
  PLN_MA_DEMA,
  PLN_MA_TEMA,
  PLN_MA_TRIMA,
  PLN_MA_KAMA, /* constants of 2 and 30 rows */
  PLN_MA_MAMA, /* limits 0.5 and 0.05, whatever n is */
  PLN_MA_T3,   /* volume factor 0.7 */
  PLN_MA_SMMA, /* Wilder: 1 / n, seeded with the mean of n rows */
  PLN_MA_HMA,
  PLN_MA_ZLEMA,
  PLN_MA_LAST = PLN_MA_ZLEMA
} pln_ma_type;

#define PLN_MA_WORDS "sma ema wma dema tema trima kama mama t3 smma hma zlema"

typedef struct pln_ma {
  int32_t type; /* pln_ma_type */
  int32_t n;
  union {
    pln_smooth smooth[6];
    pln_window window[3];
    struct {
      pln_window window; /* absolute changes */
      pln_lag lag;
      pln_adaptive average;
      double previous;
      double fast, slow; /* smoothing constants */
      int64_t rows;
    } kama;
    struct {
      pln_hilbert hilbert;
      double fast, slow; /* limits */
      double phase, mama, fama;
      double seed_rows;
    } mama;
    struct {
      pln_lag lag;
      pln_smooth smooth;
      int64_t rows;
    } zlema;
  };
  double weights[3]; /* of T3's averages */
} pln_ma;

/* Index of the first row with a value. */
int64_t pln_ma_lookback(int32_t type, int64_t n);
/* Doubles of memory behind the state. */
int64_t pln_ma_doubles(int32_t type, int64_t n);
void pln_ma_init(pln_ma *s, int32_t type, int64_t n);
/* The same with parameters that some types have. */
void pln_ma_init_kama(pln_ma *s, int64_t n, int64_t fast, int64_t slow);
void pln_ma_init_mama(pln_ma *s, double fast_limit, double slow_limit);
/* After pln_ma_init_mama: both averages are the mean of the first six rows in row 5 (Stock.Indicators). */
enum { PLN_MA_MAMA_SEED = 6 };
void pln_ma_start_mama_early(pln_ma *s);
void pln_ma_init_t3(pln_ma *s, int64_t n, double volume_factor);

/* One row. Means nothing before the lookback. */
double pln_ma_step(pln_ma *s, double *memory, double x);
/* n rows; the same bits as n steps. `x` and `out` must not overlap. */
void pln_ma_rows(pln_ma *s, double *memory, const double *x, double *out, int64_t n);

/* The second outputs of kama and mama: efficiency ratio and following average, as above. */
double pln_ma_step_two(pln_ma *s, double *memory, double x, double *second);
void pln_ma_rows_two(pln_ma *s, double *memory, const double *x, double *out, double *second, int64_t n);

/* Mean and tilt of a window, as a merge of windows of width 2: the tilt is Σ (k - middle) x[k] over ages k =
 * 0 … n - 1, the newest being 0. The linearly weighted mean (weights n … 1, the newest heaviest) is mean -
 * tilt 2 / (n (n + 1)). Equal means give no tilt at all, so that a flat price has itself as its mean. */
static inline void pln_merge_tilt(double *const *out, const double *const *newer, const double *const *older,
                                  int64_t n, double a, double b) {
  double *mean = out[0], *tilt = out[1];
  const double *mx = newer[0], *my = older[0], *tx = newer[1], *ty = older[1];
  const double weight = b / (a + b), lever = 0.5 * a * b;
  PLN_IVDEP
  for (int64_t i = 0; i < n; i++) {
    const double delta = my[i] - mx[i];
    mean[i] = mx[i] + delta * weight;
    tilt[i] = (tx[i] + ty[i]) + delta * lever;
  }
}
PLN_INLINE double pln_weighted_mean(double mean, double tilt, double n) {
  return mean - tilt * (2.0 / (n * (n + 1.0)));
}
/* One row of that mean; memory: pln_window_doubles(n, 2). */
PLN_INLINE double pln_weighted_step(pln_window *w, double *memory, double x) {
  const double leaf[2] = {x, 0.0};
  double both[2] = {0.0, 0.0};
  pln_window_step(w, memory, 2, 0, pln_merge_tilt, leaf, both);
  return pln_weighted_mean(both[0], both[1], (double)w->n);
}

/* The kernel of an indicator that is a moving average of its source over `period` rows, its first parameter,
 * and nothing else: lookback, size, init, step_row and batch of its descriptor. */
#define PLN_MA_KERNEL(TYPE)                                                                                  \
  static int64_t lookback(const double *p) { return pln_ma_lookback(TYPE, (int64_t)p[0]); }                  \
  static int64_t size(const double *p) { return PLN_IND_SIZE(pln_ma, pln_ma_doubles(TYPE, (int64_t)p[0])); } \
  static void init(void *state, const double *p) { pln_ma_init(state, TYPE, (int64_t)p[0]); }                \
  PLN_MA_FORMS
/* step_row and batch of one whose state is a pln_ma with its memory. */
#define PLN_MA_FORMS                                                                                         \
  static void step_row(void *state, const double *in, double *out) {                                         \
    pln_ma *s = state;                                                                                       \
    out[0] = pln_ma_step(s, (double *)(s + 1), in[0]);                                                       \
  }                                                                                                          \
  static void batch(void *state, const double *const *in, double *const *out, int64_t n) {                   \
    pln_ma *s = state;                                                                                       \
    pln_ma_rows(s, (double *)(s + 1), in[0], out[0], n);                                                     \
  }
/* The same with two outputs. */
#define PLN_MA_FORMS_TWO                                                                                     \
  static void step_row(void *state, const double *in, double *out) {                                         \
    pln_ma *s = state;                                                                                       \
    out[0] = pln_ma_step_two(s, (double *)(s + 1), in[0], &out[1]);                                          \
  }                                                                                                          \
  static void batch(void *state, const double *const *in, double *const *out, int64_t n) {                   \
    pln_ma *s = state;                                                                                       \
    pln_ma_rows_two(s, (double *)(s + 1), in[0], out[0], out[1], n);                                         \
  }
