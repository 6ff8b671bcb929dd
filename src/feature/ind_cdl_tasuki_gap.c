#include "feature/candle.h"

PLN_INLINE double match(const pln_candles *b, int64_t i) {
  return ((body_gap_up(b, i - 1, i - 2) && is_white(b, i - 1) && is_black(b, i) &&
           bar_open(b, i) < bar_close(b, i - 1) && bar_open(b, i) > bar_open(b, i - 1) &&
           bar_close(b, i) < bar_open(b, i - 1) && bar_close(b, i) > b->top[i - 2] &&
           fabs(b->body[i - 1] - b->body[i]) < near(b, i - 1)) ||
          (body_gap_down(b, i - 1, i - 2) && is_black(b, i - 1) && is_white(b, i) &&
           bar_open(b, i) < bar_open(b, i - 1) && bar_open(b, i) > bar_close(b, i - 1) &&
           bar_close(b, i) > bar_open(b, i - 1) && bar_close(b, i) < b->bottom[i - 2] &&
           fabs(b->body[i - 1] - b->body[i]) < near(b, i - 1)))
             ? (100.0 * color(b, i - 1))
             : 0.0;
}
PLN_CANDLE_KERNEL(7, PLN_CANDLE_DISTANCE, match)

PLN_CANDLE_DESC(cdl_tasuki_gap, "cdltasukigap", "Tasuki gap",
                "±100: a gap, and a bar of the other colour and similar size that opens within the "
                "second body and closes within the gap (TA-Lib CDLTASUKIGAP)",
                NULL, 0);
