#include "feature/candle.h"

PLN_INLINE double match(const pln_candles *b, int64_t i) {
  return ((is_white(b, i - 1) && is_black(b, i - 2) && bar_close(b, i - 1) > bar_open(b, i - 2) &&
           bar_open(b, i - 1) < bar_close(b, i - 2) && bar_close(b, i) > bar_close(b, i - 1)) ||
          (is_black(b, i - 1) && is_white(b, i - 2) && bar_open(b, i - 1) > bar_close(b, i - 2) &&
           bar_close(b, i - 1) < bar_open(b, i - 2) && bar_close(b, i) < bar_close(b, i - 1)))
             ? (100.0 * color(b, i - 1))
             : 0.0;
}
PLN_CANDLE_KERNEL(3, 0, match)

PLN_CANDLE_DESC(cdl_three_outside, "cdl3outside", "Three outside up or down",
                "±100: a body that engulfs the one before, of the other colour, and a third bar that "
                "closes further (TA-Lib CDL3OUTSIDE)",
                NULL, 0);
