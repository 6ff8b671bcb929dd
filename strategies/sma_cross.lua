-- The classic crossover. Unlike `momentum`, it does nothing until the averages actually cross, and then keeps its
-- position until they cross back: the gap of the bar before and what it holds are kept in `state`, which the engine
-- owns and passes as `s`.
return strategy {
  name = "sma_cross",
  help = "Goes long when the fast average crosses above the slow one, short when it crosses below.",
  params = {
    fast = { 10, min = 1, max = 10000, help = "bars in the fast average" },
    slow = { 20, min = 2, max = 10000, help = "bars in the slow average" },
    short = { true, help = "go short on a cross below; false: only leave the market" },
  },
  state = { level = 0, gap = 0 },
  features = function(p, x)
    return { fast = x.sma(x.close, p.fast), slow = x.sma(x.close, p.slow) }
  end,
  signal = function(f, bar, p, s)
    -- A cross is strict on both bars: averages that only touch have not crossed.
    local gap = f.fast - f.slow
    if s.gap < 0 and gap > 0 then
      s.level = LONG
    elseif s.gap > 0 and gap < 0 then
      s.level = p.short and SHORT or FLAT
    end
    s.gap = gap
    return s.level
  end,
}
