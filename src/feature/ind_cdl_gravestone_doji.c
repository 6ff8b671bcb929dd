#include "feature/candle.h"

PLN_INLINE double match(const pln_candles *b, int64_t i) {
  return is_doji(b, i) && lower_shadow(b, i) < very_short(b, i) && upper_shadow(b, i) > very_short(b, i)
             ? 100.0
             : 0.0;
}
PLN_CANDLE_KERNEL(10, PLN_CANDLE_RANGE, match)

PLN_CANDLE_DESC(cdl_gravestone_doji, "cdlgravestonedoji", "Gravestone doji",
                "100: a doji without a lower but with an upper shadow (TA-Lib CDLGRAVESTONEDOJI)", NULL, 0);
