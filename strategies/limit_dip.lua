-- Orders instead of signals: while it is flat, keeps a limit order below the market, with a stop and a target
-- attached, and moves it with every bar.
--
-- With `on_bar` a strategy talks to its portfolio through ctx: ctx:buy{…}, ctx:sell{…}, ctx:close(), ctx.position …
-- (docs/strategies.md has the list). It then runs in step with the fills, and its orders are its own.
return strategy {
  name = "limit_dip",
  help = "Buys dips below the average with a limit order that carries its own stop and target.",
  params = {
    period = { 20, min = 1, max = 10000, help = "bars in the average and the range" },
    depth = { 1.0, min = 0.1, max = 20, help = "distance of the limit below the average, in average true ranges" },
    stop = { 2.0, min = 0.1, max = 20, help = "distance of the stop below the limit, in average true ranges" },
    target = { 2.0, min = 0.1, max = 20, help = "distance of the target above the limit, in average true ranges" },
    percent = { 95.0, min = 0.1, max = 100, help = "percent of the equity to use" },
  },
  features = function(p, x)
    return { average = x.sma(x.close, p.period), atr = x.atr(p.period) }
  end,
  on_bar = function(ctx, f, bar, p)
    if ctx.position ~= 0 then return end
    ctx:cancel_all() -- yesterday's order: the average has moved
    local limit = f.average - p.depth * f.atr
    if limit <= p.stop * f.atr then return end -- a stop at or below zero protects nothing
    ctx:buy {
      percent = p.percent,
      limit = limit,
      stop_loss = limit - p.stop * f.atr,
      take_profit = limit + p.target * f.atr,
    }
  end,
}
