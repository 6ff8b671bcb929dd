--- The surroundings of a grid's optimum: whether it is a plateau, a ridge or a spike (docs/overfitting.md).
local M = {}

local MOST_BOX = 10000  -- combos of the box around the optimum that are looked at
local KEPT = 0.5        -- share of the advantage that the neighbours of a plateau keep at least
local SIDES = { "below", "above" }
local NEAR = 0.8        -- share of the optimum's value from which on a neighbour counts as near it

local function median(sorted)
  local n = #sorted
  if n == 0 then return nil end
  if n % 2 == 1 then return sorted[(n + 1) / 2] end
  return (sorted[n / 2] + sorted[n / 2 + 1]) / 2
end

local function figures(values, best, near)
  if #values == 0 then return { n = 0 } end
  local sorted, sum, above, close = {}, 0, 0, 0
  for i, value in ipairs(values) do
    sorted[i], sum = value, sum + value
    if value > 0 then above = above + 1 end
    if best > 0 and value >= near * best then close = close + 1 end
  end
  table.sort(sorted)
  local mean = sum / #values
  return {
    n = #values, mean = mean, median = median(sorted), min = sorted[1], max = sorted[#sorted],
    ratio = best > 0 and mean / best or nil, share_above_zero = above / #values,
    share_near = best > 0 and close / #values or nil,
  }
end

local function is_ordered(axis)
  for _, value in ipairs(axis.values) do
    if type(value) ~= "number" then return false end
  end
  return #axis.values > 1
end

