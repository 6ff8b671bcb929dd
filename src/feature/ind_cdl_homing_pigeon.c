#include "feature/candle.h"

PLN_INLINE double match(const pln_candles *b, int64_t i) {
  return is_black(b, i - 1) && is_black(b, i) && is_long(b, i - 1) && !is_long(b, i) &&
                 bar_open(b, i) < bar_open(b, i - 1) && bar_close(b, i) > bar_close(b, i - 1)
             ? 100.0
             : 0.0;
}
PLN_CANDLE_KERNEL(11, PLN_CANDLE_BODY, match)

PLN_CANDLE_DESC(cdl_homing_pigeon, "cdlhomingpigeon", "Homing pigeon",
                "100: a short black body within the long black body before (TA-Lib CDLHOMINGPIGEON)", NULL,
                0);
