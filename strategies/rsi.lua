-- The relative strength index as a counter-trend signal: buys when it comes up out of the oversold zone.
-- `state` remembers the level, since the signal is a change from one bar to the next.
return strategy {
  name = "rsi",
  help = "Long when the RSI leaves the oversold zone upwards, out (or short) when it leaves the overbought zone.",
  params = {
    period = { 14, min = 2, max = 10000, help = "bars in the index" },
    oversold = { 30.0, min = 0, max = 100, help = "below this it is oversold" },
    overbought = { 70.0, min = 0, max = 100, help = "above this it is overbought" },
    short = { false, help = "go short out of the overbought zone" },
  },
  state = { level = 0 },
  features = function(p, x)
    local rsi = x.rsi(x.close, p.period)
    return { rsi = rsi, before = x.lag(rsi, 1) }
  end,
  signal = function(f, bar, p, s)
    if f.before <= p.oversold and f.rsi > p.oversold then
      s.level = LONG
    elseif f.before >= p.overbought and f.rsi < p.overbought then
      s.level = p.short and SHORT or FLAT
    end
    return s.level
  end,
}
