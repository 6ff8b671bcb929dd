-- Donchian channels, as the turtles traded them: enters when the close leaves the range of the *previous* bars
-- (hence `lag`: a close is never above a highest high that includes its own bar), exits on a shorter channel.
return strategy {
  name = "breakout",
  help = "Enters when the close breaks the channel of the previous bars, exits on a shorter channel.",
  params = {
    entry = { 20, min = 1, max = 10000, help = "bars in the channel whose break is an entry" },
    exit = { 10, min = 1, max = 10000, help = "bars in the channel whose break is an exit" },
    short = { true, help = "trade breaks to the downside too" },
  },
  state = { level = 0 },
  features = function(p, x)
    return {
      top = x.lag(x.highest(x.high, p.entry), 1),
      bottom = x.lag(x.lowest(x.low, p.entry), 1),
      exit_top = x.lag(x.highest(x.high, p.exit), 1),
      exit_bottom = x.lag(x.lowest(x.low, p.exit), 1),
    }
  end,
  signal = function(f, bar, p, s)
    local close = bar.close
    if s.level == LONG and close < f.exit_bottom or s.level == SHORT and close > f.exit_top then s.level = FLAT end
    if close > f.top then
      s.level = LONG
    elseif close < f.bottom then
      s.level = p.short and SHORT or FLAT
    end
    return s.level
  end,
}
