-- A model on a matrix of features: which earlier moment of the window looks most like now, and how did it go on?
return strategy {
  name = "nearest_past",
  help = "Trades what followed the moment of the window that looks most like now",
  params = {
    rows = { 64, min = 8, max = 1000, help = "rows of the matrix" },
    ahead = { 4, min = 1, max = 100, help = "rows over which that moment is followed" },
  },
  features = function(p, x)
    return {
      past = x.matrix {
        x.returns(p.ahead), x.rsi(14), x.stddev(x.returns(), 20), (x.close - x.sma(50)) / x.atr(14),
        rows = p.rows, clip = 3,
      },
    }
  end,
  signal = function(f, bar, p)
    local m = f.past
    if not m.ready then return FLAT end
    local nearest, least = 1, math.huge
    for row = 1, m.rows - p.ahead do -- what followed is known for these only
      local distance = 0
      for k = 1, m.columns do
        local d = m:at(row, k) - m:last(k)
        distance = distance + d * d
      end
      if distance < least then nearest, least = row, distance end
    end
    -- Feature 1 of the row `ahead` rows later is what followed, in deviations from the window's mean.
    local followed = m:at(nearest + p.ahead, 1)
    if followed > 0.5 then return LONG end
    if followed < -0.5 then return SHORT end
    return FLAT
  end,
}
