#include "feature/candle.h"

PLN_INLINE double match(const pln_candles *b, int64_t i) {
  return (color(b, i - 2) == color(b, i - 1) && color(b, i - 1) == -color(b, i) &&
          bar_open(b, i) < b->top[i - 1] && bar_open(b, i) > b->bottom[i - 1] &&
          bar_close(b, i) < b->top[i - 2] && bar_close(b, i) > b->bottom[i - 2] &&
          ((is_white(b, i - 2) && body_gap_up(b, i - 1, i - 2)) ||
           (is_black(b, i - 2) && body_gap_down(b, i - 1, i - 2))))
             ? (100.0 * color(b, i - 2))
             : 0.0;
}
PLN_CANDLE_KERNEL(2, 0, match)

PLN_CANDLE_DESC(cdl_side_gap_three_methods, "cdlxsidegap3methods", "Upside or downside gap three methods",
                "±100, the sign of the two: two bars of one colour with a gap between their bodies, and "
                "one of the other colour that opens within the second and closes within the first (TA-Lib "
                "CDLXSIDEGAP3METHODS)",
                NULL, 0);
