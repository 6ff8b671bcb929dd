#include "feature/candle.h"

PLN_INLINE double match(const pln_candles *b, int64_t i) {
  return is_white(b, i - 3) && is_black(b, i - 2) && lower_shadow(b, i - 2) < very_short(b, i - 2) &&
                 is_black(b, i - 1) && lower_shadow(b, i - 1) < very_short(b, i - 1) && is_black(b, i) &&
                 lower_shadow(b, i) < very_short(b, i) && bar_open(b, i - 1) < bar_open(b, i - 2) &&
                 bar_open(b, i - 1) > bar_close(b, i - 2) && bar_open(b, i) < bar_open(b, i - 1) &&
                 bar_open(b, i) > bar_close(b, i - 1) && bar_high(b, i - 3) > bar_close(b, i - 2) &&
                 bar_close(b, i - 2) > bar_close(b, i - 1) && bar_close(b, i - 1) > bar_close(b, i)
             ? -100.0
             : 0.0;
}
PLN_CANDLE_KERNEL(13, PLN_CANDLE_RANGE, match)

PLN_CANDLE_DESC(cdl_three_black_crows, "cdl3blackcrows", "Three black crows",
                "-100: after a white bar three black bars with very short lower shadows, each opening "
                "within the body before it and closing lower, the first below the white bar's high "
                "(TA-Lib CDL3BLACKCROWS)",
                NULL, 0);
