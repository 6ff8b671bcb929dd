#include "feature/candle.h"

PLN_INLINE double match(const pln_candles *b, int64_t i) {
  return (is_doji(b, i) && (lower_shadow(b, i) > b->body[i] || upper_shadow(b, i) > b->body[i])) ? (100.0)
                                                                                                 : 0.0;
}
PLN_CANDLE_KERNEL(10, PLN_CANDLE_RANGE, match)

PLN_CANDLE_DESC(cdl_long_legged_doji, "cdllongleggeddoji", "Long-legged doji",
                "100: a doji with a shadow that is longer than its body (TA-Lib CDLLONGLEGGEDDOJI)", NULL, 0);
