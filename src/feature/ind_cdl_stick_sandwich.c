#include "feature/candle.h"

PLN_INLINE double match(const pln_candles *b, int64_t i) {
  return is_black(b, i - 2) && is_white(b, i - 1) && is_black(b, i) &&
                 bar_low(b, i - 1) > bar_close(b, i - 2) &&
                 within(bar_close(b, i), bar_close(b, i - 2), equal(b, i - 2))
             ? 100.0
             : 0.0;
}
PLN_CANDLE_KERNEL(7, PLN_CANDLE_DISTANCE, match)

PLN_CANDLE_DESC(cdl_stick_sandwich, "cdlsticksandwich", "Stick sandwich",
                "100: a black bar, a white bar that trades above its close, and a black bar with an equal "
                "close (TA-Lib CDLSTICKSANDWICH)",
                NULL, 0);
