#include "feature/candle.h"

PLN_INLINE double match(const pln_candles *b, int64_t i) {
  return (is_long(b, i - 1) && is_doji(b, i) &&
          ((is_white(b, i - 1) && body_gap_up(b, i, i - 1)) ||
           (is_black(b, i - 1) && body_gap_down(b, i, i - 1))))
             ? (-100.0 * color(b, i - 1))
             : 0.0;
}
PLN_CANDLE_KERNEL(11, PLN_CANDLE_BODY | PLN_CANDLE_RANGE, match)

PLN_CANDLE_DESC(cdl_doji_star, "cdldojistar", "Doji star",
                "±100: a doji whose body gaps in the direction of the long body before it; the sign is "
                "against that direction (TA-Lib CDLDOJISTAR)",
                NULL, 0);
