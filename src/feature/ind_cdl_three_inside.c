#include "feature/candle.h"

PLN_INLINE double match(const pln_candles *b, int64_t i) {
  return (is_long(b, i - 2) && b->body[i - 1] <= b->mean_body[i - 1] && b->top[i - 1] < b->top[i - 2] &&
          b->bottom[i - 1] > b->bottom[i - 2] &&
          ((is_white(b, i - 2) && is_black(b, i) && bar_close(b, i) < bar_open(b, i - 2)) ||
           (is_black(b, i - 2) && is_white(b, i) && bar_close(b, i) > bar_open(b, i - 2))))
             ? (-100.0 * color(b, i - 2))
             : 0.0;
}
PLN_CANDLE_KERNEL(12, PLN_CANDLE_BODY, match)

PLN_CANDLE_DESC(cdl_three_inside, "cdl3inside", "Three inside up or down",
                "±100: a long body, a short body within it, and a bar of the other colour that closes "
                "beyond the first open (TA-Lib CDL3INSIDE)",
                NULL, 0);
