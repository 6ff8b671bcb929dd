#include "feature/candle.h"

PLN_INLINE double match(const pln_candles *b, int64_t i) {
  return is_short(b, i) && upper_shadow(b, i) > 2.0 * b->body[i] && lower_shadow(b, i) > 2.0 * b->body[i]
             ? 100.0 * color(b, i)
             : 0.0;
}
PLN_CANDLE_KERNEL(10, PLN_CANDLE_BODY, match)

PLN_CANDLE_DESC(cdl_high_wave, "cdlhighwave", "High-wave candle",
                "±100, the sign of the colour: a short body with very long shadows (twice the body) "
                "(TA-Lib CDLHIGHWAVE)",
                NULL, 0);
