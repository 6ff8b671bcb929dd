#include "feature/candle.h"

PLN_INLINE double match(const pln_candles *b, int64_t i) {
  return (color(b, i - 1) == -color(b, i) && is_long(b, i - 1) &&
          upper_shadow(b, i - 1) < very_short(b, i - 1) && lower_shadow(b, i - 1) < very_short(b, i - 1) &&
          is_long(b, i) && upper_shadow(b, i) < very_short(b, i) && lower_shadow(b, i) < very_short(b, i) &&
          ((is_black(b, i - 1) && gap_up(b, i, i - 1)) || (is_white(b, i - 1) && gap_down(b, i, i - 1))))
             ? (100.0 * color(b, i))
             : 0.0;
}
PLN_CANDLE_KERNEL(11, PLN_CANDLE_BODY | PLN_CANDLE_RANGE, match)

PLN_CANDLE_DESC(cdl_kicking, "cdlkicking", "Kicking",
                "±100: two marubozu of opposite colours with a gap between them (TA-Lib CDLKICKING)", NULL,
                0);
