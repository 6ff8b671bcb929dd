#include "feature/ind.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_WORD("fill",
                   "what ends a gap: touching it, reaching its middle or its far end, or a close there", 2, 3,
                   "touch half full close"),
    PLN_PARAM("least", "least size, in percent of the close of its middle row", 0, 0, 100),
    PLN_PARAM_INT("most_age", "rows after which an open gap is forgotten", 1000, 1, PLN_IND_MAX_PERIOD),
};

enum { FILL_TOUCH, FILL_HALF, FILL_FULL, FILL_CLOSE };

typedef struct gap {
  double near_end; /* where the price comes back to first: the top of a bullish gap */
  double far_end;
  double row;
} gap;

/* Open gaps of one side, oldest first, in a ring; prices have the sign of the side, so that each is a bullish
 * one, filled from above. */
typedef struct side {
  double nearest; /* largest price that fills one of them */
  int64_t first;
  int64_t n;
} side;

typedef struct fvg {
  side sides[2];
  double high[2]; /* of the two rows before, the nearer first */
  double low[2];
  double close; /* of the row before */
  double least;
  int64_t capacity;
  int64_t row;
  int64_t fill;
} fvg;

static int64_t lookback(const double *p) {
  (void)p;
  return 2;
}
static int64_t size(const double *p) {
  return PLN_IND_SIZE(fvg, 2 * (int64_t)p[2] * (int64_t)(sizeof(gap) / sizeof(double)));
}
static void init(void *state, const double *p) {
  fvg *s = state;
  s->fill = (int64_t)p[0];
  s->least = p[1] / 100.0;
  s->capacity = (int64_t)p[2];
}

static inline double fills_at(const fvg *s, const gap *g) {
  return s->fill == FILL_TOUCH  ? g->near_end
         : s->fill == FILL_HALF ? (g->near_end + g->far_end) / 2.0
                                : g->far_end;
}

/* Drops the gaps that are filled at `price`, or too old: there is at most one for each row. */
static void fill_gaps(const fvg *s, side *open, gap *ring, double price) {
  if (open->n > 0 && (double)s->row - ring[open->first].row >= (double)s->capacity) {
    open->first = (open->first + 1) % s->capacity;
    open->n--;
  }
  if (open->n == 0 || price > open->nearest) return;
  int64_t kept = 0;
  double nearest = 0.0;
  for (int64_t i = 0; i < open->n; i++) {
    const gap g = ring[(open->first + i) % s->capacity];
    const double at = fills_at(s, &g);
    if (price <= at) continue;
    ring[(open->first + kept) % s->capacity] = g;
    nearest = kept == 0 || at > nearest ? at : nearest;
    kept++;
  }
  open->n = kept;
  open->nearest = nearest;
}

static void open_gap(const fvg *s, side *open, gap *ring, double near_end, double far_end) {
  const gap g = {near_end, far_end, (double)s->row};
  const double at = fills_at(s, &g);
  open->nearest = open->n == 0 || at > open->nearest ? at : open->nearest;
  ring[(open->first + open->n) % s->capacity] = g;
  open->n++;
}

static inline void step(fvg *s, double *memory, const double *in, double *out) {
  const double high = in[0], low = in[1], close = in[2];
  double fresh = 0.0;
  for (int32_t k = 0; k < 2; k++) {
    const double sign = k == 0 ? 1.0 : -1.0;
    gap *ring = (gap *)memory + k * s->capacity;
    side *open = &s->sides[k];
    const double price = s->fill == FILL_CLOSE ? sign * close : k == 0 ? low : -high;
    fill_gaps(s, open, ring, price);
    const double near_end = k == 0 ? low : -high, far_end = k == 0 ? s->high[1] : -s->low[1];
    if (s->row >= 2 && near_end - far_end > 0.0 && near_end - far_end >= s->least * fabs(s->close)) {
      open_gap(s, open, ring, near_end, far_end);
      fresh += sign;
    }
    double *y = out + 1 + 5 * k;
    const gap *last = open->n ? &ring[(open->first + open->n - 1) % s->capacity] : NULL;
    const double a = last ? sign * last->near_end : close, b = last ? sign * last->far_end : close;
    y[0] = k == 0 ? a : b;
    y[1] = k == 0 ? b : a;
    y[2] = y[0] - y[1];
    y[3] = last ? (double)s->row - last->row : 0.0;
    y[4] = (double)open->n;
  }
  out[0] = fresh;
  s->high[1] = s->high[0];
  s->low[1] = s->low[0];
  s->high[0] = high;
  s->low[0] = low;
  s->close = close;
  s->row++;
}
PLN_IND_STEP(fvg, step)
PLN_IND_BATCH(fvg, 3, 11, step)

const pln_ind_desc pln_ind_fvg = {
    .info = {.name = "fvg",
             .aliases = "fair_value_gap",
             .group = "structure",
             .help = "Fair value gaps",
             .formula =
                 "a bullish gap opens in a row whose low is above the high of two rows before: it lies "
                 "between them; a bearish one in a row whose high is below the low of two rows before. fvg: "
                 "1 where a bullish gap opens, -1 a bearish one, else 0. bull_top, bull_bottom, bull_size "
                 "(top - bottom) and bull_age (rows since it opened) are those of the youngest bullish gap "
                 "that is still open, bull_open counts the open ones; bear_ likewise. Without an open gap: "
                 "top and bottom are the close, size, age and count 0. From the next row on a gap is filled, "
                 "for good, by a low (high) that touches it, reaches its middle or its far end (full, the "
                 "default), or by a close at its far end; after most_age rows it is forgotten",
             .inputs = "high low close",
             .outputs = "fvg bull_top bull_bottom bull_size bull_age bull_open bear_top bear_bottom "
                        "bear_size bear_age bear_open",
             .example = "fvg(half).bull_size",
             .params = params,
             .n_params = 3,
             .input_kind = PLN_INPUT_COLUMNS},
    .n_inputs = 3,
    .n_outputs = 11,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = step_rows,
};
