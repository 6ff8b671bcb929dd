#include "feature/candle.h"

PLN_INLINE double match(const pln_candles *b, int64_t i) {
  return is_black(b, i - 4) && is_black(b, i - 3) && is_black(b, i - 2) &&
                 bar_open(b, i - 4) > bar_open(b, i - 3) && bar_open(b, i - 3) > bar_open(b, i - 2) &&
                 bar_close(b, i - 4) > bar_close(b, i - 3) && bar_close(b, i - 3) > bar_close(b, i - 2) &&
                 is_black(b, i - 1) && upper_shadow(b, i - 1) > very_short(b, i - 1) && is_white(b, i) &&
                 bar_open(b, i) > bar_open(b, i - 1) && bar_close(b, i) > bar_high(b, i - 1)
             ? 100.0
             : 0.0;
}
PLN_CANDLE_KERNEL(14, PLN_CANDLE_RANGE, match)

PLN_CANDLE_DESC(cdl_ladder_bottom, "cdlladderbottom", "Ladder bottom",
                "100: three black bars with lower opens and closes, a black bar with an upper shadow, and "
                "a white bar that opens above its body and closes above its high (TA-Lib CDLLADDERBOTTOM)",
                NULL, 0);
