#include "feature/candle.h"

PLN_INLINE double match(const pln_candles *b, int64_t i) {
  return is_white(b, i - 2) && is_white(b, i - 1) && is_white(b, i) &&
                 upper_shadow(b, i - 2) < very_short(b, i - 2) &&
                 upper_shadow(b, i - 1) < very_short(b, i - 1) && upper_shadow(b, i) < very_short(b, i) &&
                 bar_close(b, i) > bar_close(b, i - 1) && bar_close(b, i - 1) > bar_close(b, i - 2) &&
                 bar_open(b, i - 1) > bar_open(b, i - 2) &&
                 bar_open(b, i - 1) <= bar_close(b, i - 2) + near(b, i - 2) &&
                 bar_open(b, i) > bar_open(b, i - 1) &&
                 bar_open(b, i) <= bar_close(b, i - 1) + near(b, i - 1) &&
                 b->body[i - 1] > b->body[i - 2] - far(b, i - 2) &&
                 b->body[i] > b->body[i - 1] - far(b, i - 1) && is_long(b, i)
             ? 100.0
             : 0.0;
}
PLN_CANDLE_KERNEL(12, PLN_CANDLE_BODY | PLN_CANDLE_RANGE | PLN_CANDLE_DISTANCE, match)

PLN_CANDLE_DESC(cdl_three_white_soldiers, "cdl3whitesoldiers", "Three advancing white soldiers",
                "100: three white bars with very short upper shadows, each closing higher and opening "
                "within or near the body before, none far shorter than the one before, the last not short "
                "(TA-Lib CDL3WHITESOLDIERS)",
                NULL, 0);
