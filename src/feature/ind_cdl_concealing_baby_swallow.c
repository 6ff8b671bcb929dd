#include "feature/candle.h"

PLN_INLINE double match(const pln_candles *b, int64_t i) {
  return is_black(b, i - 3) && is_black(b, i - 2) && is_black(b, i - 1) && is_black(b, i) &&
                 lower_shadow(b, i - 3) < very_short(b, i - 3) &&
                 upper_shadow(b, i - 3) < very_short(b, i - 3) &&
                 lower_shadow(b, i - 2) < very_short(b, i - 2) &&
                 upper_shadow(b, i - 2) < very_short(b, i - 2) && body_gap_down(b, i - 1, i - 2) &&
                 upper_shadow(b, i - 1) > very_short(b, i - 1) && bar_high(b, i - 1) > bar_close(b, i - 2) &&
                 bar_high(b, i) > bar_high(b, i - 1) && bar_low(b, i) < bar_low(b, i - 1)
             ? 100.0
             : 0.0;
}
PLN_CANDLE_KERNEL(13, PLN_CANDLE_RANGE, match)

PLN_CANDLE_DESC(cdl_concealing_baby_swallow, "cdlconcealbabyswall", "Concealing baby swallow",
                "100: two black marubozu, a black bar whose body gaps down with an upper shadow into the "
                "one before, and a black bar that engulfs it, shadows included (TA-Lib "
                "CDLCONCEALBABYSWALL)",
                NULL, 0);
