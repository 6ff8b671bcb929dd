#pragma once
#include "feature/ind.h"

/* Where the close lies in the bar's range, -1 (low) to 1 (high); 0 in a bar without range (TA-Lib AD). */
PLN_INLINE double pln_money_flow_multiplier(double high, double low, double close) {
  const double range = high - low;
  const double flow = ((close - low) - (high - close)) / (range > 0.0 ? range : 1.0);
  return range > 0.0 ? flow : 0.0;
}
