-- The crossover of bench/sweep as a function that is called for each bar.
return strategy {
  name = "cross_signal", help = "Long while the fast average is above the slow one, short while it is below",
  params = { fast = 10, slow = 30 },
  features = function(p, x) return { fast = x.sma(x.close, p.fast), slow = x.sma(x.close, p.slow) } end,
  signal = function(f)
    if f.fast > f.slow then return LONG end
    if f.fast < f.slow then return SHORT end
    return FLAT
  end,
}
