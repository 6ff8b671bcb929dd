-- Up, down or sideways, by the distance between two averages measured in average true ranges. To leave a trend takes
-- less than to enter one (`leave` < `enter`), so that the regime does not flicker.
return classifier {
  name = "trend",
  help = "Up, down or sideways, by the gap between two averages in average true ranges.",
  params = {
    fast = { 20, min = 1, max = 10000, help = "bars in the fast average" },
    slow = { 60, min = 2, max = 10000, help = "bars in the slow average" },
    enter = { 1.0, min = 0, max = 20, help = "gap, in average true ranges, that makes a trend" },
    leave = { 0.5, min = 0, max = 20, help = "gap, in average true ranges, below which it has ended" },
  },
  regimes = { "up", "down", "sideways" },
  state = { trend = 0 },
  features = function(p, x)
    return { fast = x.ema(x.close, p.fast), slow = x.ema(x.close, p.slow), atr = x.atr(p.slow) }
  end,
  classify = function(f, bar, p, s)
    local gap = f.fast - f.slow
    if gap * s.trend < p.leave * f.atr then s.trend = 0 end
    if gap > p.enter * f.atr then
      s.trend = 1
    elseif gap < -p.enter * f.atr then
      s.trend = -1
    end
    if s.trend > 0 then return "up" elseif s.trend < 0 then return "down" end
    return "sideways"
  end,
}
