#include "feature/candle.h"

PLN_INLINE double match(const pln_candles *b, int64_t i) {
  return is_short(b, i) && lower_shadow(b, i) > b->body[i] && upper_shadow(b, i) < very_short(b, i) &&
                 b->bottom[i] >= bar_high(b, i - 1) - near(b, i - 1)
             ? -100.0
             : 0.0;
}
PLN_CANDLE_KERNEL(11, PLN_CANDLE_BODY | PLN_CANDLE_RANGE | PLN_CANDLE_DISTANCE, match)

PLN_CANDLE_DESC(cdl_hanging_man, "cdlhangingman", "Hanging man",
                "-100: a short body with a long lower and a very short upper shadow, at or above the high "
                "before it (TA-Lib CDLHANGINGMAN)",
                NULL, 0);
