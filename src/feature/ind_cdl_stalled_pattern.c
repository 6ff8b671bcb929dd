#include "feature/candle.h"

PLN_INLINE double match(const pln_candles *b, int64_t i) {
  return is_white(b, i - 2) && is_white(b, i - 1) && is_white(b, i) &&
                 bar_close(b, i) > bar_close(b, i - 1) && bar_close(b, i - 1) > bar_close(b, i - 2) &&
                 is_long(b, i - 2) && is_long(b, i - 1) && upper_shadow(b, i - 1) < very_short(b, i - 1) &&
                 bar_open(b, i - 1) > bar_open(b, i - 2) &&
                 bar_open(b, i - 1) <= bar_close(b, i - 2) + near(b, i - 2) && is_short(b, i) &&
                 bar_open(b, i) >= bar_close(b, i - 1) - b->body[i] - near(b, i - 1)
             ? -100.0
             : 0.0;
}
PLN_CANDLE_KERNEL(12, PLN_CANDLE_BODY | PLN_CANDLE_RANGE | PLN_CANDLE_DISTANCE, match)

PLN_CANDLE_DESC(cdl_stalled_pattern, "cdlstalledpattern", "Stalled pattern",
                "-100: two long white bars that close higher, and a short white bar that rides on the "
                "second body (TA-Lib CDLSTALLEDPATTERN)",
                NULL, 0);
