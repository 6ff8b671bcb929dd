#include "feature/ind.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_WORD("from", "what the open is compared with: the close before, or the high and the low before",
                   0, 1, "close range"),
    PLN_PARAM_WORD("each", "where a gap can be: at each row, or where a local day begins", 0, 1,
                   "row session"),
    PLN_PARAM("least", "least size, in percent of the close before", 0, 0, 100),
};

typedef struct gaps {
  double high; /* of the row or session before */
  double low;
  double close;
  double now_high; /* of the present session */
  double now_low;
  double session;
  double level; /* that fills the last gap */
  double age;
  double least;
  int32_t of_range;
  int32_t by_session;
  int32_t started;
  int32_t direction; /* of the last gap; 0: none yet */
  int32_t filled;
  int32_t reserved;
} gaps;

static int64_t lookback(const double *p) {
  (void)p;
  return 1;
}
static int64_t size(const double *p) {
  (void)p;
  return PLN_IND_SIZE(gaps, 0);
}
static void init(void *state, const double *p) {
  gaps *s = state;
  s->of_range = p[0] != 0.0;
  s->by_session = p[1] != 0.0;
  s->least = p[2] / 100.0;
}

static inline void step(gaps *s, double *memory, const double *in, double *out) {
  (void)memory;
  const double open = in[0], high = in[1], low = in[2], session = in[4];
  const int32_t begins = !s->by_session || session != s->session;
  double size = 0.0;
  if (s->started && begins) {
    s->high = s->now_high;
    s->low = s->now_low;
    const double above = s->of_range ? s->high : s->close, below = s->of_range ? s->low : s->close;
    size = open > above ? open - above : open < below ? open - below : 0.0;
    if (fabs(size) < s->least * fabs(s->close)) size = 0.0;
    out[1] = s->close == 0.0 ? 0.0 : 100.0 * (size / s->close);
    if (size != 0.0) {
      s->level = size > 0.0 ? above : below;
      s->direction = size > 0.0 ? 1 : -1;
      s->filled = 0;
      s->age = -1.0;
    }
  } else {
    out[1] = 0.0;
  }
  if (s->direction != 0) {
    s->age += 1.0;
    if (s->direction > 0 ? low <= s->level : high >= s->level) s->filled = 1;
  }
  out[0] = size;
  out[2] = s->direction ? s->level : in[3];
  out[3] = s->direction ? s->filled : 1.0;
  out[4] = s->direction ? s->age : 0.0;
  out[5] = s->direction != 0;
  if (!s->started || begins) {
    s->now_high = high;
    s->now_low = low;
  }
  s->now_high = high > s->now_high ? high : s->now_high;
  s->now_low = low < s->now_low ? low : s->now_low;
  s->close = in[3];
  s->session = session;
  s->started = 1;
}
PLN_IND_STEP(gaps, step)
PLN_IND_BATCH(gaps, 5, 5, step)

const pln_ind_desc pln_ind_gaps = {
    .info = {.name = "gaps",
             .aliases = "opening_gap",
             .group = "structure",
             .help = "Opening gaps",
             .formula = "size: open - close before, where it is not 0 (from=range: how far the open lies "
                        "above the high or below the low before), else 0; percent: of the close before (0 "
                        "where that is 0); level: price at which the last gap is filled; filled: 1 once a "
                        "low (high) has reached it, the gap's own row included; age: rows since the last "
                        "gap. each=session: only where a local day begins, against the whole day before. "
                        "Before the first gap: level is the close, filled 1, age 0 (valid 0)",
             .inputs = "open high low close session",
             .outputs = "size percent level filled age",
             .example = "gaps(range).percent",
             .params = params,
             .n_params = 3,
             .input_kind = PLN_INPUT_COLUMNS,
             .has_valid = 1},
    .n_inputs = 5,
    .n_outputs = 5,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = step_rows,
};
