-- The crossover of bench/sweep as a rule: an expression, without Lua for each bar.
return strategy {
  name = "cross_rule", help = "Long while the fast average is above the slow one, short while it is below",
  params = { fast = 10, slow = 30 },
  rule = function(p, x) return x.sign(x.sma(x.close, p.fast) - x.sma(x.close, p.slow)) end,
}
