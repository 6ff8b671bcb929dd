#include "feature/candle.h"

PLN_INLINE double match(const pln_candles *b, int64_t i) {
  return color(b, i - 1) == -color(b, i) && is_long(b, i - 1) && is_long(b, i) &&
                 within(bar_close(b, i), bar_close(b, i - 1), equal(b, i - 1))
             ? 100.0 * color(b, i)
             : 0.0;
}
PLN_CANDLE_KERNEL(11, PLN_CANDLE_BODY | PLN_CANDLE_DISTANCE, match)

PLN_CANDLE_DESC(cdl_counterattack, "cdlcounterattack", "Counterattack",
                "±100: two long bodies of opposite colours with equal closes (TA-Lib CDLCOUNTERATTACK)", NULL,
                0);
