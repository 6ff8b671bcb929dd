#include "feature/ind.h"

enum { SETUP = 9, COUNTDOWN = 13, RING = 16 };

typedef struct td_sequential {
  double high[RING]; /* of the last rows */
  double low[RING];
  double close[RING];
  double limit; /* the price that ends a countdown */
  int64_t row;
  int32_t phase; /* 0 none, 1 buy setup, 2 sell setup, 3 buy countdown, 4 sell countdown */
  int32_t count;
} td_sequential;

static int64_t lookback(const double *p) {
  (void)p;
  return 4;
}
static int64_t size(const double *p) {
  (void)p;
  return PLN_IND_SIZE(td_sequential, 0);
}
static void init(void *state, const double *p) {
  (void)state;
  (void)p;
}

static inline int64_t back(const td_sequential *s, int64_t rows) { return (s->row - rows) & (RING - 1); }

/* Whether the low (high) of the eighth or ninth row of a setup is beyond those of the sixth and the seventh.
 */
static int32_t is_perfect(const td_sequential *s) {
  const double *x = s->phase == 1 ? s->low : s->high, sign = s->phase == 1 ? 1.0 : -1.0;
  const double sixth = sign * x[back(s, 3)], seventh = sign * x[back(s, 2)], eighth = sign * x[back(s, 1)],
               ninth = sign * x[back(s, 0)];
  return (eighth < sixth && eighth < seventh) || (ninth < sixth && ninth < seventh);
}

static inline void step(td_sequential *s, double *memory, const double *in, double *out) {
  (void)memory;
  const int64_t now = back(s, 0);
  s->high[now] = in[0];
  s->low[now] = in[1];
  s->close[now] = in[2];
  out[0] = out[1] = out[2] = 0.0;
  if (s->row >= 4) {
    const double close = in[2], before = s->close[back(s, 4)];
    const int32_t falls = close<before, rises = close> before;
    if (s->phase == 0) {
      s->phase = falls ? 1 : rises ? 2 : 0;
      s->count = s->phase ? 1 : 0;
      out[0] = s->phase;
      out[1] = s->count;
    } else if (s->phase <= 2) {
      if (s->phase == 1 ? falls : rises) {
        out[0] = s->phase;
        out[1] = ++s->count;
        if (s->count == SETUP) {
          if (is_perfect(s)) out[0] = s->phase == 1 ? 5.0 : 6.0;
          double limit = s->phase == 1 ? s->high[back(s, 1)] : s->low[back(s, 1)];
          for (int64_t i = 2; i <= SETUP; i++)
            limit = s->phase == 1 ? fmax(limit, s->high[back(s, i)]) : fmin(limit, s->low[back(s, i)]);
          s->limit = limit;
          s->phase += 2;
          s->count = 0;
        }
      } else {
        s->phase = s->count = 0;
      }
    } else {
      const int32_t buys = s->phase == 3;
      if (buys ? close <= s->low[back(s, 2)] : close >= s->high[back(s, 2)]) {
        out[0] = s->phase;
        out[1] = ++s->count;
        if (s->count == COUNTDOWN) s->phase = s->count = 0;
      } else if (buys ? close > s->limit : close < s->limit) {
        s->phase = s->count = 0;
      }
    }
  }
  if (s->phase >= 3) out[2] = s->limit;
  s->row++;
}
PLN_IND_STEP(td_sequential, step)
PLN_IND_BATCH(td_sequential, 3, 3, step)

const pln_ind_desc pln_ind_td_sequential = {
    .info = {.name = "td_sequential",
             .group = "trend",
             .help = "DeMark's sequential: setups and countdowns",
             .formula =
                 "setup: 9 closes in a row below (buy) or above (sell) that of 4 rows before; then "
                 "countdown: 13 closes, not in a row, at or below the low (buy) or at or above the high "
                 "(sell) of 2 rows before, which ends early with a close beyond the level. phase: what this "
                 "row counts for: 1 buy setup, 2 sell setup, 3 buy countdown, 4 sell countdown, 5 and 6 a "
                 "ninth row of a buy and sell setup that is perfect (low of its 8th or 9th row under those "
                 "of the 6th and 7th; mirrored), 0 nothing; count: its number in that phase; level: highest "
                 "high (buy) or lowest low (sell) of the 9 rows before the last of the setup, while a "
                 "countdown runs, else 0 (Lean TomDemarkSequential is phase + count / 100)",
             .inputs = "high low close",
             .outputs = "phase count level",
             .example = "td_sequential().count",
             .params = NULL,
             .n_params = 0,
             .input_kind = PLN_INPUT_COLUMNS},
    .n_inputs = 3,
    .n_outputs = 3,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = step_rows,
};
