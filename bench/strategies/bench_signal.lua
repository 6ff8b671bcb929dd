-- Long above, short below: two moving averages and nothing else.
return strategy {
  name = "bench_signal",
  help = "Two moving averages",
  params = { fast = 50, slow = 200 },
  features = function(p, x) return { fast = x.sma(x.close, p.fast), slow = x.sma(x.close, p.slow) } end,
  signal = function(f)
    if f.fast > f.slow then return LONG end
    return SHORT
  end,
}
