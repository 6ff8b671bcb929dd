#include "feature/candle.h"

static const pln_indicator_param params[] = {
    PLN_PARAM("penetration", "how far into the first body the last close must be, as a share of it", 0.3, 0,
              1000),
};

PLN_INLINE double match(const pln_candles *b, int64_t i) {
  return is_long(b, i - 2) && is_white(b, i - 2) && is_doji(b, i - 1) && body_gap_up(b, i - 1, i - 2) &&
                 is_long(b, i) && is_black(b, i) &&
                 bar_close(b, i) < bar_close(b, i - 2) - b->body[i - 2] * b->penetration
             ? -100.0
             : 0.0;
}
PLN_CANDLE_KERNEL(12, PLN_CANDLE_BODY | PLN_CANDLE_RANGE, match)

PLN_CANDLE_DESC(cdl_evening_doji_star, "cdleveningdojistar", "Evening doji star",
                "-100: a long white bar, a doji that gaps up, and a black bar that closes well within the "
                "first body (TA-Lib CDLEVENINGDOJISTAR)",
                params, 1);
