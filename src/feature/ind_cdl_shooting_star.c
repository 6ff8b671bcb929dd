#include "feature/candle.h"

PLN_INLINE double match(const pln_candles *b, int64_t i) {
  return is_short(b, i) && upper_shadow(b, i) > b->body[i] && lower_shadow(b, i) < very_short(b, i) &&
                 body_gap_up(b, i, i - 1)
             ? -100.0
             : 0.0;
}
PLN_CANDLE_KERNEL(11, PLN_CANDLE_BODY | PLN_CANDLE_RANGE, match)

PLN_CANDLE_DESC(cdl_shooting_star, "cdlshootingstar", "Shooting star",
                "-100: a short body with a long upper and a very short lower shadow that gaps up (TA-Lib "
                "CDLSHOOTINGSTAR)",
                NULL, 0);
