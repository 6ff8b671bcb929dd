#include "feature/candle.h"

PLN_INLINE double match(const pln_candles *b, int64_t i) {
  return is_long(b, i - 4) && is_short(b, i - 3) && is_short(b, i - 2) && is_short(b, i - 1) &&
                 is_long(b, i) && color(b, i - 4) == -color(b, i - 3) && color(b, i - 3) == color(b, i - 2) &&
                 color(b, i - 2) == color(b, i - 1) && color(b, i - 1) == -color(b, i) &&
                 b->bottom[i - 3] < bar_high(b, i - 4) && b->top[i - 3] > bar_low(b, i - 4) &&
                 b->bottom[i - 2] < bar_high(b, i - 4) && b->top[i - 2] > bar_low(b, i - 4) &&
                 b->bottom[i - 1] < bar_high(b, i - 4) && b->top[i - 1] > bar_low(b, i - 4) &&
                 bar_close(b, i - 2) * color(b, i - 4) < bar_close(b, i - 3) * color(b, i - 4) &&
                 bar_close(b, i - 1) * color(b, i - 4) < bar_close(b, i - 2) * color(b, i - 4) &&
                 bar_open(b, i) * color(b, i - 4) > bar_close(b, i - 1) * color(b, i - 4) &&
                 bar_close(b, i) * color(b, i - 4) > bar_close(b, i - 4) * color(b, i - 4)
             ? 100.0 * color(b, i - 4)
             : 0.0;
}
PLN_CANDLE_KERNEL(14, PLN_CANDLE_BODY, match)

PLN_CANDLE_DESC(cdl_rise_fall_three_methods, "cdlrisefall3methods", "Rising or falling three methods",
                "±100: a long body, three short bodies against it within its range, and a long body of "
                "the first colour that closes beyond it (TA-Lib CDLRISEFALL3METHODS)",
                NULL, 0);
