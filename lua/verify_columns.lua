--- `perilune verify`, the part about further columns of the data that features use: no change of the bars after a time
-- can show what was computed from the future before the file was written, so that such columns are looked for by what
-- they hold: prices, volumes or returns of later bars, a day's extremes before it is over, prices scaled by figures of
-- the whole file.
local M = {}

local BASES = { "open", "high", "low", "close", "volume" }
local AHEAD = 5          -- bars
local ENOUGH = 0.98      -- share of the rows that are explained
local FEW = 30           -- rows with a value, below which nothing is said
local RELATED = 0.25     -- correlation with the next bar's return that no feature has
local DAY_NS = 86400000000000LL

local function close_to(a, b)
  local scale = math.max(math.abs(a), math.abs(b))
  return a == b or math.abs(a - b) <= 1e-9 * scale
end

-- Share of the rows at which column[i] is value(i), of those where both are; whether values differ from row to row.
local function share(column, n, value)
  local same, all, different, last = 0, 0, 0, nil
  for i = 0, n - 1 do
    local a, b = column[i], value(i)
    if a == a and b and b == b then
      all = all + 1
      if close_to(a, b) then same = same + 1 end
      if a ~= last then different = different + 1 end
      last = a
    end
  end
  if all < FEW or different < all / 20 then return 0 end
  return same / all
end

