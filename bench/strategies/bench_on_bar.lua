-- The same decisions, with orders of its own.
return strategy {
  name = "bench_on_bar",
  help = "Two moving averages, with orders",
  params = { fast = 50, slow = 200 },
  features = function(p, x) return { fast = x.sma(x.close, p.fast), slow = x.sma(x.close, p.slow) } end,
  on_bar = function(ctx, f)
    if f.fast > f.slow then
      if ctx.position <= 0 then ctx:target_quantity(100) end
    elseif ctx.position >= 0 then
      ctx:target_quantity(-100)
    end
  end,
}
