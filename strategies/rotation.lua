-- Relative momentum over all symbols of the run: holds those that have risen most, each with an equal share, and
-- looks again every `rebalance` bars.
--
-- `symbols = "all"`; a feature for each symbol is a list, which x:each makes: f.momentum[k] is symbol k's.
return strategy {
  name = "rotation",
  help = "Holds the symbols with the strongest momentum, and looks again every so many bars.",
  symbols = "all",
  params = {
    lookback = { 120, min = 1, max = 10000, help = "bars over which momentum is measured" },
    top = { 1, min = 1, max = 1000, help = "how many symbols to hold" },
    rebalance = { 20, min = 1, max = 10000, help = "bars between two looks" },
    floor_pct = { 0.0, min = -100, max = 100, help = "momentum, in percent, below which nothing is held" },
  },
  state = { wait = 0 },
  features = function(p, x)
    return { momentum = x:each(function(symbol) return symbol.roc(symbol.close, p.lookback) end) }
  end,
  signal = function(f, bar, p, s, out)
    if s.wait > 0 then
      s.wait = s.wait - 1
      return
    end
    s.wait = p.rebalance - 1
    local n = #f.momentum
    for k = 1, n do
      local own, better = f.momentum[k], 0
      for other = 1, n do
        local theirs = f.momentum[other]
        -- Of equals, the first in the configuration is the better one.
        if theirs > own or theirs == own and other < k then better = better + 1 end
      end
      out[k].direction = own > p.floor_pct and better < p.top and LONG or FLAT
    end
  end,
}
