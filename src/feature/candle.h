#pragma once
#include "feature/ind.h"

/* Candlestick patterns: predicates over the last five bars and over averages of the bars before each of them,
 * as TA-Lib 0.6 has them with its default settings (TA_CandleDefaultSettings): a body is long, short or a
 * doji, a shadow long or short, two prices near, far or equal, in relation to the mean body, range or shadow
 * of the 10 (5 for prices) bars before. The means are sums of fixed shape, so that nothing rots; TA-Lib's
 * running sums may decide otherwise where a bar is exactly on a threshold. */
enum {
  PLN_CANDLE_HISTORY = 16,
  PLN_CANDLE_BLOCK = 256,
  PLN_CANDLE_ROWS = PLN_CANDLE_HISTORY + PLN_CANDLE_BLOCK
};

/* What a pattern refers to, beside the bars. */
enum {
  PLN_CANDLE_BODY = 1,    /* mean body of 10 bars: long, short */
  PLN_CANDLE_RANGE = 2,   /* mean range of 10 bars: doji, very short shadow */
  PLN_CANDLE_SHADOW = 4,  /* mean shadows of 10 bars: short shadow */
  PLN_CANDLE_DISTANCE = 8 /* mean range of 5 bars: near, far, equal */
};

typedef struct pln_candle_state {
  double past[4][PLN_CANDLE_HISTORY]; /* open, high, low, close of the last bars, oldest first */
  double penetration;
  int64_t row; /* rows seen before the block */
  int64_t hikkake_row;
  double hikkake; /* what was found there */
  double hikkake_high;
  double hikkake_low;
} pln_candle_state;

/* A block of bars after the history; entry i - k is the bar k before bar i. */
typedef struct pln_candles {
  double bar[4][PLN_CANDLE_ROWS];
  double top[PLN_CANDLE_ROWS];    /* the larger of open and close */
  double bottom[PLN_CANDLE_ROWS]; /* the smaller */
  double body[PLN_CANDLE_ROWS];
  double range[PLN_CANDLE_ROWS];
  double mean_body[PLN_CANDLE_ROWS]; /* of the bars before */
  double mean_range[PLN_CANDLE_ROWS];
  double mean_shadow[PLN_CANDLE_ROWS]; /* of upper + lower */
  double mean_distance[PLN_CANDLE_ROWS];
  double penetration;
  pln_candle_state *state;
} pln_candles;

/* Fills in `m` bars after the history, what `needs` asks for, and moves the history on. */
void pln_candles_load(pln_candle_state *state, pln_candles *b, const double *const *in, int64_t m,
                      int32_t needs);

PLN_INLINE double bar_open(const pln_candles *b, int64_t i) { return b->bar[0][i]; }
PLN_INLINE double bar_high(const pln_candles *b, int64_t i) { return b->bar[1][i]; }
PLN_INLINE double bar_low(const pln_candles *b, int64_t i) { return b->bar[2][i]; }
PLN_INLINE double bar_close(const pln_candles *b, int64_t i) { return b->bar[3][i]; }
PLN_INLINE double upper_shadow(const pln_candles *b, int64_t i) { return bar_high(b, i) - b->top[i]; }
PLN_INLINE double lower_shadow(const pln_candles *b, int64_t i) { return b->bottom[i] - bar_low(b, i); }

PLN_INLINE int is_white(const pln_candles *b, int64_t i) { return bar_close(b, i) >= bar_open(b, i); }
PLN_INLINE int is_black(const pln_candles *b, int64_t i) { return !is_white(b, i); }
PLN_INLINE double color(const pln_candles *b, int64_t i) { return is_white(b, i) ? 1.0 : -1.0; }
PLN_INLINE int is_long(const pln_candles *b, int64_t i) { return b->body[i] > b->mean_body[i]; }
PLN_INLINE int is_short(const pln_candles *b, int64_t i) { return b->body[i] < b->mean_body[i]; }
PLN_INLINE int is_doji(const pln_candles *b, int64_t i) { return b->body[i] <= 0.1 * b->mean_range[i]; }

PLN_INLINE double very_short(const pln_candles *b, int64_t i) { return 0.1 * b->mean_range[i]; }
PLN_INLINE double short_shadow(const pln_candles *b, int64_t i) { return b->mean_shadow[i] / 2.0; }
PLN_INLINE double near(const pln_candles *b, int64_t i) { return 0.2 * b->mean_distance[i]; }
PLN_INLINE double far(const pln_candles *b, int64_t i) { return 0.6 * b->mean_distance[i]; }
PLN_INLINE double equal(const pln_candles *b, int64_t i) { return 0.05 * b->mean_distance[i]; }
PLN_INLINE int within(double x, double middle, double distance) {
  return x <= middle + distance && x >= middle - distance;
}

