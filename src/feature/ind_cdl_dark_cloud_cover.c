#include "feature/candle.h"

static const pln_indicator_param params[] = {
    PLN_PARAM("penetration", "how far into the first body the last close must be, as a share of it", 0.5, 0,
              1000),
};

PLN_INLINE double match(const pln_candles *b, int64_t i) {
  return is_white(b, i - 1) && is_long(b, i - 1) && is_black(b, i) && bar_open(b, i) > bar_high(b, i - 1) &&
                 bar_close(b, i) > bar_open(b, i - 1) &&
                 bar_close(b, i) < bar_close(b, i - 1) - b->body[i - 1] * b->penetration
             ? -100.0
             : 0.0;
}
PLN_CANDLE_KERNEL(11, PLN_CANDLE_BODY, match)

PLN_CANDLE_DESC(cdl_dark_cloud_cover, "cdldarkcloudcover", "Dark cloud cover",
                "-100: after a long white bar a black bar opens above its high and closes well within its "
                "body (TA-Lib CDLDARKCLOUDCOVER)",
                params, 1);
