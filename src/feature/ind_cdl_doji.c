#include "feature/candle.h"

PLN_INLINE double match(const pln_candles *b, int64_t i) { return is_doji(b, i) ? 100.0 : 0.0; }
PLN_CANDLE_KERNEL(10, PLN_CANDLE_RANGE, match)

PLN_CANDLE_DESC(cdl_doji, "cdldoji", "Doji", "100: open and close are almost the same (TA-Lib CDLDOJI)", NULL,
                0);
