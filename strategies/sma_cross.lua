-- The classic crossover. Unlike `momentum`, it does nothing until the averages actually cross, and then keeps its
-- position until they cross back: what it holds is kept in `state`, which the engine owns and passes as `s`.
return strategy {
  name = "sma_cross",
  help = "Goes long when the fast average crosses above the slow one, short when it crosses below.",
  params = {
    fast = { 10, min = 1, max = 10000, help = "bars in the fast average" },
    slow = { 20, min = 2, max = 10000, help = "bars in the slow average" },
    short = { true, help = "go short on a cross below; false: only leave the market" },
  },
  state = { level = 0 },
  features = function(p, x)
    local fast, slow = x.sma(x.close, p.fast), x.sma(x.close, p.slow)
    return { fast = fast, slow = slow, fast_before = x.lag(fast, 1), slow_before = x.lag(slow, 1) }
  end,
  signal = function(f, bar, p, s)
    -- A cross is strict on both bars: averages that only touch have not crossed.
    if f.fast_before < f.slow_before and f.fast > f.slow then
      s.level = LONG
    elseif f.fast_before > f.slow_before and f.fast < f.slow then
      s.level = p.short and SHORT or FLAT
    end
    return s.level
  end,
}