/* Gaps from bar j to bar i: between bodies, between whole bars. */
PLN_INLINE int body_gap_up(const pln_candles *b, int64_t i, int64_t j) { return b->bottom[i] > b->top[j]; }
PLN_INLINE int body_gap_down(const pln_candles *b, int64_t i, int64_t j) { return b->top[i] < b->bottom[j]; }
PLN_INLINE int gap_up(const pln_candles *b, int64_t i, int64_t j) { return bar_low(b, i) > bar_high(b, j); }
PLN_INLINE int gap_down(const pln_candles *b, int64_t i, int64_t j) { return bar_high(b, i) < bar_low(b, j); }

int64_t pln_candle_size(const double *params);
void pln_candle_init(void *state,
                     const double *params); /* params[0], where there is one, is the penetration */

PLN_INLINE int64_t pln_candle_row(const pln_candles *b, int64_t i) {
  return b->state->row + i - PLN_CANDLE_HISTORY;
}

/* The failed break-out of an inside bar i - 1 (`is_inside`), or its confirmation in the three bars after bar
 * i. */
static inline double pln_candle_hikkake(const pln_candles *b, int64_t i, int is_inside) {
  pln_candle_state *s = b->state;
  const int lower = bar_high(b, i) < bar_high(b, i - 1) && bar_low(b, i) < bar_low(b, i - 1);
  const int higher = bar_high(b, i) > bar_high(b, i - 1) && bar_low(b, i) > bar_low(b, i - 1);
  if (is_inside && (lower || higher)) {
    s->hikkake = lower ? 100.0 : -100.0;
    s->hikkake_row = pln_candle_row(b, i);
    s->hikkake_high = bar_high(b, i - 1);
    s->hikkake_low = bar_low(b, i - 1);
    return s->hikkake;
  }
  if (pln_candle_row(b, i) > s->hikkake_row + 3) return 0.0;
  const double found = s->hikkake;
  if (!((found > 0.0 && bar_close(b, i) > s->hikkake_high) ||
        (found < 0.0 && bar_close(b, i) < s->hikkake_low)))
    return 0.0;
  s->hikkake = 0.0;
  return 2.0 * found;
}

/* lookback, step and batch of a pattern. MATCH(candles, i) gives 0, 100 or -100 for bar i. */
#define PLN_CANDLE_KERNEL(LOOKBACK, NEEDS, MATCH)                                                            \
  static int64_t lookback(const double *p) {                                                                 \
    (void)p;                                                                                                 \
    return LOOKBACK;                                                                                         \
  }                                                                                                          \
  static void batch(void *state, const double *const *in, double *const *out, int64_t n) {                   \
    pln_candle_state *s = state;                                                                             \
    pln_candles b;                                                                                           \
    for (int64_t at = 0; at < n; at += PLN_CANDLE_BLOCK) {                                                   \
      const int64_t m = n - at < PLN_CANDLE_BLOCK ? n - at : PLN_CANDLE_BLOCK;                               \
      const double *const x[4] = {in[0] + at, in[1] + at, in[2] + at, in[3] + at};                           \
      pln_candles_load(s, &b, x, m, NEEDS);                                                                  \
      for (int64_t i = 0; i < m; i++) out[0][at + i] = MATCH(&b, PLN_CANDLE_HISTORY + i);                    \
      s->row += m;                                                                                           \
    }                                                                                                        \
  }                                                                                                          \
  static void step(void *state, const double *in, double *out) {                                             \
    const double *const x[4] = {in, in + 1, in + 2, in + 3};                                                 \
    double *const y[1] = {out};                                                                              \
    batch(state, x, y, 1);                                                                                   \
  }

/* The descriptor. N_PARAMS: 1 with `params` = {penetration}, else 0 and NULL. */
#define PLN_CANDLE_DESC(NAME, ALIAS, HELP, FORMULA, PARAMS, N_PARAMS)                                        \
  const pln_ind_desc pln_ind_##NAME = {.info = {.name = #NAME,                                               \
                                                .aliases = ALIAS,                                            \
                                                .group = "pattern",                                          \
                                                .help = HELP,                                                \
                                                .formula = FORMULA,                                          \
                                                .inputs = "open high low close",                             \
                                                .outputs = "pattern",                                        \
                                                .example = #NAME "()",                                       \
                                                .params = PARAMS,                                            \
                                                .n_params = N_PARAMS,                                        \
                                                .input_kind = PLN_INPUT_COLUMNS},                            \
                                       .n_inputs = 4,                                                        \
                                       .n_outputs = 1,                                                       \
                                       .lookback = lookback,                                                 \
                                       .size = pln_candle_size,                                              \
                                       .init = pln_candle_init,                                              \
                                       .step = step,                                                         \
                                       .batch = batch}
