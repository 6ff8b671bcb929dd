-- A strategy of one's own, beside the YAML that uses it: buys dips with limit orders, each with a stop and a target.
return strategy {
  name = "dip_buyer",
  help = "Bid below the average in a rising market; leave at a target or a stop.",
  params = {
    trend = { 200, min = 2, max = 2000, help = "bars of the average that says which way the market goes" },
    depth = { 1.0, min = 0.1, max = 10, help = "how far below the close to bid, in average true ranges" },
    percent = { 50, min = 1, max = 100, help = "percent of the equity for each purchase" },
  },
  features = function(p, x)
    return { trend = x.sma(x.close, p.trend), atr = x.atr(14) }
  end,
  on_bar = function(ctx, f, bar, p)
    record("distance_to_trend", bar.close / f.trend - 1)
    if ctx.position ~= 0 then return end
    ctx:cancel_all()
    if bar.close > f.trend then
      local bid = bar.close - p.depth * f.atr
      ctx:buy { percent = p.percent, limit = bid, stop_loss = bid - 2 * f.atr, take_profit = bid + 3 * f.atr,
        tif = "DAY" }
    end
  end,
  state = { entries = 0 },
  on_fill = function(_, fill, _, s)
    if fill.side > 0 then s.entries = s.entries + 1 end -- the others are its stops and targets
  end,
  on_end = function(ctx, _, s)
    log("bid and got %d times; the equity is %.0f", s.entries, ctx.equity)
  end,
}
