--- Text tables of references, and bars made from their columns.
local ffi = require "ffi"
local abi = require "abi"
local C = abi.C

local M = {}

function M.read(path)
  local file, message = io.open(path, "rb")
  if not file then error(message, 0) end
  local text = file:read "*a"
  file:close()
  if path:match "%.gz$" then
    local pipe = assert(io.popen("gzip -dc '" .. path:gsub("'", "'\\''") .. "'"))
    text = pipe:read "*a"
    pipe:close()
  end
  return text
end

local function cells_of(line)
  local cells, at = {}, 1
  while at <= #line + 1 do
    local quoted, after = line:match('^"([^"]*)"()', at)
    local stop = line:find(",", after or at, true) or #line + 1
    cells[#cells + 1] = quoted or line:sub(at, stop - 1):match "^%s*(.-)%s*$"
    at = stop + 1
  end
  return cells
end

--- A table: { names, index = name → column, rows = lists of text }.
function M.csv(path)
  local text = M.read(path):gsub("^\239\187\191", "")
  local names, rows = nil, {}
  for line in text:gmatch "[^\r\n]+" do
    local cells = cells_of(line)
    if not names then
      names = cells
    elseif line:find "[^,%s]" then
      rows[#rows + 1] = cells
    end
  end
  local index = {}
  for k, name in ipairs(names) do index[name] = index[name] or k end
  return { names = names, index = index, rows = rows }
end

--- Column of a name in any case, or nil.
function M.find(sheet, ...)
  for _, wanted in ipairs { ... } do
    for k, name in ipairs(sheet.names) do
      if name:lower() == wanted then return k end
    end
  end
end

-- Times --------------------------------------------------------------------------------------------------------------

local function day_number(y, m, d)
  if m <= 2 then y = y - 1 end
  local era = math.floor(y / 400)
  local of_era = y - era * 400
  local of_year = math.floor((153 * (m + (m > 2 and -3 or 9)) + 2) / 5) + d - 1
  return era * 146097 + of_era * 365 + math.floor(of_era / 4) - math.floor(of_era / 100) + of_year - 719468
end

local function seconds_at(y, m, d, hour, minute, second)
  y, m, d = tonumber(y), tonumber(m), tonumber(d)
  if not (y and m and d) or m > 12 or m < 1 or d > 31 then return nil end
  if y < 100 then y = y + 2000 end
  local of_day = (tonumber(hour) or 0) * 3600 + (tonumber(minute) or 0) * 60 + (tonumber(second) or 0)
  return day_number(y, m, d) * 86400 + of_day
end

--- Seconds since 1970 of a time in one of the forms that the sheets use, or nil.
function M.seconds(text)
  local y, m, d, rest = text:match "^(%d%d%d%d)[-/](%d+)[-/](%d+)(.*)$"
  if not y then y, m, d, rest = text:match "^(%d%d%d%d)(%d%d)(%d%d)(.*)$" end
  if text:match "^%d%d%d%d%d%d%d%d%d+$" then
    return #text == 13 and tonumber(text) / 1000 or #text < 11 and tonumber(text) or nil
  end
  if not y then m, d, y, rest = text:match "^(%d+)/(%d+)/(%d+)(.*)$" end
  if not y then return nil end
  local hour, minute, second = rest:match "(%d+):(%d+):?(%d*)"
  hour = tonumber(hour)
  if hour and rest:find "[AP]M" then hour = hour % 12 + (rest:find "PM" and 12 or 0) end
  return seconds_at(y, m, d, hour, minute, second)
end

local LENGTHS = { { 86400, "1d" }, { 14400, "4h" }, { 3600, "1h" }, { 1800, "30m" }, { 900, "15m" }, { 600, "10m" },
  { 300, "5m" }, { 60, "1m" } }
local BASE = 10957 * 86400 -- 2000-01-01

local function increasing(times, n)
  for i = 1, n do
    if not times[i] or (i > 1 and times[i] <= times[i - 1]) then return false end
  end
  return n > 0
end

-- The longest of LENGTHS that is not longer than the shortest step.
local function timeframe_of(times, n)
  local shortest = math.huge
  for i = 2, n do shortest = math.min(shortest, times[i] - times[i - 1]) end
  for _, known in ipairs(LENGTHS) do
    if known[1] <= shortest then return known[2] end
  end
  return "1m"
end

-- Bars ---------------------------------------------------------------------------------------------------------------

local function doubles(list, n)
  local out = ffi.new("double[?]", math.max(n, 1))
  for i = 1, n do out[i - 1] = list[i] or 0 / 0 end
  return out
end

local function number(value) return value and value == value and value or nil end

-- What is missing of open, high, low and close, from what there is: the close is the middle of high and low, else the
-- open, else the close before; the open is the close; high and low are the ends of open and close.
local function fill(columns, n)
  local out = { open = {}, high = {}, low = {}, close = {} }
  local before = 1
  for i = 1, n do
    local function at(name) return columns[name] and number(columns[name][i]) end
    local open, high, low, close = at "open", at "high", at "low", at "close"
    close = close or (high and low and (high + low) / 2) or open or high or low or before
    open = open or close
    out.open[i], out.close[i] = open, close
    out.high[i] = high or math.max(open, close)
    out.low[i] = low or math.min(open, close)
    before = close
  end
  return out
end

--- Bars of lists (1 … n, nil or NaN where there is nothing).
-- @param columns open, high, low, close, volume: any of them
-- @param options n; symbol ("REF"); times: seconds, used if they increase, else the rows are days from 2000-01-01;
--   extra = name → list, further columns
-- @return pln_bars, kept alive by itself
function M.bars(columns, options)
  local n, times = options.n, options.times
  if not times or not increasing(times, n) then
    times = {}
    for i = 1, n do times[i] = BASE + (i - 1) * 86400 end
  end
  local ts = ffi.new("int64_t[?]", math.max(n, 1))
  for i = 1, n do ts[i - 1] = ffi.cast("int64_t", times[i]) * 1000000000LL end
  local filled = fill(columns, n)
  local volume
  if columns.volume then
    volume = {}
    for i = 1, n do volume[i] = number(columns.volume[i]) or 0 end
  end
  local owned = C.pln_bars_from_arrays(options.symbol or "REF", timeframe_of(times, n), n, ts, doubles(filled.open, n),
    doubles(filled.high, n), doubles(filled.low, n), doubles(filled.close, n), volume and doubles(volume, n) or nil)
  if owned == nil then error(abi.last_error(), 0) end
  ffi.gc(owned, C.pln_bars_free)
  local names = {}
  for name in pairs(options.extra or {}) do names[#names + 1] = name end
  if #names == 0 then return owned end
  table.sort(names)
  local bars = ffi.new("pln_bars", owned[0])
  local kept = { owned, names, ffi.new("const double *[?]", #names), ffi.new("const char *[?]", #names, names) }
  for k, name in ipairs(names) do
    local column = doubles(options.extra[name], n)
    kept[#kept + 1], kept[3][k - 1] = column, column
  end
  bars.extra, bars.extra_names, bars.n_extra = kept[3], kept[4], #names
  M.kept[bars] = kept
  return bars
end

M.kept = setmetatable({}, { __mode = "k" })

return M
