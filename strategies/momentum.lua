-- Trend following in its simplest form: two moving averages, one quick, one slow.
--
-- A strategy file is a table. `features` says what to compute from the bars (the engine does it, once for all
-- strategies that ask for the same), and `signal` is called at the close of every bar with this bar's values.
-- It returns the level that it wants to hold: LONG, FLAT or SHORT, and how strongly, from 0 to 1.
return strategy {
  name = "momentum",
  help = "Long while the fast average is above the slow one, short below.",
  params = {
    fast = { 10, min = 1, max = 10000, help = "bars in the fast average" },
    slow = { 30, min = 2, max = 10000, help = "bars in the slow average" },
    threshold = { 0.0, min = 0, max = 1, help = "gap between the averages, as a fraction, below which it is flat" },
  },
  features = function(p, x)
    return { fast = x.sma(x.close, p.fast), slow = x.sma(x.close, p.slow) }
  end,
  signal = function(f, bar, p) -- f: this bar's features; bar: its prices; p: the parameters
    local gap = f.fast / f.slow - 1
    if gap > p.threshold then return LONG, math.min(gap, 1) end
    if gap < -p.threshold then return SHORT, math.min(-gap, 1) end
    return FLAT
  end,
}
