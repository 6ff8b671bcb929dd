#include "feature/candle.h"

PLN_INLINE double match(const pln_candles *b, int64_t i) {
  return (is_long(b, i) && ((is_white(b, i) && upper_shadow(b, i) < very_short(b, i)) ||
                            (is_black(b, i) && lower_shadow(b, i) < very_short(b, i))))
             ? (100.0 * color(b, i))
             : 0.0;
}
PLN_CANDLE_KERNEL(10, PLN_CANDLE_BODY | PLN_CANDLE_RANGE, match)

PLN_CANDLE_DESC(cdl_closing_marubozu, "cdlclosingmarubozu", "Closing marubozu",
                "±100: a long body with a very short shadow at its closing end (TA-Lib "
                "CDLCLOSINGMARUBOZU)",
                NULL, 0);
