#include "feature/candle.h"

PLN_INLINE double match(const pln_candles *b, int64_t i) {
  return is_long(b, i - 2) && is_black(b, i - 2) && is_black(b, i - 1) &&
                 bar_close(b, i - 1) > bar_close(b, i - 2) && bar_open(b, i - 1) <= bar_open(b, i - 2) &&
                 bar_low(b, i - 1) < bar_low(b, i - 2) && is_short(b, i) && is_white(b, i) &&
                 bar_open(b, i) > bar_low(b, i - 1)
             ? 100.0
             : 0.0;
}
PLN_CANDLE_KERNEL(12, PLN_CANDLE_BODY, match)

PLN_CANDLE_DESC(cdl_unique_three_river, "cdlunique3river", "Unique three river",
                "100: a long black bar, a black bar within its body with a lower low, and a short white "
                "bar above that low (TA-Lib CDLUNIQUE3RIVER)",
                NULL, 0);
