#include "feature/candle.h"

PLN_INLINE double match(const pln_candles *b, int64_t i) {
  return is_doji(b, i) && lower_shadow(b, i) > b->body[i] && upper_shadow(b, i) > b->body[i] &&
                 b->bottom[i] <= bar_low(b, i) + b->range[i] / 2.0 + near(b, i) &&
                 b->top[i] >= bar_low(b, i) + b->range[i] / 2.0 - near(b, i)
             ? 100.0
             : 0.0;
}
PLN_CANDLE_KERNEL(10, PLN_CANDLE_RANGE | PLN_CANDLE_DISTANCE, match)

PLN_CANDLE_DESC(cdl_rickshaw_man, "cdlrickshawman", "Rickshaw man",
                "100: a doji with two long shadows and its body near the middle of the range (TA-Lib "
                "CDLRICKSHAWMAN)",
                NULL, 0);
