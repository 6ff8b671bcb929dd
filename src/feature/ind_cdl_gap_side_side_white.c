#include "feature/candle.h"

PLN_INLINE double match(const pln_candles *b, int64_t i) {
  return (((body_gap_up(b, i - 1, i - 2) && body_gap_up(b, i, i - 2)) ||
           (body_gap_down(b, i - 1, i - 2) && body_gap_down(b, i, i - 2))) &&
          is_white(b, i - 1) && is_white(b, i) && within(b->body[i], b->body[i - 1], near(b, i - 1)) &&
          within(bar_open(b, i), bar_open(b, i - 1), equal(b, i - 1)))
             ? (body_gap_up(b, i - 1, i - 2) ? 100.0 : -100.0)
             : 0.0;
}
PLN_CANDLE_KERNEL(7, PLN_CANDLE_DISTANCE, match)

PLN_CANDLE_DESC(cdl_gap_side_side_white, "cdlgapsidesidewhite", "Side-by-side white lines",
                "±100, the sign of the gap: two white bodies of similar size and equal opens that gap "
                "from the body before (TA-Lib CDLGAPSIDESIDEWHITE)",
                NULL, 0);
