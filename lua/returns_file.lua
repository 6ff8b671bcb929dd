--- Series of returns from CSV files: a column of times and one of returns, equity or prices.
local ffi = require "ffi"
local abi = require "abi"
local suggest = require "suggest"
local C = abi.C

local M = {}

local TIMES = { date = true, time = true, datetime = true, timestamp = true, index = true, day = true, [""] = true }
local PRICES = { "equity", "adj close", "adj_close", "close", "nav", "price", "value", "balance" }
local RETURNS = { "returns", "return", "ret", "r" }

local parsed = ffi.new "int64_t[1]"

--- A time of the file as int64 ns, or nil: ISO dates and times, 20200131, seconds since 1970.
local function time_of(text)
  local year, month, day = text:match "^(%d%d%d%d)(%d%d)(%d%d)$"
  if year then text = ("%s-%s-%s"):format(year, month, day) end
  if C.pln_time_parse_iso(text, nil, parsed) == 0 then return parsed[0] + 0LL end
  local seconds = text:match "^%d%d%d%d%d%d%d%d%d%d?%d?%.?%d*$" and tonumber(text)
  return seconds and ffi.cast("int64_t", seconds) * 1000000000LL or nil
end

local function cells_of(line, separator)
  local cells = {}
  for cell in (line:gsub("\r$", "") .. separator):gmatch("([^" .. separator .. "]*)" .. separator) do
    cells[#cells + 1] = cell:match '^%s*"?(.-)"?%s*$'
  end
  return cells
end

local function find(names, wanted)
  for index, name in ipairs(names) do
    if name:lower() == wanted:lower() then return index end
  end
end

local function pick(names, first, options, path)
  if options.column then
    local index = find(names, options.column)
    if index then return index end
    return nil, ("%s: no column is called '%s'%s"):format(path, options.column, suggest.hint(options.column, names))
  end
  for _, list in ipairs { PRICES, RETURNS } do
    for _, name in ipairs(list) do
      local index = find(names, name)
      if index then return index end
    end
  end
  for index = 1, #names do
    if index ~= first and not TIMES[names[index]:lower()] then return index end
  end
  return nil, path .. ": expected a column of times and one of values"
end

local function is_in(list, name)
  for _, item in ipairs(list) do
    if item == name:lower() then return true end
  end
  return false
end

-- Whether values are equity or prices rather than returns: by what was said, by the column's name, or, as QuantStats
-- tells them, when none is negative and some exceeds 1.
local function are_prices(name, values, options)
  if options.prices or options.returns then return options.prices and true or false end
  if is_in(PRICES, name) then return true end
  if is_in(RETURNS, name) then return false end
  local most = 0
  for _, value in ipairs(values) do
    if value and value < 0 then return false end
    most = math.max(most, value or 0)
  end
  return most > 1
end

--- Reads times and values.
-- @param options { column, prices, returns (how to read the values), percent (returns are of 100) }
-- @return { times (int64 ns), values (false where empty), column, prices = bool }; or nil and a message
function M.read(path, options)
  local file, message = io.open(path, "r")
  if not file then return nil, message end
  local separator, names, time_column, value_column
  local times, values, number = {}, {}, 0
  local function fail(...)
    file:close()
    return nil, ("%s:%d: "):format(path, number) .. (...):format(select(2, ...))
  end
  for line in file:lines() do
    number = number + 1
    if number == 1 then
      line = line:gsub("^\239\187\191", "")
      if line:find "^\31\139" then return fail "a compressed file: decompress it first" end
      separator = line:match "[,;\t]" or ","
    end
    local cells = cells_of(line, separator)
    if not names then
      local is_data = cells[2] and time_of(cells[1]) and tonumber(cells[2])
      names = {}
      for k, cell in ipairs(cells) do names[k] = is_data and "column " .. k or cell end
      time_column = 1
      for k, name in ipairs(names) do
        if TIMES[name:lower()] then
          time_column = k
          break
        end
      end
      value_column, message = pick(names, time_column, options, path)
      if not value_column then
        file:close()
        return nil, message
      end
      if not is_data then cells = nil end
    end
    if cells and line:find "%S" then
      local ts, text = time_of(cells[time_column] or ""), cells[value_column] or ""
      if not ts then return fail("'%s' is no time; expected a date such as 2020-01-31", cells[time_column] or "") end
      if times[#times] and ts <= times[#times] then
        return fail("%s is not after the row before; sort the file, one row for each time", cells[time_column])
      end
      local value = tonumber(text)
      if not value and text ~= "" and text:lower() ~= "nan" and text:lower() ~= "na" then
        return fail("'%s' in column '%s' is no number", text, names[value_column])
      end
      times[#times + 1], values[#values + 1] = ts, value and value == value and value or false
    end
  end
  file:close()
  if #times == 0 then return nil, path .. ": no rows" end
  local made = { times = times, values = values, column = names[value_column] }
  made.prices = are_prices(made.column, values, options)
  if options.percent and not made.prices then
    for k, value in ipairs(values) do values[k] = value and value / 100 end
  end
  return made
end

local DAY_NS = 86400000000000LL

local function has_several_a_day(times)
  for k = 2, #times do
    if times[k] / DAY_NS == times[k - 1] / DAY_NS then return true end
  end
  return false
end

--- Growth of what was read: { times, levels }; for returns with the level before the first (its time is unknown: nil).
local function levels_of(read)
  local levels, level = {}, nil
  if read.prices then
    for k, value in ipairs(read.values) do
      level = value or level
      levels[k] = level or false
    end
    return levels
  end
  level = 1
  for k, value in ipairs(read.values) do
    level = level * (1 + (value or 0))
    levels[k] = level
  end
  return levels
end

--- Returns per row, or per UTC day where there are several rows a day.
-- @return returns, times, "rows" or "days", and the time of the level before the first return (nil: not known)
function M.returns(read)
  local levels, times = levels_of(read), read.times
  local by_day = has_several_a_day(times)
  local made, stamps = {}, {}
  local before, base = not read.prices and 1 or nil, nil
  for k = 1, #times do
    local ends = not by_day or k == #times or times[k + 1] / DAY_NS ~= times[k] / DAY_NS
    local stamp = by_day and times[k] / DAY_NS * DAY_NS or times[k]
    if ends and levels[k] and not before then
      before, base = levels[k], stamp
    elseif ends and levels[k] then
      local value = before ~= 0 and levels[k] / before - 1
      if not by_day and not read.prices then value = read.values[k] end
      made[#made + 1], stamps[#stamps + 1] = value, stamp
      before = levels[k]
    end
  end
  return made, stamps, by_day and "days" or "rows", base
end

--- The benchmark's returns between those times: of its last levels then; false before it begins.
-- @param base the time from which the first return counts; nil: the benchmark's row before
function M.as_of(read, times, by, base)
  local levels, k, made, before = levels_of(read), 0, {}, nil
  local last_of_day = by == "days" and DAY_NS - 1LL or 0LL
  local function level_at(time)
    while k < #levels and read.times[k + 1] <= time + last_of_day do k = k + 1 end
    return k > 0 and levels[k] or nil
  end
  if base then before = level_at(base) end
  for i, time in ipairs(times) do
    local level = level_at(time)
    if i == 1 and not base then before = k > 1 and levels[k - 1] or not read.prices and k == 1 and 1 or nil end
    made[i] = level and before and before ~= 0 and level / before - 1 or false
    before = level or before
  end
  return made
end

return M
