#include "feature/range_average.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows of the average true range", 7, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM("k", "distance of the stop, in average true ranges", 3, 0, 1000),
    PLN_RANGE_PARAMS,
};

typedef struct volatility_stop {
  pln_range range;
  double k;
  double distance; /* of the row before */
  double first;    /* close */
  double highest;  /* close of the position; at first of all rows */
  double lowest;
  int64_t rows;   /* seen, at most `start` */
  int64_t period; /* rows that decide on the first direction */
  int64_t start;  /* row of the first stop */
  int32_t direction;
  int32_t reserved;
} volatility_stop;

static int64_t lookback(const double *p) {
  const int64_t first = pln_range_lookback((int64_t)p[0], p + 2) + 1;
  return first > (int64_t)p[0] ? first : (int64_t)p[0];
}
static int64_t size(const double *p) {
  return PLN_IND_SIZE(volatility_stop, pln_range_doubles((int64_t)p[0], p + 2));
}
static void init(void *state, const double *p) {
  volatility_stop *s = state;
  pln_range_init(&s->range, (int64_t)p[0], p + 2);
  s->k = p[1];
  s->period = (int64_t)p[0];
  s->start = lookback(p);
}

static inline void step(volatility_stop *s, double *memory, const double *in, double *out) {
  const double close = in[2], distance = s->distance;
  s->distance = s->k * pln_range_step(&s->range, memory, in[0], in[1], close);
  if (s->rows == 0) s->first = s->highest = s->lowest = close;
  out[0] = out[1] = out[2] = 0.0;
  const int32_t stops = s->rows >= s->start;
  if (stops) {
    const double stop = s->direction > 0 ? s->highest - distance : s->lowest + distance;
    const int32_t turned = s->direction > 0 ? close < stop : close > stop;
    out[0] = stop;
    out[1] = s->direction;
    out[2] = turned;
    if (turned) {
      s->direction = -s->direction;
      s->highest = s->lowest = close;
    }
  }
  s->highest = close > s->highest ? close : s->highest;
  s->lowest = close < s->lowest ? close : s->lowest;
  if (s->rows == s->period - 1) s->direction = close > s->first ? 1 : -1;
  if (!stops) s->rows++;
}
PLN_IND_STEP(volatility_stop, step)
PLN_IND_BATCH(volatility_stop, 3, 3, step)

const pln_ind_desc pln_ind_volatility_stop = {
    .info =
        {.name = "volatility_stop",
         .aliases = "vol_stop",
         .group = "trend",
         .help = "Volatility stop",
         .formula =
             "highest close of a long position - k average true ranges of the row before (lowest close of a "
             "short one + k of them); it turns when the close goes beyond it (Wilder, 1978). reversal: 1 in "
             "the row where it did. The first position is long if the first `period` closes rose, and counts "
             "their extreme (Stock.Indicators, which drops what is before the first reversal)",
         .inputs = "high low close",
         .outputs = "volatility_stop direction reversal",
         .example = "volatility_stop(7, 3)",
         .params = params,
         .n_params = 4,
         .input_kind = PLN_INPUT_COLUMNS},
    .n_inputs = 3,
    .n_outputs = 3,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = step_rows,
};
