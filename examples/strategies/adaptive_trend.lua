-- Long above an average that is written in Lua, while prices move straight enough (indicators/adaptive_average.lua).
return strategy {
  name = "adaptive_trend",
  help = "Long above the adaptive average while its efficiency is high",
  params = { period = 10, least = { 0.3, min = 0, max = 1, help = "efficiency below which it stays out" } },
  features = function(p, x)
    local average = x.adaptive_average(p.period)
    return { average = average, efficiency = x.sma(average.efficiency, 3) }
  end,
  signal = function(f, bar, p)
    if f.efficiency < p.least then return FLAT end
    return bar.close > f.average and LONG or FLAT
  end,
}
