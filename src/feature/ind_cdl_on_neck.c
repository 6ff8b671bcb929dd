#include "feature/candle.h"

PLN_INLINE double match(const pln_candles *b, int64_t i) {
  return is_black(b, i - 1) && is_long(b, i - 1) && is_white(b, i) && bar_open(b, i) < bar_low(b, i - 1) &&
                 within(bar_close(b, i), bar_low(b, i - 1), equal(b, i - 1))
             ? -100.0
             : 0.0;
}
PLN_CANDLE_KERNEL(11, PLN_CANDLE_BODY | PLN_CANDLE_DISTANCE, match)

PLN_CANDLE_DESC(cdl_on_neck, "cdlonneck", "On-neck",
                "-100: after a long black bar a white bar opens below its low and closes at its low "
                "(TA-Lib CDLONNECK)",
                NULL, 0);
