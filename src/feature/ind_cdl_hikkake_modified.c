#include "feature/candle.h"

PLN_INLINE double match(const pln_candles *b, int64_t i) {
  if (pln_candle_row(b, i) < 7) return 0.0;
  const int inside = bar_high(b, i - 2) < bar_high(b, i - 3) && bar_low(b, i - 2) > bar_low(b, i - 3) &&
                     bar_high(b, i - 1) < bar_high(b, i - 2) && bar_low(b, i - 1) > bar_low(b, i - 2);
  const int at_the_end = bar_high(b, i) < bar_high(b, i - 1)
                             ? bar_close(b, i - 2) <= bar_low(b, i - 2) + near(b, i - 2)
                             : bar_close(b, i - 2) >= bar_high(b, i - 2) - near(b, i - 2);
  return pln_candle_hikkake(b, i, inside && at_the_end);
}
PLN_CANDLE_KERNEL(10, PLN_CANDLE_DISTANCE, match)

PLN_CANDLE_DESC(cdl_hikkake_modified, "cdlhikkakemod", "Modified hikkake",
                "±100: as the hikkake, with two inside bars, the first of which closes near its low (for "
                "100) or high; ±200 where one of the next three bars confirms (TA-Lib CDLHIKKAKEMOD)",
                NULL, 0);
