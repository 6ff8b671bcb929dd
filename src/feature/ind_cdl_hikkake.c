#include "feature/candle.h"

PLN_INLINE double match(const pln_candles *b, int64_t i) {
  if (pln_candle_row(b, i) < 2) return 0.0;
  return pln_candle_hikkake(b, i,
                            bar_high(b, i - 1) < bar_high(b, i - 2) && bar_low(b, i - 1) > bar_low(b, i - 2));
}
PLN_CANDLE_KERNEL(5, 0, match)

PLN_CANDLE_DESC(cdl_hikkake, "cdlhikkake", "Hikkake",
                "±100: an inside bar whose break-out fails (lower high and low: 100, higher: -100); "
                "±200 where one of the next three bars closes beyond the inside bar the other way "
                "(TA-Lib CDLHIKKAKE)",
                NULL, 0);
