-- A component that stands between strategies and executions (docs/topology.md): signals pass while the market is calm.
-- When the average true range is above a share of the price, positions are closed; in between, conviction shrinks.
return signal_filter {
  name = "calm_market",
  help = "Lets signals pass while the average true range is small, closes positions while it is large.",
  params = {
    bars = { 14, min = 1, help = "of the average true range" },
    half_pct = { 0.6, min = 0.0, help = "range, in percent of the price, above which signals count half" },
    max_pct = { 1.0, min = 0.0, help = "range above which nothing is held" },
  },
  features = function(p, x) return { range_pct = x.atr(p.bars) / x.close * 100 } end,
  -- signal: the level in force at this bar, given at it or before; f, bar, p as in strategies
  filter = function(signal, f, bar, p)
    if f.range_pct > p.max_pct then return FLAT end
    if f.range_pct > p.half_pct then return signal.direction, signal.strength * 0.5, signal.confidence end
    return signal.direction, signal.strength, signal.confidence
  end,
}
