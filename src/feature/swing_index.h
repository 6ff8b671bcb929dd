#pragma once
#include "feature/ind.h"

/* Swing index (Wilder, New Concepts in Technical Trading Systems, 1978). */
#define PLN_SWING_INDEX_PARAM                                                                                \
  PLN_PARAM("limit_move", "largest move that a row can make, in the price's unit", 1, 1e-12, 1e12)

typedef struct pln_swing_index {
  double open; /* of the row before */
  double close;
  double limit;
  double started;
} pln_swing_index;

/* Wilder's swing index of one row: 50 N / R * K / T. */
PLN_INLINE double pln_swing_index_step(pln_swing_index *s, const double *in, double *defined) {
  const double open = in[0], high = in[1], low = in[2], close = in[3], past = s->close, body = past - s->open;
  const double up = fabs(high - past), down = fabs(low - past), range = fabs(high - low);
  double r;
  if (up >= down && up >= range)
    r = high - past - 0.5 * (low - past) + 0.25 * body;
  else if (down >= range)
    r = low - past - 0.5 * (high - past) + 0.25 * body;
  else
    r = high - low + 0.25 * body;
  r = fabs(r);
  const double n = close - past + 0.5 * (close - open) + 0.25 * body, k = up > down ? up : down;
  const int32_t first = s->started == 0.0;
  s->started = 1.0;
  s->open = open;
  s->close = close;
  *defined = !first && r > 0.0;
  return *defined != 0.0 ? 50.0 * (n / r) * (k / s->limit) : 0.0;
}
