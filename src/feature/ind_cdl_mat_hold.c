#include "feature/candle.h"

static const pln_indicator_param params[] = {
    PLN_PARAM("penetration", "how far into the first body the last close must be, as a share of it", 0.5, 0,
              1000),
};

PLN_INLINE double match(const pln_candles *b, int64_t i) {
  return is_long(b, i - 4) && is_short(b, i - 3) && is_short(b, i - 2) && is_short(b, i - 1) &&
                 is_white(b, i - 4) && is_black(b, i - 3) && is_white(b, i) && body_gap_up(b, i - 3, i - 4) &&
                 b->bottom[i - 2] < bar_close(b, i - 4) && b->bottom[i - 1] < bar_close(b, i - 4) &&
                 b->bottom[i - 2] > bar_close(b, i - 4) - b->body[i - 4] * b->penetration &&
                 b->bottom[i - 1] > bar_close(b, i - 4) - b->body[i - 4] * b->penetration &&
                 b->top[i - 2] < bar_open(b, i - 3) && b->top[i - 1] < b->top[i - 2] &&
                 bar_open(b, i) > bar_close(b, i - 1) &&
                 bar_close(b, i) > fmax(bar_high(b, i - 3), fmax(bar_high(b, i - 2), bar_high(b, i - 1)))
             ? 100.0
             : 0.0;
}
PLN_CANDLE_KERNEL(14, PLN_CANDLE_BODY, match)

PLN_CANDLE_DESC(cdl_mat_hold, "cdlmathold", "Mat hold",
                "100: a long white bar, a gap up and three short bodies that fall back without closing "
                "far into it, and a white bar that closes above them (TA-Lib CDLMATHOLD)",
                params, 1);
