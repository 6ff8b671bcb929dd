#include "feature/candle.h"

PLN_INLINE double match(const pln_candles *b, int64_t i) {
  return is_black(b, i - 2) && is_black(b, i - 1) && is_black(b, i) &&
                 lower_shadow(b, i - 2) < very_short(b, i - 2) &&
                 lower_shadow(b, i - 1) < very_short(b, i - 1) && lower_shadow(b, i) < very_short(b, i) &&
                 bar_close(b, i - 2) > bar_close(b, i - 1) && bar_close(b, i - 1) > bar_close(b, i) &&
                 within(bar_open(b, i - 1), bar_close(b, i - 2), equal(b, i - 2)) &&
                 within(bar_open(b, i), bar_close(b, i - 1), equal(b, i - 1))
             ? -100.0
             : 0.0;
}
PLN_CANDLE_KERNEL(12, PLN_CANDLE_RANGE | PLN_CANDLE_DISTANCE, match)

PLN_CANDLE_DESC(cdl_identical_three_crows, "cdlidentical3crows", "Identical three crows",
                "-100: three black bars with very short lower shadows that close lower, each opening at "
                "the close before (TA-Lib CDLIDENTICAL3CROWS)",
                NULL, 0);
