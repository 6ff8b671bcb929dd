#include "feature/candle.h"

PLN_INLINE double match(const pln_candles *b, int64_t i) {
  return is_doji(b, i) && upper_shadow(b, i) < very_short(b, i) && lower_shadow(b, i) > very_short(b, i)
             ? 100.0
             : 0.0;
}
PLN_CANDLE_KERNEL(10, PLN_CANDLE_RANGE, match)

PLN_CANDLE_DESC(cdl_dragonfly_doji, "cdldragonflydoji", "Dragonfly doji",
                "100: a doji without an upper but with a lower shadow (TA-Lib CDLDRAGONFLYDOJI)", NULL, 0);