-- Positions of combos in a grid whose last axis varies fastest, where no functions are given.
local function row_major(axes)
  local function position(n)
    local at, rest = {}, n - 1
    for a = #axes, 1, -1 do
      at[a] = rest % #axes[a].values + 1
      rest = math.floor(rest / #axes[a].values)
    end
    return at
  end
  local function find(at)
    local n = 0
    for a = 1, #axes do
      if not axes[a].values[at[a]] then return nil end
      n = n * #axes[a].values + at[a] - 1
    end
    return n + 1
  end
  return position, find
end

local function settle(given)
  local grid = given.grid
  local axes = given.axes or grid and grid:axes()
  if not axes then error("expected axes = { { name, values } … }, or the grid", 3) end
  local position, find = given.position, given.find
  if not position and grid and grid.position then
    position = function(n) return grid:position(n) end
    find = function(at) return grid:find(at) end
  elseif not position then
    position, find = row_major(axes)
  end
  local get = given.values
  if type(get) == "table" then
    local list = get
    get = function(n) return list[n] end
  end
  local sign = given.lower_is_better and -1 or 1
  return axes, position, find, function(n)
    local value = get(n)
    if type(value) ~= "number" or value ~= value or value == math.huge or value == -math.huge then return nil end
    return sign * value
  end, sign
end

local function no_verdict(made, why)
  made.why = why
  return made
end

-- All values, sorted, and the rank of one (1: the largest; equal ones share the first).
local function ranking(value, size, best_value)
  local sorted, rank = {}, 1
  for n = 1, size do
    local v = value(n)
    if v then
      sorted[#sorted + 1] = v
      if v > best_value then rank = rank + 1 end
    end
  end
  table.sort(sorted)
  return sorted, rank
end

local function box_of(at, ordered, find, value, missing)
  local values, n = {}, 3 ^ #ordered - 1
  if n > MOST_BOX then return nil end
  for code = 0, n do
    local place, rest, is_centre = {}, code, true
    for a = 1, #at do place[a] = at[a] end
    for _, a in ipairs(ordered) do
      local step = rest % 3 - 1
      place[a], rest = at[a] + step, math.floor(rest / 3)
      is_centre = is_centre and step == 0
    end
    if not is_centre then
      local number = find(place)
      local v = number and value(number)
      values[#values + 1] = v or nil
      if number and not v then missing.box = missing.box + 1 end
    end
  end
  return values
end

--- The surroundings of a combo in its grid.
-- @param given { best = its number, values = figure by number (list or function; nil: undefined), grid = plan.grid, or
--   axes = { { name, values } … } with position(number) → { index … } and find { index … } → number or nil (default:
--   the last axis varies fastest), size = how many combos (default: the grid's), near = 0.8, lower_is_better = false }
-- @return { value, rank, combos, median (of all), axes = { { name, value, below, above, kept } … }, cross and box = {
--   n, mean, median, min, max, ratio (mean over the optimum), share_above_zero, share_near }, edge = { axis … },
--   missing (neighbours without a figure), kept, verdict = "plateau", "ridge", "spike" or "flat", or why there is none
--   }. With lower_is_better the signs of all figures but those called value, below and above are turned.
function M.of(given)
  if given.values == nil then return no_verdict({}, "the other combos have no figure to compare with") end
  local axes, position, find, value, sign = settle(given)
  local best = given.best
  local best_value = value(best)
  local made = { combo = best, axes = {}, edge = {}, missing = 0 }
  if not best_value then return no_verdict(made, "the combo has no figure") end
  local size = given.size or given.grid and given.grid:size() or type(given.values) == "table" and #given.values
  if not size then
    size = 1
    for _, axis in ipairs(axes) do size = size * #axis.values end
  end
  local sorted, rank = ranking(value, size, best_value)
  made.value, made.rank, made.combos, made.median = sign * best_value, rank, #sorted, median(sorted)
  local at = position(best)
  local ordered, cross, missing = {}, {}, { box = 0 }
  local advantage = best_value - made.median
  local keeps, falls, kept_sum = 0, 0, 0
  for a, axis in ipairs(axes) do
    if is_ordered(axis) and (at[a] or 0) > 0 then -- 0: an axis of another strategy
      ordered[#ordered + 1] = a
      local row = { name = axis.name, value = axis.values[at[a]] }
      local n, kept = 0, 0
      for _, step in ipairs(SIDES) do
        local place = {}
        for k = 1, #at do place[k] = at[k] end
        place[a] = at[a] + (step == "below" and -1 or 1)
        local number = axis.values[place[a]] ~= nil and find(place) or nil
        if axis.values[place[a]] == nil then made.edge[#made.edge + 1] = axis.name end
        local v = number and value(number)
        if v then
          row[step] = sign * v
          cross[#cross + 1] = v
        end
        if number then
          n = n + 1
          if not v then made.missing = made.missing + 1 end
          -- Without a figure (no trades, say) nothing is kept.
          kept = kept + (v and advantage > 0 and (v - made.median) / advantage or 0)
        end
      end
      if n > 0 then
        row.kept = kept / n
        kept_sum = kept_sum + row.kept
        if row.kept >= KEPT then keeps = keeps + 1 else falls = falls + 1 end
      end
      made.axes[#made.axes + 1] = row
    end
  end
  made.cross = figures(cross, best_value, given.near or NEAR)
  local box = box_of(at, ordered, find, value, missing)
  if box then made.box = figures(box, best_value, given.near or NEAR) end
  if #ordered == 0 then return no_verdict(made, "no axis of the grid has several numbers") end
  if keeps + falls == 0 then return no_verdict(made, "no neighbour of the combo was tried") end
  if advantage <= 0 then
    made.verdict = "flat"
    return made
  end
  made.kept = kept_sum / (keeps + falls)
  made.verdict = falls == 0 and "plateau" or keeps == 0 and "spike" or "ridge"
  return made
end

--- What a verdict means: the lead is that over the median combo.
M.MEANING = {
  plateau = "along every parameter the neighbours keep half of its lead, or more",
  ridge = "along some parameters the neighbours keep half of its lead, along others not",
  spike = "along every parameter the neighbours lose more than half of its lead",
  flat = "no better than the median combo",
}

return M
