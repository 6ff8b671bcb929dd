#pragma once
#include "feature/ind.h"

/* The larger of high - low and the distances of both from the close before (Wilder, 1978). */
PLN_INLINE double pln_true_range(double high, double low, double previous_close) {
  const double range = high - low, up = fabs(high - previous_close), down = fabs(low - previous_close);
  const double larger = range > up ? range : up;
  return larger > down ? larger : down;
}
