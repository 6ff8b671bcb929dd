-- An average that follows fast where prices go somewhere and slowly where they only go to and fro: an exponential
-- average whose weight is Kaufman's efficiency ratio of the last `period` rows, squared. docs/indicators_lua.md goes
-- through it line by line.
return indicator {
  name = "adaptive_average",
  help = "Average that follows by how straight prices move",
  group = "trend",
  formula = "e += (fastest * efficiency)^2 * (x - e), seeded with the first x that has a row `period` rows before it; "
    .. "efficiency = |x - x[period]| / sum of the last `period` |changes|, 0 where nothing moved (Kaufman 1995)",
  params = {
    period = { 10, min = 1, max = 10000, help = "rows over which the way is measured" },
    fastest = { 0.8, min = 0.01, max = 1, help = "root of the weight of a new value in a straight move" },
  },
  outputs = { "value", "efficiency" },
  valid = true,
  state = { rows = 0, value = 0, last = array "period" },
  warmup = function(p) return p.period end,
  step = function(s, x, p)
    local n = p.period
    local place = s.rows % n + 1 -- of the row `period` rows ago, which is replaced at the end
    local before = s.last[place]
    s.rows = s.rows + 1
    if s.rows <= n then
      s.last[place] = x
      return
    end
    if s.rows == n + 1 then s.value = x end
    -- The way, summed anew for each row: a running sum would carry rounding errors on for ever.
    local way, from = 0, before
    for k = 1, n - 1 do
      local to = s.last[(place + k - 1) % n + 1]
      way = way + math.abs(to - from)
      from = to
    end
    way = way + math.abs(x - from)
    s.last[place] = x
    local efficiency = way > 0 and math.min(1, math.abs(x - before) / way) or 0
    local weight = p.fastest * efficiency
    s.value = s.value + weight * weight * (x - s.value)
    return s.value, efficiency, way > 0
  end,
}
