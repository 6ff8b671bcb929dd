#include "feature/candle.h"

PLN_INLINE double match(const pln_candles *b, int64_t i) {
  return (color(b, i - 1) == -color(b, i) && within(bar_open(b, i), bar_open(b, i - 1), equal(b, i - 1)) &&
          is_long(b, i) &&
          ((is_white(b, i) && lower_shadow(b, i) < very_short(b, i)) ||
           (is_black(b, i) && upper_shadow(b, i) < very_short(b, i))))
             ? (100.0 * color(b, i))
             : 0.0;
}
PLN_CANDLE_KERNEL(11, PLN_CANDLE_BODY | PLN_CANDLE_RANGE | PLN_CANDLE_DISTANCE, match)

PLN_CANDLE_DESC(cdl_separating_lines, "cdlseparatinglines", "Separating lines",
                "±100: two bars of opposite colours with equal opens, the second a long belt hold "
                "(TA-Lib CDLSEPARATINGLINES)",
                NULL, 0);
