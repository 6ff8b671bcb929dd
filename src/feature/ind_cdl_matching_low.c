#include "feature/candle.h"

PLN_INLINE double match(const pln_candles *b, int64_t i) {
  return is_black(b, i - 1) && is_black(b, i) && within(bar_close(b, i), bar_close(b, i - 1), equal(b, i - 1))
             ? 100.0
             : 0.0;
}
PLN_CANDLE_KERNEL(6, PLN_CANDLE_DISTANCE, match)

PLN_CANDLE_DESC(cdl_matching_low, "cdlmatchinglow", "Matching low",
                "100: two black bars with equal closes (TA-Lib CDLMATCHINGLOW)", NULL, 0);