local function candidates(bars, n)
  local list = {}
  local close = bars.close
  local function add(text, value) list[#list + 1] = { text = text, value = value } end
  for k = 1, AHEAD do
    local bar = k == 1 and "the next bar" or ("the %d. bar after it"):format(k)
    for _, name in ipairs(BASES) do
      local base = bars[name]
      add(("%s of %s"):format(name, bar), function(i) return i + k < n and base[i + k] or nil end)
    end
    local function ratio(i) return i + k < n and close[i] ~= 0 and close[i + k] / close[i] or nil end
    local what = k == 1 and "the return of the next bar" or ("the return of the next %d bars"):format(k)
    add(what, function(i) local r = ratio(i) return r and r - 1 end)
    add(what .. " in percent", function(i) local r = ratio(i) return r and 100 * (r - 1) end)
    add(what .. " as a logarithm", function(i) local r = ratio(i) return r and r > 0 and math.log(r) or nil end)
    add(what .. " as a difference", function(i) return i + k < n and close[i + k] - close[i] or nil end)
    add("the sign of " .. what, function(i)
      if i + k >= n then return nil end
      return close[i + k] > close[i] and 1 or close[i + k] < close[i] and -1 or 0
    end)
    add(("whether %s is higher"):format(bar), function(i)
      return i + k < n and (close[i + k] > close[i] and 1 or 0) or nil
    end)
  end
  return list
end

-- Per row: highest, lowest and last price of the row's day, in UTC; only of rows at which they are still to come.
local function whole_days(bars, n)
  local high, low, last = {}, {}, {}
  local first = 0
  while first < n do
    local day, stop = bars.ts_ns[first] / DAY_NS, first
    local top, bottom = first, first
    while stop < n and bars.ts_ns[stop] / DAY_NS == day do
      if bars.high[stop] > bars.high[top] then top = stop end
      if bars.low[stop] < bars.low[bottom] then bottom = stop end
      stop = stop + 1
    end
    for i = first, stop - 1 do
      if i < top then high[i] = bars.high[top] end
      if i < bottom then low[i] = bars.low[bottom] end
      if i < stop - 1 then last[i] = bars.close[stop - 1] end
    end
    first = stop
  end
  return { { "the day's high, before it was made", high }, { "the day's low, before it was made", low },
    { "the day's last close, before it was made", last } }
end

local function correlation(column, n, value)
  local m, sx, sy, sxx, syy, sxy = 0, 0, 0, 0, 0, 0
  for i = 0, n - 1 do
    local x, y = column[i], value(i)
    if x == x and y and y == y then
      m, sx, sy = m + 1, sx + x, sy + y
      sxx, syy, sxy = sxx + x * x, syy + y * y, sxy + x * y
    end
  end
  if m < 200 then return nil end
  local vx, vy = sxx - sx * sx / m, syy - sy * sy / m
  if vx <= 1e-12 * sxx or vy <= 0 then return nil end
  return (sxy - sx * sy / m) / math.sqrt(vx * vy), m
end

-- Whether the column is `base` less one number, divided by another, both being figures of all rows.
local function scaled_by_all(column, base, n)
  local sum, squares, low, high = 0, 0, math.huge, -math.huge
  for i = 0, n - 1 do
    sum = sum + base[i]
    if base[i] < low then low = base[i] end
    if base[i] > high then high = base[i] end
  end
  local mean = sum / n
  for i = 0, n - 1 do squares = squares + (base[i] - mean) ^ 2 end
  local ways = {
    { "less the mean of all bars, over their deviation", mean, math.sqrt(squares / (n - 1)) },
    { "less the mean of all bars, over their deviation", mean, math.sqrt(squares / n) },
    { "between the lowest and the highest of all bars", low, high - low },
    { "over the highest of all bars", 0, high },
    { "over the mean of all bars", 0, mean },
  }
  for _, way in ipairs(ways) do
    local same, all = 0, 0
    for i = 0, n - 1 do
      if column[i] == column[i] then
        all = all + 1
        if math.abs(column[i] - (base[i] - way[2]) / way[3]) <= 1e-6 * math.max(1, math.abs(column[i])) then
          same = same + 1
        end
      end
    end
    if all >= FEW and way[3] > 0 and same >= ENOUGH * all then return way[1] end
  end
end

--- What one column tells of the future.
-- @param bars pln_bars with it
-- @param column double[n_bars]
-- @return { certain = true: it holds what later bars are; false: it is only suspicious, text }, or nil
function M.look(bars, column)
  local n = tonumber(bars.n_bars)
  for _, name in ipairs(BASES) do -- what the bar itself says is no secret
    local base = bars[name]
    if share(column, n, function(i) return base[i] end) >= ENOUGH then return nil end
  end
  for _, candidate in ipairs(candidates(bars, n)) do
    local part = share(column, n, candidate.value)
    local needed = ENOUGH
    if part >= needed then
      return { certain = true, text = ("is %s in %.1f %% of the rows"):format(candidate.text, 100 * part) }
    end
  end
  for _, item in ipairs(whole_days(bars, n)) do
    local values = item[2]
    local same, all = 0, 0
    for i = 0, n - 1 do
      if values[i] and column[i] == column[i] then
        all = all + 1
        if close_to(column[i], values[i]) then same = same + 1 end
      end
    end
    if all >= FEW and same >= ENOUGH * all then
      return { certain = true, text = ("is %s (in %.1f %% of such rows)"):format(item[1], 100 * same / all) }
    end
  end
  for _, name in ipairs(BASES) do
    local way = scaled_by_all(column, bars[name], n)
    if way then return { certain = true, text = ("is %s %s"):format(name, way) } end
  end
  local close = bars.close
  local r = correlation(column, n, function(i)
    return i + 1 < n and close[i] ~= 0 and close[i + 1] / close[i] - 1 or nil
  end)
  if r and math.abs(r) > RELATED then
    return { certain = false, text = ("correlates with the next bar's return by %.2f"):format(r) }
  end
end

--- The further columns that expressions name: list of { stream, name, index, expr }, each once.
function M.used(plan, features)
  local found, seen = {}, {}
  for _, stream in ipairs(plan.streams) do
    for k = 0, stream.bars.n_extra - 1 do
      local name = require("ffi").string(stream.bars.extra_names[k])
      for _, item in ipairs(features) do
        local words = " " .. item.expr:gsub("[^%w_]", " ") .. " "
        if words:find(" " .. name .. " ", 1, true) and not seen[stream.name .. " " .. name]
          and (item.stream == stream.name or words:find(" " .. stream.timeframe, 1, true)
            or item.expr:find(stream.name, 1, true)) then
          seen[stream.name .. " " .. name] = true
          found[#found + 1] = { stream = stream, name = name, index = k, expr = item.expr, of = item.of }
        end
      end
    end
  end
  return found
end

return M
