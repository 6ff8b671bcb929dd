#include "feature/candle.h"

PLN_INLINE double match(const pln_candles *b, int64_t i) {
  return is_doji(b, i) && upper_shadow(b, i) < very_short(b, i) && lower_shadow(b, i) > 2.0 * b->body[i]
             ? 100.0
             : 0.0;
}
PLN_CANDLE_KERNEL(10, PLN_CANDLE_RANGE, match)

PLN_CANDLE_DESC(cdl_takuri, "cdltakuri", "Takuri",
                "100: a doji with a very short upper and a very long lower shadow (TA-Lib CDLTAKURI)", NULL,
                0);
