#include "feature/candle.h"

PLN_INLINE double match(const pln_candles *b, int64_t i) {
  return is_white(b, i - 2) && is_long(b, i - 2) && is_black(b, i - 1) && !is_long(b, i - 1) &&
                 body_gap_up(b, i - 1, i - 2) && is_black(b, i) && bar_open(b, i) > bar_open(b, i - 1) &&
                 bar_close(b, i) < bar_close(b, i - 1) && bar_close(b, i) > bar_close(b, i - 2)
             ? -100.0
             : 0.0;
}
PLN_CANDLE_KERNEL(12, PLN_CANDLE_BODY, match)

PLN_CANDLE_DESC(cdl_upside_gap_two_crows, "cdlupsidegap2crows", "Upside gap two crows",
                "-100: a long white bar, a short black body that gaps up, and a black body that engulfs "
                "it and closes above the first close (TA-Lib CDLUPSIDEGAP2CROWS)",
                NULL, 0);
