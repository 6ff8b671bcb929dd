#include "feature/candle.h"

PLN_INLINE double match(const pln_candles *b, int64_t i) {
  return is_long(b, i) && upper_shadow(b, i) < very_short(b, i) && lower_shadow(b, i) < very_short(b, i)
             ? 100.0 * color(b, i)
             : 0.0;
}
PLN_CANDLE_KERNEL(10, PLN_CANDLE_BODY | PLN_CANDLE_RANGE, match)

PLN_CANDLE_DESC(cdl_marubozu, "cdlmarubozu", "Marubozu",
                "±100: a long body with very short shadows (TA-Lib CDLMARUBOZU)", NULL, 0);
