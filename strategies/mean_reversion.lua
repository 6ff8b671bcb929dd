-- Bollinger bands: buys what has fallen far below its average, sells what has risen far above, and leaves when the
-- price is back at the middle.
return strategy {
  name = "mean_reversion",
  help = "Fades moves beyond the Bollinger bands and exits at the middle band.",
  params = {
    period = { 20, min = 2, max = 10000, help = "bars in the bands" },
    width = { 2.0, min = 0.1, max = 10, help = "distance of the bands, in standard deviations" },
    short = { true, help = "sell above the upper band too" },
  },
  state = { level = 0 },
  features = function(p, x)
    local bands = x.bbands(x.close, p.period, p.width)
    return { upper = bands.upper, middle = bands.middle, lower = bands.lower }
  end,
  signal = function(f, bar, p, s)
    local close = bar.close
    if s.level == LONG and close >= f.middle or s.level == SHORT and close <= f.middle then s.level = FLAT end
    if s.level == FLAT then
      if close < f.lower then
        s.level = LONG
      elseif close > f.upper and p.short then
        s.level = SHORT
      end
    end
    return s.level
  end,
}
