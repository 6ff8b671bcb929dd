#include "feature/candle.h"

PLN_INLINE double match(const pln_candles *b, int64_t i) {
  return (color(b, i - 3) == color(b, i - 2) && color(b, i - 2) == color(b, i - 1) &&
          color(b, i) == -color(b, i - 1) && bar_open(b, i - 2) >= b->bottom[i - 3] - near(b, i - 3) &&
          bar_open(b, i - 2) <= b->top[i - 3] + near(b, i - 3) &&
          bar_open(b, i - 1) >= b->bottom[i - 2] - near(b, i - 2) &&
          bar_open(b, i - 1) <= b->top[i - 2] + near(b, i - 2) &&
          ((is_white(b, i - 1) && bar_close(b, i - 1) > bar_close(b, i - 2) &&
            bar_close(b, i - 2) > bar_close(b, i - 3) && bar_open(b, i) > bar_close(b, i - 1) &&
            bar_close(b, i) < bar_open(b, i - 3)) ||
           (is_black(b, i - 1) && bar_close(b, i - 1) < bar_close(b, i - 2) &&
            bar_close(b, i - 2) < bar_close(b, i - 3) && bar_open(b, i) < bar_close(b, i - 1) &&
            bar_close(b, i) > bar_open(b, i - 3))))
             ? (100.0 * color(b, i - 1))
             : 0.0;
}
PLN_CANDLE_KERNEL(8, PLN_CANDLE_DISTANCE, match)

PLN_CANDLE_DESC(cdl_three_line_strike, "cdl3linestrike", "Three-line strike",
                "±100, the sign of the three: three bars of one colour, each closing further and opening "
                "within or near the body before; a fourth of the other colour opens beyond the third "
                "close and closes beyond the first open (TA-Lib CDL3LINESTRIKE)",
                NULL, 0);
