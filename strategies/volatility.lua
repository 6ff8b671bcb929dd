-- A classifier tells which regime the market is in. Strategies that name it see the regime's number as f.regime, and
-- its changes are stored.
return classifier {
  name = "volatility",
  help = "Compares short-term with long-term volatility of returns.",
  params = {
    short = { 20, min = 2, max = 10000, help = "bars of the short-term volatility" },
    long = { 100, min = 2, max = 10000, help = "bars of the long-term volatility" },
    calm_below = { 0.8, min = 0, max = 10, help = "ratio of the two below which the market is calm" },
    volatile_above = { 1.25, min = 0, max = 10, help = "ratio of the two above which it is volatile" },
  },
  regimes = { "calm", "normal", "volatile" },
  features = function(p, x)
    local returns = x.returns(x.close)
    return { recent = x.stddev(returns, p.short), usual = x.stddev(returns, p.long) }
  end,
  classify = function(f, bar, p)
    -- Multiplied out rather than divided: a market that stood still has a usual volatility of zero.
    if f.recent > p.volatile_above * f.usual then return "volatile" end
    if f.recent < p.calm_below * f.usual then return "calm" end
    return "normal"
  end,
}
