#include "feature/candle.h"

PLN_INLINE double match(const pln_candles *b, int64_t i) {
  if (!is_long(b, i - 1) || is_long(b, i)) return 0.0;
  if (b->top[i] < b->top[i - 1] && b->bottom[i] > b->bottom[i - 1]) return -100.0 * color(b, i - 1);
  if (b->top[i] <= b->top[i - 1] && b->bottom[i] >= b->bottom[i - 1]) return -80.0 * color(b, i - 1);
  return 0.0;
}
PLN_CANDLE_KERNEL(11, PLN_CANDLE_BODY, match)

PLN_CANDLE_DESC(cdl_harami, "cdlharami", "Harami",
                "±100, against the first colour: a short body within the long one before; ±80 where one "
                "end is the same (TA-Lib CDLHARAMI)",
                NULL, 0);
