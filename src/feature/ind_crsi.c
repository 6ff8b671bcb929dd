#include "feature/history.h"
#include "feature/streak.h"
#include "feature/updown.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("rsi", "period of the index of the price", 3, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_INT("streak", "period of the index of the streak", 2, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_INT("rank", "returns that this one is ranked among", 100, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_WORD("ties", "of the streak: a row without a change ends it, or leaves it", 0, 1, "zero keep"),
};

typedef struct crsi {
  pln_updown price;
  pln_updown run;
  pln_streak streak;
  pln_history returns;
  double previous;
  int64_t rank;
} crsi;

static int64_t lookback(const double *p) {
  const double longest = p[0] > p[1] ? p[0] : p[1];
  return (int64_t)(longest > p[2] ? longest : p[2]) + 1;
}
static int64_t size(const double *p) { return PLN_IND_SIZE(crsi, pln_history_doubles((int64_t)p[2])); }
static void init(void *state, const double *p) {
  crsi *s = state;
  pln_updown_init(&s->price, PLN_UPDOWN_WILDER, (int64_t)p[0]);
  pln_updown_init(&s->run, PLN_UPDOWN_WILDER, (int64_t)p[1]);
  pln_streak_init(&s->streak, (int32_t)p[3]);
  s->rank = (int64_t)p[2];
  pln_history_init(&s->returns, s->rank);
}

PLN_INLINE double ratio(double up, double down) {
  const double sum = up + down;
  return sum == 0.0 ? 0.0 : 100.0 * (up / sum);
}

PLN_INLINE double simple_return(double x, double old) { return old == 0.0 ? 0.0 : x / old - 1.0; }

/* The part of x[-1] … x[-rank] that is below x[0], in percent. */
PLN_INLINE double percent_below(const double *x, int64_t rank) {
  const double now = x[0];
  int64_t below = 0;
  for (int64_t k = 1; k <= rank; k++) below += x[-k] < now;
  return 100.0 * (double)below / (double)rank;
}

static inline void step(crsi *s, double *memory, const double *in, double *out) {
  double up, down;
  pln_updown_step(&s->price, NULL, in[0], &up, &down);
  const double rsi = ratio(up, down);
  const double streak = pln_streak_step(&s->streak, in[0]);
  out[4] = up + down != 0.0;
  pln_updown_step(&s->run, NULL, streak, &up, &down);
  const double rsi_streak = ratio(up, down);
  const double change = simple_return(in[0], s->previous);
  s->previous = in[0];
  const double percent_rank = percent_below(pln_history_push(&s->returns, memory, &change, 1), s->rank);
  out[0] = (rsi + rsi_streak + percent_rank) / 3.0;
  out[1] = streak;
  out[2] = rsi_streak;
  out[3] = percent_rank;
}
PLN_IND_STEP(crsi, step)

enum { BLOCK = PLN_HISTORY_BLOCK, TILE = 32 /* rows that are ranked side by side */ };

PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n) {
  crsi *s = state;
  double up[BLOCK], down[BLOCK], change[BLOCK];
  for (int64_t i = 0; i < n; i += BLOCK) {
    const int64_t m = n - i < BLOCK ? n - i : BLOCK;
    const double *x = in[0] + i;
    double *y = out[0] + i, *streak = out[1] + i, *rsi_streak = out[2] + i, *rank = out[3] + i;
    pln_updown_block(&s->price, NULL, x, up, down, m);
    PLN_IVDEP
    for (int64_t j = 0; j < m; j++) y[j] = ratio(up[j], down[j]);
    for (int64_t j = 0; j < m; j++) streak[j] = pln_streak_step(&s->streak, x[j]);
    pln_updown_block(&s->run, NULL, streak, up, down, m);
    PLN_IVDEP
    for (int64_t j = 0; j < m; j++) rsi_streak[j] = ratio(up[j], down[j]);
    change[0] = simple_return(x[0], s->previous);
    PLN_IVDEP
    for (int64_t j = 1; j < m; j++) change[j] = simple_return(x[j], x[j - 1]);
    s->previous = x[m - 1];
    const double *kept = pln_history_push(&s->returns, (double *)(s + 1), change, m);
    int64_t j = 0;
    for (; j + TILE <= m; j += TILE) {
      double below[TILE] = {0};
      for (int64_t k = 1; k <= s->rank; k++)
        for (int32_t t = 0; t < TILE; t++) below[t] += kept[j + t - k] < change[j + t] ? 1.0 : 0.0;
      for (int32_t t = 0; t < TILE; t++) rank[j + t] = 100.0 * below[t] / (double)s->rank;
    }
    for (; j < m; j++) rank[j] = percent_below(kept + j, s->rank);
    PLN_IVDEP
    for (j = 0; j < m; j++) y[j] = (y[j] + rsi_streak[j] + rank[j]) / 3.0;
  }
}
PLN_IND_SIMD(batch, rows)

const pln_ind_desc pln_ind_crsi = {
    .info = {.name = "crsi",
             .aliases = "connors_rsi",
             .group = "momentum",
             .help = "Connors RSI",
             .formula = "(rsi(x, rsi) + rsi(streak(x), streak) + percent_rank) / 3, where percent_rank is "
                        "100 times the part of the `rank` one-row returns before that are below this one; "
                        "begins one row after all three parts (Stock.Indicators; Lean with ties=keep); rsi "
                        "is 0 where nothing has moved, a return after 0 is 0",
             .inputs = "source",
             .outputs = "crsi streak rsi_streak percent_rank",
             .example = "crsi(close, 3, 2, 100)",
             .params = params,
             .n_params = 4,
             .input_kind = PLN_INPUT_SOURCE,
             .has_valid = 1},
    .n_inputs = 1,
    .n_outputs = 4,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
};
