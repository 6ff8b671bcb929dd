#include "feature/candle.h"

PLN_INLINE double match(const pln_candles *b, int64_t i) {
  const double previous_open = bar_open(b, i - 1), previous_close = bar_close(b, i - 1);
  const double open = bar_open(b, i), close = bar_close(b, i);
  const int bullish = is_white(b, i) && is_black(b, i - 1) &&
                      ((close >= previous_open && open < previous_close) ||
                       (close > previous_open && open <= previous_close));
  const int bearish = is_black(b, i) && is_white(b, i - 1) &&
                      ((open >= previous_close && close < previous_open) ||
                       (open > previous_close && close <= previous_open));
  if (!bullish && !bearish) return 0.0;
  return (open != previous_close && close != previous_open ? 100.0 : 80.0) * color(b, i);
}
PLN_CANDLE_KERNEL(2, 0, match)

PLN_CANDLE_DESC(cdl_engulfing, "cdlengulfing", "Engulfing",
                "±100: a body that engulfs the one before, of the other colour; ±80 where one end is "
                "the same (TA-Lib CDLENGULFING)",
                NULL, 0);
