#include "feature/candle.h"

PLN_INLINE double match(const pln_candles *b, int64_t i) {
  const double doji = 0.1 * b->mean_range[i - 2]; /* TA-Lib measures all three with the first one's mean */
  if (b->body[i - 2] > doji || b->body[i - 1] > doji || b->body[i] > doji) return 0.0;
  if (body_gap_up(b, i - 1, i - 2) && b->top[i] < b->top[i - 1]) return -100.0;
  if (body_gap_down(b, i - 1, i - 2) && b->bottom[i] > b->bottom[i - 1]) return 100.0;
  return 0.0;
}
PLN_CANDLE_KERNEL(12, PLN_CANDLE_RANGE, match)

PLN_CANDLE_DESC(cdl_tristar, "cdltristar", "Tristar",
                "±100: three doji, the second of which gaps up (-100) or down (100) (TA-Lib CDLTRISTAR)",
                NULL, 0);
