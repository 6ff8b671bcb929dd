#pragma once
#include "feature/ind.h"

/* The larger of high - low and the distances of both from the close before (Wilder, 1978). */
PLN_INLINE double pln_true_range(double high, double low, double previous_close) {
  const double range = high - low, up = fabs(high - previous_close), down = fabs(low - previous_close);
  const double larger = range > up ? range : up;
  return larger > down ? larger : down;
}

/* Whether the first row, which has no close before it, has a true range: high - low. */
#define PLN_FIRST_RANGE_PARAM                                                                                \
  PLN_PARAM_WORD("first", "the first row has no true range (skip), or high - low (range)", 0, 1, "skip range")
