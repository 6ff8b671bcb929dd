#pragma once
#include "feature/range_average.h"

/* Bands that only come closer while the close stays between them, and a stop that is one of them: supertrend
 * and atr_stop. */
typedef struct pln_trailing {
  pln_range range;
  double factor;
  double upper;
  double lower;
  double close;      /* of the row before */
  int64_t rows;      /* until the first band */
  int32_t direction; /* 1: the stop is the lower band */
  int32_t kind;
} pln_trailing;

/* One row, given its average true range; before the first band the result means nothing. `above` and `below`
 * are what the bands are set off from; a position begins long where `begins_long`. */
PLN_INLINE double pln_trailing_next(pln_trailing *s, double range, double close, double above, double below,
                                    int32_t begins_long) {
  const double distance = s->factor * range, previous = s->close;
  s->close = close;
  if (s->rows > 0) {
    s->rows--;
    return 0.0;
  }
  above += distance;
  below -= distance;
  if (s->direction == 0) {
    s->direction = begins_long ? 1 : -1;
    s->upper = above;
    s->lower = below;
  }
  s->upper = (above < s->upper) | (previous > s->upper) ? above : s->upper;
  s->lower = (below > s->lower) | (previous < s->lower) ? below : s->lower;
  s->direction = close <= (s->direction > 0 ? s->lower : s->upper) ? -1 : 1;
  return s->direction > 0 ? s->lower : s->upper;
}

static inline double pln_trailing_step(pln_trailing *s, double *memory, double high, double low, double close,
                                       double above, double below, int32_t begins_long) {
  return pln_trailing_next(s, pln_range_step(&s->range, memory, high, low, close), close, above, below,
                           begins_long);
}
