-- Two symbols that move together: when the ratio of their prices is far from its average, sells the dear one and
-- buys the cheap one, until the ratio is back.
--
-- A strategy over several symbols says how many (`symbols`). Its builders are x[1], x[2], …, its bars bar[1],
-- bar[2], …, and instead of returning one level it sets a level for each symbol in `out`; what is not set stays.
return strategy {
  name = "pairs",
  help = "Trades the ratio of two prices back to its average: long the cheap one, short the dear one.",
  symbols = 2,
  params = {
    period = { 60, min = 2, max = 10000, help = "bars in the average and deviation of the ratio" },
    entry = { 2.0, min = 0, max = 10, help = "deviations from the average at which to enter" },
    exit = { 0.5, min = 0, max = 10, help = "deviations from the average at which to leave" },
  },
  state = { level = 0 },
  features = function(p, x)
    local ratio = x.log(x[1].close / x[2].close)
    return { ratio = ratio, mean = x.sma(ratio, p.period), deviation = x.stddev(ratio, p.period) }
  end,
  signal = function(f, bar, p, s, out)
    -- Two prices that do not move apart at all have no deviation, and nothing to trade.
    local z = f.deviation > 0 and (f.ratio - f.mean) / f.deviation or 0
    if s.level == LONG and z > -p.exit or s.level == SHORT and z < p.exit then s.level = FLAT end
    if z > p.entry then
      s.level = SHORT
    elseif z < -p.entry then
      s.level = LONG
    end
    out[1].direction = s.level
    out[2].direction = -s.level
  end,
}
