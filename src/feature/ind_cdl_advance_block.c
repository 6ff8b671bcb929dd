#include "feature/candle.h"

PLN_INLINE double match(const pln_candles *b, int64_t i) {
  return (is_white(b, i - 2) && is_white(b, i - 1) && is_white(b, i) &&
          bar_close(b, i) > bar_close(b, i - 1) && bar_close(b, i - 1) > bar_close(b, i - 2) &&
          bar_open(b, i - 1) > bar_open(b, i - 2) &&
          bar_open(b, i - 1) <= bar_close(b, i - 2) + near(b, i - 2) && bar_open(b, i) > bar_open(b, i - 1) &&
          bar_open(b, i) <= bar_close(b, i - 1) + near(b, i - 1) && is_long(b, i - 2) &&
          upper_shadow(b, i - 2) < short_shadow(b, i - 2) &&
          ((b->body[i - 1] < b->body[i - 2] - far(b, i - 2) &&
            b->body[i] < b->body[i - 1] + near(b, i - 1)) ||
           b->body[i] < b->body[i - 1] - far(b, i - 1) ||
           (b->body[i] < b->body[i - 1] && b->body[i - 1] < b->body[i - 2] &&
            (upper_shadow(b, i) > short_shadow(b, i) || upper_shadow(b, i - 1) > short_shadow(b, i - 1))) ||
           (b->body[i] < b->body[i - 1] && upper_shadow(b, i) > b->body[i])))
             ? (-100.0)
             : 0.0;
}
PLN_CANDLE_KERNEL(12, PLN_CANDLE_BODY | PLN_CANDLE_SHADOW | PLN_CANDLE_DISTANCE, match)

PLN_CANDLE_DESC(cdl_advance_block, "cdladvanceblock", "Advance block",
                "-100: three white bars that close higher with signs of weakening: bodies that shrink or "
                "upper shadows that grow (TA-Lib CDLADVANCEBLOCK)",
                NULL, 0);
