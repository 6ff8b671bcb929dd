#include "feature/candle.h"

PLN_INLINE double match(const pln_candles *b, int64_t i) {
  return (is_long(b, i - 4) && color(b, i - 4) == color(b, i - 3) && color(b, i - 3) == color(b, i - 1) &&
          color(b, i - 1) == -color(b, i) &&
          ((is_black(b, i - 4) && body_gap_down(b, i - 3, i - 4) && bar_high(b, i - 2) < bar_high(b, i - 3) &&
            bar_low(b, i - 2) < bar_low(b, i - 3) && bar_high(b, i - 1) < bar_high(b, i - 2) &&
            bar_low(b, i - 1) < bar_low(b, i - 2) && bar_close(b, i) > bar_open(b, i - 3) &&
            bar_close(b, i) < bar_close(b, i - 4)) ||
           (is_white(b, i - 4) && body_gap_up(b, i - 3, i - 4) && bar_high(b, i - 2) > bar_high(b, i - 3) &&
            bar_low(b, i - 2) > bar_low(b, i - 3) && bar_high(b, i - 1) > bar_high(b, i - 2) &&
            bar_low(b, i - 1) > bar_low(b, i - 2) && bar_close(b, i) < bar_open(b, i - 3) &&
            bar_close(b, i) > bar_close(b, i - 4))))
             ? (100.0 * color(b, i))
             : 0.0;
}
PLN_CANDLE_KERNEL(14, PLN_CANDLE_BODY, match)

PLN_CANDLE_DESC(cdl_breakaway, "cdlbreakaway", "Breakaway",
                "±100: a long body, a gap in its direction, two more bars further the same way, and a "
                "bar of the other colour that closes within the gap (TA-Lib CDLBREAKAWAY)",
                NULL, 0);
