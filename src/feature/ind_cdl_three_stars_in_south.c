#include "feature/candle.h"

PLN_INLINE double match(const pln_candles *b, int64_t i) {
  return is_black(b, i - 2) && is_black(b, i - 1) && is_black(b, i) && is_long(b, i - 2) &&
                 lower_shadow(b, i - 2) > b->body[i - 2] && b->body[i - 1] < b->body[i - 2] &&
                 bar_open(b, i - 1) > bar_close(b, i - 2) && bar_open(b, i - 1) <= bar_high(b, i - 2) &&
                 bar_low(b, i - 1) < bar_close(b, i - 2) && bar_low(b, i - 1) >= bar_low(b, i - 2) &&
                 lower_shadow(b, i - 1) > very_short(b, i - 1) && is_short(b, i) &&
                 lower_shadow(b, i) < very_short(b, i) && upper_shadow(b, i) < very_short(b, i) &&
                 bar_low(b, i) > bar_low(b, i - 1) && bar_high(b, i) < bar_high(b, i - 1)
             ? 100.0
             : 0.0;
}
PLN_CANDLE_KERNEL(12, PLN_CANDLE_BODY | PLN_CANDLE_RANGE, match)

PLN_CANDLE_DESC(cdl_three_stars_in_south, "cdl3starsinsouth", "Three stars in the south",
                "100: a long black bar with a long lower shadow, a smaller black bar that opens higher "
                "and trades lower without a lower low, and a small black marubozu within the second bar "
                "(TA-Lib CDL3STARSINSOUTH)",
                NULL, 0);
